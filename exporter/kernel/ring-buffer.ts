// Reads the kernel's ring buffer from memory shared with it: no system call and no copy per record.
// Layout (kernel/bpf/ringbuf.c): a consumer page we write our position to; a producer page with the kernel's position;
// then the data, mapped twice in a row so that a record never wraps.

import koffi from 'koffi';
import { checkResult, libbpf, type Pointer, viewMemory } from './libbpf.ts';

const MAP_TYPE_RINGBUF = 27;
const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const HEADER_BYTES = 8;

/** Position published at least this often while draining, so that a long drain frees room for the kernel. */
const PUBLISH_BYTES = 1 << 18;

export interface RingBuffer {
  readonly fd: number;
  /** Hands every complete record to `take` as (view, offset, length); returns how many. The bytes are the kernel's. */
  drain(take: (view: DataView, offset: number, length: number) => void): number;
  /** Calls back when the kernel forces a wake-up because the ring fills. */
  onWake(callback: () => void): void;
  close(): void;
}

/** Creates a ring of `bytes`, a power of two and a multiple of the page size. */
export function createRingBuffer(bytes: number): RingBuffer {
  const bpf = libbpf();
  const page = bpf.pageSize();
  const fd = checkResult(
    bpf.createMap(MAP_TYPE_RINGBUF, 'px_records', 0, 0, bytes, null),
    `creating a ring buffer of ${bytes} bytes (a power of two of at least ${page})`,
  );
  const consumer = new BigUint64Array(viewMemory(map(fd, page, 3, 0), page), 0, 1);
  const shared = viewMemory(map(fd, page + 2 * bytes, 1, page), page + 2 * bytes);
  const producer = new BigUint64Array(shared, 0, 1);
  const headers = new Uint32Array(shared, page);
  const view = new DataView(shared, page);
  let position = 0;
  let wake: ReturnType<typeof koffi.node.poll> | undefined;

  const drain = (take: (view: DataView, offset: number, length: number) => void): number => {
    let records = 0;
    let published = position;
    for (;;) {
      const end = Number(Atomics.load(producer, 0));
      if (position >= end) break;
      let busy = false;
      while (position < end) {
        const offset = position % bytes;
        const header = Atomics.load(headers, offset >>> 2);
        if ((header & BUSY) !== 0) {
          busy = true;
          break;
        }
        const length = header & 0x3fffffff;
        if ((header & DISCARDED) === 0) {
          records++;
          take(view, offset + HEADER_BYTES, length);
        }
        position += (length + HEADER_BYTES + 7) & ~7;
        if (position - published > PUBLISH_BYTES) {
          Atomics.store(consumer, 0, BigInt(position));
          published = position;
        }
      }
      Atomics.store(consumer, 0, BigInt(position));
      published = position;
      if (busy) break;
    }
    return records;
  };

  return {
    fd,
    drain,
    onWake(callback) {
      wake = koffi.node.poll(fd, { readable: true }, callback);
    },
    // The views stay mapped for the life of the process: unmapping under a live view would be a use after free.
    close() {
      wake?.close();
      bpf.closeFd(fd);
    },
  };
}

function map(fd: number, length: number, protection: number, offset: number): Pointer {
  const pointer = libbpf().mmap(null, length, protection, 1, fd, offset);
  if (koffi.address(pointer) === 0xffffffffffffffffn) {
    throw new Error(
      `mapping ${length} bytes of the ring buffer failed: the memory limit of this process may be too low`,
    );
  }
  return pointer;
}
