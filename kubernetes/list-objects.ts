// A list in pages of 500, from the API server's most recent state. No resourceVersion is given: with "0" a server may
// answer from a cache that lags, all in one page.

import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { ListSplitter } from './list-splitter.ts';
import { acceptOf, pathOf, type Resource } from './resource.ts';

export const pageSize = 500;
/** A million objects; a server that goes on beyond is not believed. */
const maxPages = 2000;

export interface Selection {
  /** "spec.nodeName=n1". Default: all objects. */
  readonly fieldSelector?: string;
  /** Times the usual size of a page, for lists that a server forgets before they are read. Default 1. */
  readonly pageSizeFactor?: number;
}

/**
 * Calls `onObject` for each, as they arrive.
 * @returns the version of the list, from which a watch may begin
 * @throws ApiError; of kind "expired" when the list took longer than the server remembers, and must begin anew
 */
export async function listObjects(
  client: ApiClient,
  resource: Resource,
  { fieldSelector, pageSizeFactor = 1 }: Selection,
  signal: AbortSignal,
  onObject: (object: unknown) => void,
): Promise<string> {
  let token = '';
  for (let page = 0; page < maxPages; page += 1) {
    const query = new URLSearchParams({ limit: String(pageSize * pageSizeFactor) });
    if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector);
    if (token !== '') query.set('continue', token);
    const splitter = new ListSplitter((text) => onObject(parse(text)));
    const accept = acceptOf(resource, 'list');
    await client.read(`${pathOf(resource)}?${query}`, signal, accept, (chunk) => splitter.push(chunk));
    const { items, metadata } = (splitter.end() ?? {}) as { items?: unknown; metadata?: Record<string, unknown> };
    const version = metadata?.resourceVersion;
    // An empty list is written as null by servers of Go.
    if ((!Array.isArray(items) && items !== null) || typeof version !== 'string' || version === '')
      throw new ApiError('unreadable', 'the answer is no list of Kubernetes objects');
    const next = metadata?.continue;
    if (typeof next !== 'string' || next === '') return version;
    if (next === token) throw new ApiError('unreadable', 'the list goes round in circles');
    token = next;
  }
  throw new ApiError('unreadable', `the list has more than ${maxPages * pageSize} objects`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError('unreadable', 'an object of the list is not JSON', { cause });
  }
}
