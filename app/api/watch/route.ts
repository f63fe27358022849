// The page's one stream: flows, map and status of a filter and a window, as frames (components/store/frames.ts).

import { endpoint, streamResponse } from '../../api-answer.ts';
import { frameStream } from '../../frame-stream.ts';
import { watchRelay } from '../../relay-client.ts';
import { watchRequestFrom } from '../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint((query, request) => {
  const watch = watchRequestFrom(query);
  const body = frameStream({ signal: request.signal, open: (events) => watchRelay(watch, events) });
  return streamResponse(body, 'application/octet-stream');
});
