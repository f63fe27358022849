/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The seam between kernel and user space: every record of the ring, every map key and value user space reads.
 * Fixed-size little-endian structs without padding. Included by the BPF programs and by golden/print.c;
 * mirrored by exporter/kernel/layout.ts, which golden/records.json keeps honest.
 *
 * Addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d. Ports are in host order except inside map keys.
 */
#pragma once
#include <linux/types.h>

#define PX_TYPE_CONNECTION 1
#define PX_TYPE_L7 2
#define PX_TYPE_DROP 3
#define PX_TYPE_SOCKET 4

/* header.reason of a connection record, bits */
#define PX_REASON_OPENED 1
#define PX_REASON_FLAGS 2
#define PX_REASON_TICK 4
#define PX_REASON_CLOSED 8

/* Marks of a connection */
#define PX_MARK_MIDWAY 1  /* opening packet not seen */
#define PX_MARK_CLOSED 2  /* RST, or FIN from both sides */
#define PX_MARK_MUTED 4   /* passes through the host: its own end's interface reports it */
#define PX_MARK_OPENED 8  /* the opening record was due */
#define PX_MARK_L7_DONE 16
#define PX_MARK_OVERLAY 32   /* a tunnel's outer packets: what they carry is seen inside */
#define PX_MARK_ELSEWHERE 64 /* what arrives here is captured at its sender's interface */
#define PX_MARK_PIPELINED 128 /* requests do not wait for answers */

/* Which side of a connection is local to the interface */
#define PX_LOCAL_FIRST 0
#define PX_LOCAL_SECOND 1
#define PX_LOCAL_BOTH 2

#define PX_L7_HTTP1 1
#define PX_L7_HTTP2 2
#define PX_L7_DNS 3
#define PX_L7_TLS 4
#define PX_L7_REDIS 5
#define PX_L7_POSTGRESQL 6

#define PX_L7_BYTES 512
#define PX_L7_LONG_BYTES 2048

/* Bits of px_l7_record.flags */
#define PX_L7_NOTHING_MISSED 1 /* HTTP/2: no header block since this direction's last record is missing */
#define PX_L7_WHOLE_STREAM 2   /* all that passes in this direction is copied */

/* Indexes of the counters array: per-CPU, in packets or records since load */
#define PX_COUNT_PACKETS 0
#define PX_COUNT_NOT_IP 1
#define PX_COUNT_NOISE 2      /* multicast, broadcast, neighbour discovery */
#define PX_COUNT_UNPARSABLE 3 /* headers cut short or wrong */
#define PX_COUNT_FRAGMENTS 4  /* later fragments whose first one was not seen: no ports, not accounted */
#define PX_COUNT_FORWARDED 5  /* on a host interface, of a connection that is not the host's own */
#define PX_COUNT_TABLE_FULL 6 /* packets of connections that found no room */
#define PX_COUNT_CONNECTION_LOST 7 /* ring full */
#define PX_COUNT_L7_LOST 8       /* ring full */
#define PX_COUNT_L7_OTHER_HOOK 9 /* captured by the sender's interface instead */
#define PX_COUNT_L7_UNKNOWN 10   /* connections given up as of no known protocol */
#define PX_COUNT_OWN 11          /* of this exporter's own ports */
#define PX_COUNT_OVERLAY 12      /* outer packets of tunnels */
#define PX_COUNT_L7_CUT 13       /* segments that held more than was copied of them */
#define PX_COUNT_SOCKET_LOST 14  /* ring full, for datagram sockets */
#define PX_COUNTS 15

/* Indexes of the drop object's counters */
#define PX_DROP_RECORDS 0
#define PX_DROP_LOST 1       /* ring full */
#define PX_DROP_SUPPRESSED 2 /* told by the next record of the same kind, or over the rate bound */
#define PX_DROP_IGNORED 3    /* reasons that are no loss to anybody */
#define PX_DROP_UNPARSABLE 4 /* not IP, or headers out of reach */
#define PX_DROP_NOISE 5
#define PX_DROP_COUNTS 6

/* Indexes of the socket object's counters */
#define PX_SOCKET_RECORDS 0
#define PX_SOCKET_LOST 1
#define PX_SOCKET_COUNTS 2

#define PX_PATH_BYTES 128

#define PX_SOCKET_LISTENING 1
#define PX_SOCKET_CONNECTED 2
#define PX_SOCKET_ACCEPTED 3
#define PX_SOCKET_CLOSED 4
#define PX_SOCKET_CONNECT_FAILED 5
#define PX_SOCKET_CONNECTING 6
#define PX_SOCKET_SENDING 7 /* a datagram socket, when it is first seen sending */

/* Read-only data of every object, written by user space before load. */
struct px_settings {
	__u64 tick_jiffies;       /* a busy connection reports at least this often */
	__u64 repeat_ns;          /* the same drop reports at most this often */
	__u64 ignored_reasons[4]; /* bit n: drop reason n is no loss; numbers differ between kernels */
	__u32 ring_bytes;
	__u32 l7_enabled, l7_bytes;
	__u32 include_noise;
	__u32 drops_per_second;
	__u16 own_ports[2]; /* the exporter's own, in network order; 0: none */
};

struct px_header {
	__u64 time_ns; /* CLOCK_BOOTTIME; of a message: when its sender's TCP let it go, if the frame tells (sent.h) */
	__u16 length;  /* of the whole record */
	__u8 type, reason;
	__u32 cpu;
};

struct px_side {
	__u64 bytes;   /* frames as the interface sees them, link header included */
	__u64 packets; /* segments of a GSO frame counted one by one */
	__u64 socket_cookie, cgroup_id; /* of the sender's socket, 0 if unknown */
	__u32 tcp_flags; /* all flags sent */
	__u32 reserved;
};

/*
 * Map keys: sides ordered by address, then port, so that both directions meet in one entry. Whole words of 8 bytes: the
 * kernel compares what is left over byte by byte. Hence interface index and protocol in one word, which leaves 24 bits
 * for the index: a node's 16,777,216th interface shares a key with its first.
 */
struct px_key4 {
	__u32 address[2]; /* network order */
	__u16 port[2];    /* network order; ICMP echo: identifier */
	__u32 place;      /* interface index << 8 | protocol */
};

struct px_key6 {
	__u8 address[2][16];
	__u16 port[2];
	__u32 place;
};

/* A TCP socket that was open before capture began, and which end it is. Addresses and ports as in a packet it sends. */
struct px_open_key {
	__u8 local[16], remote[16];
	__u16 local_port, remote_port; /* network order */
};

#define PX_OPEN_CONNECTED 1
#define PX_OPEN_ACCEPTED 2

struct px_connection {
	__u64 opened_ns;          /* CLOCK_BOOTTIME */
	__u64 last_jiffies;       /* timer ticks: read for nothing, where a clock costs 8 ns a packet */
	__u64 reported_jiffies;
	__u8 initiator; /* index of the side that opened */
	__u8 local;     /* PX_LOCAL_* */
	__u8 marks, l7_protocol, l7_tries;
	__u8 icmp_type, icmp_code;
	__u8 l7_follow; /* bit n: message_at[n] is known; bit 4 + n: a message of side n goes on in the next segment */
	__u32 message_at[2]; /* sequence number at which each side's next message (HTTP/2: frame) begins */
	union {
		__u8 cut_head[2][4]; /* HTTP/2: bytes of a frame head in the last segment, when too few to tell a length, and the bytes */
		__u32 clients_seen;  /* protocols whose clients may pipeline: the clients that had been found when one was looked up */
	};
	struct px_side side[2];
};

struct px_connection_record {
	struct px_header header;
	__u8 address[2][16];
	__u16 port[2];
	__u32 interface_index;
	__u64 opened_ns;
	struct px_side side[2];
	__u8 protocol, family; /* family: 4 or 6 */
	__u8 initiator, local, marks;
	__u8 sender; /* index of the side whose packet caused the record */
	__u8 packet_flags;
	__u8 icmp_type, icmp_code;
	__u8 reserved[7];
};

struct px_l7_record {
	struct px_header header;
	__u8 source[16], destination[16];
	__u16 source_port, destination_port;
	__u32 interface_index;
	__u64 socket_cookie, cgroup_id; /* of the sender */
	__u32 sequence, payload_length;
	__u16 captured; /* bytes of data that follow */
	__u8 protocol, family;
	__u8 hint;      /* PX_L7_* */
	__u8 from_initiator;
	__u8 to_hook;   /* 1: seen at the receiver's interface, 0: at the sender's */
	__u8 flags;     /* PX_L7_* bits */
};

struct px_drop_record {
	struct px_header header;
	__u8 source[16], destination[16];
	__u16 source_port, destination_port;
	__u32 interface_index;
	__u64 location;
	__u32 reason, network_namespace;
	__u32 bytes, suppressed;
	__u8 protocol, family, tcp_flags, received; /* received: 1 came in by an interface, 0 sent from here */
	__u8 reserved[4];
	char interface_name[16];
	char symbol[32]; /* the kernel function at `location` */
};

struct px_socket_record {
	struct px_header header; /* reason: PX_SOCKET_* */
	__u8 local[16], remote[16];
	__u16 local_port, remote_port;
	__u32 network_namespace;
	__u64 socket_cookie, cgroup_id;
	__u32 pid, smoothed_rtt_us, minimum_rtt_us, retransmits;
	__u32 connect_us, error; /* error: errno of a failed connect */
	__u8 family;
	__u8 is_whole_path; /* `executable` reaches up to the root */
	__u8 reserved[6];
	char command[16];
	char executable[PX_PATH_BYTES]; /* names from the file up to the root, each ends with a zero; empty: see /proc */
};
