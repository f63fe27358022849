// A node in a process of its own, to be stopped and killed: an observer whose flows are numbered. Arguments: name, address,
// boot (part of the flows' uuids), flows a second, greatest delay of a flow in ms. On the message "finish" it makes no more
// flows and says how many it made.

import { setTimeout as pause } from 'node:timers/promises';
import { flowBytes, ObserverFixture } from '../observer-fixture.ts';

const [name = '', listen = '', boot = '', perSecond = '0', jitterMs = '0'] = process.argv.slice(2);
const fixture = await ObserverFixture.start(name, { listen, ringBytes: 16 << 20 });
process.send?.({ address: fixture.address });

let made = 0;
let waiting = 0;
let isFinishing = false;
process.on('message', () => {
  isFinishing = true;
});
process.on('disconnect', () => process.exit());

const startMs = Date.now();
while (!isFinishing) {
  const due = ((Date.now() - startMs) / 1000) * Number(perSecond);
  for (; made < due; made += 1) {
    const bytes = flowBytes(`${name}/${boot}/${made}`, name, Date.now());
    // Stamped now, told later: what a slow kernel reader or a long queue makes of it.
    const delayMs = Math.random() * Number(jitterMs);
    if (delayMs < 1) fixture.ring.append(bytes);
    else {
      waiting += 1;
      setTimeout(() => {
        waiting -= 1;
        fixture.ring.append(bytes);
      }, delayMs);
    }
  }
  await pause(5);
}
while (waiting > 0) await pause(5);
process.send?.({ made });
