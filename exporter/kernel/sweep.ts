// Goes through the kernel's connection tables: tells what a quiet connection has not told yet, and removes the closed
// and the idle. The kernel never evicts, so nothing leaves a table unseen.

import { ipv4Text, readAddress } from './addresses.ts';
import { connectionId } from './connection-ids.ts';
import type { ConnectionLedger } from './connection-ledger.ts';
import { jiffiesBetween } from './jiffies.ts';
import type { ConnectionReason, ConnectionRecord, SocketAddress } from './kernel-record.ts';
import { connectionLayout as entryAt, key4Layout, key6Layout, mark, sideLayout } from './layout.ts';
import { libbpf } from './libbpf.ts';
import { buildConnection, protocolName, readUint64 } from './records.ts';

/** 4,096 entries a call of the kernel, 1.5 ms; 4 calls a sweep go through 16,384 entries, the rest at the next. */
const BATCH_ENTRIES = 4096;
const BATCHES_PER_SWEEP = 4;

/** How long an entry stays without a packet. TCP that is established may be silent for long and still be alive. */
const IDLE_NS = { closed: 2e9, datagram: 30e9, tcp: 900e9 } as const;
/** What a connection has not told is told after this long without a packet. */
const QUIET_NS = 2e9;
/** Above this share of the table, silent TCP connections have to leave like datagrams. */
const CROWDED = 0.75;

export interface Table {
  readonly mapFd: number;
  readonly family: 4 | 6;
  readonly capacity: number;
}

export class Sweep {
  readonly #table: Table;
  readonly #ledger: ConnectionLedger;
  readonly #keyBytes: number;
  readonly #keys: Buffer;
  readonly #values: Buffer;
  readonly #cursor = Buffer.alloc(64);
  #started = false;
  #entries = 0;
  #entriesOfLastPass = 0;

  constructor(table: Table, ledger: ConnectionLedger) {
    this.#table = table;
    this.#ledger = ledger;
    this.#keyBytes = table.family === 4 ? key4Layout.sizeof : key6Layout.sizeof;
    this.#keys = Buffer.alloc(BATCH_ENTRIES * this.#keyBytes);
    this.#values = Buffer.alloc(BATCH_ENTRIES * entryAt.sizeof);
  }

  /** Entries met by the last complete pass through the table. */
  get entries(): number {
    return this.#entriesOfLastPass;
  }

  /** One bounded step. `jiffies` is the count of timer ticks now, `bootNs` the boot clock now. */
  step(jiffies: number, bootNs: number, all = false): ConnectionRecord[] {
    const records: ConnectionRecord[] = [];
    for (let batch = 0; all || batch < BATCHES_PER_SWEEP; batch++) {
      const count = [BATCH_ENTRIES];
      const result = libbpf().lookupBatch(
        this.#table.mapFd,
        this.#started ? this.#cursor : null,
        this.#cursor,
        this.#keys,
        this.#values,
        count,
        null,
      );
      const found = count[0] ?? 0;
      for (let index = 0; index < found; index++) this.#visit(index, jiffies, bootNs, records, all);
      this.#entries += found;
      this.#started = result === 0;
      if (result !== 0) {
        this.#entriesOfLastPass = this.#entries;
        this.#entries = 0;
        break;
      }
    }
    return records;
  }

  #visit(index: number, jiffies: number, bootNs: number, records: ConnectionRecord[], all: boolean): void {
    const key = this.#keys.subarray(index * this.#keyBytes, (index + 1) * this.#keyBytes);
    const entry = new DataView(this.#values.buffer, this.#values.byteOffset + index * entryAt.sizeof, entryAt.sizeof);
    const silentNs = jiffiesBetween(entry.getUint32(entryAt.lastJiffies, true), jiffies);
    const marks = entry.getUint8(entryAt.marks);
    const raw = describeKey(key, this.#table.family);
    const leave = silentNs > this.#allowedNs(marks, raw.protocol);
    if (!leave && !all && silentNs < QUIET_NS) return;
    let view = entry;
    if (leave) {
      const last = Buffer.alloc(entryAt.sizeof);
      if (libbpf().lookupAndDelete(this.#table.mapFd, key, last) === 0) {
        view = new DataView(last.buffer, last.byteOffset, last.length);
      } else {
        // Before 5.14 hash maps cannot do both at once.
        libbpf().remove(this.#table.mapFd, key);
      }
    }
    if ((marks & mark.muted) === 0) this.#tell(raw, view, bootNs, leave ? 'idle' : 'tick', records);
    if (leave) this.#ledger.forget(raw.interfaceIndex, raw.id);
  }

  #allowedNs(marks: number, protocol: number): number {
    if ((marks & mark.closed) !== 0) return IDLE_NS.closed;
    const crowded = this.#entriesOfLastPass > CROWDED * this.#table.capacity;
    return protocol === 6 && !crowded ? IDLE_NS.tcp : IDLE_NS.datagram;
  }

  #tell(
    key: DescribedKey,
    entry: DataView,
    bootNs: number,
    reason: ConnectionReason,
    records: ConnectionRecord[],
  ): void {
    const openedBootNs = readUint64(entry, entryAt.openedNs);
    const packets = packetsOf(entry, 0) + packetsOf(entry, 1);
    if (packets <= this.#ledger.packetsTold(key.interfaceIndex, key.id, openedBootNs)) return;
    const marks = entry.getUint8(entryAt.marks);
    const initiator = entry.getUint8(entryAt.initiator);
    records.push(
      buildConnection(
        {
          reason: (marks & mark.closed) !== 0 ? 'closed' : reason,
          timeBootNs: bootNs,
          openedBootNs,
          protocol: key.protocol,
          family: this.#table.family,
          id: key.id,
          ends: key.ends,
          sides: entry,
          sidesOffset: entryAt.side,
          initiator,
          local: entry.getUint8(entryAt.local),
          marks,
          sender: initiator,
          packetTcpFlags: 0,
          icmpType: entry.getUint8(entryAt.icmpType),
          icmpCode: entry.getUint8(entryAt.icmpCode),
          interfaceIndex: key.interfaceIndex,
        },
        this.#ledger,
      ),
    );
  }
}

interface DescribedKey {
  readonly ends: readonly [SocketAddress, SocketAddress];
  readonly protocol: number;
  readonly interfaceIndex: number;
  readonly id: string;
}

function describeKey(key: Buffer, family: 4 | 6): DescribedKey {
  const at = family === 4 ? key4Layout : key6Layout;
  const end = (index: number): SocketAddress => ({
    address: keyAddress(key, family, index),
    port: key.readUInt16BE(at.port + 2 * index),
  });
  const ends = [end(0), end(1)] as const;
  const place = key.readUInt32LE(at.place);
  const protocol = place & 255;
  return {
    ends,
    protocol,
    interfaceIndex: place >>> 8,
    id: connectionId(protocolName(protocol), ends[0], ends[1]),
  };
}

function keyAddress(key: Buffer, family: 4 | 6, index: number): string {
  if (family === 4) return ipv4Text(key.readUInt32LE(key4Layout.address + 4 * index));
  return readAddress(new DataView(key.buffer, key.byteOffset, key.length), key6Layout.address + 16 * index);
}

function packetsOf(entry: DataView, index: number): number {
  return readUint64(entry, entryAt.side + index * sideLayout.sizeof + sideLayout.packets);
}
