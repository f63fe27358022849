/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * One part of a payload into the ring: for user space a segment of its own.
 */
#pragma once

/* Bits of px_connection.l7_follow */
#define FOLLOW_KNOWN(side) (1 << (side))
#define FOLLOW_GOES_ON(side) (16 << (side))
#define FOLLOW_ASKED 4 /* a request was seen and no answer since */

/* A stretch of a payload, for user space a segment of its own. */
struct part {
	u32 offset, length; /* in the payload */
	u8 hint, to_hook, flags;
};

/* Copies one part into the ring. The size of a reservation must be a constant, hence `room`. 1 if it is there. */
static __always_inline u32 copy_part(struct __sk_buff *skb, const struct packet *packet,
				     const struct px_connection *connection, const struct part *part, const u32 room,
				     u32 wanted)
{
	const struct px_side *side = packet->sender ? &connection->side[1] : &connection->side[0];
	struct px_l7_record *record = bpf_ringbuf_reserve(&records, sizeof(*record) + room, 0);
	u32 captured = part->length < wanted ? part->length : wanted;

	if (!record) {
		count(PX_COUNT_L7_LOST);
		return 0;
	}
	BOUND(captured);
	if (captured < 1 || captured > room ||
	    bpf_skb_load_bytes(skb, packet->payload_offset + part->offset, (void *)(record + 1), captured)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	count(PX_COUNT_L7_RECORDS);
	record->header.time_ns = bpf_ktime_get_boot_ns();
	record->header.length = sizeof(*record) + captured;
	record->header.type = PX_TYPE_L7;
	record->header.reason = 0;
	record->header.cpu = bpf_get_smp_processor_id();
	side_address(packet, packet->sender, record->source);
	side_address(packet, !packet->sender, record->destination);
	record->source_port = bpf_ntohs(packet->source_port);
	record->destination_port = bpf_ntohs(packet->destination_port);
	record->interface_index = skb->ifindex;
	record->socket_cookie = side->socket_cookie;
	record->cgroup_id = side->cgroup_id;
	record->sequence = packet->sequence + part->offset;
	record->payload_length = part->length;
	record->captured = captured;
	record->protocol = packet->protocol;
	record->family = packet->family;
	record->hint = part->hint;
	record->from_initiator = connection->initiator == packet->sender;
	record->to_hook = part->to_hook;
	record->flags = part->flags;
	bpf_ringbuf_submit(record, wake_flags());
	return 1;
}

CHECKED_ONCE int copy_short(struct __sk_buff *skb, const struct packet *packet,
				 const struct px_connection *connection, const struct part *part)
{
	if (!packet || !connection || !part)
		return 0;
	return copy_part(skb, packet, connection, part, PX_L7_BYTES,
			 part->hint == PX_L7_TLS || part->hint == PX_L7_HTTP2 ? PX_L7_BYTES : settings.l7_bytes);
}

CHECKED_ONCE int copy_long(struct __sk_buff *skb, const struct packet *packet,
				const struct px_connection *connection, const struct part *part)
{
	if (!packet || !connection || !part)
		return 0;
	return copy_part(skb, packet, connection, part, PX_L7_LONG_BYTES, PX_L7_LONG_BYTES);
}
