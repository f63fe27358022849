// The PostgreSQL client of a pod: at most two connections, statements as written in the plan.
import pg from 'pg';
import { type Asking, answerTimeoutMs } from './asking.ts';
import type { EdgeCounts } from './counts.ts';

/** Statuses: `ok`, or `error` and the SQLSTATE. */
export function postgresClient(host: string, port: number, counts: EdgeCounts): Asking {
  const pool = new pg.Pool({
    host,
    port,
    user: 'shop',
    database: 'postgres',
    max: 2,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: answerTimeoutMs,
    query_timeout: answerTimeoutMs,
  });
  pool.on('connect', () => counts.connected());
  pool.on('error', () => {});
  const ask = async (statement: string) => {
    try {
      await pool.query(statement);
      return 'ok';
    } catch (error) {
      if (error instanceof pg.DatabaseError) return `error ${error.code ?? 'without code'}`;
      throw error;
    }
  };
  return { ask, close: () => void pool.end() };
}
