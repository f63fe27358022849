// The policies in force and what they decided: curl 'localhost:12000/api/policies?window=300'

import { PolicyReport } from '#proto/gen/parallax/v1/dashboard.ts';
import { endpoint, jsonResponse } from '../../api-answer.ts';
import { fetchPolicies } from '../../relay-client.ts';
import { scopeFrom } from '../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query) => {
  const { windowSeconds } = scopeFrom(query);
  return jsonResponse(PolicyReport.toJSON(await fetchPolicies({ windowSeconds })));
});
