// One access log record beside the kernel's flows of the same request: /api/access-logs/story?number=17

import { AccessLogStory } from '#proto/gen/parallax/v1/access_log.ts';
import { bytesResponse, endpoint, jsonResponse } from '../../../api-answer.ts';
import { explainAccessLog } from '../../../relay-client.ts';
import { numberFrom } from '../../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query, request) => {
  const number = BigInt(numberFrom(query, 'number', 1, Number.MAX_SAFE_INTEGER));
  const story = await explainAccessLog({ number });
  return request.headers.get('accept') === 'application/x-protobuf'
    ? bytesResponse(AccessLogStory.encode(story).finish())
    : jsonResponse(AccessLogStory.toJSON(story));
});
