// Access logs for scripts, as JSON lines or CSV: curl 'localhost:12000/api/access-logs?q=status:5xx&format=csv'. With
// ?follow=true it goes on with what comes.

import { getAccessLogsRequestFrom } from '../../access-log-request.ts';
import { endpoint, streamResponse } from '../../api-answer.ts';
import { recordLineStream } from '../../record-line-stream.ts';
import { readAccessLogs } from '../../relay-client.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint((query, request) => {
  const wanted = getAccessLogsRequestFrom(query);
  const format = query.get('format') === 'csv' ? 'csv' : 'json';
  const body = recordLineStream({ format, signal: request.signal, open: (events) => readAccessLogs(wanted, events) });
  return streamResponse(body, format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
});
