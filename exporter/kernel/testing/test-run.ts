// Runs a loaded tc program on a frame made by a test or benchmark, without any interface (BPF_PROG_TEST_RUN).

import { addressOf, checkResult, libbpf } from '../libbpf.ts';

/** struct bpf_test_run_opts (libbpf 1.1), 80 bytes. Returns nanoseconds per run. */
export function testRun(programFd: number, frame: Buffer, repeat = 1): number {
  const options = Buffer.alloc(80);
  options.writeBigUInt64LE(80n, 0);
  options.writeBigUInt64LE(addressOf(frame), 8);
  options.writeUInt32LE(frame.length, 24);
  options.writeInt32LE(repeat, 60);
  checkResult(libbpf().testRun(programFd, options), 'running a program on a test frame');
  return options.readUInt32LE(64);
}

/** An Ethernet frame; `tags` are VLAN identifiers left in it, outermost first, of type `outer` the first one. */
export function ethernet(etherType: number, content: Buffer, tags: readonly number[] = [], outer = 0x8100): Buffer {
  const header = Buffer.alloc(14 + 4 * tags.length);
  tags.forEach((tag, index) => {
    header.writeUInt16BE(index === 0 ? outer : 0x8100, 12 + 4 * index);
    header.writeUInt16BE(tag, 14 + 4 * index);
  });
  header.writeUInt16BE(etherType, header.length - 2);
  return Buffer.concat([header, content]);
}

/** From 10.93.0.1 to 10.93.0.2. `fragment`: the flags and offset word; all fragments have one identification. */
export function ipv4(protocol: number, content: Buffer, fragment = 0): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + content.length, 2);
  header.writeUInt16BE(fragment, 6);
  header[9] = protocol;
  Buffer.from([10, 93, 0, 1, 10, 93, 0, 2]).copy(header, 12);
  return Buffer.concat([header, content]);
}

/** From fd00::1 to fd00::2, or to `firstByte`00::2. */
export function ipv6(nextHeader: number, content: Buffer, firstByte = 0xfd): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(content.length, 4);
  header[6] = nextHeader;
  header[8] = 0xfd;
  header[24] = firstByte;
  header[23] = 1;
  header[39] = 2;
  return Buffer.concat([header, content]);
}

export interface Ports {
  readonly source: number;
  readonly destination: number;
}

const USUAL_PORTS: Ports = { source: 40_000, destination: 8080 };

export function tcp(
  flags: number,
  payload: Buffer = Buffer.alloc(0),
  ports: Ports = USUAL_PORTS,
  sequence = 0,
): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(ports.source, 0);
  header.writeUInt16BE(ports.destination, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header[12] = 5 << 4;
  header[13] = flags;
  return Buffer.concat([header, payload]);
}

export function udp(payload: Buffer, ports: Ports = USUAL_PORTS): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(ports.source, 0);
  header.writeUInt16BE(ports.destination, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** RFC 9113 section 4.1. */
export function http2Frame(type: number, flags: number, stream: number, body: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}
