// A node that tells the shop of shop-world.ts: the real observer over a ring that is filled here, so that a real relay
// follows it and real filters choose among its flows. History first, then some hundred flows a second.
//
//   node e2e/doubles/observer.ts 127.0.0.1:25011

import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { fromMilliseconds } from '#observer/time.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { hostileFlow } from './hostile-flows.ts';
import { connectionFlows, exchangeFlows } from './shop-flows.ts';
import { seededRandom, shopCalls } from './shop-world.ts';

const TICK_MS = 200;
/** Long enough that a window can be chosen in it that gains nothing more while a story looks at it. */
const HISTORY_MS = 60_000;
/** Of the shop's own pace: some 50 exchanges a second. */
const PACE = 0.1;

const random = seededRandom(11);
const ring = new FlowRing({ capacityBytes: 64 << 20, endpointIds: 4_096, endpointKeyBytes: 4 << 20 });
const server = new GrpcServer();
registerObserver(server, {
  ring,
  nodeName: 'node-1',
  version: 'double',
  completeUpTo: () => fromMilliseconds(Date.now()),
});

const pending: GetFlowsResponse[] = [];
let number = 1;
const startMs = Date.now();
tell(startMs - HISTORY_MS, startMs);
await server.listen(process.argv[2] ?? '127.0.0.1:25011');
process.stdout.write('observer double ready\n');

let toldMs = startMs;
setInterval(() => {
  const nowMs = Date.now();
  tell(toldMs, nowMs);
  toldMs = nowMs;
}, TICK_MS);

/** What began between the two times, in order of time; an answer that is still to come waits for its turn. */
function tell(fromMs: number, toMs: number): void {
  const span = toMs - fromMs;
  for (const call of shopCalls) {
    const expected = (call.perSecond * PACE * span) / 1000;
    const count = Math.floor(expected) + (random() < expected % 1 ? 1 : 0);
    for (let told = 0; told < count; told++) {
      const atMs = fromMs + random() * span;
      pending.push(...exchangeFlows(call, atMs, number++, random));
      if (call.l7 === 'HTTP' && number % 3 === 0) pending.push(...connectionFlows(call, atMs - 1, number++, random));
    }
  }
  if (Math.floor(toMs / 1000) !== Math.floor(fromMs / 1000)) pending.push(hostileFlow(toMs - 1));
  pending.sort((a, b) => timeMs(a) - timeMs(b));
  const due = pending.findIndex((flow) => timeMs(flow) > toMs);
  for (const flow of pending.splice(0, due < 0 ? pending.length : due)) {
    ring.append(GetFlowsResponse.encode(flow).finish());
  }
}

function timeMs({ time }: GetFlowsResponse): number {
  return Number(time?.seconds ?? 0n) * 1_000 + (time?.nanos ?? 0) / 1e6;
}
