// The page's stream of access logs: records and summaries, as frames (components/store/frames.ts).

import { watchAccessLogsRequestFrom } from '../../../access-log-request.ts';
import { endpoint, streamResponse } from '../../../api-answer.ts';
import { frameStream } from '../../../frame-stream.ts';
import { watchAccessLogs } from '../../../relay-client.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint((query, request) => {
  const watch = watchAccessLogsRequestFrom(query);
  const body = frameStream({ signal: request.signal, open: (events) => watchAccessLogs(watch, events) });
  return streamResponse(body, 'application/octet-stream');
});
