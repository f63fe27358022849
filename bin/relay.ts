// `parallax relay`: follows observers, merges, keeps, aggregates, and serves them as one.

import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { parseListenAddress } from './address.ts';
import { type KubernetesOptions, kubernetesOf } from './kubernetes-option.ts';
import { parseBytes } from './quantity.ts';
import { runService } from './service.ts';
import {
  type PeerTlsOptions,
  peerTlsOf,
  type ServeTlsOptions,
  serverTlsOf,
  withPeerTls,
  withServeTls,
} from './tls-option.ts';

interface RelayOptions extends ServeTlsOptions, PeerTlsOptions, KubernetesOptions {
  readonly listen: string;
  readonly nodeName: string;
  readonly clusterName: string;
  readonly peers?: string;
  readonly peerService?: string;
  readonly metrics?: string;
  readonly healthListen?: string;
  readonly policies?: string;
  readonly objects?: string;
  readonly accessLog: readonly string[];
  readonly ringBytes: number;
}

export function relayCommand(): Command {
  return withPeerTls(withServeTls(serviceOptions())).action(start);
}

function serviceOptions(): Command {
  return new Command('relay')
    .description('merge the flows of many observers and serve them as one')
    .option('--listen <host:port>', 'gRPC address to serve on', '127.0.0.1:4245')
    .addOption(
      new Option(
        '--peers <addresses>',
        'observers to follow, comma-separated (host:port, tls://host:port, unix:///path, dns:///name:port)',
      ).conflicts('peerService'),
    )
    .option('--peer-service <address>', 'follow the nodes that this peer.Peer service names')
    .option(
      '--cluster-name <name>',
      'cluster of these nodes: in the names of ends, and of the certificate of --peer-service',
      'default',
    )
    .option('--node-name <name>', 'name of this relay in what it says of its nodes', hostname())
    .addOption(new Option('--history <where>', 'keep flows on disk: not there yet').choices(['off']).default('off'))
    .option('--metrics <host:port>', 'serve Prometheus metrics here')
    .option(
      '--health-listen <host:port>',
      'answer gRPC health checks here too, in plaintext, as hubble-relay does on port 4222',
    )
    .option(
      '--kubernetes [where]',
      'name the ends of flows from the Kubernetes API: in-cluster, a kubeconfig, or by itself whichever there is',
    )
    .option('--kubernetes-context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--policies <path>', 'say of each flow which of these policies (YAML or JSON, a file or folder) decides it')
    .option('--objects <path>', 'Kubernetes objects (a file or folder) to know pods and services by, for --policies')
    .option(
      '--access-log <file[:format]>',
      'follow an access log of Envoy, nginx or haproxy (a path or a quoted pattern; can be given again)',
      (value: string, before: readonly string[]) => [...before, value],
      [] as readonly string[],
    )
    .option('--ring-bytes <bytes>', 'memory for flows kept (K, M, G allowed)', parseBytes, 256 * 1024 * 1024);
}

async function start(options: RelayOptions): Promise<void> {
  await runService('relay', async () => {
    if (options.peers === undefined && options.peerService === undefined)
      throw new Error('no peers: name them with --peers HOST:PORT,... or --peer-service ADDRESS.');
    const [serverTls, peerTls] = [serverTlsOf(options), peerTlsOf(options)];
    const { startRelay } = await import('#relay/relay.ts');
    const { tuneCollector } = await import('#relay/collector.ts');
    tuneCollector();
    const kubernetes = await kubernetesOf(options);
    const { parseLogFilePattern } = await import('#relay/access-logs/files/log-files.ts');
    const { PolicyFiles } = await import('#relay/policy/policy-files.ts');
    const relay = await startRelay({
      listen: options.listen,
      nodeName: options.nodeName,
      clusterName: options.clusterName,
      ...(serverTls === undefined ? {} : { serverTls }),
      ...(peerTls === undefined ? {} : { peerTls }),
      ...(options.peers === undefined ? {} : { peers: options.peers.split(',').map((peer) => peer.trim()) }),
      ...(options.peerService === undefined ? {} : { peerService: options.peerService }),
      ...(options.healthListen === undefined ? {} : { healthListen: options.healthListen }),
      ...(options.metrics === undefined ? {} : { metrics: parseListenAddress(options.metrics) }),
      ...(kubernetes === undefined ? {} : { kubernetes }),
      ...(options.policies === undefined ? {} : { policies: new PolicyFiles(options.policies) }),
      ...(options.objects === undefined ? {} : { objects: options.objects }),
      accessLogs: options.accessLog.map(parseLogFilePattern),
      ringBytes: options.ringBytes,
    });
    const of = options.peers === undefined ? `the peers of ${options.peerService}` : options.peers;
    return { readyText: `relay ready on ${relay.address}, following ${of}`, stop: () => relay.stop() };
  });
}
