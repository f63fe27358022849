// The one file that knows gRPC: calls of the page's server to the relay. Streams pass messages as bytes
// (identity serialisers), so that streaming costs no decoding here; the unary calls are for scripts and decode.

import { Client, type ClientReadableStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
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

const SERVICE = '/parallax.v1.Dashboard';
const LOGS_SERVICE = '/parallax.v1.AccessLogs';
const UNARY_DEADLINE_MS = 5_000;
/** The relay stops reading by itself after 20 s. */
const PREVIEW_DEADLINE_MS = 30_000;

/** An error of the relay as HTTP says it, and whether asking again can help. */
export interface RelayFault {
  readonly code: string;
  readonly httpStatus: number;
  readonly text: string;
  readonly retry: boolean;
}

export interface WatchCall {
  pause(): void;
  resume(): void;
  /** Ends the call at the relay; no event follows. */
  cancel(): void;
}

export interface WatchEvents {
  readonly onMessage: (message: Uint8Array) => void;
  readonly onEnd: (fault: RelayFault) => void;
}

export function relayAddress(): string {
  return process.env.PARALLAX_RELAY ?? '127.0.0.1:4245';
}

// One connection for all pages, also when the bundler loads this module once for each route.
const shared = globalThis as { parallaxRelayClient?: Client };

function client(): Client {
  shared.parallaxRelayClient ??= new Client(relayAddress(), credentials.createInsecure(), {
    'grpc.max_receive_message_length': 8 * 1024 * 1024,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 3_000,
  });
  return shared.parallaxRelayClient;
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

/** @throws RelayError */
export function explainAccessLog(request: ExplainAccessLogRequest): Promise<AccessLogStory> {
  const bytes = ExplainAccessLogRequest.encode(request).finish();
  return unary('Explain', bytes, AccessLogStory.decode, LOGS_SERVICE);
}

function streamOf(path: string, request: Uint8Array, events: WatchEvents): WatchCall {
  const call: ClientReadableStream<Buffer> = client().makeServerStreamRequest(
    path,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => bytes,
    request,
  );
  let over = false;
  const end = (fault: RelayFault) => {
    if (!over) events.onEnd(fault);
    over = true;
  };
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
  const call: ClientReadableStream<PolicyPreviewReply> = client().makeServerStreamRequest(
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

export class RelayError extends Error {
  readonly fault: RelayFault;

  constructor(fault: RelayFault, cause: unknown) {
    super(fault.text, { cause });
    this.fault = fault;
  }
}

function unary<Reply>(
  method: string,
  request: Uint8Array,
  decode: (bytes: Uint8Array) => Reply,
  service = SERVICE,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    client().makeUnaryRequest(
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

/** gRPC status to HTTP: the one table. */
const httpStatusOf: Readonly<Record<number, number>> = {
  [status.OK]: 200,
  [status.CANCELLED]: 499,
  [status.INVALID_ARGUMENT]: 400,
  [status.DEADLINE_EXCEEDED]: 504,
  [status.NOT_FOUND]: 404,
  [status.PERMISSION_DENIED]: 403,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.OUT_OF_RANGE]: 400,
  [status.UNIMPLEMENTED]: 501,
  [status.UNAVAILABLE]: 503,
  [status.UNAUTHENTICATED]: 401,
};
const hopeless: readonly number[] = [status.INVALID_ARGUMENT, status.PERMISSION_DENIED, status.UNIMPLEMENTED];

function relayFault(error: ServiceError): RelayFault {
  const code = status[error.code] ?? String(error.code);
  const text =
    error.code === status.UNAVAILABLE
      ? `the relay at ${relayAddress()} does not answer (${reasonOf(error) || 'no connection'})`
      : `the relay at ${relayAddress()} says ${code}: ${reasonOf(error)}`;
  return { code, httpStatus: httpStatusOf[error.code] ?? 502, text, retry: !hopeless.includes(error.code) };
}

/** grpc-js ends some details with a note about the name's resolution, also where it has nothing to note. */
function reasonOf({ details }: ServiceError): string {
  return details.replace(/\.?\s*Resolution note:\s*$/, '');
}
