// Flows for scripts, as JSON lines: curl -N 'localhost:12000/api/flows?q=verdict:dropped'. With ?follow=false it ends
// after the flows that are already kept.

import { GetFlowsRequest } from '#proto/gen/observer/observer.ts';
import { endpoint, streamResponse } from '../../api-answer.ts';
import { exportLines } from '../../flow-export.ts';
import { flowLines } from '../../flow-lines.ts';
import { readFlows, watchRelay } from '../../relay-client.ts';
import { relayLines } from '../../relay-lines.ts';
import { watchRequestFrom } from '../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query, { signal }) => {
  const watch = { ...watchRequestFrom(query), serviceMap: false, status: false };
  const { whitelist, blacklist, historyRows } = watch;
  // A watch says nothing where nothing matches, so it cannot tell that the kept flows are over: GetFlows ends by itself.
  const kept = GetFlowsRequest.fromPartial({ number: BigInt(historyRows), whitelist, blacklist });
  const body = await relayLines(
    query.get('follow') === 'false'
      ? { ...exportLines('jsonl'), open: (events) => readFlows(kept, events), signal }
      : { ...flowLines, open: (events) => watchRelay(watch, events), signal },
  );
  return streamResponse(body, 'application/x-ndjson');
});
