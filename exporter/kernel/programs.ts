// The programs of bpf/ on their way into the kernel. Loading begins as soon as this is called and goes on beside this
// thread, so that an exporter can do the rest of its start meanwhile. What cannot be loaded is a rejection in words.

import { type BpfObject, type KernelSettings, loadObjectAside, type ObjectOptions } from './bpf-object.ts';
import { createRingBuffer, type RingBuffer } from './ring-buffer.ts';

const DEFAULT_RING_BYTES = 1 << 22;
const DEFAULT_MAX_CONNECTIONS = 65_536;

export interface ProgramOptions {
  /** Bytes of each ring buffer, a power of two of at least a page. Default 4 MiB: 8,000 L7 heads, or 0.2 s at 40,000/s. */
  readonly ringBytes?: number;
  /** Connections the kernel table holds per IP version. Default 65,536, 14 MB. Beyond: not tracked, counted. */
  readonly maxConnections?: number;
  /** Copy the heads of application messages. Default true. */
  readonly l7?: boolean;
  /** Bytes of payload to keep of one segment, at most 512 (TLS hellos always up to 2,048). */
  readonly l7Bytes?: number;
  /** TCP ports of this process itself, at most two: what the host sends to or from them is counted, not told. */
  readonly ownPorts?: readonly number[];
}

export interface Programs {
  readonly ring: RingBuffer;
  readonly l7: boolean;
  readonly maxConnections: number;
  /** For interfaces. */
  readonly flow: Promise<BpfObject>;
  /** For sockets; without the maps that it shares with `flow` where that cannot be loaded. */
  readonly socket: Promise<BpfObject>;
  /** For drops, whose reasons have other numbers in each kernel. Once. */
  loadDrop(ignoredReasons: readonly number[]): Promise<BpfObject>;
  /** Waits for what is on its way, and unloads all, once. */
  close(): Promise<void>;
}

/** Throws where there is no ring buffer to be had: nothing can be captured then. */
export function loadPrograms(options: ProgramOptions): Programs {
  const ringBytes = options.ringBytes ?? DEFAULT_RING_BYTES;
  const maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  const l7 = options.l7 ?? true;
  const ring = createRingBuffer(ringBytes);
  const settings: KernelSettings = {
    tickNs: 5_000_000_000n,
    repeatNs: 1_000_000_000n,
    ignoredReasons: [],
    ringBytes,
    l7,
    l7Bytes: Math.min(512, Math.max(16, options.l7Bytes ?? 512)),
    includeNoise: false,
    dropsPerSecond: 1000,
    ownPorts: options.ownPorts ?? [],
  };
  const loading: Promise<BpfObject>[] = [];
  const load = (name: string, more: Partial<ObjectOptions> = {}): Promise<BpfObject> => {
    const file = new URL(`../../bpf/prebuilt/${name}.bpf.o`, import.meta.url);
    const object = loadObjectAside({ file, settings, ringFd: ring.fd, ...more });
    loading.push(object);
    return object;
  };
  const flow = load('flow', { maxEntries: { connections4: maxConnections, connections6: maxConnections } });
  const socket = flow.then(
    ({ mapFd }) =>
      load('socket', {
        sharedMaps: { open_before: mapFd('open_before'), datagram_owners: mapFd('datagram_owners') },
      }),
    () => load('socket'),
  );
  let closing: Promise<void> | undefined;
  const closeAll = async () => {
    // Only then all that will be is under way.
    await Promise.allSettled([flow, socket]);
    for (const object of await Promise.allSettled(loading)) if (object.status === 'fulfilled') object.value.close();
    ring.close();
  };
  // Whoever waits for them is told; nobody may, if the start fails elsewhere.
  for (const object of [flow, socket]) object.catch(() => undefined);
  return {
    ring,
    l7,
    maxConnections,
    flow,
    socket,
    loadDrop: (reasons) => load('drop', { settings: { ...settings, ignoredReasons: reasons } }),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
