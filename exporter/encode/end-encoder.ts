// Ends and processes to bytes, each once: what was encoded before is found by the object it was made of, or else by its
// bytes, so that an end keeps its FlowEnd, and with it its id in the flow ring, when its name is looked up anew.

import { type EndpointInfo, toFlowEndpoint } from '#kubernetes/endpoint-info.ts';
import { Endpoint, type Service } from '#proto/gen/flow/flow.ts';
import { Process } from '#proto/gen/parallax/v1/flow_details.ts';
import { FlowEnd } from './flow-end.ts';

/** 65,536 ends at about 300 bytes: 20 MB, if a node sees so many. At the bound all are forgotten and made anew. */
const MAX_ENDS = 65_536;
/** 8,192 processes at about 250 bytes: 2 MB. */
const MAX_PROCESSES = 8192;

/** An Endpoint's bytes, and the ends that have it: one for a pod, many for the world. */
interface SharedEndpoint {
  readonly bytes: Uint8Array | undefined;
  readonly ends: Map<string, FlowEnd>;
}

export class EndEncoder {
  #byInfo = new WeakMap<EndpointInfo, SharedEndpoint>();
  readonly #byBytes = new Map<string, SharedEndpoint>();
  #unnamed: SharedEndpoint = { bytes: undefined, ends: new Map() };
  readonly #processes = new Map<number, { readonly process: Process; readonly bytes: Uint8Array }>();
  #ends = 0;

  /** `names`: by which the other end knows this one. */
  end(
    address: string,
    info: EndpointInfo | undefined,
    service: Service | undefined,
    names: readonly string[],
  ): FlowEnd {
    const shared = info === undefined ? this.#unnamed : (this.#byInfo.get(info) ?? this.#encode(info));
    // Names are the pair's, and few ends have any.
    if (names.length > 0) return new FlowEnd(address, shared.bytes, service, names);
    const key = service === undefined ? address : `${address} ${service.namespace}/${service.name}`;
    const known = shared.ends.get(key);
    if (known !== undefined) return known;
    if (this.#ends >= MAX_ENDS) this.#forget();
    const end = new FlowEnd(address, shared.bytes, service, names);
    shared.ends.set(key, end);
    this.#ends++;
    return end;
  }

  process(process: Process): Uint8Array {
    const known = this.#processes.get(process.pid);
    if (known !== undefined && isSame(known.process, process)) return known.bytes;
    if (this.#processes.size >= MAX_PROCESSES) this.#processes.clear();
    const bytes = Process.encode(process).finish();
    this.#processes.set(process.pid, { process, bytes });
    return bytes;
  }

  #encode(info: EndpointInfo): SharedEndpoint {
    const bytes = Endpoint.encode(toFlowEndpoint(info)).finish();
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    let shared = this.#byBytes.get(key);
    if (shared === undefined) {
      if (this.#byBytes.size >= MAX_ENDS) this.#forget();
      shared = { bytes, ends: new Map() };
      this.#byBytes.set(key, shared);
    }
    this.#byInfo.set(info, shared);
    return shared;
  }

  #forget(): void {
    this.#byInfo = new WeakMap();
    this.#byBytes.clear();
    this.#unnamed = { bytes: undefined, ends: new Map() };
    this.#ends = 0;
  }
}

function isSame(one: Process, other: Process): boolean {
  return (
    one.command === other.command &&
    one.executable === other.executable &&
    one.containerId === other.containerId &&
    one.unit === other.unit &&
    one.cgroupId === other.cgroupId &&
    one.arguments.length === other.arguments.length &&
    one.arguments.every((argument, i) => argument === other.arguments[i])
  );
}
