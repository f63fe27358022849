// Calls of the page's server to the relay. Streams pass messages as bytes (identity serialisers), so that streaming costs
// no decoding here; the unary calls are for scripts and decode. Connection and errors: relay-connection.ts.

import type { Client, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { GetFlowsRequest } from '#proto/gen/observer/observer.ts';
import {
  AccessLogStory,
  ExplainAccessLogRequest,
  GetAccessLogsRequest,
  WatchAccessLogsRequest,
} from '#proto/gen/parallax/v1/access_log.ts';
import {
  GetPoliciesRequest,
  GetSeriesRequest,
  GetServiceMapRequest,
  GetStatusRequest,
  PolicyReport,
  Series,
  ServiceMap,
  Status,
  WatchRequest,
} from '#proto/gen/parallax/v1/dashboard.ts';
import { PolicyPreviewReply, PolicyPreviewRequest } from '#proto/gen/parallax/v1/policy.ts';
import { RelayError, type RelayFault, relayClient, relayFault } from './relay-connection.ts';

const SERVICE = '/parallax.v1.Dashboard';
const LOGS_SERVICE = '/parallax.v1.AccessLogs';
const UNARY_DEADLINE_MS = 5_000;
/** The relay stops reading by itself after 20 s. */
const PREVIEW_DEADLINE_MS = 30_000;

export interface WatchCall {
  pause(): void;
  resume(): void;
  /** Ends the call at the relay; no event follows. */
  cancel(): void;
}

export interface WatchEvents {
  /** The relay took the call: what comes after may be long in coming. */
  readonly onOpen?: () => void;
  readonly onMessage: (message: Uint8Array) => void;
  readonly onEnd: (fault: RelayFault) => void;
}

export function watchRelay(request: WatchRequest, events: WatchEvents): WatchCall {
  return streamOf(`${SERVICE}/Watch`, WatchRequest.encode(request).finish(), events);
}

/** Records and summaries: messages of WatchAccessLogsResponse. */
export function watchAccessLogs(request: WatchAccessLogsRequest, events: WatchEvents): WatchCall {
  return streamOf(`${LOGS_SERVICE}/Watch`, WatchAccessLogsRequest.encode(request).finish(), events);
}

/** Messages of AccessLogRecord, oldest first. */
export function readAccessLogs(request: GetAccessLogsRequest, events: WatchEvents): WatchCall {
  return streamOf(`${LOGS_SERVICE}/Get`, GetAccessLogsRequest.encode(request).finish(), events);
}

/** What any observer answers: messages of GetFlowsResponse, oldest first. */
export function readFlows(request: GetFlowsRequest, events: WatchEvents): WatchCall {
  return streamOf('/observer.Observer/GetFlows', GetFlowsRequest.encode(request).finish(), events);
}

/** @throws RelayError */
export function explainAccessLog(request: ExplainAccessLogRequest): Promise<AccessLogStory> {
  const bytes = ExplainAccessLogRequest.encode(request).finish();
  return unary('Explain', bytes, AccessLogStory.decode, LOGS_SERVICE);
}

function streamOf(path: string, request: Uint8Array, events: WatchEvents): WatchCall {
  let over = false;
  const end = (fault: RelayFault) => {
    if (!over) events.onEnd(fault);
    over = true;
  };
  const connected = clientOrFault();
  if ('fault' in connected) {
    queueMicrotask(() => end(connected.fault));
    return {
      pause: () => {},
      resume: () => {},
      cancel: () => {
        over = true;
      },
    };
  }
  const call: ClientReadableStream<Buffer> = connected.client.makeServerStreamRequest(
    path,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => bytes,
    request,
  );
  call.on('metadata', () => events.onOpen?.());
  call.on('data', events.onMessage);
  call.on('error', (error: ServiceError) => end(relayFault(error)));
  call.on('end', () => end({ code: 'OK', httpStatus: 200, text: 'the relay ended the stream', retry: true }));
  return {
    pause: () => call.pause(),
    resume: () => call.resume(),
    cancel: () => {
      over = true;
      call.cancel();
    },
  };
}

function clientOrFault(): { readonly client: Client } | { readonly fault: RelayFault } {
  try {
    return { client: relayClient() };
  } catch (error) {
    if (error instanceof RelayError) return { fault: error.fault };
    throw error;
  }
}

/** @throws RelayError */
export function fetchServiceMap(request: GetServiceMapRequest): Promise<ServiceMap> {
  return unary('GetServiceMap', GetServiceMapRequest.encode(request).finish(), ServiceMap.decode);
}

/** @throws RelayError */
export function fetchSeries(request: GetSeriesRequest): Promise<Series> {
  return unary('GetSeries', GetSeriesRequest.encode(request).finish(), Series.decode);
}

/** @throws RelayError */
export function fetchPolicies(request: GetPoliciesRequest): Promise<PolicyReport> {
  return unary('GetPolicies', GetPoliciesRequest.encode(request).finish(), PolicyReport.decode);
}

/** @throws RelayError */
export function fetchStatus(): Promise<Status> {
  return unary('GetStatus', GetStatusRequest.encode({}).finish(), Status.decode);
}

/** Fails with a RelayError; ends the call at the relay when left early. */
export async function* previewPolicies(
  request: PolicyPreviewRequest,
  signal: AbortSignal,
): AsyncGenerator<PolicyPreviewReply> {
  const call: ClientReadableStream<PolicyPreviewReply> = relayClient().makeServerStreamRequest(
    '/parallax.v1.PolicyPreviews/Preview',
    (message: PolicyPreviewRequest) => Buffer.from(PolicyPreviewRequest.encode(message).finish()),
    (bytes: Buffer) => PolicyPreviewReply.decode(bytes),
    request,
    { deadline: Date.now() + PREVIEW_DEADLINE_MS },
  );
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const reply of call) yield reply as PolicyPreviewReply;
  } catch (error) {
    throw new RelayError(relayFault(error as ServiceError), error);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

function unary<Reply>(
  method: string,
  request: Uint8Array,
  decode: (bytes: Uint8Array) => Reply,
  service = SERVICE,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    relayClient().makeUnaryRequest(
      `${service}/${method}`,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => decode(bytes),
      request,
      { deadline: Date.now() + UNARY_DEADLINE_MS },
      (error, reply) => {
        if (error) reject(new RelayError(relayFault(error), error));
        else if (reply !== undefined) resolve(reply);
      },
    );
  });
}
