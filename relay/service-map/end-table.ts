// Endpoint ids of the flow ring to ends of the map. Each id is described once; the same description under a new id
// (the ring's dictionary forgets) is the same end again. Shared by all aggregates of a relay.

import type { EndpointDescription } from '#observer/endpoint-dictionary.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { decodeKept } from '#observer/kept-message.ts';
import { describeEnd, type MapEnd, type MapVertex, otherEnd } from './map-end.ts';

/** Distinct ends kept, some 400 bytes each: 26 MB. Beyond it the one not described for longest is forgotten. */
const defaultMaxEnds = 65_536;
/** Node ids whose names are kept at hand. */
const maxNodeIds = 65_536;

/** Vertices kept for sharing, about a kilobyte each: 8 MB. */
const maxVertices = 8192;

/** No node's id. */
const ANY_NODE = 0xffffffff;

/** No name of a cluster. */
const REUSED = '*';

/** What an aggregate needs to know who is at the ends of a flow. */
export type EndSource = Pick<EndTable, 'endOf' | 'nodeNumber' | 'otherOf'>;

export class EndTable {
  readonly #ring: FlowRing;
  readonly #maxEnds: number;
  readonly #ends = new Map<string, MapEnd>();
  /**
   * Vertices by id, so that the ends of one workload share its names and labels: what the engine has to walk at each
   * collection is then a few strings an end. Forgotten all at once at the bound; ends that have theirs keep it.
   */
  readonly #vertices = new Map<string, MapVertex>();
  readonly #others = new Map<string, MapEnd>();
  readonly #otherByEnd = new WeakMap<MapEnd, MapEnd>();
  /**
   * By endpoint id modulo the dictionary's slots: the id that is cached there and the node it was seen from, ANY_NODE where that
   * does not matter; and its end. In two arrays and no object, since with 50,000 ends each look is a miss of the cache.
   */
  readonly #cached: Uint32Array;
  readonly #cachedEnds: (MapEnd | undefined)[];
  readonly #slotMask: number;
  readonly #nodeNames = new Map<number, string>();
  /** Cluster whose pod or service an address is; REUSED once there are two of them. */
  readonly #clusters = new Map<string, string>();
  /** By node id modulo the dictionary's slots: the id that is cached there, and its number. */
  readonly #numberedIds: Uint32Array;
  readonly #numbers: Uint32Array;
  readonly #nodeNumbers = new Map<string, number>();
  #serial = 0;

  readonly #onDescribed: ((description: EndpointDescription) => void) | undefined;

  /** @param onDescribed told of each end that is new to the ring's dictionary: rarely, and again after it was forgotten */
  constructor(ring: FlowRing, maxEnds = defaultMaxEnds, onDescribed?: (description: EndpointDescription) => void) {
    this.#ring = ring;
    this.#maxEnds = maxEnds;
    this.#onDescribed = onDescribed;
    this.#slotMask = ring.endpoints.slots - 1;
    this.#cached = new Uint32Array(ring.endpoints.slots * 2);
    this.#cachedEnds = new Array(ring.endpoints.slots).fill(undefined);
    this.#numberedIds = new Uint32Array(ring.nodes.slots);
    this.#numbers = new Uint32Array(ring.nodes.slots);
  }

  /** The end of a flow of the ring. @param isSource which of its two ends */
  endOf(sequence: number, isSource: boolean): MapEnd {
    const { columns, endpoints } = this.#ring;
    const slot = this.#ring.slotOf(sequence);
    const id = (isSource ? columns.sourceId[slot] : columns.destinationId[slot]) as number;
    const nodeId = columns.nodeId[slot] as number;
    const cached = id & this.#slotMask;
    if (id !== 0 && this.#cached[cached * 2] === id) {
      const node = this.#cached[cached * 2 + 1] as number;
      const end = this.#cachedEnds[cached];
      if (end !== undefined && (node === ANY_NODE || node === nodeId)) return end;
    }
    const description = endpoints.describe(id) ?? this.#decode(sequence, isSource);
    this.#onDescribed?.(description);
    const end = this.#intern(description, this.nodeName(nodeId));
    if (id !== 0) {
      this.#cached[cached * 2] = id;
      this.#cached[cached * 2 + 1] = end.isPerNode ? nodeId : ANY_NODE;
      this.#cachedEnds[cached] = end;
    }
    return end;
  }

  /** Small number of the node that reported a flow: the same for the same name. */
  nodeNumber(nodeId: number): number {
    const cached = nodeId & (this.#numberedIds.length - 1);
    if (nodeId !== 0 && this.#numberedIds[cached] === nodeId) return this.#numbers[cached] as number;
    const name = this.nodeName(nodeId);
    const number = this.#nodeNumbers.get(name) ?? this.#nodeNumbers.size;
    this.#nodeNumbers.set(name, number);
    this.#numberedIds[cached] = nodeId;
    this.#numbers[cached] = number;
    return number;
  }

  nodeName(nodeId: number): string {
    let name = this.#nodeNames.get(nodeId);
    if (name === undefined) {
      name = this.#ring.nodes.describe(nodeId)?.name ?? '';
      // Ids are never given out twice, so what is too much can simply be forgotten.
      if (this.#nodeNames.size >= maxNodeIds) this.#nodeNames.clear();
      this.#nodeNames.set(nodeId, name);
    }
    return name;
  }

  /** "other" of the end's namespace. */
  otherOf(end: MapEnd): MapEnd {
    const known = this.#otherByEnd.get(end);
    if (known !== undefined) return known;
    const key = `${end.vertex.cluster}/${end.vertex.namespace}/${end.namespace}`;
    let other = this.#others.get(key);
    if (other === undefined) {
      this.#serial += 1;
      other = otherEnd(end, this.#serial);
      this.#others.set(key, other);
    }
    this.#otherByEnd.set(end, other);
    return other;
  }

  #intern(description: EndpointDescription, nodeName: string): MapEnd {
    const candidate = describeEnd(description, nodeName, this.#serial + 1, this.#isReused(description));
    const key = `${candidate.place} ${candidate.instance} ${candidate.vertex.id}`;
    const known = this.#ends.get(key);
    if (known !== undefined) {
      // Moved to the back, so that the front is what was not described for longest.
      this.#ends.delete(key);
      this.#ends.set(key, known);
      return known;
    }
    if (this.#ends.size >= this.#maxEnds) {
      const oldest = this.#ends.keys().next().value;
      if (oldest !== undefined) this.#ends.delete(oldest);
    }
    this.#serial += 1;
    const end = { ...candidate, vertex: this.#shared(candidate.vertex) };
    this.#ends.set(key, end);
    return end;
  }

  /** Clusters that are not meshed give out the same addresses: then an address alone does not tell machines apart. */
  #isReused({ ip, endpoint }: EndpointDescription): boolean {
    const cluster = endpoint?.clusterName ?? '';
    const known = this.#clusters.get(ip);
    if (cluster === '' || ip === '' || known === cluster) return known === REUSED;
    if (known === undefined) {
      if (this.#clusters.size >= this.#maxEnds) this.#clusters.clear();
      this.#clusters.set(ip, cluster);
      return false;
    }
    if (known !== REUSED) {
      this.#clusters.set(ip, REUSED);
      // What was cached of the address is right for one of the clusters at most.
      this.#cached.fill(0);
    }
    return true;
  }

  #shared(vertex: MapVertex): MapVertex {
    const known = this.#vertices.get(vertex.id);
    if (known !== undefined && isSame(known, vertex)) return known;
    if (this.#vertices.size >= maxVertices) this.#vertices.clear();
    this.#vertices.set(vertex.id, vertex);
    return vertex;
  }

  /** An end that the ring did not intern, because it is very large: read from the message. Some microseconds. */
  #decode(sequence: number, isSource: boolean): EndpointDescription {
    const message = decodeKept(this.#ring.messageAt(sequence))?.responseTypes;
    const flow = message?.$case === 'flow' ? message.value : undefined;
    return {
      ip: (isSource ? flow?.IP?.source : flow?.IP?.destination) ?? '',
      endpoint: isSource ? flow?.source : flow?.destination,
      names: (isSource ? flow?.sourceNames : flow?.destinationNames) ?? [],
      service: isSource ? flow?.sourceService : flow?.destinationService,
    };
  }
}

/** The rest of a vertex follows from its id. */
function isSame({ labels }: MapVertex, other: MapVertex): boolean {
  return labels.length === other.labels.length && labels.every((label, index) => label === other.labels[index]);
}
