// A process with some observers, for the relay's benchmark: the real observer server, fed with prebuilt flows of about 1 KB
// that are stamped when they are appended. Driven by messages of its parent. Arguments: the observers' names, each maybe with
// a trait: "node-3=silent" has no flows and sends no heartbeats, "node-1=50" has a clock that is 50 ms ahead.

import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { type ObserverService, registerObserver } from '#observer/observer-service.ts';
import { fromMilliseconds } from '#observer/time.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { generateResponses } from '../flows/generate.ts';

/** flowsPerSecond of each observer; 0 stops it, below 0 is as fast as the reader takes them. batchMs: from one append to the next. */
export type ToSource = { readonly kind: 'rate'; readonly flowsPerSecond: number; readonly batchMs: number };
export type FromSource =
  | { readonly kind: 'ready'; readonly addresses: readonly string[] }
  | { readonly kind: 'stopped'; readonly appended: number };

/** Flows that an observer running flat out may be ahead of its reader: 4 MB. */
const maxAhead = 4096;
const batch = 64;
/** Of the whole cluster: every observer sees some of them. */
const ENDPOINTS = 50_000;

class BenchObserver {
  readonly ring = new FlowRing({ capacityBytes: 64 << 20, endpointIds: 16_384, endpointKeyBytes: 8 << 20 });
  readonly server = new GrpcServer();
  readonly service: ObserverService;
  readonly #bodies: readonly Uint8Array[];
  readonly #skewMs: number;
  readonly isSilent: boolean;
  #serial = 0;

  constructor(argument: string, seed: number) {
    const [name = '', trait = ''] = argument.split('=');
    this.isSilent = trait === 'silent';
    this.#skewMs = this.isSilent ? 0 : Number(trait);
    const responses = generateResponses({ seed, nodes: [name], endpoints: ENDPOINTS, count: 5000 });
    // Without its time, which is written behind each when it is appended.
    this.#bodies = responses.map((response) => GetFlowsResponse.encode({ ...response, time: undefined }).finish());
    this.service = registerObserver(this.server, {
      ring: this.ring,
      nodeName: name,
      version: 'bench',
      ...(this.isSilent ? {} : { completeUpTo: () => fromMilliseconds(wallMs() + this.#skewMs) }),
    });
  }

  get ahead(): number {
    return this.ring.next - this.service.streams.messages;
  }

  append(): void {
    const body = this.#bodies[this.#serial % this.#bodies.length] as Uint8Array;
    this.#serial += 1;
    const { seconds, nanos } = fromMilliseconds(wallMs() + this.#skewMs);
    const time = GetFlowsResponse.encode(
      GetFlowsResponse.fromPartial({ time: { seconds: BigInt(seconds), nanos } }),
    ).finish();
    scratch.set(body);
    scratch.set(time, body.length);
    this.ring.append(scratch, 0, body.length + time.length);
  }
}

const scratch = new Uint8Array(64 * 1024);
const wallMs = () => performance.timeOrigin + performance.now();
const names = process.argv.slice(2);
const observers = names.map((name, index) => new BenchObserver(name, index + 1));
const talking = observers.filter(({ isSilent }) => !isSilent);
const ports = await Promise.all(observers.map((observer) => observer.server.listen('127.0.0.1:0')));
const say = (message: FromSource) => process.send?.(message);

let rate = 0;
let batchMs = 1;
let startedMs = 0;
let owed = 0;
let sent = 0;

function pump(): void {
  if (rate === 0) return;
  if (rate === Number.POSITIVE_INFINITY) {
    let hasAppended = false;
    for (const observer of talking) {
      if (observer.ahead >= maxAhead) continue;
      for (let i = 0; i < batch; i += 1) observer.append();
      hasAppended = true;
    }
    // Asleep while the readers are behind: a process that spins would take their time.
    if (hasAppended) setImmediate(pump);
    else setTimeout(pump, 1);
    return;
  }
  owed = Math.floor(((wallMs() - startedMs) / 1000) * rate) - sent;
  for (; owed > 0; owed -= 1, sent += 1) for (const observer of talking) observer.append();
  setTimeout(pump, batchMs);
}

process.on('message', ({ flowsPerSecond, ...more }: ToSource) => {
  const wasRunning = rate > 0;
  batchMs = more.batchMs;
  rate = flowsPerSecond < 0 ? Number.POSITIVE_INFINITY : flowsPerSecond;
  startedMs = wallMs();
  sent = 0;
  if (rate > 0 && !wasRunning) pump();
  if (rate === 0) say({ kind: 'stopped', appended: observers.reduce((sum, { ring }) => sum + ring.next, 0) });
});
process.on('disconnect', () => process.exit(0));
say({ kind: 'ready', addresses: ports.map((port) => `127.0.0.1:${port}`) });
