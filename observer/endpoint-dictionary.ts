// Endpoints and nodes as dictionary keys, and back: what a flow says of one of its ends (address, Endpoint message, DNS
// names, service) is interned once, so that a filter or an aggregate looks at each endpoint once and not at each flow.

import { Endpoint, Service } from '#proto/gen/flow/flow.ts';
import {
  PART_DNS_NAME,
  PART_ENDPOINT,
  PART_IP,
  PART_NODE_LABEL,
  PART_NODE_NAME,
  PART_SERVICE,
} from './endpoint-parts.ts';
import { GenerationDictionary } from './generation-dictionary.ts';

/** One end of a flow. The same description stands for it as source and as destination. */
export interface EndpointDescription {
  /** Empty where the flow has no IP. */
  readonly ip: string;
  readonly endpoint: Endpoint | undefined;
  readonly names: readonly string[];
  readonly service: Service | undefined;
}

export interface NodeDescription {
  readonly name: string;
  readonly labels: readonly string[];
}

const text = new TextDecoder();

/** Ids of endpoints; see GenerationDictionary for how long an id lives. */
export class EndpointDictionary extends GenerationDictionary {
  /**
   * Decodes the endpoint of an id: some microseconds, so keep what you make of it by id.
   * @returns undefined if the id is not live, or its Endpoint or Service message cannot be decoded
   */
  describe(id: number): EndpointDescription | undefined {
    if (!this.isLive(id)) return undefined;
    let ip = '';
    let endpoint: Endpoint | undefined;
    let service: Service | undefined;
    const names: string[] = [];
    try {
      for (const { kind, content } of this.partsOf(id)) {
        if (kind === PART_IP) ip = text.decode(content);
        else if (kind === PART_ENDPOINT) endpoint = Endpoint.decode(content);
        else if (kind === PART_DNS_NAME) names.push(text.decode(content));
        else if (kind === PART_SERVICE) service = Service.decode(content);
      }
    } catch {
      return undefined;
    }
    return { ip, endpoint, names, service };
  }
}

/** Ids of nodes: the flow's node name and node labels. */
export class NodeDictionary extends GenerationDictionary {
  /** @returns undefined if the id is not live */
  describe(id: number): NodeDescription | undefined {
    if (!this.isLive(id)) return undefined;
    let name = '';
    const labels: string[] = [];
    for (const { kind, content } of this.partsOf(id)) {
      if (kind === PART_NODE_NAME) name = text.decode(content);
      else if (kind === PART_NODE_LABEL) labels.push(text.decode(content));
    }
    return { name, labels };
  }
}
