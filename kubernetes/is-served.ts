// Whether the API server has a resource at all. Asked where access is refused: it refuses also what does not exist.

import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { apiVersionOf, type Resource } from './resource.ts';

/** True also where that cannot be told. */
export async function isServed(client: ApiClient, resource: Resource, signal: AbortSignal): Promise<boolean> {
  try {
    const path = resource.group === '' ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`;
    const { resources } = ((await client.getJson(path, signal)) ?? {}) as { resources?: unknown };
    if (!Array.isArray(resources)) return true;
    return resources.some((each: { name?: unknown } | null) => each?.name === resource.name);
  } catch (error) {
    return ApiError.from(error).kind !== 'absent';
  }
}
