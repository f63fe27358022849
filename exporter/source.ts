// Where an exporter's flows come from: this machine's kernel, or a recording played in its place.

import type { ServiceDirectory } from '#kubernetes/service-directory.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import type { Notice } from '#proto/gen/parallax/v1/dashboard.ts';
import { FlowAssembler } from './assemble.ts';
import type { FlowDraft } from './encode/flow-draft.ts';
import { FlowOutput } from './encode/flow-output.ts';
import { EndNames, type HostProcesses } from './end-names.ts';
import { DnsNames } from './endpoints/dns-names.ts';
import type { EndpointLookup } from './endpoints/endpoint-lookup.ts';
import type { FlowMetrics } from './flow-metrics.ts';
import { startCapture } from './kernel/capture.ts';
import type { Capture, CaptureCounters } from './kernel/capture-types.ts';
import { BootClock } from './kernel/clock.ts';
import type { Programs } from './kernel/programs.ts';
import { L7Tracker } from './l7/tracker.ts';
import { LossReport } from './loss-report.ts';
import { featureNotices, type Obstacle, replayNotice } from './notices.ts';
import { type NodeNetwork, RealEnds } from './real-ends.ts';
import { startReplay } from './replay.ts';
import { ServiceTranslations } from './service-translations.ts';
import { SocketTable } from './socket-table.ts';
import { TlsPlaintextSource } from './tls-plaintext.ts';

const SWEEP_MS = 1000;

/** A running source. */
export interface FlowSource {
  /** "capturing from the kernel (without drops: ...)" or "playing ..." */
  readonly text: string;
  /** What is not as it should be, for people. */
  notices(): readonly Notice[];
  /** Undefined for a recording. */
  counters(): CaptureCounters | undefined;
  /** Of the L7 parsers; undefined for a recording. */
  l7Counters(): ReturnType<L7Tracker['counters']> | undefined;
  /** Of --tls-plaintext; undefined where it is not asked for. `watched`: processes. */
  tlsCounters(): { readonly watched: number; readonly totals: Readonly<Record<string, number>> } | undefined;
  /** Of services' addresses; undefined for a recording. */
  translationCounters(): ReturnType<ServiceTranslations['counters']> | undefined;
  stop(): Promise<void>;
}

export interface KernelSourceOptions {
  readonly ring: FlowRing;
  readonly nodeName: string;
  readonly version: string;
  readonly endpoints: EndpointLookup;
  readonly services: ServiceDirectory;
  readonly host: HostProcesses;
  readonly interfaces?: string;
  /** Of this process itself: their traffic is not told. */
  readonly ownPorts?: readonly number[];
  /** On their way already. */
  readonly programs?: Programs;
  /** Processes whose TLS plaintext is read; see tls/selector.ts. */
  readonly tlsPlaintext?: readonly string[];
  /** Grows when an address may have got another name. */
  namesVersion(): number;
  /** Of what goes into the ring. */
  readonly metrics?: FlowMetrics;
  log(line: string): void;
}

/** Captures from the kernel into the ring. Throws where nothing can be captured. */
export async function startKernelSource(options: KernelSourceOptions): Promise<FlowSource> {
  const { ring, nodeName, version, metrics } = options;
  const clock = new BootClock();
  const sockets = new SocketTable();
  const tracker = new L7Tracker();
  let capture: Capture | undefined;
  const network: NodeNetwork = {
    placeOf: (index) => capture?.placeOf(index),
    isHostAddress: (address) => capture?.isHostAddress(address) ?? false,
    isEndpoint: (address) => capture?.isEndpoint(address) ?? false,
    tracked: (protocol, source, destination) => capture?.tracked(protocol, source, destination),
  };
  const translations = new ServiceTranslations(options.services, new RealEnds(network, options.services));
  const interfaces = new Map<number, string>();
  const output = new FlowOutput({
    ring,
    nodeName,
    version,
    ...(metrics === undefined ? {} : { onFlow: (draft: FlowDraft) => metrics.noteDraft(draft) }),
  });
  const assembler = new FlowAssembler({
    output,
    names: new EndNames(options.endpoints, sockets, options.host),
    sockets,
    tracker,
    dnsNames: new DnsNames(),
    translations,
    namesVersion: options.namesVersion,
    nowUnixMs: Date.now,
    toUnixTime: (bootNs, time) => clock.toUnixTime(bootNs, time),
    interfaceName: (index) => interfaces.get(index),
  });
  const { tlsPlaintext: selectors = [] } = options;
  const plaintext = selectors.length === 0 ? undefined : new TlsPlaintextSource(selectors, assembler.plaintext);
  const started = await startCapture({
    ...(options.interfaces === undefined ? {} : { interfaces: options.interfaces }),
    ownPorts: options.ownPorts ?? [],
    ...(options.programs === undefined ? {} : { programs: options.programs }),
    onRecords: (batch) => {
      clock.sample();
      assembler.assembleBatch(batch);
      plaintext?.noteRecords(batch);
    },
    onInterfaceChange: (change) => {
      if (change.kind === 'attached') interfaces.set(change.interfaceIndex, change.interfaceName);
    },
    log: options.log,
  });
  capture = started;
  await plaintext?.start({
    nowBootNs: () => clock.nowBootNs(),
    readRecords: () => started.readNow(),
    log: options.log,
  });
  const counters = () => withTlsLoss(started.counters(), plaintext?.lost);
  const losses = new LossReport(nodeName);
  const timer = setInterval(() => {
    clock.sample();
    assembler.sweep(clock.nowBootNs());
    translations.sweep(clock.nowBootNs());
    plaintext?.sweep(clock.nowBootNs());
    const lost = losses.since(counters().lost, clock.toUnixNs(clock.nowBootNs()));
    if (lost !== undefined) {
      tracker.noteLoss();
      ring.append(GetFlowsResponse.encode(lost).finish());
      metrics?.note(lost);
    }
  }, SWEEP_MS);
  const missing = started.features.filter((feature) => !feature.enabled);
  const without = missing.map(({ name, reason }) => `${name}: ${reason?.split('\n')[0] ?? 'unknown'}`).join('; ');
  return {
    text: `capturing from the kernel${without === '' ? '' : ` (without ${without})`}`,
    notices: () => [...featureNotices(started.features), ...(plaintext?.notices() ?? [])],
    counters,
    tlsCounters: () => plaintext && { watched: plaintext.watched, totals: plaintext.counters() },
    l7Counters: () => tracker.counters(),
    translationCounters: () => translations.counters(),
    stop: async () => {
      clearInterval(timer);
      await plaintext?.stop();
      await started.stop();
    },
  };
}

function withTlsLoss(counters: CaptureCounters, lost: number | undefined): CaptureCounters {
  return lost === undefined ? counters : { ...counters, lost: { ...counters.lost, tls: lost } };
}

export interface RecordingSourceOptions {
  readonly ring: FlowRing;
  readonly path: string;
  /** What keeps this machine from capturing, if that is why a recording is played. */
  readonly obstacle?: Obstacle;
  /** Of what goes into the ring. */
  readonly metrics?: FlowMetrics;
  log(line: string): void;
}

/** Plays a recording into the ring, over and over. */
export async function startRecordingSource(options: RecordingSourceOptions): Promise<FlowSource> {
  const { ring, path, obstacle, log } = options;
  const replay = await startReplay({
    path,
    append: (message) => {
      ring.append(message);
      options.metrics?.note(GetFlowsResponse.decode(message));
    },
    onError: (error) => log(`the recording ${path} ended: ${error.message}`),
  });
  return {
    text: `playing a recording of ${replay.recordedOn}${obstacle === undefined ? '' : ` because ${obstacle.why} (${obstacle.mend})`}`,
    notices: () => [replayNotice(replay.description, replay.recordedOn, obstacle)],
    counters: () => undefined,
    tlsCounters: () => undefined,
    l7Counters: () => undefined,
    translationCounters: () => undefined,
    stop: () => replay.stop(),
  };
}
