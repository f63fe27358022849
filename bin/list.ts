// `parallax list nodes|namespaces`, in the columns of the hubble command line.

import { Command } from 'commander';
import type { Node } from '#proto/gen/observer/observer.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { ask, type ServerOptions, withServerOptions } from './server-option.ts';
import { formatDuration, formatTable } from './table.ts';

export function listCommand(): Command {
  return new Command('list')
    .description('what a relay knows')
    .addCommand(
      withServerOptions(new Command('nodes').description('nodes and the state of their observers')).action(
        async (options: ServerOptions) => {
          const { nodes } = await ask(options, (client) => client.getNodes());
          process.stdout.write(formatNodes(nodes));
        },
      ),
    )
    .addCommand(
      withServerOptions(new Command('namespaces').description('namespaces that flows were seen in')).action(
        async (options: ServerOptions) => {
          const { namespaces } = await ask(options, (client) => client.getNamespaces());
          process.stdout.write(
            formatTable(
              ['CLUSTER', 'NAMESPACE'],
              namespaces.map(({ cluster, namespace }) => [cluster, namespace]),
            ),
          );
        },
      ),
    );
}

const stateNames: Readonly<Record<number, string>> = {
  [NodeState.NODE_CONNECTED]: 'Connected',
  [NodeState.NODE_UNAVAILABLE]: 'Unavailable',
  [NodeState.NODE_GONE]: 'Gone',
  [NodeState.NODE_ERROR]: 'Error',
};

function formatNodes(nodes: readonly Node[]): string {
  return formatTable(
    ['NAME', 'STATUS', 'AGE', 'FLOWS/S', 'CURRENT/MAX-FLOWS', 'VERSION', 'ADDRESS', 'TLS'],
    nodes.map((node) => {
      const seconds = Number(node.uptimeNs) / 1e9;
      const share = node.maxFlows === 0n ? 0 : (100 * Number(node.numFlows)) / Number(node.maxFlows);
      return [
        node.name,
        stateNames[node.state] ?? 'Unknown',
        formatDuration(seconds * 1000),
        (seconds === 0 ? 0 : Number(node.seenFlows) / seconds).toFixed(2),
        `${node.numFlows}/${node.maxFlows} (${share.toFixed(2)}%)`,
        node.version,
        node.address,
        node.tls?.enabled === true ? 'Enabled' : 'Disabled',
      ];
    }),
  );
}
