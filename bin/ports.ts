// Says which port is busy, for whom, and how to move, before anything is started.

import { createServer } from 'node:net';

export interface WantedPort {
  readonly port: number;
  readonly name: string;
  readonly flag: string;
}

/** @throws Error naming each busy port and the flag that moves it. */
export async function refuseBusyPorts(wanted: readonly WantedPort[]): Promise<void> {
  const busy: WantedPort[] = [];
  for (const each of wanted) if (!(await isFree(each.port))) busy.push(each);
  if (busy.length === 0) return;
  const lines = busy.map(({ port, name, flag }) => `port ${port} for ${name} is in use; choose another with ${flag}`);
  throw new Error(lines.join('\n'));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
