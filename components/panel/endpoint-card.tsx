// One end of a flow: workload, pod, address, and the process where its node knows it.

import type { Location, Process } from '#proto/gen/parallax/v1/flow_details.ts';
import { EndpointName } from '../flows/endpoint-name.tsx';
import type { RowEndpoint } from '../store/flow-row.ts';

export function EndpointCard({
  endpoint,
  process,
  location,
}: {
  readonly endpoint: RowEndpoint;
  readonly process: Process | undefined;
  /** Where it runs, as far as the relay knows. */
  readonly location: Location | undefined;
}) {
  return (
    <div className="rounded-notice border border-line px-3 py-2 text-cell">
      <div className="font-medium">
        <EndpointName endpoint={endpoint} />
      </div>
      <p className="mt-0.5 font-mono text-fg-2 text-mono">
        {endpoint.ip}
        {endpoint.port > 0 && `:${endpoint.port}`}
      </p>
      {endpoint.pod !== '' && <p className="truncate text-fg-2 text-xs">pod {endpoint.pod}</p>}
      {location !== undefined && location.node !== '' && (
        <p className="truncate text-fg-2 text-xs">
          on node {location.node}
          {location.zone !== '' && `, zone ${location.zone}`}
        </p>
      )}
      {process !== undefined && process.pid > 0 && (
        <p className="truncate text-fg-2 text-xs" title={process.executable}>
          {process.command} (pid {process.pid}){process.unit !== '' && `, ${process.unit}`}
        </p>
      )}
      {process !== undefined && process.arguments.length > 0 && (
        <p className="break-words font-mono text-fg-3 text-mono">{process.arguments.join(' ')}</p>
      )}
    </div>
  );
}
