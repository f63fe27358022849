// `parallax watch peers`: the nodes that a peer service names, and their changes, until Ctrl-C.

import { Command } from 'commander';
import { PeerClient } from '#observer/peer-client.ts';
import { ChangeNotificationType } from '#proto/gen/peer/peer.ts';
import { type ServerOptions, targetOf, withServerOptions } from './server-option.ts';

const changeNames: Readonly<Record<number, string>> = {
  [ChangeNotificationType.PEER_ADDED]: 'PEER_ADDED',
  [ChangeNotificationType.PEER_DELETED]: 'PEER_DELETED',
  [ChangeNotificationType.PEER_UPDATED]: 'PEER_UPDATED',
};

export function watchCommand(): Command {
  return new Command('watch').description('changes as they come').addCommand(
    withServerOptions(
      new Command('peers').alias('peer').description('nodes of a peer.Peer service and their changes'),
    ).action(async (options: ServerOptions) => {
      const stopped = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
      const client = new PeerClient(await targetOf(options));
      try {
        for await (const { name, address, type, tls } of client.notify(stopped.signal)) {
          const secured = tls === undefined ? '' : ` (TLS.ServerName: ${tls.serverName})`;
          process.stdout.write(`${(changeNames[type] ?? 'UNKNOWN').padEnd(12)} ${address} ${name}${secured}\n`);
        }
      } catch (error) {
        if (!stopped.signal.aborted) throw error;
      } finally {
        client.close();
      }
    }),
  );
}
