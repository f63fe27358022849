// Sends access log entries to a relay as some Envoys would: node send.ts RELAY ENTRIES [PER_SECOND]. For stories and by hand.

import { setTimeout as pause } from 'node:timers/promises';
import { entriesPerMessage, logMessage, openingMessage } from './entries.ts';
import { openStream } from './envoy.ts';

const [relay = '127.0.0.1:4245', entries = '10000', perSecond = '10000'] = process.argv.slice(2);
const streams = Array.from({ length: 4 }, () => openStream(relay));
for (const [proxy, { stream }] of streams.entries()) stream.write(openingMessage(proxy));
const startedMs = performance.now();
let sent = 0;
while (sent < Number(entries)) {
  const due = Math.min(Number(entries), ((performance.now() - startedMs) / 1000) * Number(perSecond));
  for (; sent < due; sent += entriesPerMessage) {
    const number = sent / entriesPerMessage;
    streams[number % streams.length]?.stream.write(logMessage(number));
  }
  await pause(10);
}
for (const { stream } of streams) stream.end();
await Promise.all(streams.map(({ ended }) => ended));
for (const { close } of streams) close();
process.stdout.write(`sent ${sent}\n`);
