// The map before the first message. Apart from the folding, so that a tab need not carry the wire's decoders.

import type { ServiceMapModel } from './service-map-model.ts';

export const emptyMap: ServiceMapModel = {
  vertices: new Map(),
  edges: new Map(),
  windowSeconds: 60,
  coveredMs: 0,
  folded: false,
  topologyRevision: 0,
};
