import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { refuseBusyPorts } from './ports.ts';

test('a busy port is named with its use and the flag that moves it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const wanted = [{ port, name: 'the page', flag: '--ui-port' }];
  await assert.rejects(
    refuseBusyPorts(wanted),
    new RegExp(`port ${port} for the page is in use; choose another with --ui-port`),
  );
  server.close();
  await once(server, 'close');
  await refuseBusyPorts(wanted);
});
