// A program for tests: sends given bytes over TCP, cut as told, without waiting for answers, and reads until the server
// closes. In: a RawConversation as JSON on standard input. Out: the bytes received by each stream, as JSON.
// Run with Node inside a network namespace.
import { once } from 'node:events';
import { connect } from 'node:net';
import { json } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';

export interface RawConversation {
  readonly host: string;
  readonly port: number;
  /** A connection each, all at the same time: its writes in base64. The last must make the server close. */
  readonly streams: readonly (readonly string[])[];
}

async function converse(host: string, port: number, writes: readonly string[]): Promise<number> {
  const socket = connect({ host, port, noDelay: true });
  let received = 0;
  socket.on('data', (bytes) => {
    received += bytes.length;
  });
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  for (const write of writes) {
    if (!socket.write(Buffer.from(write, 'base64'))) await once(socket, 'drain');
    await turn();
  }
  await closed;
  return received;
}

const { host, port, streams } = (await json(process.stdin)) as RawConversation;
const received = await Promise.all(streams.map((writes) => converse(host, port, writes)));
process.stdout.write(JSON.stringify(received));
