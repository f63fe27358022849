// The node name of a peer that was given by its address: asked of its peer.Peer service, which names the node itself (our
// exporter) or all nodes of its cluster (Hubble's agents).

import { parsePeerAddress } from '#observer/peer-address.ts';
import type { PeerSession } from '#observer/peer-session.ts';
import { ChangeNotification, ChangeNotificationType, NotifyRequest, PeerDefinition } from '#proto/gen/peer/peer.ts';

/** Flows wait for the answer at the first connection, so it is not waited for long. */
const answerWithinMs = 1000;

/** @returns undefined where the peer does not know the service (a relay), or does not name itself in time */
export function askNodeName(session: PeerSession, address: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let only: string | undefined;
  let named = 0;
  const request = NotifyRequest.encode(NotifyRequest.create()).finish();
  const control = session.stream(PeerDefinition, PeerDefinition.methods.notify, request, {
    messages: (bytes, starts, ends, count) => {
      for (let i = 0; i < count; i += 1) {
        const { name, type, address: known } = ChangeNotification.decode(bytes.subarray(starts[i], ends[i]));
        if (type !== ChangeNotificationType.PEER_ADDED || name === '') continue;
        if (isSame(known, address)) resolve(name);
        named += 1;
        only = named === 1 ? name : undefined;
      }
      // All nodes come at once; one alone is the peer itself, however it calls its address.
      if (only !== undefined) setImmediate(() => resolve(only));
    },
    end: () => resolve(only),
  });
  const timer = setTimeout(() => resolve(only), answerWithinMs);
  return promise.finally(() => {
    clearTimeout(timer);
    control.cancel();
  });
}

function isSame(told: string, given: string): boolean {
  try {
    const [left, right] = [parsePeerAddress(told), parsePeerAddress(given)];
    return left.kind === 'tcp' && right.kind === 'tcp' && left.host === right.host && left.port === right.port;
  } catch {
    return false;
  }
}
