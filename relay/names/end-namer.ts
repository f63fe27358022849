// Names the ends of flows that their source could not name, from what the cluster's API server tells. Fills only what is
// empty, on bytes; what a source said stands, and a flow with full names passes untouched.

import { Buffer } from 'node:buffer';
import { canonicalAddress, isLoopback } from '#kubernetes/addresses.ts';
import type { EndpointInfo } from '#kubernetes/endpoint-info.ts';
import { reservedEndpoint } from '#kubernetes/identities.ts';
import type { ObjectMeta } from '#kubernetes/kubernetes-object.ts';
import type { Owner, PodIndex } from '#kubernetes/pod-index.ts';
import type { Backend, ServiceDirectory, ServicePort } from '#kubernetes/service-directory.ts';
import { WireReader } from '#observer/wire-reader.ts';
import { AddressText } from './address-text.ts';
import {
  type FlowEnd,
  FlowEnds,
  HAS_ALL,
  HAS_CLUSTER_NAME,
  HAS_LABELS,
  HAS_NAMESPACE,
  HAS_POD_NAME,
  HAS_WORKLOADS,
} from './flow-ends.ts';
import { Additions, FlowWriter } from './flow-writer.ts';
import { locationField, missingFields, nothing, serviceField } from './known-end.ts';

export interface EndNamerCounters {
  /** Flows into which something was put. */
  filled: number;
  /** Flows that had all names there are. */
  complete: number;
  /** Flows with an end that nobody here knows, or that is another cluster's. */
  unknown: number;
  /** Flows that could not be read. */
  failed: number;
}

export interface EndNamerOptions {
  readonly index: PodIndex;
  readonly services: ServiceDirectory;
  readonly clusterName: string;
  /** Whether everything that can have an address is known: only then is an address nobody has outside of the cluster. */
  readonly isComplete: () => boolean;
}

/** Identities below are reserved, from there on local to a node (CIDRs, DNS names): they say all there is to say. */
const firstIdentity = 256;
const firstLocalIdentity = 1 << 24;
/** Nodes whose fields are kept at hand. */
const maxNodes = 20_000;

interface NodeFields {
  readonly zone: string;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

const world = reservedEndpoint('world');
const host = reservedEndpoint('host');
const transports: readonly string[] = ['', 'TCP', 'UDP', '', '', 'SCTP'];

export class EndNamer {
  readonly counters: EndNamerCounters = { filled: 0, complete: 0, unknown: 0, failed: 0 };
  readonly #index: PodIndex;
  readonly #services: ServiceDirectory;
  readonly #clusterName: string;
  readonly #isComplete: () => boolean;
  readonly #ends = new FlowEnds();
  readonly #add = new Additions();
  readonly #writer = new FlowWriter();
  readonly #reader = new WireReader();
  /** By node. */
  readonly #locations = new Map<string, NodeFields>();
  /** By service; the field of a source, and of a destination. */
  readonly #serviceFields = new WeakMap<ObjectMeta, readonly [Uint8Array, Uint8Array]>();
  /** What is behind a port of a service, and the version of the index that it was read from. */
  readonly #behind = new WeakMap<ServicePort, { version: number; endpoint: EndpointInfo | undefined }>();
  readonly #addresses = new AddressText();
  #text: Buffer = Buffer.alloc(0);

  constructor({ index, services, clusterName, isComplete }: EndNamerOptions) {
    this.#index = index;
    this.#services = services;
    this.#clusterName = clusterName;
    this.#isComplete = isComplete;
  }

  /** The message with what is added, valid until the next call; undefined where there is nothing to add. */
  name(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const ends = this.#ends;
    try {
      ends.scan(bytes, start, end);
      if (!ends.isPlain) return undefined;
      const { source, destination } = ends;
      const isSourceOpen = isOpen(source);
      const isDestinationOpen = isOpen(destination);
      if (!isSourceOpen && !isDestinationOpen) {
        this.counters.complete += 1;
        return undefined;
      }
      if (this.#text.buffer !== bytes.buffer || this.#text.byteOffset !== bytes.byteOffset || this.#text.length < end)
        this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      if (!this.#isOwnCluster(bytes)) {
        this.counters.unknown += 1;
        return undefined;
      }
      this.#add.clear();
      const sourceOwner = this.#look(source, true, isSourceOpen);
      const destinationOwner = this.#look(destination, false, isDestinationOpen);
      if (!this.#hasAdded()) {
        const isKnown = (sourceOwner ?? !isSourceOpen) && (destinationOwner ?? !isDestinationOpen);
        this.counters[isKnown ? 'complete' : 'unknown'] += 1;
        return undefined;
      }
      this.#add.sourceLocation = this.#locationOf(sourceOwner, true);
      this.#add.destinationLocation = this.#locationOf(destinationOwner, false);
      this.counters.filled += 1;
      return this.#writer.write(bytes, start, end, ends, this.#add);
    } catch {
      // Damaged bytes are the ring's to refuse.
      this.counters.failed += 1;
      return undefined;
    }
  }

  #hasAdded(): boolean {
    const { source, destination, sourceService, destinationService } = this.#add;
    return source.length + destination.length + sourceService.length + destinationService.length > 0;
  }

  /** Notes what one end lacks. @returns who it is, where a pod or node is known */
  #look(one: FlowEnd, isSource: boolean, isOpenEnd: boolean): Owner | undefined {
    const owner = this.#ownerOf(one);
    if (!isOpenEnd) return owner;
    const endpoint = owner === undefined ? this.#outside(one) : this.#endpointOf(owner, one, isSource);
    if (endpoint === undefined) return owner;
    const fields = missingFields(endpoint, one.has);
    if (isSource) this.#add.source = fields;
    else this.#add.destination = fields;
    return owner;
  }

  /** By the name that the source gave, else by the address at the time of the flow. */
  #ownerOf(one: FlowEnd): Owner | undefined {
    const text = this.#text;
    if (one.has & HAS_CLUSTER_NAME && !isText(text, one.clusterNameStart, one.clusterNameEnd, this.#clusterName))
      return undefined;
    const byAddress = one.ipEnd === one.ipStart ? undefined : this.#ownerOfAddress(one);
    if (!(one.has & HAS_POD_NAME)) return byAddress;
    // Most often the address is that pod's; then no text need be made of its name.
    if (byAddress !== undefined && byAddress.object.kind === 'Pod') {
      const { name, namespace } = byAddress.object.meta;
      const isSame =
        isText(text, one.podNameStart, one.podNameEnd, name) &&
        isText(text, one.namespaceStart, one.namespaceEnd, namespace);
      if (isSame) return byAddress;
    }
    const namespace = text.toString('utf8', one.namespaceStart, one.namespaceEnd);
    return this.#index.pod(namespace, text.toString('utf8', one.podNameStart, one.podNameEnd));
  }

  #ownerOfAddress({ ipStart, ipEnd }: FlowEnd): Owner | undefined {
    const address = this.#addresses.of(this.#text, ipStart, ipEnd);
    const { unixMs } = this.#ends;
    const found = this.#index.ownerOf(address, unixMs);
    if (found !== undefined || !address.includes(':')) return found;
    const canonical = canonicalAddress(address);
    return canonical === undefined || canonical === address ? undefined : this.#index.ownerOf(canonical, unixMs);
  }

  #endpointOf(owner: Owner, one: FlowEnd, isSource: boolean): EndpointInfo | undefined {
    const { object, endpoint } = owner;
    const isEmpty = isBare(one) && !(one.has & HAS_NAMESPACE);
    switch (object.kind) {
      case 'Pod': {
        // The source knows a namespace, so the address may since have been given to a pod of another one.
        const isOther =
          (one.has & HAS_NAMESPACE) !== 0 &&
          (one.has & HAS_POD_NAME) === 0 &&
          this.#text.toString('utf8', one.namespaceStart, one.namespaceEnd) !== endpoint.namespace;
        return isOther ? undefined : endpoint;
      }
      case 'Service': {
        if (!one.hasService) {
          const field = this.#serviceField(object.meta, isSource);
          if (isSource) this.#add.sourceService = field;
          else this.#add.destinationService = field;
        }
        return isBare(one) ? this.#behindService(one, isSource) : undefined;
      }
      case 'Node':
        if (!isEmpty) return undefined;
        return object.meta.name === this.#nodeName() ? host : endpoint;
      default:
        return isEmpty ? endpoint : undefined;
    }
  }

  /** What all pods behind a service's address are, since it is not known which of them it was: their workload, no pod. */
  #behindService(one: FlowEnd, isSource: boolean): EndpointInfo | undefined {
    const [protocol, port] = this.#portOf(isSource);
    const address = this.#addresses.of(this.#text, one.ipStart, one.ipEnd);
    const servicePort = this.#services.byVirtualAddress(transports[protocol] ?? '', address, port);
    if (servicePort === undefined) return undefined;
    const { version } = this.#index;
    let behind = this.#behind.get(servicePort);
    if (behind === undefined || behind.version !== version) {
      behind = { version, endpoint: this.#sharedWorkload(servicePort.backends) };
      this.#behind.set(servicePort, behind);
    }
    return behind.endpoint;
  }

  /** Undefined where backends belong to several workloads, or one to none that is known. */
  #sharedWorkload(backends: readonly Backend[]): EndpointInfo | undefined {
    let first: EndpointInfo | undefined;
    for (const { address } of backends) {
      const endpoint = this.#index.byAddress(address);
      const workload = endpoint?.workloads[0];
      if (endpoint === undefined || workload === undefined) return undefined;
      first ??= endpoint;
      const known = first.workloads[0];
      const isSame =
        first.namespace === endpoint.namespace && known?.name === workload.name && known.kind === workload.kind;
      if (!isSame) return undefined;
    }
    return first && { ...first, podName: '' };
  }

  /** An address that nobody in the cluster has. */
  #outside(one: FlowEnd): EndpointInfo | undefined {
    if (one.has !== 0 || one.hasService || one.ipEnd === one.ipStart) return undefined;
    if (isLoopback(this.#addresses.of(this.#text, one.ipStart, one.ipEnd))) return host;
    return this.#isComplete() ? world : undefined;
  }

  /** Addresses and pods of other clusters may be the same as here: only what this cluster's nodes saw is named. */
  #isOwnCluster(bytes: Uint8Array): boolean {
    const { nodeNameStart, nodeNameEnd } = this.#ends;
    for (let at = nodeNameStart; at < nodeNameEnd; at += 1) {
      if (bytes[at] === 0x2f) return this.#text.toString('utf8', nodeNameStart, at) === this.#clusterName;
    }
    return true;
  }

  /** Name of the node that saw the flow, without its cluster's. */
  #nodeName(): string {
    const { nodeNameStart, nodeNameEnd } = this.#ends;
    const name = this.#text.toString('utf8', nodeNameStart, nodeNameEnd);
    return name.slice(name.indexOf('/') + 1);
  }

  /** Number of the protocol in flow.Layer4, and the port of one end. */
  #portOf(isSource: boolean): readonly [protocol: number, port: number] {
    const { l4Start, l4End } = this.#ends;
    if (l4Start === l4End) return [0, 0];
    const reader = this.#reader;
    reader.reset(this.#text, l4Start, l4End);
    const protocol = reader.tag() >>> 3;
    const end = reader.contentEnd();
    const wanted = (isSource ? 1 : 2) << 3;
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag === wanted) return [protocol, reader.varint()];
      reader.skip(tag);
    }
    return [protocol, 0];
  }

  #serviceField(service: ObjectMeta, isSource: boolean): Uint8Array {
    let fields = this.#serviceFields.get(service);
    if (fields === undefined) {
      fields = [serviceField(service, true), serviceField(service, false)];
      this.#serviceFields.set(service, fields);
    }
    return fields[isSource ? 0 : 1];
  }

  #locationOf(owner: Owner | undefined, isSource: boolean): Uint8Array {
    if (owner === undefined) return nothing;
    const { object } = owner;
    const node = object.kind === 'Pod' ? object.nodeName : object.kind === 'Node' ? object.meta.name : '';
    if (node === '') return nothing;
    const zone = this.#index.node(node)?.zone ?? '';
    let fields = this.#locations.get(node);
    if (fields === undefined || fields.zone !== zone) {
      if (this.#locations.size >= maxNodes) this.#locations.clear();
      fields = { zone, source: locationField(node, zone, true), destination: locationField(node, zone, false) };
      this.#locations.set(node, fields);
    }
    return isSource ? fields.source : fields.destination;
  }
}

/** Whether the bytes [start, end) are this text, which is ASCII. */
function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at += 1) if (bytes[start + at] !== text.charCodeAt(at)) return false;
  return true;
}

/** True where not more than a namespace is told. */
function isBare({ has, identity }: FlowEnd): boolean {
  return (has & (HAS_LABELS | HAS_POD_NAME | HAS_WORKLOADS)) === 0 && identity === 0;
}

/** True where something may be missing. */
function isOpen({ has, identity, namespaceEnd, namespaceStart }: FlowEnd): boolean {
  if (has === HAS_ALL) return false;
  if (identity !== 0 && (identity < firstIdentity || identity >= firstLocalIdentity)) return false;
  // A reserved label, or a program of a host.
  return namespaceEnd > namespaceStart || (has & (HAS_LABELS | HAS_WORKLOADS)) === 0;
}
