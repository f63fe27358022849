// TCP flags as flows have them.

import type { TCPFlags } from '#proto/gen/flow/flow.ts';

/** Bits as the TCP header has them. */
export function toTcpFlags(bits: number): TCPFlags {
  return {
    FIN: (bits & 1) !== 0,
    SYN: (bits & 2) !== 0,
    RST: (bits & 4) !== 0,
    PSH: (bits & 8) !== 0,
    ACK: (bits & 16) !== 0,
    URG: (bits & 32) !== 0,
    ECE: (bits & 64) !== 0,
    CWR: (bits & 128) !== 0,
    NS: false,
  };
}
