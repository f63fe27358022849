// Capture of one node, started and stopped as one thing: objects loaded, interfaces hooked as they come and go, ring
// drained, tables swept. In: options. Out: batches of KernelRecord, counters. Each feature fails alone and says why.

import { addressBytes } from './addresses.ts';
import {
  type AttachMethod,
  type Attachment,
  attachInterface,
  chooseMethod,
  placePrograms,
  removeLeftovers,
} from './attach.ts';
import type { BpfObject } from './bpf-object.ts';
import type { Capture, CaptureCounters, CaptureFeature, CaptureOptions } from './capture-types.ts';
import { findCgroupRoot } from './cgroup-root.ts';
import { BootClock } from './clock.ts';
import { ConnectionIds } from './connection-ids.ts';
import { ConnectionLedger } from './connection-ledger.ts';
import { Conntrack, hasConntrack, type TrackedConnection } from './conntrack.ts';
import { readCounters } from './counters.ts';
import { dropReasonName, ignoredReasons, readDropReasons } from './drop-reasons.ts';
import { interfaceFilter, type Place } from './interfaces.ts';
import { readJiffies } from './jiffies.ts';
import type { KernelRecord, SocketAddress, TransportProtocol } from './kernel-record.ts';
import { dropCounters, flowCounters, socketCounters } from './layout.ts';
import { libbpf } from './libbpf.ts';
import { LocalAddresses } from './local-addresses.ts';
import { type Link, type NetlinkWatch, watchNetlink } from './netlink.ts';
import { loadPrograms, type Programs } from './programs.ts';
import { decodeRecord } from './records.ts';
import type { RingBuffer } from './ring-buffer.ts';
import { Sweep } from './sweep.ts';
import { TunnelPorts } from './tunnel-ports.ts';

const LOOPBACK_INDEX = 1;
/** enum bpf_attach_type (linux/bpf.h). */
const CGROUP_SOCKET_CREATE = 2;
const CGROUP_SOCKET_RELEASE = 34;
/** A wake-up costs the reader more than the records of 20 ms on a quiet node; after 10 empty drains it looks less often. */
const DRAIN_MS = 20;
const IDLE_DRAIN_MS = 100;
const IDLE_AFTER_EMPTY_DRAINS = 10;
const SWEEP_MS = 1000;

/** Starts capturing. Throws where nothing can be captured at all; see support.ts for what is missing then. */
export async function startCapture(options: CaptureOptions): Promise<Capture> {
  const capture = new NodeCapture(options, options.programs ?? loadPrograms(options));
  try {
    await capture.start();
  } catch (error) {
    await capture.stop();
    throw error;
  }
  return capture;
}

interface Hooked {
  readonly name: string;
  readonly place: Place;
  attachment?: Attachment;
}

class NodeCapture implements Capture {
  readonly features: CaptureFeature[] = [];
  readonly #options: CaptureOptions;
  readonly #programs: Programs;
  readonly #ledger = new ConnectionLedger();
  readonly #ids = new ConnectionIds();
  readonly #clock = new BootClock();
  readonly #hooked = new Map<number, Hooked>();
  readonly #names = new Map<number, string>();
  readonly #seen: Record<string, number> = { connection: 0, l7: 0, drop: 0, socket: 0 };
  #objects: { flow?: BpfObject; drop?: BpfObject; socket?: BpfObject } = {};
  #undecodable = 0;
  #ring: RingBuffer | undefined;
  #netlink: NetlinkWatch | undefined;
  #addresses: LocalAddresses | undefined;
  #tunnels: TunnelPorts | undefined;
  #conntrack: Conntrack | undefined;
  #sweeps: Sweep[] = [];
  #method: AttachMethod = 'tcx';
  #dropReasons: ReadonlyMap<number, string> = new Map();
  #drainTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;
  #emptyDrains = 0;
  #lastCounters: CaptureCounters | undefined;

  constructor(options: CaptureOptions, programs: Programs) {
    this.#options = options;
    this.#programs = programs;
    this.#ring = programs.ring;
  }

  async start(): Promise<void> {
    const drops = this.#try(() => this.#startDrops());
    const loading = await this.#try(() => this.#awaitFlow());
    const sockets = await this.#try(() => this.#startSockets());
    // Only now: a packet of a connection that was open before finds out by its socket who opened it.
    const flow = loading ?? (await this.#try(() => this.#hookInterfaces()));
    this.#note('connections', flow);
    this.#note('l7', this.#programs.l7 ? flow : 'switched off');
    this.#note('drops', await drops);
    this.#note('sockets', sockets);
    this.#note('datagrams', sockets ?? (await this.#try(() => this.#startDatagrams())));
    this.#note('translations', await this.#try(() => this.#startConntrack()));
    if (!this.features.some((feature) => feature.enabled)) {
      throw new Error(`nothing can be captured: ${this.features[0]?.reason ?? 'no feature'}`);
    }
    this.#ring?.onWake(() => this.#drain());
    this.#scheduleDrain(0);
    this.#sweepTimer = setInterval(() => this.#sweep(false), SWEEP_MS);
  }

  interfaceName(index: number): string | undefined {
    return this.#names.get(index);
  }

  placeOf(index: number): Place | undefined {
    return this.#hooked.get(index)?.place;
  }

  isHostAddress(address: string): boolean {
    return this.#addresses?.has(address) ?? false;
  }

  isEndpoint(address: string): boolean {
    const { flow } = this.#objects;
    if (flow === undefined) return false;
    return libbpf().lookup(flow.mapFd('endpoint_addresses'), addressBytes(address), Buffer.alloc(4)) === 0;
  }

  tracked(
    protocol: TransportProtocol,
    source: SocketAddress,
    destination: SocketAddress,
  ): TrackedConnection | undefined {
    return this.#conntrack?.find(protocol, source, destination);
  }

  counters(): CaptureCounters {
    if (this.#ring === undefined && this.#lastCounters !== undefined) return this.#lastCounters;
    const flow = this.#read(this.#objects.flow, 'counters', flowCounters);
    const drop = this.#read(this.#objects.drop, 'drop_counters', dropCounters);
    const socket = this.#read(this.#objects.socket, 'socket_counters', socketCounters);
    const figure = (counters: Record<string, number>, name: string) => counters[name] ?? 0;
    return {
      seen: { packets: figure(flow, 'packets'), ...this.#seen },
      lost: {
        connection: figure(flow, 'connection_lost'),
        l7: figure(flow, 'l7_lost'),
        drop: figure(drop, 'lost'),
        socket: figure(socket, 'lost') + figure(flow, 'socket_lost'),
        table_full: figure(flow, 'table_full'),
        undecodable: this.#undecodable,
      },
      skipped: {
        not_ip: figure(flow, 'not_ip'),
        noise: figure(flow, 'noise') + figure(drop, 'noise'),
        unparsable: figure(flow, 'unparsable') + figure(drop, 'unparsable'),
        fragments: figure(flow, 'fragments'),
        forwarded: figure(flow, 'forwarded'),
        own: figure(flow, 'own'),
        overlay: figure(flow, 'overlay'),
        l7_other_hook: figure(flow, 'l7_other_hook'),
        l7_unknown: figure(flow, 'l7_unknown'),
        l7_cut: figure(flow, 'l7_cut'),
        drop_suppressed: figure(drop, 'suppressed'),
        drop_ignored: figure(drop, 'ignored'),
      },
    };
  }

  readNow(): void {
    this.#drain();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#drainTimer);
    clearInterval(this.#sweepTimer);
    this.#netlink?.close();
    this.#netlink = undefined;
    for (const [index] of this.#hooked) this.#unhook(index);
    if (this.#ring !== undefined) {
      this.#drain();
      this.#sweep(true);
      this.#lastCounters = this.counters();
    }
    this.#conntrack?.close();
    this.#conntrack = undefined;
    this.#objects = {};
    this.#ring = undefined;
    await this.#programs.close();
  }

  #read(object: BpfObject | undefined, map: string, names: readonly string[]): Record<string, number> {
    return object === undefined ? {} : readCounters(object.mapFd(map), names);
  }

  async #awaitFlow(): Promise<void> {
    const flow = await this.#programs.flow;
    const capacity = this.#programs.maxConnections;
    this.#objects.flow = flow;
    this.#sweeps = [
      new Sweep({ mapFd: flow.mapFd('connections4'), family: 4, capacity }, this.#ledger),
      new Sweep({ mapFd: flow.mapFd('connections6'), family: 6, capacity }, this.#ledger),
    ];
  }

  #hookInterfaces(): void {
    const { flow } = this.#objects;
    if (flow === undefined) throw new Error('the programs for interfaces are not loaded');
    this.#addresses = new LocalAddresses(flow.mapFd('host_addresses'));
    this.#addresses.refresh();
    this.#tunnels = new TunnelPorts(flow.mapFd('tunnel_ports'));
    this.#method =
      this.#options.attachMethod ?? chooseMethod(LOOPBACK_INDEX, flow.programFd(placePrograms.loopback.egress));
    this.#watchInterfaces(flow);
  }

  async #startDrops(): Promise<void> {
    this.#dropReasons = readDropReasons();
    if (this.#dropReasons.size === 0) throw new Error('the kernel gives no drop reasons (they came with 5.17)');
    const drop = await this.#programs.loadDrop(ignoredReasons(this.#dropReasons));
    this.#objects.drop = drop;
    drop.attach('on_drop');
  }

  async #startSockets(): Promise<void> {
    const socket = await this.#programs.socket;
    this.#objects.socket = socket;
    for (const program of ['on_state', 'on_read']) socket.attach(program);
    for (const program of ['seed_listeners', 'seed_connections', 'seed_datagrams']) socket.iterate(program);
  }

  #startDatagrams(): void {
    const { socket } = this.#objects;
    if (socket === undefined) throw new Error('the programs for sockets are not loaded');
    const root = findCgroupRoot();
    socket.attachToCgroup('on_create', root, CGROUP_SOCKET_CREATE);
    socket.attachToCgroup('on_release', root, CGROUP_SOCKET_RELEASE);
  }

  /** A kernel that does not track connections does not translate them either: then nothing is missing. */
  #startConntrack(): void {
    if (hasConntrack()) this.#conntrack = new Conntrack();
  }

  /** Runs one feature's start; returns why it failed, if it did. */
  async #try(start: () => void | Promise<void>): Promise<string | undefined> {
    try {
      await start();
      return undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log(reason);
      return reason;
    }
  }

  #note(name: CaptureFeature['name'], reason: string | undefined): void {
    this.features.push(reason === undefined ? { name, enabled: true } : { name, enabled: false, reason });
  }

  #watchInterfaces(flow: BpfObject): void {
    const filter = interfaceFilter(this.#options.interfaces);
    // Which devices are tunnels is known before the first packet of what they go over is seen.
    let atStart: Link[] | undefined = [];
    const place = (link: Link) => this.#placeLink(link, filter(link), flow);
    this.#netlink = watchNetlink(
      (event) => {
        if (event.type === 'address') this.#addresses?.refresh();
        else if (event.type === 'link-gone') {
          this.#tunnels?.note(event.index, undefined);
          this.#unhook(event.index);
        } else {
          this.#tunnels?.note(event.link.index, event.link.tunnelPort);
          if (atStart === undefined) place(event.link);
          else atStart.push(event.link);
        }
      },
      () => this.#options.log('interface changes were missed (netlink buffer full); listing all interfaces again'),
    );
    const links = atStart;
    atStart = undefined;
    for (const link of links) {
      removeLeftovers(link.index);
      place(link);
    }
  }

  #placeLink({ index, name }: Link, place: Place | undefined, flow: BpfObject): void {
    this.#names.set(index, name);
    const hooked = this.#hooked.get(index);
    // A veth comes first and is moved into its pod's namespace after: what it is may change.
    if (hooked !== undefined && hooked.place !== place) this.#unhook(index);
    if (place !== undefined && !this.#hooked.has(index)) this.#hook(index, name, place, flow);
  }

  #hook(interfaceIndex: number, interfaceName: string, place: Place, flow: BpfObject): void {
    const hooked: Hooked = { name: interfaceName, place };
    this.#hooked.set(interfaceIndex, hooked);
    try {
      hooked.attachment = attachInterface(interfaceIndex, place, flow.programFd, this.#method);
      this.#options.onInterfaceChange?.({ kind: 'attached', interfaceIndex, interfaceName });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log(`cannot watch ${interfaceName}: ${reason}`);
      this.#options.onInterfaceChange?.({ kind: 'failed', interfaceIndex, interfaceName, reason });
    }
  }

  #unhook(interfaceIndex: number): void {
    const hooked = this.#hooked.get(interfaceIndex);
    this.#hooked.delete(interfaceIndex);
    if (hooked?.attachment === undefined) return;
    hooked.attachment.detach();
    this.#options.onInterfaceChange?.({ kind: 'detached', interfaceIndex, interfaceName: hooked.name });
  }

  #scheduleDrain(delayMs: number): void {
    this.#drainTimer = setTimeout(() => {
      const records = this.#drain();
      this.#emptyDrains = records === 0 ? this.#emptyDrains + 1 : 0;
      this.#scheduleDrain(this.#emptyDrains > IDLE_AFTER_EMPTY_DRAINS ? IDLE_DRAIN_MS : DRAIN_MS);
    }, delayMs);
  }

  #drain(): number {
    const sockets: KernelRecord[] = [];
    const others: KernelRecord[] = [];
    const context = {
      ledger: this.#ledger,
      ids: this.#ids,
      dropReasonName: (reason: number) => dropReasonName(this.#dropReasons, reason),
    };
    const records =
      this.#ring?.drain((view, offset, length) => {
        const record = decodeRecord(view, offset, length, context);
        if (record === undefined) this.#undecodable++;
        else (record.type === 'socket' ? sockets : others).push(record);
      }) ?? 0;
    this.#deliver([...sockets, ...others]);
    return records;
  }

  #sweep(all: boolean): void {
    const { flow } = this.#objects;
    if (flow === undefined) return;
    const jiffies = readJiffies(flow.programFd('read_jiffies'));
    const bootNs = this.#clock.nowBootNs();
    for (const sweep of this.#sweeps) this.#deliver(sweep.step(jiffies, bootNs, all));
  }

  #deliver(batch: KernelRecord[]): void {
    if (batch.length === 0) return;
    for (const record of batch) this.#seen[record.type] = (this.#seen[record.type] ?? 0) + 1;
    this.#options.onRecords(batch);
  }
}
