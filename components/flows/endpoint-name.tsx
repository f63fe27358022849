// An end of a flow: its name bright, where it lives and its port dim.

import type { RowEndpoint } from '../store/flow-row.ts';

export function EndpointName({
  endpoint,
  withPort = false,
}: {
  readonly endpoint: RowEndpoint;
  readonly withPort?: boolean;
}) {
  return (
    <span className="block truncate" title={endpoint.pod || endpoint.ip}>
      {/* Each in its own direction: a name that runs the other way must not turn what stands beside it. */}
      {endpoint.namespace !== '' && (
        <span className="text-fg-3">
          <bdi>{endpoint.namespace}</bdi>/
        </span>
      )}
      <bdi>{endpoint.name}</bdi>
      {withPort && endpoint.port > 0 && <span className="text-fg-3">:{endpoint.port}</span>}
    </span>
  );
}
