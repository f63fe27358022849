// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Accounts packets to connections and copies the heads of application messages, at the tc hooks of host-side veths,
 * host interfaces and loopback. In: packets, left untouched. Out: records into the ring, entries in the two
 * connection tables, counters. User space removes entries (nothing is evicted unseen) and reports what they still hold.
 *
 * Long because the verifier sees one program: parse, account and report share their state on one stack.
 *
 * One program per place: veth_in (a pod sends), veth_out (a pod receives), host_out, host_in, loopback_out.
 */
#include "kernel.h"
#include "record.h"
#include "ring.h"

#define L7_MAXIMUM_TRIES 8

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct px_key4);
	__type(value, struct px_connection);
} connections4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct px_key6);
	__type(value, struct px_connection);
} connections6 SEC(".maps");

struct address {
	u8 bytes[16];
};

/* Addresses of this host itself, kept by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct address);
	__type(value, u32);
} host_addresses SEC(".maps");

/* Addresses that were seen sending through a hooked veth. Losing one means a message may be captured twice. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct address);
	__type(value, u32);
} endpoint_addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PX_COUNTS);
	__type(key, u32);
	__type(value, u64);
} counters SEC(".maps");

enum place { VETH_IN, VETH_OUT, HOST_IN, HOST_OUT, LOOPBACK_OUT };

/* One parsed packet. Sides are ordered as in the key; `sender` is the index of the side that sent it. */
struct packet {
	union {
		struct px_key4 key4;
		struct px_key6 key6;
	};
	u32 payload_offset, sequence;
	__be16 source_port, destination_port;
	u8 family, protocol, sender, tcp_flags, icmp_type, icmp_code;
};

static __always_inline void count(u32 index)
{
	u64 *value = bpf_map_lookup_elem(&counters, &index);

	if (value)
		*value += 1;
}

static __always_inline u64 coarse_now(void)
{
	/* 5.11 and later; a few ns instead of a clock read per packet. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_ktime_get_coarse_ns))
		return bpf_ktime_get_coarse_ns();
	return bpf_ktime_get_ns();
}

static __always_inline void map_ipv4(u8 *out, __be32 address)
{
	u32 *words = (u32 *)out;

	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

/* Chooses between values, not addresses: the compiler would OR stack pointers, which the verifier refuses. */
static __always_inline void side_address(const struct packet *packet, u32 index, u8 *out)
{
	if (packet->family == 4) {
		u32 first = packet->key4.address[0], second = packet->key4.address[1];

		BOUND(first);
		BOUND(second);
		map_ipv4(out, index ? second : first);
		return;
	}
#pragma unroll
	for (int i = 0; i < 4; i++) {
		u32 first = ((const u32 *)packet->key6.address[0])[i], second = ((const u32 *)packet->key6.address[1])[i];

		BOUND(first);
		BOUND(second);
		((u32 *)out)[i] = index ? second : first;
	}
}

/* Reads ports, flags and payload offset at `offset`. 0, or the counter to raise. */
static __always_inline int parse_transport(struct __sk_buff *skb, struct packet *packet, u32 offset)
{
	if (packet->protocol == PROTO_TCP) {
		struct tcp_header tcp;

		if (bpf_skb_load_bytes(skb, offset, &tcp, sizeof(tcp)))
			return PX_COUNT_UNPARSABLE;
		packet->source_port = tcp.source;
		packet->destination_port = tcp.destination;
		packet->tcp_flags = tcp.flags;
		packet->sequence = bpf_ntohl(tcp.sequence);
		packet->payload_offset = offset + (tcp.data_offset >> 4) * 4;
	} else if (packet->protocol == PROTO_UDP) {
		__be16 ports[2];

		if (bpf_skb_load_bytes(skb, offset, ports, sizeof(ports)))
			return PX_COUNT_UNPARSABLE;
		packet->source_port = ports[0];
		packet->destination_port = ports[1];
		packet->payload_offset = offset + 8;
	} else if (packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMP6) {
		u8 icmp[8];

		if (bpf_skb_load_bytes(skb, offset, icmp, sizeof(icmp)))
			return PX_COUNT_UNPARSABLE;
		packet->icmp_type = icmp[0];
		packet->icmp_code = icmp[1];
		if (icmp[0] == 0 || icmp[0] == 8 || icmp[0] == 128 || icmp[0] == 129)
			packet->source_port = packet->destination_port = *(__be16 *)(icmp + 4);
		/* Router and neighbour discovery. */
		if (packet->protocol == PROTO_ICMP6 && icmp[0] >= 133 && icmp[0] <= 137 && !settings.include_noise)
			return PX_COUNT_NOISE;
	}
	return 0;
}

static __always_inline int parse_ipv4(struct __sk_buff *skb, struct packet *packet, u32 offset)
{
	struct ipv4_header ip;
	u32 header_bytes, later;
	int failed;

	if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)))
		return PX_COUNT_UNPARSABLE;
	header_bytes = (ip.version_length & 15) * 4;
	if (header_bytes < sizeof(ip) || ip.version_length >> 4 != 4)
		return PX_COUNT_UNPARSABLE;
	/* 224/4 and 240/4: multicast and broadcast. */
	if ((ip.destination & bpf_htonl(0xe0000000)) == bpf_htonl(0xe0000000) && !settings.include_noise)
		return PX_COUNT_NOISE;
	if (ip.fragment & bpf_htons(0x1fff))
		return PX_COUNT_FRAGMENTS;
	packet->family = 4;
	packet->protocol = ip.protocol;
	failed = parse_transport(skb, packet, offset + header_bytes);
	if (failed)
		return failed;
	later = bpf_ntohl(ip.source) > bpf_ntohl(ip.destination) ||
		(ip.source == ip.destination && bpf_ntohs(packet->source_port) > bpf_ntohs(packet->destination_port));
	packet->sender = later;
	packet->key4.address[0] = later ? ip.destination : ip.source;
	packet->key4.address[1] = later ? ip.source : ip.destination;
	packet->key4.port[0] = later ? packet->destination_port : packet->source_port;
	packet->key4.port[1] = later ? packet->source_port : packet->destination_port;
	packet->key4.interface_index = skb->ifindex;
	packet->key4.protocol = ip.protocol;
	return 0;
}

/* Steps over extension headers. Returns the transport protocol's offset, or minus the counter to raise. */
static __always_inline int skip_extensions(struct __sk_buff *skb, u8 *next, u32 offset)
{
#pragma unroll
	for (int i = 0; i < 6; i++) {
		u8 extension[4];

		if (*next != 0 && *next != 43 && *next != 44 && *next != 51 && *next != 60)
			break;
		if (bpf_skb_load_bytes(skb, offset, extension, sizeof(extension)))
			return -PX_COUNT_UNPARSABLE;
		if (*next == 44) {
			if (*(__be16 *)(extension + 2) & bpf_htons(0xfff8))
				return -PX_COUNT_FRAGMENTS;
			offset += 8;
		} else if (*next == 51) {
			offset += (extension[1] + 2) * 4;
		} else {
			offset += (extension[1] + 1) * 8;
		}
		*next = extension[0];
	}
	return offset;
}

static __always_inline int parse_ipv6(struct __sk_buff *skb, struct packet *packet, u32 offset)
{
	struct ipv6_header ip;
	int transport, failed;
	u32 later = 0;
	u8 next;

	if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)))
		return PX_COUNT_UNPARSABLE;
	if (ip.destination[0] == 0xff && !settings.include_noise)
		return PX_COUNT_NOISE;
	next = ip.next_header;
	transport = skip_extensions(skb, &next, offset + sizeof(ip));
	if (transport < 0)
		return -transport;
	packet->family = 6;
	packet->protocol = next;
	failed = parse_transport(skb, packet, transport);
	if (failed)
		return failed;
	later = bpf_ntohs(packet->source_port) > bpf_ntohs(packet->destination_port);
#pragma unroll
	for (int i = 3; i >= 0; i--) {
		u32 source = bpf_ntohl(*(__be32 *)(ip.source + 4 * i));
		u32 destination = bpf_ntohl(*(__be32 *)(ip.destination + 4 * i));

		if (source != destination)
			later = source > destination;
	}
	packet->sender = later;
	if (later) {
		__builtin_memcpy(packet->key6.address[0], ip.destination, 16);
		__builtin_memcpy(packet->key6.address[1], ip.source, 16);
		packet->key6.port[0] = packet->destination_port;
		packet->key6.port[1] = packet->source_port;
	} else {
		__builtin_memcpy(packet->key6.address[0], ip.source, 16);
		__builtin_memcpy(packet->key6.address[1], ip.destination, 16);
		packet->key6.port[0] = packet->source_port;
		packet->key6.port[1] = packet->destination_port;
	}
	packet->key6.interface_index = skb->ifindex;
	packet->key6.protocol = next;
	return 0;
}

static __always_inline int parse(struct __sk_buff *skb, struct packet *packet)
{
	__be16 protocol = skb->protocol;
	u32 offset = ETH_HEADER;

	/* A tag the device left in the frame; the usual one is already in skb->vlan_tci. */
#pragma unroll
	for (int i = 0; i < 2; i++) {
		__be16 tag[2];

		if (protocol != ETH_VLAN && protocol != ETH_QINQ)
			break;
		if (bpf_skb_load_bytes(skb, offset, tag, sizeof(tag)))
			return PX_COUNT_UNPARSABLE;
		protocol = tag[1];
		offset += 4;
	}
	if (protocol == ETH_IPV4)
		return parse_ipv4(skb, packet, offset);
	if (protocol == ETH_IPV6)
		return parse_ipv6(skb, packet, offset);
	return PX_COUNT_NOT_IP;
}

static __always_inline void report(const struct packet *packet, const struct px_connection *connection, u8 reason)
{
	struct px_connection_record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

	if (!record) {
		count(PX_COUNT_CONNECTION_LOST);
		return;
	}
	count(PX_COUNT_CONNECTION_RECORDS);
	record->header.time_ns = bpf_ktime_get_boot_ns();
	record->header.length = sizeof(*record);
	record->header.type = PX_TYPE_CONNECTION;
	record->header.reason = reason;
	record->header.cpu = bpf_get_smp_processor_id();
	side_address(packet, 0, record->address[0]);
	side_address(packet, 1, record->address[1]);
	if (packet->family == 4) {
		record->port[0] = bpf_ntohs(packet->key4.port[0]);
		record->port[1] = bpf_ntohs(packet->key4.port[1]);
		record->interface_index = packet->key4.interface_index;
	} else {
		record->port[0] = bpf_ntohs(packet->key6.port[0]);
		record->port[1] = bpf_ntohs(packet->key6.port[1]);
		record->interface_index = packet->key6.interface_index;
	}
	record->opened_ns = connection->opened_ns;
	record->side[0] = connection->side[0];
	record->side[1] = connection->side[1];
	record->protocol = packet->protocol;
	record->family = packet->family;
	record->initiator = connection->initiator;
	record->local = connection->local;
	record->marks = connection->marks;
	record->sender = packet->sender;
	record->packet_flags = packet->tcp_flags;
	record->icmp_type = connection->icmp_type;
	record->icmp_code = connection->icmp_code;
	__builtin_memset(record->reserved, 0, sizeof(record->reserved));
	bpf_ringbuf_submit(record, wake_flags());
}

/* The sender's socket rides on the frame until a namespace's IP layer takes it up. */
static __always_inline void learn_socket(struct __sk_buff *skb, struct px_side *side)
{
	side->socket_cookie = bpf_get_socket_cookie(skb);
	if (side->socket_cookie)
		side->cgroup_id = bpf_skb_cgroup_id(skb);
}

static __always_inline u32 segments(struct __sk_buff *skb, const struct packet *packet)
{
	if (skb->gso_segs)
		return skb->gso_segs;
	/* Frames from a virtual machine may carry a segment size without a count. */
	if (skb->gso_size && skb->len > packet->payload_offset && packet->payload_offset)
		return (skb->len - packet->payload_offset + skb->gso_size - 1) / skb->gso_size;
	return 1;
}

/* Who opened, when this packet is the first one seen: its sender, unless the packet shows that it is an answer. */
static __always_inline void guess_initiator(const struct packet *packet, struct px_connection *connection)
{
	u16 source = bpf_ntohs(packet->source_port), destination = bpf_ntohs(packet->destination_port);
	u32 answer = source < 1024 && destination >= 1024;

	connection->initiator = packet->sender;
	if (packet->protocol == PROTO_TCP) {
		if (packet->tcp_flags & TCP_SYN) {
			answer = packet->tcp_flags & TCP_ACK;
		} else {
			connection->marks |= PX_MARK_MIDWAY;
			answer = source < destination;
		}
	} else if (packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMP6) {
		answer = (packet->protocol == PROTO_ICMP && packet->icmp_type == 0) || packet->icmp_type == 129;
	}
	if (answer) {
		connection->initiator = !packet->sender;
		connection->marks |= PX_MARK_MIDWAY;
	}
}

static __always_inline void start(struct __sk_buff *skb, const struct packet *packet, struct px_connection *connection,
				  enum place place, u64 now)
{
	u32 sent_here = place == VETH_IN || place == HOST_OUT;

	connection->opened_ns = bpf_ktime_get_boot_ns();
	connection->reported_coarse_ns = now;
	connection->local = place == LOOPBACK_OUT ? PX_LOCAL_BOTH : sent_here ? packet->sender : !packet->sender;
	connection->icmp_type = packet->icmp_type;
	connection->icmp_code = packet->icmp_code;
	guess_initiator(packet, connection);
}

/* True on a host interface for what only passes through: its own end's interface tells of it. */
static __always_inline u32 passes_through(struct __sk_buff *skb, const struct packet *packet, enum place place)
{
	struct address address;

	if (place == HOST_OUT) {
		if (!skb->sk)
			return 1;
		side_address(packet, packet->sender, address.bytes);
		return bpf_map_lookup_elem(&endpoint_addresses, &address) != 0;
	}
	if (place == HOST_IN) {
		side_address(packet, !packet->sender, address.bytes);
		return bpf_map_lookup_elem(&host_addresses, &address) == 0;
	}
	return 0;
}

static __always_inline struct px_connection *find(const struct packet *packet)
{
	if (packet->family == 4)
		return bpf_map_lookup_elem(&connections4, &packet->key4);
	return bpf_map_lookup_elem(&connections6, &packet->key6);
}

static __always_inline struct px_connection *create(struct __sk_buff *skb, const struct packet *packet,
						    enum place place, u64 now)
{
	struct px_connection fresh = {}, *connection;

	if (place == HOST_IN && passes_through(skb, packet, place)) {
		count(PX_COUNT_FORWARDED);
		return 0;
	}
	start(skb, packet, &fresh, place, now);
	if (place == HOST_OUT && passes_through(skb, packet, place))
		fresh.marks |= PX_MARK_MUTED;
	if (packet->family == 4)
		bpf_map_update_elem(&connections4, &packet->key4, &fresh, BPF_NOEXIST);
	else
		bpf_map_update_elem(&connections6, &packet->key6, &fresh, BPF_NOEXIST);
	connection = find(packet);
	if (!connection)
		count(PX_COUNT_TABLE_FULL);
	return connection;
}

/* Before its first message passes, so that the receiver's interface leaves that to this one. */
static __always_inline void learn_endpoint(struct __sk_buff *skb, const struct packet *packet)
{
	struct address address;
	u32 index = skb->ifindex;

	side_address(packet, packet->sender, address.bytes);
	bpf_map_update_elem(&endpoint_addresses, &address, &index, BPF_ANY);
}

/* Adds the packet to its connection. Returns the reasons to report, PX_REASON_* bits. */
static __always_inline u8 account(struct __sk_buff *skb, const struct packet *packet, struct px_connection *connection,
				  enum place place, u64 now)
{
	struct px_side *side = packet->sender ? &connection->side[1] : &connection->side[0];
	struct px_side *other = packet->sender ? &connection->side[0] : &connection->side[1];
	u8 reason = 0, fresh_flags;

	if (place == VETH_IN && !side->packets)
		learn_endpoint(skb, packet);
	if (!side->socket_cookie && side->packets < 4)
		learn_socket(skb, side);
	__sync_fetch_and_add(&side->bytes, skb->len);
	__sync_fetch_and_add(&side->packets, segments(skb, packet));
	connection->last_coarse_ns = now;

	/* Coming in by a host interface, wait for the host to answer before calling it the host's own. */
	if (!(connection->marks & PX_MARK_OPENED) && !(place == HOST_IN && !other->packets)) {
		connection->marks |= PX_MARK_OPENED;
		reason |= PX_REASON_OPENED;
	}
	fresh_flags = packet->tcp_flags & ~side->tcp_flags;
	if (fresh_flags) {
		side->tcp_flags |= fresh_flags;
		if (!(connection->marks & PX_MARK_CLOSED)) {
			if (fresh_flags & (TCP_FIN | TCP_SYN | TCP_RST) && !(reason & PX_REASON_OPENED))
				reason |= PX_REASON_FLAGS;
			if (fresh_flags & TCP_RST || (fresh_flags & TCP_FIN && other->tcp_flags & TCP_FIN)) {
				connection->marks |= PX_MARK_CLOSED;
				reason |= PX_REASON_CLOSED;
			}
		}
	}
	if (now - connection->reported_coarse_ns > settings.tick_ns && connection->marks & PX_MARK_OPENED)
		reason |= PX_REASON_TICK;
	if (reason)
		connection->reported_coarse_ns = now;
	return reason;
}

#include "l7.h"

static __always_inline void observe(struct __sk_buff *skb, enum place place)
{
	struct packet packet = {};
	struct px_connection *connection;
	u64 now;
	u8 reason;
	int failed;

	count(PX_COUNT_PACKETS);
	failed = parse(skb, &packet);
	if (failed) {
		count(failed);
		return;
	}
	now = coarse_now();
	connection = find(&packet);
	if (!connection) {
		connection = create(skb, &packet, place, now);
		if (!connection)
			return;
	} else if (connection->marks & PX_MARK_CLOSED && (packet.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		/* The ports are used again before user space has swept: tell the old one's last figures. */
		struct px_connection fresh = {};

		report(&packet, connection, PX_REASON_CLOSED);
		start(skb, &packet, &fresh, place, now);
		*connection = fresh;
	} else if (place == HOST_OUT && !(connection->marks & PX_MARK_OPENED) && passes_through(skb, &packet, place)) {
		connection->marks |= PX_MARK_MUTED;
	}
	if (connection->marks & PX_MARK_MUTED) {
		connection->last_coarse_ns = now;
		count(PX_COUNT_FORWARDED);
		return;
	}
	reason = account(skb, &packet, connection, place, now);
	if (reason)
		report(&packet, connection, reason);
	if (settings.l7_enabled)
		capture_l7(skb, &packet, connection, place);
}

/* -1 is TC_ACT_UNSPEC and TCX_NEXT: the next program or the stack goes on as if we were not here. */
#define PROGRAM(name, place)                                                                                           \
	SEC("tc") int name(struct __sk_buff *skb)                                                                      \
	{                                                                                                              \
		observe(skb, place);                                                                                   \
		return -1;                                                                                             \
	}

PROGRAM(veth_in, VETH_IN)
PROGRAM(veth_out, VETH_OUT)
PROGRAM(host_in, HOST_IN)
PROGRAM(host_out, HOST_OUT)
PROGRAM(loopback_out, LOOPBACK_OUT)

char _license[] SEC("license") = "Dual BSD/GPL";
