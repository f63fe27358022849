// What an aggregate asks of some flows and the ring has no column for: the DNS return code, and from FlowDetails the
// drops a flow stands for, the operation's protocol and outcome, and whether an access log told. One pass over the bytes.

import { WIRE_BYTES, WIRE_VARINT, WireReader } from '#observer/wire-reader.ts';

export class FlowExtras {
  dnsCode = 0;
  dropCount = 1;
  /** The kernel's name of the reason; '' where the source told none. */
  dropReason = '';
  operationProtocol = '';
  isOperationError = false;
  isAccessLog = false;
}

const text = new TextDecoder();
const varintTag = (field: number) => (field << 3) | WIRE_VARINT;
const bytesTag = (field: number) => (field << 3) | WIRE_BYTES;
const ACCESS_LOG = 2;

export class FlowExtrasScanner {
  readonly #reader = new WireReader();
  #extras = new FlowExtras();

  /** `message` is a GetFlowsResponse that the ring has accepted. What cannot be read stays at its default. */
  scan(message: Uint8Array): FlowExtras {
    this.#extras = new FlowExtras();
    this.#reader.reset(message, 0, message.length);
    try {
      this.#within(bytesTag(1), () => this.#flow());
    } catch {
      // Damaged inside a field that the ring does not look into: the flow is counted without its extras.
    }
    return this.#extras;
  }

  #flow(): void {
    this.#fields((tag) => {
      if (tag === bytesTag(15)) this.#enter(() => this.#within(bytesTag(100), () => this.#dns()));
      else if (tag === bytesTag(150000)) this.#enter(() => this.#within(bytesTag(2), () => this.#details()));
      else return false;
      return true;
    });
  }

  #dns(): void {
    this.#fields((tag) => {
      if (tag !== varintTag(6)) return false;
      this.#extras.dnsCode = this.#reader.varint();
      return true;
    });
  }

  #details(): void {
    this.#fields((tag) => {
      if (tag === bytesTag(8)) this.#enter(() => this.#drop());
      else if (tag === bytesTag(10)) this.#enter(() => this.#operation());
      else if (tag === varintTag(14)) this.#extras.isAccessLog = this.#reader.varint() === ACCESS_LOG;
      else return false;
      return true;
    });
  }

  #drop(): void {
    this.#fields((tag) => {
      if (tag === varintTag(5)) this.#extras.dropCount = Math.max(1, this.#reader.uint64());
      else if (tag === bytesTag(1)) this.#extras.dropReason = this.#text();
      else return false;
      return true;
    });
  }

  #operation(): void {
    this.#fields((tag) => {
      if (tag === bytesTag(1)) this.#extras.operationProtocol = this.#text();
      else if (tag === varintTag(4)) this.#extras.isOperationError = this.#reader.bool();
      else return false;
      return true;
    });
  }

  #text(): string {
    const end = this.#reader.contentEnd();
    const value = text.decode(this.#reader.bytes.subarray(this.#reader.position, end));
    this.#reader.position = end;
    return value;
  }

  /** Reads the fields up to the end; `take` returns whether it has consumed the value of that tag. */
  #fields(take: (tag: number) => boolean): void {
    const reader = this.#reader;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (!take(tag)) reader.skip(tag);
    }
  }

  #within(wanted: number, read: () => void): void {
    this.#fields((tag) => {
      if (tag !== wanted) return false;
      this.#enter(read);
      return true;
    });
  }

  #enter(read: () => void): void {
    const reader = this.#reader;
    const outerEnd = reader.end;
    reader.end = reader.contentEnd();
    read();
    reader.position = reader.end;
    reader.end = outerEnd;
  }
}
