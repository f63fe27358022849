// The kernel's connection tracking (nf_conntrack), asked for one connection at a time over netlink (ctnetlink): where its
// packets were turned to, and as whom. A connection is asked for while it is young, and the kernel keeps an entry for
// seconds to days after the last packet, so nothing is listed, followed or kept here.

import { existsSync } from 'node:fs';
import koffi from 'koffi';
import { addressBytes, ipv4Text, readAddress } from './addresses.ts';
import type { SocketAddress, TransportProtocol } from './kernel-record.ts';
import { checkResult, libbpf } from './libbpf.ts';
import { attributes } from './netlink.ts';

/** What a connection was before it was translated, and what it is after: its real ends are client and server. */
export interface TrackedConnection {
  readonly client: SocketAddress;
  /** What the client dialled; the server itself where the destination was not translated. */
  readonly dialled: SocketAddress;
  readonly server: SocketAddress;
  /** As whom the client appears to the server; the client itself where the source was not translated. */
  readonly masquerade: SocketAddress;
}

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0o4000 | 0o2000000;
/** NFNL_SUBSYS_CTNETLINK, and IPCTNL_MSG_CT_NEW and _GET (linux/netfilter/nfnetlink_conntrack.h). */
const CONNTRACK_NEW = 0x0100;
const CONNTRACK_GET = 0x0101;
const NLMSG_ERROR = 2;
const REQUEST = 1;
const NESTED = 0x8000;
const TUPLE_ORIGINAL = 1;
const TUPLE_REPLY = 2;
const TUPLE_IP = 1;
const TUPLE_PROTOCOL = 2;
const IPV4_SOURCE = 1;
const IPV4_DESTINATION = 2;
const IPV6_SOURCE = 3;
const IPV6_DESTINATION = 4;
const PROTOCOL_NUMBER = 1;
const SOURCE_PORT = 2;
const DESTINATION_PORT = 3;
const HEADER_BYTES = 20;
/** Only what has ports can be told from others between the same two addresses. */
const PROTOCOL_NUMBERS: Partial<Readonly<Record<TransportProtocol, number>>> = { TCP: 6, UDP: 17, SCTP: 132 };

export class Conntrack {
  readonly #fd: number;
  readonly #answer = Buffer.alloc(8192);
  #asked = 0;
  #translated = 0;
  readonly #question4 = new Question(4);
  readonly #question6 = new Question(6);

  /** Throws with the reason where the kernel tracks connections but does not answer this process. */
  constructor() {
    const bpf = libbpf();
    this.#fd = checkResult(
      bpf.socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_NETFILTER),
      "opening a netlink socket to the kernel's connection tracking",
    );
    try {
      this.#probe();
    } catch (error) {
      bpf.closeFd(this.#fd);
      throw error;
    }
  }

  /** Questions to the kernel, and answers that named a translated connection. */
  counters(): { readonly asked: number; readonly translated: number } {
    return { asked: this.#asked, translated: this.#translated };
  }

  /**
   * The tracked connection that has packets from `source` to `destination`, in either of its directions and as they are
   * before or after translation. Undefined if there is none, or none that is translated. Costs 4 to 8 us.
   */
  find(protocol: TransportProtocol, source: SocketAddress, destination: SocketAddress): TrackedConnection | undefined {
    const number = PROTOCOL_NUMBERS[protocol];
    if (number === undefined) return undefined;
    this.#asked++;
    const found = this.#ask(this.#question(source.address).write(number, source, destination));
    const tracked = typeof found === 'number' ? undefined : found;
    if (tracked !== undefined) this.#translated++;
    return tracked;
  }

  close(): void {
    libbpf().closeFd(this.#fd);
  }

  #probe(): void {
    const nobody = { address: '127.0.0.1', port: 0 };
    const found = this.#ask(this.#question4.write(6, nobody, nobody));
    const { ENOENT } = koffi.os.errno;
    if (typeof found === 'number' && found !== ENOENT) checkResult(-found, "asking the kernel's connection tracking");
  }

  #question(address: string): Question {
    return address.includes(':') ? this.#question6 : this.#question4;
  }

  /** The answer is there when send() returns. An error's number where there is no such connection. */
  #ask(request: Buffer): TrackedConnection | number | undefined {
    const bpf = libbpf();
    if (bpf.send(this.#fd, request, request.length, 0) < 0) return koffi.errno();
    const length = bpf.receive(this.#fd, this.#answer, this.#answer.length, 0);
    return length < 0 ? koffi.errno() : parseConntrack(this.#answer.subarray(0, length));
  }
}

/** Whether this kernel tracks connections at all: where not, it translates none either. */
export function hasConntrack(procRoot = '/proc'): boolean {
  return existsSync(`${procRoot}/sys/net/netfilter/nf_conntrack_count`);
}

/**
 * One question, written over for each connection: struct nlmsghdr, struct nfgenmsg, then
 * CTA_TUPLE_ORIG { CTA_TUPLE_IP { source, destination }, CTA_TUPLE_PROTO { number, source port, destination port } }.
 */
class Question {
  readonly bytes: Buffer;
  readonly #addressBytes: 4 | 16;
  readonly #source: number;
  readonly #destination: number;
  readonly #protocol: number;

  constructor(family: 4 | 6) {
    this.#addressBytes = family === 4 ? 4 : 16;
    const addresses = 4 + 2 * (4 + this.#addressBytes);
    const protocol = 4 + 3 * 8;
    const total = HEADER_BYTES + 4 + addresses + protocol;
    this.bytes = Buffer.alloc(total);
    this.bytes.writeUInt32LE(total, 0);
    this.bytes.writeUInt16LE(CONNTRACK_GET, 4);
    this.bytes.writeUInt16LE(REQUEST, 6);
    this.bytes.writeUInt8(family === 4 ? AF_INET : AF_INET6, 16);
    let at = HEADER_BYTES;
    const attribute = (type: number, length: number, goesInside = false) => {
      this.bytes.writeUInt16LE(length, at);
      this.bytes.writeUInt16LE(type, at + 2);
      const content = at + 4;
      at += goesInside ? 4 : (length + 3) & ~3;
      return content;
    };
    attribute(TUPLE_ORIGINAL | NESTED, 4 + addresses + protocol, true);
    attribute(TUPLE_IP | NESTED, addresses, true);
    this.#source = attribute(family === 4 ? IPV4_SOURCE : IPV6_SOURCE, 4 + this.#addressBytes);
    this.#destination = attribute(family === 4 ? IPV4_DESTINATION : IPV6_DESTINATION, 4 + this.#addressBytes);
    attribute(TUPLE_PROTOCOL | NESTED, protocol, true);
    this.#protocol = attribute(PROTOCOL_NUMBER, 5);
    attribute(SOURCE_PORT, 6);
    attribute(DESTINATION_PORT, 6);
  }

  write(protocol: number, source: SocketAddress, destination: SocketAddress): Buffer {
    this.#writeAddress(source.address, this.#source);
    this.#writeAddress(destination.address, this.#destination);
    this.bytes.writeUInt8(protocol, this.#protocol);
    this.bytes.writeUInt16BE(source.port, this.#protocol + 8);
    this.bytes.writeUInt16BE(destination.port, this.#protocol + 16);
    return this.bytes;
  }

  #writeAddress(address: string, at: number): void {
    if (this.#addressBytes === 16) {
      this.bytes.set(addressBytes(address), at);
      return;
    }
    let byte = 0;
    let offset = at;
    for (let index = 0; index < address.length; index++) {
      const code = address.charCodeAt(index);
      if (code === DOT) {
        this.bytes[offset++] = byte;
        byte = 0;
      } else byte = byte * 10 + code - ZERO;
    }
    this.bytes[offset] = byte;
  }
}

const DOT = 46;
const ZERO = 48;

/** One datagram of the kernel: the connection if it is a translated one, undefined if not, or the number of an error. */
export function parseConntrack(datagram: Buffer): TrackedConnection | number | undefined {
  if (datagram.length < HEADER_BYTES) return undefined;
  const type = datagram.readUInt16LE(4);
  if (type === NLMSG_ERROR) return -datagram.readInt32LE(16);
  if (type !== CONNTRACK_NEW) return undefined;
  const isIpv4 = datagram.readUInt8(16) === AF_INET;
  let original: Tuple | undefined;
  let reply: Tuple | undefined;
  for (const [name, content] of attributes(datagram, HEADER_BYTES)) {
    if (name === TUPLE_ORIGINAL) original = parseTuple(content, isIpv4);
    if (name === TUPLE_REPLY) reply = parseTuple(content, isIpv4);
    if (original !== undefined && reply !== undefined) break;
  }
  if (original === undefined || reply === undefined) return undefined;
  const isTranslated = !isSame(original.source, reply.destination) || !isSame(original.destination, reply.source);
  if (!isTranslated) return undefined;
  return {
    client: original.source,
    dialled: original.destination,
    server: reply.source,
    masquerade: reply.destination,
  };
}

interface Tuple {
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
}

function parseTuple(content: Buffer, isIpv4: boolean): Tuple {
  const [source, destination] = [
    { address: '', port: 0 },
    { address: '', port: 0 },
  ];
  for (const [group, inner] of attributes(content, 0)) {
    for (const [name, value] of attributes(inner, 0)) {
      if (group === TUPLE_IP) {
        if (name === IPV4_SOURCE || name === IPV6_SOURCE) source.address = addressText(value, isIpv4);
        if (name === IPV4_DESTINATION || name === IPV6_DESTINATION) destination.address = addressText(value, isIpv4);
      } else if (group === TUPLE_PROTOCOL && value.length >= 2) {
        if (name === SOURCE_PORT) source.port = value.readUInt16BE(0);
        if (name === DESTINATION_PORT) destination.port = value.readUInt16BE(0);
      }
    }
  }
  return { source, destination };
}

/** '' where the bytes are too few. */
function addressText(bytes: Buffer, isIpv4: boolean): string {
  if (bytes.length < (isIpv4 ? 4 : 16)) return '';
  if (isIpv4) return ipv4Text(bytes.readUInt32LE(0));
  return readAddress(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
}

function isSame(one: SocketAddress, other: SocketAddress): boolean {
  return one.port === other.port && one.address === other.address;
}
