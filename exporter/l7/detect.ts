// Which protocol a segment begins, by its first bytes. A hint from the kernel side (by port or its own look) decides where
// bytes alone would guess.

import { parseHttp1Head } from './http1.ts';
import { HTTP2_PREFACE } from './http2.ts';
import type { L7Segment } from './l7-event.ts';
import { startsWith } from './latin1.ts';
import { parsePgStartup } from './postgresql.ts';
import { beginsRedisCommand } from './redis.ts';
import { beginsTlsHello } from './tls.ts';

export type L7Protocol = 'http1' | 'http2' | 'dns' | 'tls' | 'redis' | 'postgresql';

/** Undefined if it is none that we know. */
export function detectProtocol(segment: L7Segment): L7Protocol | undefined {
  if (segment.transport === 'udp') return segment.hint === 'dns' ? 'dns' : undefined;
  return unmistakable(segment.data) ?? (segment.hint === 'unknown' ? byContent(segment) : segment.hint);
}

/** Beginnings after which a connection speaks this protocol, whatever it spoke before (upgrade, STARTTLS, CONNECT). */
export function unmistakable(data: Uint8Array): 'http2' | 'tls' | undefined {
  if (startsWith(data, HTTP2_PREFACE.slice(0, 16))) return 'http2';
  return beginsTlsHello(data) ? 'tls' : undefined;
}

function byContent(segment: L7Segment): L7Protocol | undefined {
  if (parseHttp1Head(segment.data)) return 'http1';
  if (!segment.fromInitiator) return undefined;
  if (beginsRedisCommand(segment.data)) return 'redis';
  const startup = parsePgStartup(segment.data);
  return startup && startup.end === segment.payloadLength ? 'postgresql' : undefined;
}
