// Byte offsets of bpf/record.h's structs, field by field, and its numbers. layout.test.ts holds them against what a C
// compiler says (bpf/golden/records.json). All numbers little-endian.

export const settingsLayout = {
  sizeof: 72,
  tickJiffies: 0,
  repeatNs: 8,
  ignoredReasons: 16,
  ringBytes: 48,
  l7Enabled: 52,
  l7Bytes: 56,
  includeNoise: 60,
  dropsPerSecond: 64,
  ownPorts: 68,
} as const;

export const headerLayout = {
  sizeof: 16,
  timeNs: 0,
  length: 8,
  type: 10,
  reason: 11,
  cpu: 12,
} as const;

export const sideLayout = {
  sizeof: 40,
  bytes: 0,
  packets: 8,
  socketCookie: 16,
  cgroupId: 24,
  tcpFlags: 32,
} as const;

export const key4Layout = {
  sizeof: 16,
  address: 0,
  port: 8,
  place: 12,
} as const;

export const key6Layout = {
  sizeof: 40,
  address: 0,
  port: 32,
  place: 36,
} as const;

export const connectionLayout = {
  sizeof: 128,
  openedNs: 0,
  lastJiffies: 8,
  reportedJiffies: 16,
  side: 48,
  initiator: 24,
  local: 25,
  marks: 26,
  icmpType: 29,
  icmpCode: 30,
} as const;

export const connectionRecordLayout = {
  sizeof: 160,
  address: 16,
  port: 48,
  interfaceIndex: 52,
  openedNs: 56,
  side: 64,
  protocol: 144,
  family: 145,
  initiator: 146,
  local: 147,
  marks: 148,
  sender: 149,
  packetFlags: 150,
  icmpType: 151,
  icmpCode: 152,
} as const;

export const l7RecordLayout = {
  sizeof: 88,
  source: 16,
  destination: 32,
  sourcePort: 48,
  destinationPort: 50,
  interfaceIndex: 52,
  socketCookie: 56,
  cgroupId: 64,
  sequence: 72,
  payloadLength: 76,
  captured: 80,
  protocol: 82,
  family: 83,
  hint: 84,
  fromInitiator: 85,
  toHook: 86,
  flags: 87,
} as const;

export const dropRecordLayout = {
  sizeof: 136,
  source: 16,
  destination: 32,
  sourcePort: 48,
  destinationPort: 50,
  interfaceIndex: 52,
  location: 56,
  reason: 64,
  networkNamespace: 68,
  bytes: 72,
  suppressed: 76,
  protocol: 80,
  family: 81,
  tcpFlags: 82,
  received: 83,
  interfaceName: 88,
  symbol: 104,
} as const;

export const socketRecordLayout = {
  sizeof: 248,
  local: 16,
  remote: 32,
  localPort: 48,
  remotePort: 50,
  networkNamespace: 52,
  socketCookie: 56,
  cgroupId: 64,
  pid: 72,
  smoothedRttUs: 76,
  minimumRttUs: 80,
  retransmits: 84,
  connectUs: 88,
  error: 92,
  family: 96,
  isWholePath: 97,
  command: 104,
  executable: 120,
} as const;

export const tlsSocketLayout = {
  sizeof: 56,
  cookie: 0,
  local: 8,
  remote: 24,
  localPort: 40,
  remotePort: 42,
  family: 48,
  join: 49,
} as const;

export const tlsRecordLayout = {
  sizeof: 104,
  connection: 16,
  socket: 24,
  pid: 80,
  offset: 88,
  length: 92,
  captured: 96,
} as const;

export const recordType = { connection: 1, l7: 2, drop: 3, socket: 4, tls: 5 } as const;
export const reasonBit = { opened: 1, flags: 2, tick: 4, closed: 8 } as const;
export const mark = { midway: 1, closed: 2, muted: 4, opened: 8 } as const;
export const l7Flag = { nothingMissed: 1, wholeStream: 2 } as const;
export const localBoth = 2;

/** Names of the counters, in the order of their index in the kernel's array. */
export const flowCounters = [
  'packets',
  'not_ip',
  'noise',
  'unparsable',
  'fragments',
  'forwarded',
  'table_full',
  'connection_lost',
  'l7_lost',
  'l7_other_hook',
  'l7_unknown',
  'own',
  'overlay',
  'l7_cut',
  'socket_lost',
] as const;
export const dropCounters = ['records', 'lost', 'suppressed', 'ignored', 'unparsable', 'noise'] as const;
export const socketCounters = ['records', 'lost'] as const;
export const tlsCounters = ['calls', 'records', 'lost', 'truncated', 'unreadable', 'unmatched'] as const;
