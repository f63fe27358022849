// For tests: a TCP proxy on loopback that records what real programs say to each other as L7Segments, cut as a capture of
// segment heads would cut them.
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { L7Hint, L7Segment } from '../l7-event.ts';

export interface RecordingProxy {
  readonly port: number;
  /** In the order in which they passed; grows while traffic flows. */
  readonly segments: L7Segment[];
  close(): void;
}

export interface RecordingOptions {
  readonly hint: L7Hint;
  /** Bytes kept of each segment's payload. */
  readonly captureBytes?: number;
}

export async function recordTcp(targetPort: number, options: RecordingOptions): Promise<RecordingProxy> {
  const segments: L7Segment[] = [];
  let connections = 0;
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((client) => {
    const connection = ++connections;
    const target = connect({ port: targetPort, host: '127.0.0.1' });
    for (const [from, to, fromInitiator] of [
      [client, target, true],
      [target, client, false],
    ] as const) {
      sockets.add(from);
      // Near the end of the sequence space, so that it wraps during the test.
      let sequence = 2 ** 32 - 200;
      from.setNoDelay(true);
      from.on('data', (payload) => {
        const data = new Uint8Array(payload.subarray(0, options.captureBytes ?? 1 << 20));
        const { hint } = options;
        const common = { connection, fromInitiator, timeNs: process.hrtime.bigint(), hint, transport: 'tcp' } as const;
        segments.push({ ...common, sequence, payloadLength: payload.length, data });
        sequence = (sequence + payload.length) >>> 0;
        to.write(payload);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
    }
  });
  await listen(server);
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: portOf(server), segments, close };
}

/** Listens on a free loopback port. */
export async function listen(server: Pick<Server, 'listen' | 'once'>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
}

export function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port; is it listening?');
  return address.port;
}
