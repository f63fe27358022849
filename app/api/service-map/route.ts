// The service map for scripts: curl 'localhost:12000/api/service-map?window=60'

import { ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import { endpoint, jsonResponse } from '../../api-answer.ts';
import { fetchServiceMap } from '../../relay-client.ts';
import { scopeFrom } from '../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query) => jsonResponse(ServiceMap.toJSON(await fetchServiceMap(scopeFrom(query)))));
