// The relay under measurement, alone in its process; tells its parent CPU time and memory when asked.

import { tuneCollector } from '#relay/collector.ts';
import { startRelay } from '#relay/relay.ts';

export type FromRelay =
  | { readonly kind: 'ready'; readonly address: string }
  | {
      readonly kind: 'usage';
      /** Of all threads, with collection and compilation. */
      readonly cpuMs: number;
      /** Of the main thread alone, in its own code and in the kernel. */
      readonly userMs: number;
      readonly systemMs: number;
      readonly rssMb: number;
    };

const say = (message: FromRelay) => process.send?.(message);
tuneCollector();
const relay = await startRelay({
  listen: '127.0.0.1:0',
  peers: process.argv.slice(2),
  ringBytes: 64 << 20,
  nodeName: 'bench',
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const main = process.threadCpuUsage();
  say({
    kind: 'usage',
    cpuMs: (user + system) / 1000,
    userMs: main.user / 1000,
    systemMs: main.system / 1000,
    rssMb: process.memoryUsage.rss() / 2 ** 20,
  });
});
process.on('disconnect', () => process.exit(0));
say({ kind: 'ready', address: relay.address });
