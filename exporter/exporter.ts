// One exporter: a source of flows, a ring, and the gRPC services that serve it (Observer, Peer, health, reflection).

import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { fixedPeers, registerPeerService } from '#observer/peer-service.ts';
import { ChangeNotificationType } from '#proto/gen/peer/peer.ts';
import packageJson from '../package.json' with { type: 'json' };
import { composeLookups } from './endpoints/endpoint-lookup.ts';
import { HostEndpoints } from './endpoints/host-endpoints.ts';
import { KubernetesObjects } from './endpoints/kubernetes-objects.ts';
import { PodIndex } from './endpoints/pod-index.ts';
import { reservedAddresses } from './endpoints/reserved-addresses.ts';
import { checkSupport } from './kernel/support.ts';
import { type MetricsServer, serveMetrics } from './metrics.ts';
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
  /** "host:port" to serve Prometheus metrics on. Default: not served. */
  readonly metrics?: string;
  /** Recording to play instead of capturing. */
  readonly replay?: string;
  /** Recording to play if this machine cannot capture. Default: starting fails then. */
  readonly fallbackRecording?: string;
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

const DEFAULT_RING_BYTES = 64 * 1024 * 1024;

/** Throws in words where nothing can be captured and no recording may stand in, or where an address is taken. */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const log = options.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  const ring = new FlowRing({ capacityBytes: options.ringBytes ?? DEFAULT_RING_BYTES });
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const server = new GrpcServer();
    const address = await serve(server, ring, options);
    undo.push(() => server.stop());
    const source = await startSource(ring, options, log, undo);
    undo.push(() => source.stop());
    if (options.metrics !== undefined) {
      const metrics: MetricsServer = await serveMetrics(options.metrics, ring, source);
      undo.push(() => metrics.stop());
    }
    server.setServing(true);
    return { address, sourceText: source.text, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function serve(server: GrpcServer, ring: FlowRing, options: ExporterOptions): Promise<string> {
  const host = options.listen.slice(0, options.listen.lastIndexOf(':'));
  registerObserver(server, { ring, nodeName: options.nodeName, version: packageJson.version });
  let address = options.listen;
  registerPeerService(server, {
    current: () => [{ name: options.nodeName, address, type: ChangeNotificationType.PEER_ADDED, tls: undefined }],
    watch: fixedPeers([]).watch,
  });
  const port = await server.listen(options.listen);
  address = `${host}:${port}`;
  return address;
}

async function startSource(
  ring: FlowRing,
  options: ExporterOptions,
  log: (line: string) => void,
  undo: (() => Promise<void> | void)[],
): Promise<FlowSource> {
  if (options.replay !== undefined) return startRecordingSource(ring, options.replay, undefined, log);
  const missing = checkSupport();
  if (!missing.ok)
    return cannotCapture(
      missing.findings
        .filter((one) => !one.ok)
        .map((one) => `${one.detail}: ${one.mend}`)
        .join('; '),
    );
  const pods = new PodIndex({ nodeName: options.nodeName });
  if (options.objects !== undefined) {
    const objects = new KubernetesObjects({ path: options.objects, index: pods, onError: log });
    await objects.start();
    undo.push(() => objects.stop());
  }
  const host = new HostEndpoints({ byContainerId: (id) => pods.byContainerId(id) });
  try {
    return await startKernelSource({
      ring,
      nodeName: options.nodeName,
      version: packageJson.version,
      endpoints: composeLookups(pods, host, reservedAddresses()),
      log,
      ...(options.interfaces === undefined ? {} : { interfaces: options.interfaces }),
    });
  } catch (error) {
    return cannotCapture(error instanceof Error ? error.message : String(error));
  }

  function cannotCapture(why: string): Promise<FlowSource> {
    if (options.fallbackRecording === undefined) throw new Error(`cannot capture on this machine: ${why}`);
    return startRecordingSource(ring, options.fallbackRecording, why, log);
  }
}
