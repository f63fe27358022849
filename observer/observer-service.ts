// observer.Observer over a ring. What an exporter and a relay answer alike is here; a relay adds its own GetNodes and
// ServerStatus and what it tells at the start of a stream.

import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import type { CelCompiler } from '#flow/filter/cel-compiler.ts';
import { FilterError } from '#flow/filter/filter-error.ts';
import { loadCel, usesCel } from '#flow/filter/prepare.ts';
import {
  type GetFlowsRequest,
  type GetNamespacesResponse,
  type GetNodesResponse,
  ObserverDefinition,
  type ServerStatusResponse,
} from '#proto/gen/observer/observer.ts';
import { openLane } from './fast-lane.ts';
import { FieldMaskError } from './field-mask.ts';
import { boundsOf, FlowQuery } from './flow-query.ts';
import type { FlowRing } from './flow-ring.ts';
import { DEFAULT_PENDING_BYTES, FlowStream, StreamCounters } from './get-flows.ts';
import { GrpcError } from './grpc-error.ts';
import type { GrpcServer } from './grpc-server.ts';
import { namespacesOf } from './namespaces.ts';
import { Selections } from './selections.ts';
import { serverStatusOf } from './server-status.ts';
import { readStreamOptions } from './stream-options.ts';
import type { FlowTime } from './time.ts';

/** Streams open at once: each holds some kilobytes and up to `pendingBytes` (512 MiB for all, were all stalled at once). */
const DEFAULT_MAX_STREAMS = 512;

/** What is served. Only `ring`, `nodeName` and `version` are needed; the rest is for relays and tests. */
export interface ObserverSource {
  readonly ring: FlowRing;
  readonly nodeName: string;
  readonly version: string;
  /** Time up to which the ring is complete; heartbeats promise it. Default: the time of the newest flow. */
  readonly completeUpTo?: () => FlowTime | undefined;
  /** Names of the nodes behind a relay: `number` is meant for each of them. Default: one node, this one. */
  readonly nodes?: () => readonly string[];
  /** Serialised GetFlowsResponses to send before any flow of a call. */
  readonly preamble?: (request: GetFlowsRequest) => readonly Uint8Array[];
  /** Default: UNIMPLEMENTED, as on a node. */
  readonly getNodes?: () => Promise<GetNodesResponse>;
  /** Default: figures of the ring. */
  readonly serverStatus?: () => Promise<ServerStatusResponse>;
  /** Default: namespaces of the ring's flows in the last hour. */
  readonly getNamespaces?: () => Promise<GetNamespacesResponse>;
  /** Agent and debug events: an empty stream on a node, UNIMPLEMENTED on a relay. Default 'empty'. */
  readonly otherEvents?: 'empty' | 'unimplemented';
  /** Default Date.now. */
  readonly nowMs?: () => number;
  readonly maxStreams?: number;
  /** See DEFAULT_PENDING_BYTES. */
  readonly pendingBytes?: number;
  /** False sends every message through grpc-js. Default true. */
  readonly fastLane?: boolean;
}

/** The running service's figures. */
export interface ObserverService {
  readonly streams: StreamCounters;
  /** Distinct filters that streams share. */
  readonly selections: number;
}

export function registerObserver(server: GrpcServer, source: ObserverSource): ObserverService {
  const { ring } = source;
  const nowMs = source.nowMs ?? Date.now;
  const startedMs = nowMs();
  const streams = new StreamCounters();
  /** Loaded with the first request that has an expression. */
  let compileCel: CelCompiler | undefined;
  const selections = new Selections(ring, (expressions) => {
    if (compileCel === undefined) throw new Error('CEL is loaded before a request that needs it is opened');
    return compileCel(expressions);
  });
  const open = new Set<FlowStream>();
  server.onStop(() => {
    for (const stream of [...open]) stream.stop();
  });

  const openFlows = (call: ServerWritableStream<GetFlowsRequest, Uint8Array>) => {
    if (open.size >= (source.maxStreams ?? DEFAULT_MAX_STREAMS)) {
      streams.refused++;
      const message = `${open.size} GetFlows streams are open, the most that this observer serves; try again later`;
      throw new GrpcError(status.RESOURCE_EXHAUSTED, message);
    }
    const { selection, release } = selections.acquire(call.request);
    const query = new FlowQuery(selection, boundsOf(call.request), source.nodeName, source.nodes?.());
    const stream = new FlowStream({
      ring,
      query,
      follow: call.request.follow,
      preamble: source.preamble?.(call.request) ?? [],
      heartbeatMs: readStreamOptions(call.request.extensions)?.heartbeatIntervalMs ?? 0,
      completeUpTo: source.completeUpTo ?? (() => newestTime(ring)),
      pendingBytes: source.pendingBytes ?? DEFAULT_PENDING_BYTES,
      counters: streams,
      onEnd: () => {
        release();
        open.delete(stream);
        streams.active = open.size;
      },
    });
    open.add(stream);
    streams.started++;
    streams.active = open.size;
    const events = {
      onWritten: () => stream.onWritten(),
      onClosed: () => stream.onClosed(),
      onBypass: (messages: number) => server.metrics?.noteSent(call.getPath(), messages),
    };
    stream.start(openLane(call, events, source.fastLane ?? true));
  };

  const getFlows = async (call: ServerWritableStream<GetFlowsRequest, Uint8Array>) => {
    try {
      const { whitelist, blacklist } = call.request;
      if (compileCel === undefined && (usesCel(whitelist) || usesCel(blacklist))) compileCel = await loadCel();
      if (!call.cancelled) openFlows(call);
    } catch (error) {
      const { code, message } = requestError(error);
      call.emit('error', { code, details: message });
    }
  };

  /** Nothing here makes such events: a node's stream of them is empty, and stays open where it is to follow. */
  const otherEvents = (method: string) => (call: ServerWritableStream<{ readonly follow: boolean }, unknown>) => {
    if (source.otherEvents === 'unimplemented') {
      call.emit('error', { code: status.UNIMPLEMENTED, details: `${method} not yet implemented` });
      return;
    }
    if (!call.request.follow) {
      call.end();
      return;
    }
    const stop = () => call.emit('error', { code: status.UNAVAILABLE, details: 'this observer is stopping' });
    server.onStop(stop);
    call.once('cancelled', () => server.offStop(stop));
  };

  server.addService(
    ObserverDefinition,
    {
      getFlows,
      getAgentEvents: otherEvents('GetAgentEvents'),
      getDebugEvents: otherEvents('GetDebugEvents'),
      getNodes: unary(
        source.getNodes ?? (() => Promise.reject(new GrpcError(status.UNIMPLEMENTED, 'GetNodes not implemented'))),
      ),
      getNamespaces: unary(source.getNamespaces ?? (async () => ({ namespaces: namespacesOf(ring, nowMs()) }))),
      serverStatus: unary(
        source.serverStatus ?? (async () => serverStatusOf(ring, source.version, nowMs(), startedMs)),
      ),
    },
    ['getFlows'],
  );
  return {
    streams,
    get selections() {
      return selections.size;
    },
  };
}

/** A grpc-js handler from a function that answers or throws. */
export function unary<R>(answer: () => Promise<R>) {
  return (_call: ServerUnaryCall<unknown, R>, callback: sendUnaryData<R>) => {
    answer().then(
      (response) => callback(null, response),
      (error: unknown) => {
        const { code, message } = GrpcError.from(error, 'this call');
        callback({ code, details: message });
      },
    );
  };
}

function requestError(error: unknown): { code: status; message: string } {
  if (error instanceof FilterError || error instanceof FieldMaskError) {
    return { code: status.INVALID_ARGUMENT, message: error.message };
  }
  return GrpcError.from(error, 'GetFlows');
}

function newestTime(ring: FlowRing): FlowTime | undefined {
  if (ring.next === 0) return undefined;
  const slot = ring.slotOf(ring.next - 1);
  return { seconds: ring.columns.timeSeconds[slot] as number, nanos: ring.columns.timeNanos[slot] as number };
}
