// The DNS client of a pod: each question is one query over UDP, never repeated, never answered from a cache.
import { Resolver } from 'node:dns/promises';
import { type Asking, answerTimeoutMs } from './asking.ts';

/** Statuses: `NOERROR`, `NODATA`, `NXDOMAIN`, `REFUSED`, `SERVFAIL`. */
export function dnsClient(server: string): Asking {
  const ask = async (name: string) => {
    const [status] = await queryName(server, name, 'A');
    return status;
  };
  return { ask, close: () => {} };
}

const statusOf: Readonly<Record<string, string>> = {
  ENODATA: 'NODATA',
  ENOTFOUND: 'NXDOMAIN',
  EREFUSED: 'REFUSED',
  ESERVFAIL: 'SERVFAIL',
};

/** The answer's status and addresses. Rejects when no answer came. */
export async function queryName(
  server: string,
  name: string,
  type: 'A' | 'AAAA',
): Promise<[status: string, addresses: string[]]> {
  // A resolver a question: their queries then differ in port, as those of many processes would.
  const resolver = new Resolver({ timeout: answerTimeoutMs, tries: 1 });
  resolver.setServers([server]);
  try {
    return ['NOERROR', type === 'A' ? await resolver.resolve4(name) : await resolver.resolve6(name)];
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const status = statusOf[code];
    if (status === undefined) throw error;
    return [status, []];
  }
}
