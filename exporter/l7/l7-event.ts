// The language between L7 parsers and whoever makes flows of them: a captured payload head comes in (L7Segment), what
// it said goes out (L7Event). Payload values in events are already redacted.

export type L7Hint = 'http1' | 'http2' | 'dns' | 'tls' | 'redis' | 'postgresql' | 'unknown';

/** The captured head of one TCP segment's or UDP datagram's payload. */
export interface L7Segment {
  /** Names the connection at one observation point; the same packet seen at two points must carry two ids. */
  readonly connection: string | number;
  /** True for the direction of the connection's first packet (a best guess if capture joined midway). */
  readonly fromInitiator: boolean;
  /** Any monotonic clock, as long as it is the same for all segments and sweeps. */
  readonly timeNs: bigint;
  /** TCP sequence number of the first payload byte, modulo 2^32; ignored for UDP. */
  readonly sequence: number;
  /** Payload bytes on the wire; `data` may hold fewer. */
  readonly payloadLength: number;
  /** Borrowed: not kept after `feed` returns, so it may be a view of the ring buffer. */
  readonly data: Uint8Array;
  readonly hint: L7Hint;
  /** HTTP/2: no header block lies unseen between the previous segment of this direction and this one. Default false. */
  readonly nothingMissed?: boolean;
  /**
   * All bytes of this direction are captured, of this segment and those behind it: bytes missing between two such segments
   * were lost, or are captured later. Default false.
   */
  readonly wholeStream?: boolean;
  readonly transport: 'tcp' | 'udp';
}

export interface HttpHeaderField {
  readonly key: string;
  readonly value: string;
}

export interface HttpMessage {
  readonly protocol: 'http';
  /** As Hubble writes it: "HTTP/1.0", "HTTP/1.1", "HTTP/2". */
  readonly version: string;
  /** Empty if the request was not seen or could not be decoded; so is `url`. */
  readonly method: string;
  /** Absolute where the authority is known: scheme://authority/path?name=REDACTED. */
  readonly url: string;
  /** 0 in a request. */
  readonly code: number;
  /** Only those that the redaction rules show; keys in lower case, sorted. */
  readonly headers: HttpHeaderField[];
  /** 32 hex digits of the request's traceparent, or empty. */
  readonly traceId: string;
  /** Set when content-type is application/grpc; `status` undefined until trailers told it. */
  readonly grpc: { readonly method: string; readonly status: number | undefined } | undefined;
}

export interface DnsMessage {
  readonly protocol: 'dns';
  /** With trailing dot. */
  readonly query: string;
  readonly queryType: string;
  readonly rcode: number;
  /** Addresses of A and AAAA answers, in canonical text. */
  readonly addresses: readonly string[];
  readonly cnames: readonly string[];
  /** Types of the answers ("A", "CNAME"), each once. */
  readonly answerTypes: readonly string[];
  /** Lowest TTL of the answers, seconds. */
  readonly ttlSeconds: number;
}

export interface OperationMessage {
  readonly protocol: 'redis' | 'postgresql';
  /** Command or SQL verb in capitals; empty if the request was not seen. */
  readonly name: string;
  /** Redacted arguments. */
  readonly detail: string;
  /** Empty in a request; "OK", an error word or SQLSTATE in a response; "unknown" if the outcome was beyond the capture. */
  readonly status: string;
  readonly error: boolean;
}

export interface TlsHelloMessage {
  readonly protocol: 'tls';
  readonly hello: 'client' | 'server';
  readonly serverName: string;
  readonly alpn: readonly string[];
  /** "TLS 1.3": the highest offered in a client hello, the chosen one in a server hello. */
  readonly version: string;
  /** Server hello only. */
  readonly cipherSuite: string;
  /** False if the capture ended before the hello did: an absent name may just not have been seen. */
  readonly complete: boolean;
}

export type L7Message = HttpMessage | DnsMessage | OperationMessage;

interface EventCommon {
  readonly connection: string | number;
  readonly timeNs: bigint;
  /** Direction of the packet that the event was read from. */
  readonly fromInitiator: boolean;
  /** Counts requests of a connection from 1; request and response share it; 0 for a handshake. */
  readonly requestNumber: number;
  /** True if earlier bytes of the connection were not seen, so counts before and some names are unknown. */
  readonly joinedMidway: boolean;
}

export interface L7RequestEvent extends EventCommon {
  readonly kind: 'request';
  readonly message: L7Message;
}

export interface L7ResponseEvent extends EventCommon {
  readonly kind: 'response';
  /** Holds the request's method, url, query or command too, where it was seen. */
  readonly message: L7Message;
  /** From the request's segment to the response's; undefined if the request was not seen. */
  readonly latencyNs: bigint | undefined;
}

export interface L7HandshakeEvent extends EventCommon {
  readonly kind: 'handshake';
  readonly message: TlsHelloMessage;
  /** Server hello: since the client hello. */
  readonly latencyNs: bigint | undefined;
}

export type L7Event = L7RequestEvent | L7ResponseEvent | L7HandshakeEvent;
