// parallax.v1.Dashboard over a relay's ring, map and status.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { FilterError } from '#flow/filter/filter-error.ts';
import { prepareFilters } from '#flow/filter/prepare.ts';
import { openLane } from '#observer/fast-lane.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { GrpcError } from '#observer/grpc-error.ts';
import type { GrpcServer } from '#observer/grpc-server.ts';
import {
  DashboardDefinition,
  type GetPoliciesRequest,
  type GetSeriesRequest,
  GetServiceMapRequest,
  PolicyReport,
  type Series,
  type ServiceMap,
  type Status,
  type WatchRequest,
} from '#proto/gen/parallax/v1/dashboard.ts';
import type { RelayTime } from '../relay-time.ts';
import { TooManyFiltersError } from '../service-map/filtered-maps.ts';
import type { MapSource, MapView } from './map-source.ts';
import { Watch } from './watch.ts';

/** Pages open at once; each holds up to 2 MB for a slow reader. */
const maxWatches = 256;

export interface DashboardSource {
  readonly ring: FlowRing;
  readonly time: RelayTime;
  readonly maps: MapSource;
  readonly currentStatus: () => Status;
  /** Absent where the relay was given no policies. */
  readonly policyReport?: (windowSeconds: number) => PolicyReport;
}

export interface DashboardService {
  /** Calls of Watch that are open. */
  readonly watches: number;
}

export function registerDashboard(server: GrpcServer, source: DashboardSource): DashboardService {
  const watches = new Map<Watch, () => void>();
  server.onStop(() => {
    for (const end of watches.values()) end();
  });

  const watch = async (call: ServerWritableStream<WatchRequest, Uint8Array>) => {
    const { request } = call;
    const filter = await prepareFilters(request.whitelist, request.blacklist);
    if (call.cancelled) return;
    if (watches.size >= maxWatches) {
      throw new GrpcError(
        status.RESOURCE_EXHAUSTED,
        `${maxWatches} pages are open, the most this relay serves; close one.`,
      );
    }
    const mapView = request.serviceMap
      ? source.maps.view({ ...request, filterKey: filterKey(request), filter })
      : undefined;
    const one = new Watch({ ...source, request, filter, mapView, onEnd: () => watches.delete(one) });
    const lane = openLane(call, {
      onWritten: () => {},
      onClosed: () => one.close(),
      onBypass: (messages) => server.metrics?.noteSent(call.getPath(), messages),
    });
    watches.set(one, () => {
      lane.end({ code: status.UNAVAILABLE, message: 'this relay is stopping' });
      one.close();
    });
    one.start(lane);
  };

  /** Takes turns with others until the map that is asked for is made. */
  const whenMade = async <Answer>(
    request: GetServiceMapRequest | GetSeriesRequest,
    ask: (view: MapView) => Answer | undefined,
  ): Promise<Answer> => {
    const filter = await prepareFilters(request.whitelist, request.blacklist);
    const view = source.maps.view({ ...request, filterKey: filterKey(request), filter });
    try {
      for (;;) {
        const answer = ask(view);
        if (answer !== undefined) return answer;
        await nextTurn();
      }
    } finally {
      view.release();
    }
  };
  const getServiceMap = (request: GetServiceMapRequest) => whenMade(request, (view) => view.current());
  const getSeries = (request: GetSeriesRequest) => {
    const { vertexId, sourceId, destinationId } = request;
    return whenMade(request, (view) => view.series(vertexId === '' ? { sourceId, destinationId } : { vertexId }));
  };

  server.addService(
    DashboardDefinition,
    {
      watch: (call: ServerWritableStream<WatchRequest, Uint8Array>) => {
        watch(call).catch((error: unknown) => {
          const { code, message } = asGrpcError(error, 'Watch');
          call.emit('error', { code, details: message });
        });
      },
      getServiceMap: (call: ServerUnaryCall<GetServiceMapRequest, ServiceMap>, answer: sendUnaryData<ServiceMap>) =>
        reply(getServiceMap(call.request), 'GetServiceMap', answer),
      getSeries: (call: ServerUnaryCall<GetSeriesRequest, Series>, answer: sendUnaryData<Series>) =>
        reply(getSeries(call.request), 'GetSeries', answer),
      getPolicies: (call: ServerUnaryCall<GetPoliciesRequest, PolicyReport>, answer: sendUnaryData<PolicyReport>) =>
        answer(null, source.policyReport?.(call.request.windowSeconds) ?? PolicyReport.create()),
      getStatus: (_call: unknown, answer: sendUnaryData<Status>) => answer(null, source.currentStatus()),
    },
    ['watch'],
  );
  return {
    get watches() {
      return watches.size;
    },
  };
}

function reply<Answer>(made: Promise<Answer>, doing: string, answer: sendUnaryData<Answer>): void {
  made.then(
    (value) => answer(null, value),
    (error: unknown) => {
      const { code, message } = asGrpcError(error, doing);
      answer({ code, details: message });
    },
  );
}

/** Equal for equal filters: their bytes. */
function filterKey({ whitelist, blacklist }: Pick<WatchRequest, 'whitelist' | 'blacklist'>): string {
  const bytes = GetServiceMapRequest.encode(GetServiceMapRequest.create({ whitelist, blacklist })).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function asGrpcError(error: unknown, doing: string): GrpcError {
  if (error instanceof FilterError) return new GrpcError(status.INVALID_ARGUMENT, error.message, { cause: error });
  if (error instanceof TooManyFiltersError)
    return new GrpcError(status.RESOURCE_EXHAUSTED, error.message, { cause: error });
  return GrpcError.from(error, doing);
}
