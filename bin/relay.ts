// `parallax relay`: follows observers, merges, keeps, aggregates, and serves them as one.

import { Command, Option } from 'commander';
import { parseListenAddress } from './address.ts';
import { parseBytes } from './quantity.ts';
import { runService } from './service.ts';

interface RelayOptions {
  readonly listen: string;
  readonly peers?: string;
  readonly peerService?: string;
  readonly metrics?: string;
  readonly policies?: string;
  readonly objects?: string;
  readonly ringBytes: number;
}

export function relayCommand(): Command {
  return new Command('relay')
    .description('merge the flows of many observers and serve them as one')
    .option('--listen <host:port>', 'gRPC address to serve on', '127.0.0.1:4245')
    .addOption(
      new Option('--peers <addresses>', 'observers to follow, comma-separated (host:port or unix:///path)').conflicts(
        'peerService',
      ),
    )
    .option('--peer-service <address>', 'follow the nodes that this peer.Peer service names')
    .addOption(new Option('--history <where>', 'keep flows on disk: not there yet').choices(['off']).default('off'))
    .option('--metrics <host:port>', 'serve Prometheus metrics here')
    .option('--policies <path>', 'say of each flow which of these policies (YAML or JSON, a file or folder) decides it')
    .option('--objects <path>', 'Kubernetes objects (a file or folder) to know pods and services by, for --policies')
    .option('--ring-bytes <bytes>', 'memory for flows kept (K, M, G allowed)', parseBytes, 256 * 1024 * 1024)
    .action(async (options: RelayOptions) => {
      await runService('relay', async () => {
        if (options.peers === undefined && options.peerService === undefined)
          throw new Error('no peers: name them with --peers HOST:PORT,... or --peer-service ADDRESS.');
        const { startRelay } = await import('#relay/relay.ts');
        const { tuneCollector } = await import('#relay/collector.ts');
        const { PolicyFiles } = await import('#relay/policy/policy-files.ts');
        tuneCollector();
        const relay = await startRelay({
          listen: options.listen,
          ...(options.peers === undefined ? {} : { peers: options.peers.split(',').map((peer) => peer.trim()) }),
          ...(options.peerService === undefined ? {} : { peerService: options.peerService }),
          ...(options.metrics === undefined ? {} : { metrics: parseListenAddress(options.metrics) }),
          ...(options.policies === undefined ? {} : { policies: new PolicyFiles(options.policies) }),
          ...(options.objects === undefined ? {} : { objects: options.objects }),
          ringBytes: options.ringBytes,
        });
        const of = options.peers === undefined ? `the peers of ${options.peerService}` : options.peers;
        return { readyText: `relay ready on ${relay.address}, following ${of}`, stop: () => relay.stop() };
      });
    });
}
