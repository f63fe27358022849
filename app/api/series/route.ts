// The course of a vertex or an edge of the map: curl 'localhost:12000/api/series?window=300&vertex=ID'

import { Series } from '#proto/gen/parallax/v1/dashboard.ts';
import { endpoint, jsonResponse } from '../../api-answer.ts';
import { fetchSeries } from '../../relay-client.ts';
import { seriesRequestFrom } from '../../watch-request.ts';

export const dynamic = 'force-dynamic';

export const GET = endpoint(async (query) => jsonResponse(Series.toJSON(await fetchSeries(seriesRequestFrom(query)))));
