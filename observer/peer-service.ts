// peer.Peer: tells who serves an Observer, and keeps telling. A node names itself; whoever knows more names gives them.

import { type ServerWritableStream, status } from '@grpc/grpc-js';
import { type ChangeNotification, PeerDefinition } from '#proto/gen/peer/peer.ts';
import type { GrpcServer } from './grpc-server.ts';

/** The peers of now, and of later. */
export interface PeerSource {
  /** One notification of PEER_ADDED for each peer known. */
  current(): readonly ChangeNotification[];
  /** Calls `notify` at every change, until the returned function is called. */
  watch(notify: (change: ChangeNotification) => void): () => void;
}

/** Notifications a client may leave unread; one that falls further behind is ended and will ask again. */
const MAX_UNREAD = 4096;

/** A source that names the given peers and never changes. */
export function fixedPeers(peers: readonly ChangeNotification[]): PeerSource {
  return { current: () => peers, watch: () => () => {} };
}

export function registerPeerService(server: GrpcServer, source: PeerSource): void {
  const open = new Set<ServerWritableStream<unknown, ChangeNotification>>();
  server.onStop(() => {
    for (const call of open) call.emit('error', { code: status.UNAVAILABLE, details: 'this observer is stopping' });
  });
  server.addService(PeerDefinition, {
    notify: (call: ServerWritableStream<unknown, ChangeNotification>) => {
      open.add(call);
      const send = (change: ChangeNotification) => {
        if (call.writableLength >= MAX_UNREAD) {
          const details = `${MAX_UNREAD} notifications are unread; ask again`;
          call.emit('error', { code: status.RESOURCE_EXHAUSTED, details });
          return;
        }
        call.write(change);
      };
      const stopWatching = source.watch(send);
      const close = () => {
        stopWatching();
        open.delete(call);
      };
      call.once('cancelled', close);
      call.once('error', close);
      for (const change of source.current()) send(change);
    },
  });
}
