// Flows for scripts, as JSON lines: curl -N 'localhost:12000/api/flows?q=verdict:dropped'. With ?follow=false it ends
// after the flows that are already kept.

import { endpoint, streamResponse } from '../../api-answer.ts';
import { flowLines } from '../../flow-lines.ts';
import { type WatchEvents, watchRelay } from '../../relay-client.ts';
import { relayLines } from '../../relay-lines.ts';
import { watchRequestFrom } from '../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query, request) => {
  const watch = { ...watchRequestFrom(query), serviceMap: false, status: false };
  const follow = query.get('follow') !== 'false';
  const open = (events: WatchEvents) => watchRelay(watch, events);
  const body = await relayLines({ ...flowLines(follow), open, signal: request.signal });
  return streamResponse(body, 'application/x-ndjson');
});
