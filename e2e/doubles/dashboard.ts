// A double of parallax.v1.Dashboard for stories about the page: the shop of shop-world.ts, told at an even pace. It
// honours what a page relies on (history first, whole map then changes, status) and ignores filters, except that a
// request for dropped flows gets only those.
//
//   node e2e/doubles/dashboard.ts 127.0.0.1:25010 [seed]

import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import {
  GetSeriesRequest,
  GetServiceMapRequest,
  GetStatusRequest,
  Series,
  ServiceMap,
  Status,
  type Vertex,
  WatchRequest,
  WatchResponse,
} from '#proto/gen/parallax/v1/dashboard.ts';
import { exchangeFlows, timestamp } from './shop-flows.ts';
import { shopMap, shopSeries, shopStatus } from './shop-picture.ts';
import { seededRandom, shopCalls } from './shop-world.ts';

const TICK_MS = 100;
const HISTORY_MS = 30_000;

export interface DashboardDouble {
  readonly address: string;
  /** Watch calls that are open: closing a tab must bring it to 0. */
  readonly openWatches: () => number;
  stop(): void;
}

/** What is told beside the shop. */
export interface Guests {
  readonly vertices: readonly Vertex[];
  /** Flows of one tick. */
  readonly flows: (nowMs: number) => readonly GetFlowsResponse[];
  /** Events that the relay says it lost, at the start of a watch. */
  readonly lost?: number;
}

const noGuests: Guests = { vertices: [], flows: () => [] };

export async function startDashboardDouble(listen: string, seed = 7, guests = noGuests): Promise<DashboardDouble> {
  const open = new Set<unknown>();
  const server = new Server();
  server.addService(
    {
      Watch: method('Watch', WatchRequest, WatchResponse, true),
      GetServiceMap: method('GetServiceMap', GetServiceMapRequest, ServiceMap, false),
      GetSeries: method('GetSeries', GetSeriesRequest, Series, false),
      GetStatus: method('GetStatus', GetStatusRequest, Status, false),
    },
    {
      Watch: (call: ServerWritableStream<WatchRequest, WatchResponse>) => {
        open.add(call);
        call.on('cancelled', () => open.delete(call));
        tell(call, seed, guests);
      },
      GetServiceMap: (call: ServerUnaryCall<GetServiceMapRequest, ServiceMap>, reply: sendUnaryData<ServiceMap>) =>
        reply(null, shopMap(call.request.windowSeconds || 60, Date.now(), 1)),
      GetSeries: (call: ServerUnaryCall<GetSeriesRequest, Series>, reply: sendUnaryData<Series>) =>
        reply(null, shopSeries(call.request, Date.now())),
      GetStatus: (_call: ServerUnaryCall<GetStatusRequest, Status>, reply: sendUnaryData<Status>) =>
        reply(null, shopStatus(Date.now())),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `${listen.split(':')[0]}:${port}`,
    openWatches: () => open.size,
    stop: () => server.forceShutdown(),
  };
}

function tell(call: ServerWritableStream<WatchRequest, WatchResponse>, seed: number, guests: Guests): void {
  const random = seededRandom(seed);
  const windowSeconds = call.request.windowSeconds || 60;
  const droppedOnly = call.request.whitelist.some((filter) => filter.verdict.includes(2));
  const said = droppedOnly ? shopCalls.filter((shopCall) => shopCall.dropReason !== undefined) : shopCalls;
  let number = seed * 1_000_000;
  let ticks = 0;
  const flowsBetween = (fromMs: number, toMs: number): GetFlowsResponse[] =>
    said
      .flatMap((shopCall) => {
        const expected = (shopCall.perSecond * (toMs - fromMs)) / 1000;
        const count = Math.floor(expected) + (random() < expected % 1 ? 1 : 0);
        return Array.from({ length: count }, () =>
          exchangeFlows(shopCall, fromMs + random() * (toMs - fromMs), number++, random),
        ).flat();
      })
      .sort(
        (a, b) =>
          Number((a.time?.seconds ?? 0n) - (b.time?.seconds ?? 0n)) || (a.time?.nanos ?? 0) - (b.time?.nanos ?? 0),
      );
  const write = (message: WatchResponse['message']) => call.write({ time: timestamp(Date.now()), message });

  const startMs = Date.now();
  write({ $case: 'status', value: shopStatus(startMs) });
  const map = shopMap(windowSeconds, startMs, 0.97);
  write({ $case: 'serviceMap', value: { ...map, vertices: [...map.vertices, ...guests.vertices] } });
  const history = flowsBetween(startMs - HISTORY_MS, startMs).slice(-call.request.historyRows);
  write({ $case: 'flows', value: batch(history, true) });
  if (guests.lost !== undefined) write({ $case: 'flows', value: { ...batch([], false), lost: BigInt(guests.lost) } });
  const timer = setInterval(() => {
    const nowMs = Date.now();
    const most = Math.ceil(((call.request.maxRowsPerSecond || 200) * TICK_MS) / 1000);
    write({ $case: 'flows', value: batch(flowsBetween(nowMs - TICK_MS, nowMs), false, most) });
    const uninvited = [...guests.flows(nowMs)];
    if (uninvited.length > 0) write({ $case: 'flows', value: batch(uninvited, false) });
    if (++ticks % 10 !== 0) return;
    write({ $case: 'serviceMap', value: { ...shopMap(windowSeconds, nowMs, 0.9 + random() * 0.2), whole: false } });
    write({ $case: 'status', value: shopStatus(nowMs) });
  }, TICK_MS);
  call.on('cancelled', () => clearInterval(timer));
}

/** Leaves out evenly what is beyond `most`, and counts it, as the relay does. */
function batch(flows: GetFlowsResponse[], history: boolean, most = flows.length) {
  const every = Math.max(1, flows.length / most);
  const responses = flows.filter((_, index) => Math.floor(index / every) !== Math.floor((index - 1) / every));
  // The shop is told at a tenth of its size.
  const matched = flows.length * 10;
  return { responses, matched: BigInt(matched), skipped: BigInt(matched - responses.length), lost: 0n, history };
}

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

function method<Request, Reply>(name: string, request: Codec<Request>, reply: Codec<Reply>, responseStream: boolean) {
  return {
    path: `/parallax.v1.Dashboard/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: (message: Request) => Buffer.from(request.encode(message).finish()),
    requestDeserialize: (bytes: Buffer) => request.decode(bytes),
    responseSerialize: (message: Reply) => Buffer.from(reply.encode(message).finish()),
    responseDeserialize: (bytes: Buffer) => reply.decode(bytes),
  };
}

if (import.meta.main) {
  const double = await startDashboardDouble(process.argv[2] ?? '127.0.0.1:25010', Number(process.argv[3] ?? 7));
  process.stdout.write(`dashboard double on ${double.address}\n`);
}
