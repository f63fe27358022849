// Network interfaces as the kernel lists and announces them, over a netlink socket (rtnetlink(7)): RTM_GETLINK once,
// then RTM_NEWLINK and RTM_DELLINK as they happen. Pure parsing of the messages below; no policy about interfaces here.

import koffi from 'koffi';
import { checkResult, libbpf } from './libbpf.ts';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0o4000 | 0o2000000;
const GROUPS_LINK_AND_ADDRESS = 1 | 0x10 | 0x100;
const AF_UNSPEC = 0;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const REQUEST_DUMP = 0x301;
const ATTRIBUTE_NAME = 3;
const ATTRIBUTE_LINKINFO = 18;
const ATTRIBUTE_LINK_NETNSID = 37;
const LINKINFO_KIND = 1;
const LINKINFO_DATA = 2;
/** Attribute of the UDP port, by kind of tunnel: IFLA_VXLAN_PORT, IFLA_GENEVE_PORT. */
const TUNNEL_PORT: Readonly<Record<string, number>> = { vxlan: 15, geneve: 5 };

export interface Link {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_*: 1 Ethernet, 772 loopback, others carry no Ethernet header. */
  readonly hardwareType: number;
  /** 'veth', 'bridge' ...; '' for a physical device. */
  readonly kind: string;
  /** The other end is in another network namespace. */
  readonly peerElsewhere: boolean;
  /** UDP port of a VXLAN or Geneve device's outer packets. */
  readonly tunnelPort?: number;
}

export type NetlinkEvent =
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'link-gone'; readonly index: number }
  | { readonly type: 'address' };

export interface NetlinkWatch {
  close(): void;
}

/** Calls back for every interface there is, then for every change, until closed. `onOverflow`: the kernel dropped messages; list anew. */
export function watchNetlink(onEvent: (event: NetlinkEvent) => void, onOverflow: () => void): NetlinkWatch {
  const bpf = libbpf();
  const fd = checkResult(bpf.socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, 0), 'opening a netlink socket');
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(GROUPS_LINK_AND_ADDRESS, 8);
  checkResult(bpf.bind(fd, address, address.length), 'subscribing to interface changes');
  const buffer = Buffer.alloc(1 << 16);
  const drain = () => {
    for (;;) {
      const length = bpf.receive(fd, buffer, buffer.length, 0);
      if (length <= 0) {
        if (length < 0 && koffi.errno() === koffi.os.errno.ENOBUFS) {
          requestLinks(fd);
          onOverflow();
          continue;
        }
        return;
      }
      for (const event of parseNetlink(buffer.subarray(0, length))) onEvent(event);
    }
  };
  requestLinks(fd);
  drain();
  const handle = koffi.node.poll(fd, { readable: true }, drain);
  return {
    close() {
      handle.close();
      bpf.closeFd(fd);
    },
  };
}

/** struct nlmsghdr (16 bytes), then struct ifinfomsg (16 bytes, all zero: every link). */
function requestLinks(fd: number): void {
  const request = Buffer.alloc(32);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(RTM_GETLINK, 4);
  request.writeUInt16LE(REQUEST_DUMP, 6);
  checkResult(libbpf().send(fd, request, request.length, 0), 'asking for the network interfaces');
}

const RTM_NEWTFILTER = 44;
const RTM_GETTFILTER = 46;
/** Ingress and egress of a clsact qdisc (linux/pkt_sched.h). */
const CLSACT_PARENTS = [0xfffffff2, 0xfffffff3];

/** Filters in an interface's clsact qdisc, whoever's they are. */
export function countFilters(interfaceIndex: number): number {
  const bpf = libbpf();
  const fd = checkResult(bpf.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, 0), 'opening a netlink socket');
  const buffer = Buffer.alloc(1 << 16);
  let filters = 0;
  try {
    for (const parent of CLSACT_PARENTS) {
      // struct nlmsghdr, then struct tcmsg { u8 family, 3 of padding; s32 ifindex; u32 handle, parent, info; }
      const request = Buffer.alloc(36);
      request.writeUInt32LE(request.length, 0);
      request.writeUInt16LE(RTM_GETTFILTER, 4);
      request.writeUInt16LE(REQUEST_DUMP, 6);
      request.writeInt32LE(interfaceIndex, 20);
      request.writeUInt32LE(parent, 28);
      checkResult(bpf.send(fd, request, request.length, 0), 'asking for the filters of an interface');
      for (let done = false; !done; ) {
        const length = checkResult(bpf.receive(fd, buffer, buffer.length, 0), 'reading the filters of an interface');
        for (const type of messageTypes(buffer.subarray(0, length))) {
          if (type === RTM_NEWTFILTER) filters++;
          else done = true;
        }
      }
    }
  } finally {
    bpf.closeFd(fd);
  }
  return filters;
}

/** Of one datagram's messages; the last of a dump is NLMSG_DONE, or an error. */
function messageTypes(datagram: Buffer): number[] {
  const types: number[] = [];
  for (let offset = 0; offset + 16 <= datagram.length; ) {
    const length = datagram.readUInt32LE(offset);
    if (length < 16) break;
    types.push(datagram.readUInt16LE(offset + 4));
    offset += (length + 3) & ~3;
  }
  return types;
}

/** Messages of one datagram. Truncated ones end the parse; unknown types are passed over. */
export function* parseNetlink(datagram: Buffer): Generator<NetlinkEvent> {
  let offset = 0;
  while (offset + 16 <= datagram.length) {
    const length = datagram.readUInt32LE(offset);
    if (length < 16 || offset + length > datagram.length) return;
    const type = datagram.readUInt16LE(offset + 4);
    // A bridge tells of its ports in messages of its own family, without what kind of device they are.
    const isOfDevices = length >= 32 && datagram[offset + 16] === AF_UNSPEC;
    if ((type === RTM_NEWLINK || type === RTM_DELLINK) && isOfDevices) {
      const link = parseLink(datagram.subarray(offset + 16, offset + length));
      yield type === RTM_NEWLINK ? { type: 'link', link } : { type: 'link-gone', index: link.index };
    } else if (type === RTM_NEWADDR || type === RTM_DELADDR) {
      yield { type: 'address' };
    }
    offset += (length + 3) & ~3;
  }
}

function parseLink(message: Buffer): Link {
  let name = '';
  let kind = '';
  let peerElsewhere = false;
  let details: Buffer = Buffer.alloc(0);
  for (const [type, value] of attributes(message, 16)) {
    if (type === ATTRIBUTE_NAME) name = text(value);
    if (type === ATTRIBUTE_LINK_NETNSID) peerElsewhere = true;
    if (type === ATTRIBUTE_LINKINFO) {
      for (const [inner, content] of attributes(value, 0)) {
        if (inner === LINKINFO_KIND) kind = text(content);
        if (inner === LINKINFO_DATA) details = content;
      }
    }
  }
  const link = { index: message.readInt32LE(4), name, hardwareType: message.readUInt16LE(2), kind, peerElsewhere };
  const tunnelPort = tunnelPortOf(kind, details);
  return tunnelPort === undefined ? link : { ...link, tunnelPort };
}

function tunnelPortOf(kind: string, details: Buffer): number | undefined {
  const wanted = TUNNEL_PORT[kind];
  if (wanted === undefined) return undefined;
  for (const [type, value] of attributes(details, 0))
    if (type === wanted && value.length >= 2) return value.readUInt16BE(0);
  return undefined;
}

/** Type (without its flags) and value of each attribute from `start` on; a truncated one ends it. */
export function* attributes(bytes: Buffer, start: number): Generator<[number, Buffer]> {
  let offset = start;
  while (offset + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(offset);
    if (length < 4 || offset + length > bytes.length) return;
    yield [bytes.readUInt16LE(offset + 2) & 0x3fff, bytes.subarray(offset + 4, offset + length)];
    offset += (length + 3) & ~3;
  }
}

function text(value: Buffer): string {
  const end = value.indexOf(0);
  return value.toString('latin1', 0, end < 0 ? value.length : end);
}
