/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Connections: the two tables, what a packet adds to its entry, when an entry is told. User space removes entries
 * (nothing is evicted unseen) and reports what they still hold.
 */
#pragma once
#include "place.h"

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

/* UDP ports (network order) of this host's tunnel devices, kept by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u32);
} tunnel_ports SEC(".maps");

/* TCP sockets that were open before capture began: which end opened. Filled once, by socket.bpf.c. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct px_open_key);
	__type(value, u32);
} open_before SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PX_COUNTS);
	__type(key, u32);
	__type(value, u64);
} counters SEC(".maps");

static __always_inline void count(u32 index)
{
	u64 *value = bpf_map_lookup_elem(&counters, &index);

	if (value)
		*value += 1;
}

/* Chooses by arithmetic, not by branches: the verifier would walk all that follows once for each way. */
static __always_inline u32 choose(u32 first, u32 second, u32 index)
{
	u32 mask = -(index & 1);

	BOUND(mask);
	return first ^ ((first ^ second) & mask);
}

static __always_inline void side_address(const struct packet *packet, u32 index, u8 *out)
{
	u32 *words = (u32 *)out;
	const u32 *first = (const u32 *)packet->key6.address[0], *second = (const u32 *)packet->key6.address[1];

	if (packet->family == 4) {
		map_ipv4(out, choose(packet->key4.address[0], packet->key4.address[1], index));
		return;
	}
#pragma unroll
	for (int i = 0; i < 4; i++)
		words[i] = choose(first[i], second[i], index);
}

CHECKED_ONCE int report(const struct packet *packet, const struct px_connection *connection, u32 reason)
{
	struct px_connection_record *record;

	if (!packet || !connection)
		return 0;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		count(PX_COUNT_CONNECTION_LOST);
		return 0;
	}
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
		record->interface_index = packet->key4.place >> 8;
	} else {
		record->port[0] = bpf_ntohs(packet->key6.port[0]);
		record->port[1] = bpf_ntohs(packet->key6.port[1]);
		record->interface_index = packet->key6.place >> 8;
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
	return 0;
}

/* Tells who owns a datagram socket, ahead of the first flow that it sends. */
CHECKED_ONCE int tell_owner(const struct packet *packet, const struct px_side *side)
{
	struct px_socket_record *record;
	struct datagram_owner *known;
	struct owner *owner;
	u64 cookie;

	if (!packet || !side)
		return 0;
	cookie = side->socket_cookie;
	known = bpf_map_lookup_elem(&datagram_owners, &cookie);
	if (!known || known->owner.is_settled)
		return 0;
	owner = &known->owner;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		count(PX_COUNT_SOCKET_LOST);
		return 0;
	}
	owner->is_settled = 1;
	__builtin_memset(record, 0, sizeof(*record));
	record->header.time_ns = bpf_ktime_get_boot_ns();
	record->header.length = sizeof(*record);
	record->header.type = PX_TYPE_SOCKET;
	record->header.reason = PX_SOCKET_SENDING;
	record->header.cpu = bpf_get_smp_processor_id();
	side_address(packet, packet->sender, record->local);
	side_address(packet, !packet->sender, record->remote);
	record->local_port = bpf_ntohs(packet->source_port);
	record->remote_port = bpf_ntohs(packet->destination_port);
	record->network_namespace = owner->network_namespace;
	record->socket_cookie = cookie;
	record->cgroup_id = side->cgroup_id;
	record->pid = owner->pid;
	__builtin_memcpy(record->command, owner->command, 16);
	record->family = packet->family;
	record->is_whole_path = known->is_whole_path;
	__builtin_memcpy(record->executable, known->executable, PX_PATH_BYTES);
	bpf_ringbuf_submit(record, wake_flags());
	return 0;
}

/* The sender's socket rides on the frame until a namespace's IP layer takes it up. */
static __always_inline void learn_socket(struct __sk_buff *skb, const struct packet *packet, struct px_side *side)
{
	side->socket_cookie = bpf_get_socket_cookie(skb);
	if (!side->socket_cookie)
		return;
	side->cgroup_id = bpf_skb_cgroup_id(skb);
	if (packet->protocol == PROTO_UDP)
		tell_owner(packet, side);
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

/* Whether the sender answers, by the socket of either end if that is here; else `guess`. */
CHECKED_ONCE int answers_by_its_socket(const struct packet *packet, u32 guess)
{
	struct px_open_key key = {};
	u32 *role;

	if (!packet)
		return guess;
	side_address(packet, packet->sender, key.local);
	side_address(packet, !packet->sender, key.remote);
	key.local_port = packet->source_port;
	key.remote_port = packet->destination_port;
	role = bpf_map_lookup_elem(&open_before, &key);
	if (role)
		return *role == PX_OPEN_ACCEPTED;
	side_address(packet, !packet->sender, key.local);
	side_address(packet, packet->sender, key.remote);
	key.local_port = packet->destination_port;
	key.remote_port = packet->source_port;
	role = bpf_map_lookup_elem(&open_before, &key);
	return role ? *role == PX_OPEN_CONNECTED : guess;
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
			answer = answers_by_its_socket(packet, source < destination);
		}
	} else if (packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMP6) {
		answer = (packet->protocol == PROTO_ICMP && packet->icmp_type == 0) || packet->icmp_type == 129;
	}
	if (answer) {
		connection->initiator = !packet->sender;
		connection->marks |= PX_MARK_MIDWAY;
	}
}

static __always_inline void start(const struct packet *packet, struct px_connection *connection, u32 place)
{
	u32 sent_here = place == VETH_IN || place == HOST_OUT;

	connection->opened_ns = bpf_ktime_get_boot_ns();
	connection->reported_jiffies = bpf_jiffies64();
	connection->local = place == LOOPBACK_OUT ? PX_LOCAL_BOTH : sent_here ? packet->sender : !packet->sender;
	connection->icmp_type = packet->icmp_type;
	connection->icmp_code = packet->icmp_code;
	guess_initiator(packet, connection);
}

/* True on a host interface for what only passes through: its own end's interface tells of it. */
static __always_inline u32 passes_through(struct __sk_buff *skb, const struct packet *packet, u32 place)
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

/* Outer packets of a tunnel that ends here. Their connection is this host's, but what they carry is told already. */
static __always_inline u32 is_overlay(const struct packet *packet, u32 place)
{
	u32 port = packet->destination_port;

	return (place == HOST_IN || place == HOST_OUT) && packet->protocol == PROTO_UDP &&
	       bpf_map_lookup_elem(&tunnel_ports, &port);
}

static __always_inline struct px_connection *find(const struct packet *packet)
{
	struct px_connection *connection;

	if (packet->family == 4) {
		connection = bpf_map_lookup_elem(&connections4, &packet->key4);
		/* Else the compiler makes one call of the two: of a map not known at load, which the kernel calls by way of a pointer. */
		BOUND(connection);
		return connection;
	}
	return bpf_map_lookup_elem(&connections6, &packet->key6);
}

/* Puts a connection into its table, in place of one that ended and whose ports are used again. 1 if it is there. */
CHECKED_ONCE int create(struct __sk_buff *skb, const struct packet *packet, u32 place, u32 replaces)
{
	struct px_connection fresh = {};
	u64 flags = replaces ? BPF_ANY : BPF_NOEXIST;
	long failed;

	if (!packet)
		return 0;
	if (place == HOST_IN && passes_through(skb, packet, place)) {
		count(PX_COUNT_FORWARDED);
		return 0;
	}
	start(packet, &fresh, place);
	if (is_overlay(packet, place))
		fresh.marks |= PX_MARK_MUTED | PX_MARK_OVERLAY;
	else if (place == HOST_OUT && passes_through(skb, packet, place))
		fresh.marks |= PX_MARK_MUTED;
	/* Linux 6.1 takes no key from where an argument points, but from the stack. */
	if (packet->family == 4) {
		struct px_key4 key = packet->key4;

		failed = bpf_map_update_elem(&connections4, &key, &fresh, flags);
	} else {
		struct px_key6 key = packet->key6;

		failed = bpf_map_update_elem(&connections6, &key, &fresh, flags);
	}
	/* Another CPU was first. */
	if (failed == -EEXIST)
		return 1;
	if (failed)
		count(PX_COUNT_TABLE_FULL);
	return !failed;
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
				  u64 now)
{
	struct px_side *side = packet->sender ? &connection->side[1] : &connection->side[0];
	struct px_side *other = packet->sender ? &connection->side[0] : &connection->side[1];
	u8 reason = 0, fresh_flags;

	if (place_of(skb) == VETH_IN && !side->packets)
		learn_endpoint(skb, packet);
	if (!side->socket_cookie && side->packets < 4)
		learn_socket(skb, packet, side);
	__sync_fetch_and_add(&side->bytes, skb->len);
	__sync_fetch_and_add(&side->packets, segments(skb, packet));
	/* Both directions' CPUs read what lies beside it: written when it changes, not by every packet. */
	if (connection->last_jiffies != now)
		connection->last_jiffies = now;

	/* Coming in by a host interface, wait for the host to answer before calling it the host's own. */
	if (!(connection->marks & PX_MARK_OPENED) && !(place_of(skb) == HOST_IN && !other->packets)) {
		connection->marks |= PX_MARK_OPENED;
		reason |= PX_REASON_OPENED;
	}
	fresh_flags = packet->tcp_flags & ~side->tcp_flags;
	if (fresh_flags) {
		side->tcp_flags |= fresh_flags;
		if (!(connection->marks & PX_MARK_CLOSED)) {
			if (fresh_flags & (TCP_FIN | TCP_SYN | TCP_RST) && connection->marks & PX_MARK_OPENED &&
			    !(reason & PX_REASON_OPENED))
				reason |= PX_REASON_FLAGS;
			if (fresh_flags & TCP_RST || (fresh_flags & TCP_FIN && other->tcp_flags & TCP_FIN)) {
				connection->marks |= PX_MARK_CLOSED;
				reason |= PX_REASON_CLOSED;
			}
		}
	}
	if (now - connection->reported_jiffies > settings.tick_jiffies && connection->marks & PX_MARK_OPENED)
		reason |= PX_REASON_TICK;
	if (reason)
		connection->reported_jiffies = now;
	return reason;
}
