// How a service does, in one mark: refused or mostly failing, failing at times or slow to no harm, or well.

import type { Mark } from '../flows/verdict-mark.tsx';
import { figuresOfVertex, incomingEdges, outgoingEdges } from '../store/figures.ts';
import type { ServiceMapModel } from '../store/service-map-model.ts';

const BAD_SHARE = 0.5;
const WARN_SHARE = 0.015;

export function healthMark(map: ServiceMapModel, vertexId: string): Mark {
  const figures = figuresOfVertex(map, vertexId);
  const outgoing = outgoingEdges(map, vertexId);
  const isCutOff = outgoing.length > 0 && outgoing.every((edge) => edge.forwarded === 0 && edge.dropped > 0);
  if (isCutOff || figures.errorShare >= BAD_SHARE) return 'bad';
  const isRefusing = incomingEdges(map, vertexId).some((edge) => edge.dropped > 0);
  return isRefusing || figures.errorShare > WARN_SHARE ? 'warn' : 'ok';
}
