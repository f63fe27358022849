// What an aggregate asks of some flows and the ring has no column for: the DNS return code, and from FlowDetails the
// drops a flow stands for, the operation's protocol and outcome, and which proxy's access log told. One pass over the bytes.

import { Fields } from '#observer/fields.ts';
import { MeshKind } from '#proto/gen/parallax/v1/flow_details.ts';

export class FlowExtras {
  dnsCode = 0;
  dropCount = 1;
  /** The kernel's name of the reason; '' where the source told none. */
  dropReason = '';
  operationProtocol = '';
  isOperationError = false;
  isAccessLog = false;
  /** Of the proxy whose log told. */
  mesh: MeshKind = MeshKind.MESH_KIND_UNKNOWN;
}

const text = new TextDecoder();
const ACCESS_LOG = 2;

/** Tags, field << 3 | wire type (0 varint, 2 bytes), of proto/flow/flow.proto and proto/parallax/v1/flow_details.proto. */
const RESPONSE_FLOW = 10;
const FLOW_L7 = 122;
const FLOW_EXTENSIONS = 1_200_002;
const L7_DNS = 802;
const DNS_CODE = 48;
const ANY_VALUE = 18;
const DETAILS_DROP = 66;
const DETAILS_OPERATION = 82;
const DETAILS_VIEW_SOURCE = 112;
const DETAILS_MESH = 144;
const DROP_REASON = 10;
const DROP_COUNT = 40;
const OPERATION_PROTOCOL = 10;
const OPERATION_ERROR = 32;

export class FlowExtrasScanner {
  /** One for each depth of messages. */
  readonly #levels = Array.from({ length: 5 }, () => new Fields());
  #extras = new FlowExtras();
  #bytes: Uint8Array = new Uint8Array(0);

  /** `message` is a GetFlowsResponse that the ring has accepted. What cannot be read stays at its default. */
  scan(message: Uint8Array): FlowExtras {
    this.#extras = new FlowExtras();
    this.#bytes = message;
    try {
      this.#each(0, 0, message.length, (tag, fields, i) => {
        if (tag === RESPONSE_FLOW) this.#each(1, fields.start(i), fields.end(i), this.#takeFlow);
      });
    } catch {
      // Damaged inside a field that the ring does not look into: the flow is counted without its extras.
    }
    return this.#extras;
  }

  readonly #takeFlow: Take = (tag, fields, i) => {
    if (tag === FLOW_L7) this.#each(2, fields.start(i), fields.end(i), this.#takeL7);
    else if (tag === FLOW_EXTENSIONS) this.#each(2, fields.start(i), fields.end(i), this.#takeAny);
  };

  readonly #takeL7: Take = (tag, fields, i) => {
    if (tag === L7_DNS) this.#each(3, fields.start(i), fields.end(i), this.#takeDns);
  };

  readonly #takeDns: Take = (tag, fields, i) => {
    if (tag === DNS_CODE) this.#extras.dnsCode = fields.uint64(i);
  };

  readonly #takeAny: Take = (tag, fields, i) => {
    if (tag === ANY_VALUE) this.#each(3, fields.start(i), fields.end(i), this.#takeDetails);
  };

  readonly #takeDetails: Take = (tag, fields, i) => {
    if (tag === DETAILS_DROP) this.#each(4, fields.start(i), fields.end(i), this.#takeDrop);
    else if (tag === DETAILS_OPERATION) this.#each(4, fields.start(i), fields.end(i), this.#takeOperation);
    else if (tag === DETAILS_VIEW_SOURCE) this.#extras.isAccessLog = fields.uint64(i) === ACCESS_LOG;
    else if (tag === DETAILS_MESH) this.#extras.mesh = fields.uint64(i) as MeshKind;
  };

  readonly #takeDrop: Take = (tag, fields, i) => {
    if (tag === DROP_COUNT) this.#extras.dropCount = Math.max(1, fields.uint64(i));
    else if (tag === DROP_REASON) this.#extras.dropReason = this.#text(fields, i);
  };

  readonly #takeOperation: Take = (tag, fields, i) => {
    if (tag === OPERATION_PROTOCOL) this.#extras.operationProtocol = this.#text(fields, i);
    else if (tag === OPERATION_ERROR) this.#extras.isOperationError = fields.uint64(i) !== 0;
  };

  #each(level: number, start: number, end: number, take: Take): void {
    const fields = this.#levels[level] as Fields;
    for (let at = start; at < end; ) {
      at = fields.read(this.#bytes, at, end);
      for (let i = 0; i < fields.count; i += 1) take(fields.tags[i] as number, fields, i);
    }
  }

  #text(fields: Fields, index: number): string {
    return text.decode(this.#bytes.subarray(fields.start(index), fields.end(index)));
  }
}

/** Takes up field `index`. */
type Take = (tag: number, fields: Fields, index: number) => void;
