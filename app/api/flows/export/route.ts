// Kept flows as a file, JSON lines or CSV: curl 'localhost:12000/api/flows/export?q=verdict:dropped&format=csv'.

import { endpoint, streamResponse } from '../../../api-answer.ts';
import { exportFormatFrom, exportLines, exportRequestFrom } from '../../../flow-export.ts';
import { readFlows } from '../../../relay-client.ts';
import { relayLines } from '../../../relay-lines.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query, request) => {
  const format = exportFormatFrom(query);
  const wanted = exportRequestFrom(query);
  const body = await relayLines({
    ...exportLines(format),
    open: (events) => readFlows(wanted, events),
    signal: request.signal,
  });
  return streamResponse(body, format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
});
