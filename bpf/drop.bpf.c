// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reports packets the kernel frees without delivering them, with the kernel's own reason (5.17 and later).
 * The same loss (reason, addresses, ports, namespace) is reported once a second with how often it happened between;
 * all together are held to a rate, so that a flood of drops cannot fill the ring. What is held back is counted.
 */
#include "kernel.h"
#include "record.h"
#include "ring.h"

struct drop_key {
	u8 source[16], destination[16];
	u16 source_port, destination_port;
	u32 reason, network_namespace;
	u32 protocol;
};

struct drop_state {
	u64 reported_ns;
	u32 suppressed, reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct drop_key);
	__type(value, struct drop_state);
} recent_drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PX_DROP_COUNTS);
	__type(key, u32);
	__type(value, u64);
} drop_counters SEC(".maps");

/* The second in progress and the records it has had. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct drop_state);
} budget SEC(".maps");

static const char symbol_format[] = "%ps";

struct dropped {
	struct drop_key key;
	u8 family, tcp_flags, received;
	u32 bytes, interface_index;
	char interface_name[16];
};

static __always_inline void count(u32 index)
{
	u64 *value = bpf_map_lookup_elem(&drop_counters, &index);

	if (value)
		*value += 1;
}

static __always_inline void map_ipv4(u8 *out, __be32 address)
{
	u32 *words = (u32 *)out;

	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

/* 0, or the counter to raise. The version nibble decides: skb->protocol is not set yet on the way out. */
static __always_inline int parse(struct sk_buff *skb, struct dropped *drop)
{
	void *at = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	__be16 ports[2] = {};
	u8 version;

	if (bpf_probe_read_kernel(&version, 1, at))
		return PX_DROP_UNPARSABLE;
	if (version >> 4 == 4) {
		struct ipv4_header ip;

		if (bpf_probe_read_kernel(&ip, sizeof(ip), at) || (ip.version_length & 15) < 5)
			return PX_DROP_UNPARSABLE;
		if ((ip.destination & bpf_htonl(0xe0000000)) == bpf_htonl(0xe0000000) && !settings.include_noise)
			return PX_DROP_NOISE;
		map_ipv4(drop->key.source, ip.source);
		map_ipv4(drop->key.destination, ip.destination);
		drop->key.protocol = ip.protocol;
		drop->family = 4;
		at += (ip.version_length & 15) * 4;
		if (ip.fragment & bpf_htons(0x1fff))
			return 0;
	} else if (version >> 4 == 6) {
		struct ipv6_header ip;

		if (bpf_probe_read_kernel(&ip, sizeof(ip), at))
			return PX_DROP_UNPARSABLE;
		if (ip.destination[0] == 0xff && !settings.include_noise)
			return PX_DROP_NOISE;
		__builtin_memcpy(drop->key.source, ip.source, 16);
		__builtin_memcpy(drop->key.destination, ip.destination, 16);
		drop->key.protocol = ip.next_header;
		drop->family = 6;
		at += sizeof(ip);
	} else {
		return PX_DROP_UNPARSABLE;
	}
	if (drop->key.protocol == PROTO_TCP || drop->key.protocol == PROTO_UDP || drop->key.protocol == PROTO_SCTP) {
		bpf_probe_read_kernel(ports, sizeof(ports), at);
		drop->key.source_port = bpf_ntohs(ports[0]);
		drop->key.destination_port = bpf_ntohs(ports[1]);
	}
	if (drop->key.protocol == PROTO_TCP)
		bpf_probe_read_kernel(&drop->tcp_flags, 1, at + 13);
	return 0;
}

static __always_inline void describe(struct sk_buff *skb, struct dropped *drop)
{
	struct net_device *device = BPF_CORE_READ(skb, dev);
	int index = BPF_CORE_READ(device, ifindex);

	drop->bytes = BPF_CORE_READ(skb, len);
	drop->received = BPF_CORE_READ(skb, skb_iif) != 0;
	/* In a socket's queue the field holds something else: an index out of range tells. */
	if (device && index > 0 && index < 1 << 24) {
		drop->interface_index = index;
		drop->key.network_namespace = BPF_CORE_READ(device, nd_net.net, ns.inum);
		BPF_CORE_READ_STR_INTO(&drop->interface_name, device, name);
	} else {
		struct sock *sk = BPF_CORE_READ(skb, sk);

		if (sk)
			drop->key.network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	}
}

/* Whether to report now; `suppressed` is how many like it were not. */
static __always_inline u32 admit(const struct drop_key *key, u64 now, u32 *suppressed)
{
	struct drop_state fresh = { .reported_ns = now }, *state = bpf_map_lookup_elem(&recent_drops, key), *spent;
	u32 zero = 0;

	if (state && now - state->reported_ns < settings.repeat_ns) {
		__sync_fetch_and_add(&state->suppressed, 1);
		return 0;
	}
	spent = bpf_map_lookup_elem(&budget, &zero);
	if (!spent)
		return 0;
	if (now - spent->reported_ns > 1000000000ULL) {
		spent->reported_ns = now;
		spent->suppressed = 0;
	}
	if (spent->suppressed >= settings.drops_per_second)
		return 0;
	__sync_fetch_and_add(&spent->suppressed, 1);
	if (state) {
		*suppressed = state->suppressed;
		state->reported_ns = now;
		state->suppressed = 0;
	} else {
		bpf_map_update_elem(&recent_drops, key, &fresh, BPF_ANY);
	}
	return 1;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(on_drop, struct sk_buff *skb, void *location, u32 reason)
{
	struct dropped drop = {};
	struct px_drop_record *record;
	u32 suppressed = 0;
	u64 now;
	int failed;

	if (reason < 256 && settings.ignored_reasons[(reason >> 6) & 3] >> (reason & 63) & 1) {
		count(PX_DROP_IGNORED);
		return 0;
	}
	drop.key.reason = reason;
	failed = parse(skb, &drop);
	if (failed) {
		count(failed);
		return 0;
	}
	describe(skb, &drop);
	now = bpf_ktime_get_boot_ns();
	if (!admit(&drop.key, now, &suppressed)) {
		count(PX_DROP_SUPPRESSED);
		return 0;
	}
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		count(PX_DROP_LOST);
		return 0;
	}
	count(PX_DROP_RECORDS);
	__builtin_memset(record, 0, sizeof(*record));
	record->header.time_ns = now;
	record->header.length = sizeof(*record);
	record->header.type = PX_TYPE_DROP;
	record->header.cpu = bpf_get_smp_processor_id();
	__builtin_memcpy(record->source, drop.key.source, 16);
	__builtin_memcpy(record->destination, drop.key.destination, 16);
	record->source_port = drop.key.source_port;
	record->destination_port = drop.key.destination_port;
	record->interface_index = drop.interface_index;
	record->location = (u64)location;
	record->reason = reason;
	record->network_namespace = drop.key.network_namespace;
	record->bytes = drop.bytes;
	record->suppressed = suppressed;
	record->protocol = drop.key.protocol;
	record->family = drop.family;
	record->tcp_flags = drop.tcp_flags;
	record->received = drop.received;
	__builtin_memcpy(record->interface_name, drop.interface_name, 16);
	/* The kernel's own table of symbols, so that user space needs no right to read addresses. */
	bpf_snprintf(record->symbol, sizeof(record->symbol), symbol_format, (u64 *)&location, sizeof(location));
	bpf_ringbuf_submit(record, wake_flags());
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
