// Policies tried on the flows that the relay keeps, a JSON line for progress and one for the result:
//   curl --data-binary @web.yaml -H 'content-type: application/yaml' 'localhost:12000/api/policy-preview?window=300'

import { PolicyPreviewReply, PolicyPreviewRequest } from '#proto/gen/parallax/v1/policy.ts';
import { endpoint, streamResponse } from '../../api-answer.ts';
import { lineStream } from '../../line-stream.ts';
import { previewPolicies } from '../../relay-client.ts';
import { BadQuery, scopeFrom } from '../../watch-request.ts';

export const dynamic = 'force-dynamic';

/** As the relay's own bound. */
const MOST_BYTES = 1024 * 1024;

export const POST = endpoint(async (query, request) => {
  const { whitelist, blacklist, windowSeconds } = scopeFrom(query);
  const only = query.get('only') ?? 'false';
  if (only !== 'true' && only !== 'false') throw new BadQuery(`only=${only} is neither true nor false.`);
  const text = await boundedText(request);
  const replies = previewPolicies(
    PolicyPreviewRequest.fromPartial({
      ...{ whitelist, blacklist, windowSeconds, joinsThoseInForce: only === 'false' },
      policies: [{ name: query.get('name') ?? 'policies', text }],
    }),
    request.signal,
  );
  // The first reply decides whether it is an error that HTTP can still tell.
  return streamResponse(lineStream(await replies.next(), replies, PolicyPreviewReply.toJSON), 'application/x-ndjson');
});

/** @throws BadQuery */
async function boundedText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES)
      throw new BadQuery(`the policies have more than ${MOST_BYTES} bytes, the most that are read.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
