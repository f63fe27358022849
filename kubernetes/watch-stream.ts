// One watch request: lines of JSON, each an event, until the server closes it, an error event comes, or time is over.

import type { IncomingMessage } from 'node:http';
import type { ApiClient } from './api-client.ts';
import { ApiError, kindOfStatus, printable } from './api-error.ts';
import type { Selection } from './list-objects.ts';
import { acceptOf, pathOf, type Resource } from './resource.ts';

export type WatchEvent =
  /** The server has taken the request; the version is the one that was asked for. */
  | { readonly type: 'OPENED'; readonly resourceVersion: string }
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown; readonly resourceVersion: string }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WatchStreamOptions extends Selection {
  readonly resourceVersion: string;
  /** How long the server is asked to keep it open. */
  readonly seconds: number;
}

/** Objects have at most 3 MB (what etcd takes). */
const maxLineBytes = 8 * 1024 * 1024;
/** A server that does not close the watch at its time is not heard any more: it may have forgotten us. */
const graceMs = 10_000;

/** Ends when the server closes the watch or its time is over. @throws ApiError */
export async function* watchStream(
  client: ApiClient,
  resource: Resource,
  { fieldSelector, resourceVersion, seconds }: WatchStreamOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, void, void> {
  const query = new URLSearchParams({
    watch: '1',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
    resourceVersion,
  });
  if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector);
  const accept = acceptOf(resource, 'watch');
  const response = await client.openStream(`${pathOf(resource)}?${query}`, signal, { accept });
  let isOver = false;
  const timer = setTimeout(
    () => {
      isOver = true;
      response.destroy();
    },
    seconds * 1000 + graceMs,
  );
  try {
    yield { type: 'OPENED', resourceVersion };
    for await (const line of linesOf(response)) yield eventOf(line);
  } catch (error) {
    if (isOver || signal.aborted) return;
    throw ApiError.from(error);
  } finally {
    clearTimeout(timer);
    response.destroy();
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, void, void> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    let from = 0;
    for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
      const end = chunk.subarray(from, to);
      yield begun.length === 0 ? end.toString('utf8') : Buffer.concat([...begun, end]).toString('utf8');
      begun = [];
      begunBytes = 0;
      from = to + 1;
    }
    if (from === chunk.length) continue;
    begun.push(chunk.subarray(from));
    begunBytes += chunk.length - from;
    if (begunBytes > maxLineBytes)
      throw new ApiError('unreadable', `an event has more than the ${maxLineBytes >> 20} MiB that are read`);
  }
}

/** @throws ApiError for an ERROR event, and for a line that is no event */
function eventOf(line: string): WatchEvent {
  let event: { type?: unknown; object?: { metadata?: { resourceVersion?: unknown } } | null } | null;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new ApiError('unreadable', 'an event of the watch is not JSON', { cause });
  }
  const { type, object } = event ?? {};
  if (type === 'ERROR') throw errorOf(object);
  const resourceVersion = object?.metadata?.resourceVersion;
  if (typeof resourceVersion !== 'string') throw new ApiError('unreadable', 'an event of the watch has no version');
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object, resourceVersion };
    case 'BOOKMARK':
      return { type, resourceVersion };
    default:
      throw new ApiError('unreadable', `the watch tells of "${printable(String(type))}", which is no kind of event`);
  }
}

function errorOf(status: unknown): ApiError {
  const { code, message, reason } = (status ?? {}) as { code?: unknown; message?: unknown; reason?: unknown };
  const isExpired = reason === 'Expired' || reason === 'Gone';
  const kind = isExpired ? 'expired' : kindOfStatus(typeof code === 'number' ? code : 500);
  return new ApiError(kind ?? 'unavailable', `the watch was ended: ${printable(String(message ?? reason ?? code))}`);
}
