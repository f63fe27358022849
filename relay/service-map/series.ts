// The course of one vertex or edge: the parts that the map counts for it, bucket by bucket. Pure.

import { type MapScope, Series, SeriesBucket } from '#proto/gen/parallax/v1/dashboard.ts';
import * as bucket from './buckets.ts';
import type { Sighting } from './choose-view.ts';
import { containerOf } from './container.ts';
import { type CountedPart, countedParts } from './counted-parts.ts';
import { type PartVertex, vertexInScope } from './map-scope.ts';
import { wholeCount } from './whole-count.ts';

/** By ids of the map of the same scope; a vertex or what holds several (container.ts). */
export type SeriesSubject =
  | { readonly vertexId: string }
  | { readonly sourceId: string; readonly destinationId: string };

/** The view is chosen over all sightings, as for the map, so that the sum over the buckets is what the map says. */
export function seriesOf(
  sightings: readonly Sighting[],
  buckets: bucket.Buckets,
  { from, to }: { readonly from: number; readonly to: number },
  scope: MapScope,
  wanted: SeriesSubject,
): Series {
  const into: CountedPart[] = [];
  const outOf: CountedPart[] = [];
  const isWanted = whichParts(wanted);
  for (const part of countedParts(sightings)) {
    const side = isWanted(vertexInScope(part.source, scope), vertexInScope(part.destination, scope));
    if (side !== undefined) (side === 'into' ? into : outOf).push(part);
  }
  const parts = into.length > 0 ? into : outOf;
  const { bucketMs } = buckets;
  return Series.create({
    bucketMs,
    outgoing: parts === outOf && outOf.length > 0,
    buckets: Array.from({ length: Math.max(0, to - from + 1) }, (_, index) =>
      bucketOf(parts, buckets, from + index, bucketMs),
    ),
  });
}

type Side = 'into' | 'outOf' | undefined;

/** What stays inside of a container is told with what leaves it: neither comes in. */
function whichParts(wanted: SeriesSubject): (source: PartVertex, destination: PartVertex) => Side {
  if (!('vertexId' in wanted)) {
    const [isFrom, isTo] = [vertexTest(wanted.sourceId), vertexTest(wanted.destinationId)];
    return (source, destination) => (isFrom(source) && isTo(destination) ? 'into' : undefined);
  }
  const isIt = vertexTest(wanted.vertexId);
  const isContainer = containerOf(wanted.vertexId) !== undefined;
  return (source, destination) => {
    if (isIt(destination) && !(isContainer && isIt(source))) return 'into';
    return isIt(source) ? 'outOf' : undefined;
  };
}

function vertexTest(wantedId: string): (vertex: PartVertex) => boolean {
  return containerOf(wantedId) ?? (({ id }) => id === wantedId);
}

function bucketOf(
  parts: readonly CountedPart[],
  buckets: bucket.Buckets,
  number: number,
  bucketMs: number,
): SeriesBucket {
  const startMs = number * bucketMs;
  const seconds = Math.floor(startMs / 1000);
  const made = SeriesBucket.create({ start: { seconds: BigInt(seconds), nanos: (startMs - seconds * 1000) * 1e6 } });
  for (const { counts, sighting } of parts) {
    const totals = buckets.at(number, sighting.index);
    if (totals === undefined) continue;
    const of = (column: number) => wholeCount(totals.counters[column] as number);
    if (counts === 'traffic') {
      made.flows += of(bucket.FLOWS) - of(bucket.DROPPED);
      made.connections += of(bucket.CONNECTIONS);
      made.bytes += of(bucket.BYTES);
    } else if (counts === 'drops') {
      made.flows += of(bucket.DROPPED);
      made.dropped += of(bucket.DROPPED);
    } else addRequests(made, totals);
  }
  return made;
}

function addRequests(made: SeriesBucket, { counters, latency }: bucket.RecordTotals): void {
  const of = (column: number) => wholeCount(counters[column] as number);
  made.requests += wholeCount(Math.max(counters[bucket.REQUESTS] as number, counters[bucket.RESPONSES] as number));
  made.responses += of(bucket.RESPONSES);
  made.errorsClient += of(bucket.CLIENT_ERRORS);
  made.errorsServer += of(bucket.SERVER_ERRORS);
  latency?.forEach((count, index) => {
    while (made.latencyHistogram.length < latency.length) made.latencyHistogram.push(0);
    made.latencyHistogram[index] = (made.latencyHistogram[index] ?? 0) + count;
  });
}
