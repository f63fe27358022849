// One access log record beside the kernel's flows of the same request: /api/access-logs/story?number=17

import { AccessLogStory } from '#proto/gen/parallax/v1/access_log.ts';
import { endpoint, jsonResponse } from '../../../api-answer.ts';
import { explainAccessLog } from '../../../relay-client.ts';
import { numberFrom } from '../../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query) => {
  const number = BigInt(numberFrom(query, 'number', 1, Number.MAX_SAFE_INTEGER));
  return jsonResponse(AccessLogStory.toJSON(await explainAccessLog({ number })));
});
