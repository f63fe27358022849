// One exporter: a source of flows, a ring, and the gRPC services that serve it (Observer, Peer, health, reflection).

import type { ApiAccess } from '#kubernetes/api-access.ts';
import type { ClusterWatch } from '#kubernetes/cluster-watch.ts';
import { PodIndex } from '#kubernetes/pod-index.ts';
import type { ResourceName } from '#kubernetes/resource.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { fixedPeers, registerPeerService } from '#observer/peer-service.ts';
import type { ServerTls, ServerTlsFiles } from '#observer/server-tls.ts';
import { fromMilliseconds } from '#observer/time.ts';
import type { Notice } from '#proto/gen/parallax/v1/dashboard.ts';
import { ChangeNotificationType } from '#proto/gen/peer/peer.ts';
import packageJson from '../package.json' with { type: 'json' };
import { composeLookups } from './endpoints/endpoint-lookup.ts';
import { HostEndpoints } from './endpoints/host-endpoints.ts';
import { reservedAddresses } from './endpoints/reserved-addresses.ts';
import { registerStatus } from './exporter-status.ts';
import type { Programs } from './kernel/programs.ts';
import { checkSupport } from './kernel/support.ts';
import { nodeRing } from './node-ring.ts';
import { type Obstacle, obstacleOf } from './notices.ts';
import { ownPorts } from './own-ports.ts';
import type { ExporterMetrics } from './prometheus.ts';
import { type FlowSource, startKernelSource, startRecordingSource } from './source.ts';

export interface ExporterOptions {
  /** "host:port" to serve gRPC on; port 0 takes a free one. */
  readonly listen: string;
  readonly nodeName: string;
  /** Memory for flows kept. Default 64 MiB. */
  readonly ringBytes?: number;
  /** Globs of interfaces to watch, comma separated. Default: loopback, host devices, pods' veths. */
  readonly interfaces?: string;
  /** File or folder of Kubernetes objects to name pods and services from. */
  readonly objects?: string;
  /** The cluster's API server, to name the pods of this node and services; what is elsewhere is left to a relay. */
  readonly kubernetes?: ApiAccess;
  /** Tells what processes were started with, without what may be secret in it. Default false. */
  readonly processArguments?: boolean;
  /** In the names of ends, and before that of the node in flows: "east/n1". Default "default", which is not written. */
  readonly clusterName?: string;
  /** "host:port" to serve Prometheus metrics on. Default: not served. */
  readonly metrics?: string;
  /**
   * Processes whose TLS connections' plaintext is read in OpenSSL: "comm:nginx", "exe:/usr/sbin/nginx", "pid:812",
   * "unit:nginx.service", "container:ID". Default: none.
   */
  readonly tlsPlaintext?: readonly string[];
  /** TLS of the gRPC server. Default: plaintext. */
  readonly tls?: ServerTlsFiles;
  /** Recording to play instead of capturing. */
  readonly replay?: string;
  /** Recording to play if this machine cannot capture. Default: starting fails then. */
  readonly fallbackRecording?: string;
  /** On their way already, from programsAhead with the same addresses; closed with the exporter, or if it cannot start. */
  readonly programs?: Programs;
  /** Default: standard error. */
  readonly log?: (line: string) => void;
}

export interface Exporter {
  /** With the port that was bound. */
  readonly address: string;
  /** Where the flows come from, in words. */
  readonly sourceText: string;
  stop(): Promise<void>;
}

/** From an event in the kernel to its flow in the ring: the ring buffer is read every 20 ms, and a turn of work comes after. */
const CAPTURE_DELAY_MS = 40;

/** Capture is not kept waiting for longer by an API server that does not answer. */
const KUBERNETES_START_MS = 5000;

/** Throws in words where nothing can be captured and no recording may stand in, or where an address is taken. */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const log = options.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  const ring = nodeRing(options.ringBytes);
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  undo.push(() => options.programs?.close());
  let source: FlowSource | undefined;
  try {
    const tls = options.tls === undefined ? undefined : await readTls(options.tls, log);
    undo.push(() => tls?.stop());
    const metrics = options.metrics === undefined ? undefined : await makeMetrics();
    const server = new GrpcServer({
      ...(tls === undefined ? {} : { credentials: tls }),
      ...(metrics === undefined ? {} : { metrics: metrics.calls }),
    });
    const cluster = options.kubernetes === undefined ? undefined : await watchOf(options.kubernetes, options.nodeName);
    undo.push(() => cluster?.stop());
    const notices = () => [...(source?.notices() ?? []), ...(cluster?.notices() ?? [])];
    const address = await serve(server, ring, options, tls, { source: () => source, notices });
    undo.push(() => server.stop());
    const started = await startSource(ring, options, ownPorts(address, options.metrics), cluster, metrics, log, undo);
    source = started;
    undo.push(() => started.stop());
    if (options.metrics !== undefined && metrics !== undefined) {
      const served = await metrics.serve(hostAndPort(options.metrics), ring, started);
      undo.push(() => served.stop());
    }
    server.setServing(true);
    return { address, sourceText: started.text, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What not every exporter needs is loaded by those that do: it would hold up the first flow. */
async function makeMetrics(): Promise<ExporterMetrics> {
  const { ExporterMetrics } = await import('./prometheus.ts');
  return new ExporterMetrics();
}

async function readTls(files: ServerTlsFiles, log: (line: string) => void): Promise<ServerTls> {
  const { ServerTls } = await import('#observer/server-tls.ts');
  return ServerTls.read(files, { onTrouble: (text) => log(text ?? 'TLS: the files can be used again.') });
}

/** Serves before there are flows: a client that is early waits for the first one instead of failing. */
async function serve(
  server: GrpcServer,
  ring: FlowRing,
  options: ExporterOptions,
  tls: ServerTls | undefined,
  { source, notices }: { source: () => FlowSource | undefined; notices: () => Notice[] },
): Promise<string> {
  const { listen } = options;
  const nodeName = fullNodeName(options);
  const host = listen.slice(0, listen.lastIndexOf(':'));
  const { version } = packageJson;
  // An idle node promises the present, so that no follower waits for it.
  const completeUpTo = () => fromMilliseconds(Date.now() - CAPTURE_DELAY_MS);
  registerObserver(server, { ring, nodeName, version, completeUpTo });
  let address = listen;
  registerStatus(server, {
    ring,
    nodeName,
    version,
    address: () => address,
    counters: () => source()?.counters(),
    notices,
    startedMs: Date.now(),
    nowMs: Date.now,
  });
  registerPeerService(server, {
    current: () => [
      {
        name: nodeName,
        address,
        type: ChangeNotificationType.PEER_ADDED,
        tls: tls === undefined ? undefined : { serverName: tls.serverName ?? '' },
      },
    ],
    watch: fixedPeers([]).watch,
  });
  const port = await server.listen(listen);
  address = `${host}:${port}`;
  return address;
}

async function startSource(
  ring: FlowRing,
  options: ExporterOptions,
  ownPorts: readonly number[],
  cluster: ClusterWatch | undefined,
  exporterMetrics: ExporterMetrics | undefined,
  log: (line: string) => void,
  undo: (() => Promise<void> | void)[],
): Promise<FlowSource> {
  const counted = exporterMetrics === undefined ? {} : { metrics: exporterMetrics.flows };
  const play = (path: string, obstacle?: Obstacle) =>
    startRecordingSource({ ring, path, log, ...counted, ...(obstacle === undefined ? {} : { obstacle }) });
  if (options.replay !== undefined) return play(options.replay);
  const support = checkSupport();
  const obstacle = obstacleOf(support);
  if (obstacle !== undefined) return cannotCapture(obstacle);
  for (const { check, detail, mend } of support.findings.filter(({ ok }) => !ok)) log(`${check}: ${detail} (${mend})`);
  const { clusterName = 'default' } = options;
  const pods = new PodIndex({ nodeName: options.nodeName, clusterName });
  if (options.objects !== undefined) {
    const { KubernetesObjects } = await import('./endpoints/kubernetes-objects.ts');
    const objects = new KubernetesObjects({ path: options.objects, index: pods, onError: log });
    await objects.start();
    undo.push(() => objects.stop());
  }
  if (cluster !== undefined) {
    cluster.subscribe({
      upsert: (object, seenMs) => pods.upsert(object, seenMs),
      remove: (object, seenMs) => pods.remove(object, seenMs),
    });
    await cluster.start(KUBERNETES_START_MS);
  }
  const host = new HostEndpoints({
    clusterName,
    byContainerId: (id) => pods.byContainerId(id),
    tellsArguments: options.processArguments ?? false,
  });
  try {
    return await startKernelSource({
      ring,
      nodeName: fullNodeName(options),
      version: packageJson.version,
      // An address that is not this node's may be a pod elsewhere: a relay knows, and is left to say.
      endpoints: cluster === undefined ? composeLookups(pods, host, reservedAddresses()) : composeLookups(pods, host),
      services: new ServiceDirectory(pods),
      namesVersion: () => pods.version,
      host,
      ownPorts,
      log,
      ...counted,
      ...(options.programs === undefined ? {} : { programs: options.programs }),
      ...(options.interfaces === undefined ? {} : { interfaces: options.interfaces }),
      ...(options.tlsPlaintext === undefined ? {} : { tlsPlaintext: options.tlsPlaintext }),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return cannotCapture({ why, mend: 'see what `parallax doctor` says of this machine' });
  }

  function cannotCapture(obstacle: Obstacle): Promise<FlowSource> {
    if (options.fallbackRecording !== undefined) return play(options.fallbackRecording, obstacle);
    throw new Error(`cannot capture on this machine: ${obstacle.why} (${obstacle.mend})`);
  }
}

function hostAndPort(listen: string): { host: string; port: number } {
  const split = listen.lastIndexOf(':');
  return { host: listen.slice(0, split).replace(/^\[|\]$/g, ''), port: Number(listen.slice(split + 1)) };
}

/** What the exporter reads of the API server. */
export const kubernetesResources: readonly ResourceName[] = [
  'namespaces',
  'services',
  'endpointslices',
  'ciliumidentities',
  'pods',
];

/** The pods of this node alone; services and what is behind them of the whole cluster, as kube-proxy needs them too. */
async function watchOf(access: ApiAccess, nodeName: string): Promise<ClusterWatch> {
  const { ClusterWatch } = await import('#kubernetes/cluster-watch.ts');
  return new ClusterWatch({
    access,
    component: 'exporter',
    resources: kubernetesResources,
    selections: { pods: { fieldSelector: `spec.nodeName=${nodeName}` } },
    keepsContainers: true,
  });
}

/** As Hubble writes it: with the cluster, unless that has the default name. */
function fullNodeName({ clusterName = 'default', nodeName }: ExporterOptions): string {
  return clusterName === 'default' ? nodeName : `${clusterName}/${nodeName}`;
}
