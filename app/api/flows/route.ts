// Flows for scripts, as JSON lines: curl -N 'localhost:12000/api/flows?q=verdict:dropped'. With ?follow=false it ends
// after the flows that are already kept.

import { endpoint, streamResponse } from '../../api-answer.ts';
import { flowLineStream } from '../../flow-line-stream.ts';
import { watchRequestFrom } from '../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint((query, request) => {
  const watch = { ...watchRequestFrom(query), serviceMap: false, status: false };
  const follow = query.get('follow') !== 'false';
  return streamResponse(flowLineStream({ watch, follow, signal: request.signal }), 'application/x-ndjson');
});
