// The supervisor's door: a unix socket where one line of JSON asks for a burst and one line answers.
import { createConnection, createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import type { BurstOutcome } from './pod/messages.ts';
import type { Protocol } from './topology.ts';

export interface BurstRequest {
  /** `shop/web`; its first replica sends. */
  readonly from: string;
  readonly to: string;
  /** 1 to 100,000. */
  readonly requests: number;
  /** Needed where two protocols join the same pair of workloads. */
  readonly protocol?: Protocol;
}

export const maxBurst = 100_000;

export type ControlReply = { readonly outcome: BurstOutcome } | { readonly error: string };

/** Listens at `path`; errors of `burst` become words for the asker. */
export function serveControl(path: string, burst: (request: BurstRequest) => Promise<BurstOutcome>): Server {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).once('line', (line) => {
      const reply = async (): Promise<ControlReply> => {
        try {
          return { outcome: await burst(parseBurst(line)) };
        } catch (error) {
          return { error: error instanceof Error ? error.message : String(error) };
        }
      };
      void reply().then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    });
  });
  return server.listen(path);
}

/** Asks the supervisor at `path`. Rejects when there is none, or with its words. */
export function askControl(path: string, request: BurstRequest): Promise<BurstOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<BurstOutcome>();
  const socket = createConnection(path, () => socket.write(`${JSON.stringify(request)}\n`));
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  socket.on('error', (cause) =>
    reject(new Error(`no demo answers at ${path}: 'parallax demo up' starts one`, { cause })),
  );
  socket.on('end', () => {
    if (text === '')
      return reject(new Error(`the demo at ${path} closed without an answer: 'parallax demo status' tells why`));
    const reply = JSON.parse(text) as ControlReply;
    if ('error' in reply) reject(new Error(reply.error));
    else resolve(reply.outcome);
  });
  return promise;
}

/** Throws an Error that names the field. */
export function parseBurst(line: string): BurstRequest {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) throw new Error('burst: a JSON object is needed');
  const { from, to, requests, protocol } = value as Partial<Record<keyof BurstRequest, unknown>>;
  if (typeof from !== 'string' || typeof to !== 'string')
    throw new Error("burst: 'from' and 'to' are workloads such as shop/web");
  if (typeof requests !== 'number' || !Number.isInteger(requests) || requests < 1 || requests > maxBurst) {
    throw new Error(`burst: requests is ${JSON.stringify(requests)}, not a whole number from 1 to ${maxBurst}`);
  }
  // An unknown protocol finds no edge, and that is what the caller is told.
  return { from, to, requests, ...(typeof protocol === 'string' && { protocol: protocol as Protocol }) };
}
