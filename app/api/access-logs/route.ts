// Access logs for scripts, as JSON lines or CSV: curl 'localhost:12000/api/access-logs?q=status:5xx&format=csv'. With
// ?follow=true it goes on with what comes.

import { getAccessLogsRequestFrom } from '../../access-log-request.ts';
import { endpoint, streamResponse } from '../../api-answer.ts';
import { recordLines } from '../../record-lines.ts';
import { readAccessLogs, type WatchEvents } from '../../relay-client.ts';
import { relayLines } from '../../relay-lines.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query, request) => {
  const wanted = getAccessLogsRequestFrom(query);
  const format = query.get('format') === 'csv' ? 'csv' : 'json';
  const open = (events: WatchEvents) => readAccessLogs(wanted, events);
  const body = await relayLines({ ...recordLines(format), open, signal: request.signal });
  return streamResponse(body, format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
});
