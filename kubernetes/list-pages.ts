// A list in pages of 500, from the API server's most recent state. No resourceVersion is given: with "0" a server may
// answer from a cache that lags, all in one page.

import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { acceptOf, pathOf, type Resource } from './resource.ts';

export const pageSize = 500;
/** A million objects; a server that goes on beyond is not believed. */
const maxPages = 2000;

export interface Page {
  readonly items: readonly unknown[];
  /** The same for all pages of one list: where a watch may begin. */
  readonly resourceVersion: string;
}

export interface Selection {
  /** "spec.nodeName=n1". Default: all objects. */
  readonly fieldSelector?: string;
  /** Times the usual size of a page, for lists that a server forgets before they are read. Default 1. */
  readonly pageSizeFactor?: number;
}

/** @throws ApiError; of kind "expired" when the list took longer than the server remembers, and must begin anew */
export async function* listPages(
  client: ApiClient,
  resource: Resource,
  { fieldSelector, pageSizeFactor = 1 }: Selection,
  signal: AbortSignal,
): AsyncGenerator<Page, void, void> {
  let token = '';
  for (let page = 0; page < maxPages; page += 1) {
    const query = new URLSearchParams({ limit: String(pageSize * pageSizeFactor) });
    if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector);
    if (token !== '') query.set('continue', token);
    const answer = await client.getJson(`${pathOf(resource)}?${query}`, signal, acceptOf(resource, 'list'));
    const { items, metadata } = (answer ?? {}) as { items?: unknown; metadata?: Record<string, unknown> };
    const resourceVersion = metadata?.resourceVersion;
    // An empty list is written as null by servers of Go.
    const isList = (Array.isArray(items) || items === null) && typeof resourceVersion === 'string';
    if (!isList || resourceVersion === '')
      throw new ApiError('unreadable', 'the answer is no list of Kubernetes objects');
    yield { items: items ?? [], resourceVersion };
    const next = metadata?.continue;
    if (typeof next !== 'string' || next === '') return;
    if (next === token) throw new ApiError('unreadable', 'the list goes round in circles');
    token = next;
  }
  throw new ApiError('unreadable', `the list has more than ${maxPages * pageSize} objects`);
}
