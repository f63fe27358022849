// The pieces of a message that together describe one endpoint (or one node), as byte ranges: what a dictionary interns.

/** More names than this and the endpoint is not interned: a dictionary of rare giants would push out the rest. */
const MAX_PARTS = 24;

/** What a part is. The numbers are ours and stand in the dictionary's keys. */
export const PART_IP = 1;
export const PART_ENDPOINT = 2;
export const PART_DNS_NAME = 3;
export const PART_SERVICE = 4;
export const PART_NODE_NAME = 5;
export const PART_NODE_LABEL = 6;

/** A reused list of [kind, start, end) ranges into one message. */
export class EndpointParts {
  readonly kinds = new Uint8Array(MAX_PARTS);
  readonly starts = new Int32Array(MAX_PARTS);
  readonly ends = new Int32Array(MAX_PARTS);
  count = 0;
  /** True if parts were left out because there are more than MAX_PARTS. */
  overflowed = false;

  clear(): void {
    this.count = 0;
    this.overflowed = false;
  }

  /** Adds a part of a repeated field. */
  add(kind: number, start: number, end: number): void {
    if (this.count === MAX_PARTS) {
      this.overflowed = true;
      return;
    }
    this.kinds[this.count] = kind;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
  }

  /** Sets the part of a singular field: in protobuf the last occurrence wins. */
  set(kind: number, start: number, end: number): void {
    for (let i = 0; i < this.count; i++) {
      if (this.kinds[i] === kind) {
        this.starts[i] = start;
        this.ends[i] = end;
        return;
      }
    }
    this.add(kind, start, end);
  }

  /** Forgets the part of a singular field. */
  remove(kind: number): void {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.kinds[i] === kind) continue;
      this.kinds[kept] = this.kinds[i] as number;
      this.starts[kept] = this.starts[i] as number;
      this.ends[kept] = this.ends[i] as number;
      kept++;
    }
    this.count = kept;
  }
}
