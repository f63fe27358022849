// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Accounts packets to connections and copies the heads of application messages, at the tc hooks of host-side veths,
 * host interfaces and loopback. In: packets, left untouched but for a scratch word. Out: records into the ring, entries
 * in the two connection tables, counters.
 *
 * One program is hooked per place: veth_in (a pod sends), veth_out (a pod receives), host_out, host_in, loopback_out. All
 * go on in observe_packet.
 */
#include "kernel.h"
#include "record.h"
#include "ring.h"
#include "packet.h"
#include "owner.h"
#include "connection.h"
#include "l7.h"

/* TC_ACT_UNSPEC and TCX_NEXT: the next program or the stack goes on as if we were not here. */
#define PASS_ON -1

/* This exporter's own listeners: telling of what it tells would feed on itself. */
static __always_inline u32 is_own(const struct packet *packet, u32 place)
{
	u32 first, second, source = packet->source_port, destination = packet->destination_port;

	if (place == VETH_IN || place == VETH_OUT || packet->protocol != PROTO_TCP)
		return 0;
	first = settings.own_ports[0];
	second = settings.own_ports[1];
	if (place != HOST_IN && source && (source == first || source == second))
		return 1;
	return place != HOST_OUT && destination && (destination == first || destination == second);
}

/* Which way a packet was parsed does not matter from here on. */
static __always_inline void forget_ways(struct __sk_buff *skb, struct packet *packet)
{
	u32 noise = skb->len, sender = packet->sender, family = packet->family, protocol = packet->protocol;

	FORGET(sender, noise);
	FORGET(family, noise);
	FORGET(protocol, noise);
	packet->sender = sender & 1;
	packet->family = family;
	packet->protocol = protocol;
}

static __always_inline void observe(struct __sk_buff *skb)
{
	struct packet packet = {};
	struct px_connection *connection;
	u32 reason, replaces = 0;
	u64 now;

	count(PX_COUNT_PACKETS);
	if (!parse_usual(skb, &packet)) {
		int failed = parse_unusual(skb, &packet);

		if (failed) {
			count(failed);
			return;
		}
	}
	forget_ways(skb, &packet);
	if (is_own(&packet, place_of(skb))) {
		count(PX_COUNT_OWN);
		return;
	}
	now = bpf_jiffies64();
	connection = find(&packet);
	if (connection && connection->marks & PX_MARK_CLOSED && (packet.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		/* The ports are used again before user space has swept: tell the old one's last figures. */
		report(&packet, connection, PX_REASON_CLOSED);
		connection = 0;
		replaces = 1;
	}
	if (!connection) {
		if (!create(skb, &packet, place_of(skb), replaces))
			return;
		connection = find(&packet);
		if (!connection)
			return;
	} else if (place_of(skb) == HOST_OUT && !(connection->marks & PX_MARK_OPENED) &&
		   passes_through(skb, &packet, HOST_OUT)) {
		connection->marks |= PX_MARK_MUTED;
	}
	if (connection->marks & PX_MARK_MUTED) {
		connection->last_jiffies = now;
		count(connection->marks & PX_MARK_OVERLAY ? PX_COUNT_OVERLAY : PX_COUNT_FORWARDED);
		return;
	}
	reason = account(skb, &packet, connection, now);
	if (reason)
		report(&packet, connection, reason);
	if (settings.l7_enabled && packet.payload_length)
		capture_l7(skb, &packet, connection, place_of(skb));
}

/* For user space, by a test run: the clock that the tables' times are of, as far as 32 bits go. */
SEC("tc") int read_jiffies(struct __sk_buff *skb)
{
	return (u32)bpf_jiffies64();
}

/* What is done with a packet, whatever the place: the verifier checks it once for all of them. */
SEC("tc") int observe_packet(struct __sk_buff *skb)
{
	observe(skb);
	return PASS_ON;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__array(values, int(void *));
} observers SEC(".maps") = { .values = { (void *)&observe_packet } };

/* A tail call to the only element, whose index is known here, is a jump. */
#define PROGRAM(name, place)                                                                                           \
	SEC("tc") int name(struct __sk_buff *skb)                                                                      \
	{                                                                                                              \
		skb->cb[PLACE_SLOT] = place;                                                                           \
		bpf_tail_call_static(skb, &observers, 0);                                                              \
		return PASS_ON;                                                                                        \
	}

PROGRAM(veth_in, VETH_IN)
PROGRAM(veth_out, VETH_OUT)
PROGRAM(host_in, HOST_IN)
PROGRAM(host_out, HOST_OUT)
PROGRAM(loopback_out, LOOPBACK_OUT)

char _license[] SEC("license") = "Dual BSD/GPL";
