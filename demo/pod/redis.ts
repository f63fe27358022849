// The Redis client of a pod: one connection, commands as written in the plan.
import { createClient, ErrorReply } from '@redis/client';
import { type Asking, answerTimeoutMs } from './asking.ts';
import type { EdgeCounts } from './counts.ts';

/** Statuses: `ok`, or `error` for a reply that is an error. */
export async function redisClient(host: string, port: number, counts: EdgeCounts): Promise<Asking> {
  const client = createClient({
    socket: { host, port, connectTimeout: answerTimeoutMs, reconnectStrategy: 500 },
    // What is not the demo's own command would be traffic nobody counted.
    disableClientInfo: true,
    disableOfflineQueue: true,
  });
  client.on('connect', () => counts.connected());
  client.on('error', () => {});
  await client.connect();
  const ask = async (command: string) => {
    try {
      await client.withAbortSignal(AbortSignal.timeout(answerTimeoutMs)).sendCommand(command.split(' '));
      return 'ok';
    } catch (error) {
      if (error instanceof ErrorReply) return 'error';
      throw error;
    }
  };
  return { ask, close: () => client.destroy() };
}
