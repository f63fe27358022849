// Nodes, coverage and notices for scripts: curl localhost:12000/api/status

import { Status } from '#proto/gen/parallax/v1/dashboard.ts';
import { endpoint, jsonResponse } from '../../api-answer.ts';
import { fetchStatus } from '../../relay-client.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async () => jsonResponse(Status.toJSON(await fetchStatus())));
