/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * One part of a payload into the ring: for user space a segment of its own.
 */
#pragma once
#include "sent.h"

/* Bits of px_connection.l7_follow */
#define FOLLOW_KNOWN(side) (1 << (side))
#define FOLLOW_GOES_ON(side) (16 << (side))
#define FOLLOW_ASKED 4 /* a request was seen and no answer since */

/* A stretch of a payload, for user space a segment of its own. */
struct part {
	u32 offset, length; /* in the payload */
	u8 hint, to_hook, flags;
	u8 look; /* LOOK_*: tell whether there are many requests of HTTP/1; 0: do not look */
};

/* With the record's own fields and the ring's, 256 bytes. */
#define LITTLE_BYTES 160

#define LOOK_AT_HEAD 1
#define LOOK_BEHIND_HEAD 2 /* the first of them began in an earlier segment */

/* What copying tells of a part, bits. 0: it is not there. */
#define PART_COPIED 1
#define PART_HAS_MANY 2 /* requests of HTTP/1 */
#define PART_HAS_END 4  /* the payload's last bytes are in it */
#define PART_ENDS_LINE 8
#define PART_ENDS_HEAD 16 /* with an empty line, as heads of HTTP/1 do */

#define LINE_FEEDS 0x0a0a0a0a0a0a0a0aull
#define ONES 0x0101010101010101ull
#define HIGH_BITS 0x8080808080808080ull
#define HTTP_VERSION 0x2e312f50545448ull /* "HTTP/1.", without the digit behind it */
#define WORD_BYTES 8
#define VERSION_BYTES 9 /* "HTTP/1.1\r" before the line's end */

/*
 * Whether there is more than one request line of HTTP/1, those before counted. Eight bytes at a time, and only a line's first end in them: a
 * second one ends no request line, which is longer. `noise`: as FORGET wants it.
 */
static __always_inline u32 has_many_heads(const u8 *bytes, u32 length, const u32 room, u32 request_lines, u32 noise)
{

	for (u32 at = 2 * WORD_BYTES; at <= room - WORD_BYTES; at += WORD_BYTES) {
		u64 word = *(const u64 *)(bytes + at) ^ LINE_FEEDS;
		u64 found = (word - ONES) & ~word & HIGH_BITS, before;
		const u8 *line_end = bytes + at;

		if (at >= length)
			break;
		if (!found)
			continue;
		/* The number of bytes before the first. */
		before = ((((found & -found) >> 7) - 1) & ONES) * ONES >> 56;
		BOUND(before);
		before &= WORD_BYTES - 1;
		BOUND(line_end);
		line_end += before;
		if ((*(const u64 *)(line_end - VERSION_BYTES) & ~0ull >> 8) != HTTP_VERSION)
			continue;
		FORGET(request_lines, noise);
		if (++request_lines > 1)
			return 1;
	}
	return 0;
}

#define END_BYTES 4
#define LINE_END 0x0a0d

/* How a payload ends, by its last four bytes. PART_* bits. */
static __always_inline u32 what_ends(const u8 *last)
{
	const u16 *ends = (const u16 *)last;

	if (ends[1] != LINE_END)
		return PART_HAS_END;
	return PART_HAS_END | PART_ENDS_LINE | (ends[0] == LINE_END ? PART_ENDS_HEAD : 0);
}

/* Copies one part into the ring. The size of a reservation must be a constant, hence `room`. Returns PART_* bits. */
static __always_inline u32 copy_part(struct __sk_buff *skb, const struct packet *packet,
				     const struct px_connection *connection, const struct part *part, const u32 room,
				     u32 wanted)
{
	const struct px_side *side = packet->sender ? &connection->side[1] : &connection->side[0];
	struct px_l7_record *record = bpf_ringbuf_reserve(&records, sizeof(*record) + room, 0);
	u32 captured = part->length < wanted ? part->length : wanted, found = PART_COPIED, end_at;

	if (!record) {
		count(PX_COUNT_L7_LOST);
		return 0;
	}
	if (load_some(skb, packet->payload_offset + part->offset, record + 1, captured, room)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	record->header.time_ns = sent_at(skb);
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
	if (part->look && has_many_heads((const u8 *)(record + 1), captured, room, part->look == LOOK_BEHIND_HEAD, skb->len))
		found |= PART_HAS_MANY;
	/* Beyond any bound if there are fewer; tested as it is used, since 6.1 forgets what it knew of `captured`. */
	end_at = captured - END_BYTES;
	BOUND(end_at);
	if (end_at <= room - END_BYTES && part->offset + captured == packet->payload_length)
		found |= what_ends((const u8 *)(record + 1) + end_at);
	bpf_ringbuf_submit(record, wake_flags());
	return found;
}

CHECKED_ONCE int copy_short(struct __sk_buff *skb, const struct packet *packet,
				 const struct px_connection *connection, const struct part *part)
{
	u32 wanted;

	if (!packet || !connection || !part)
		return 0;
	wanted = part->hint == PX_L7_TLS || part->hint == PX_L7_HTTP2 ? PX_L7_BYTES : settings.l7_bytes;
	/* Many messages are this short: the ring holds more of them, and the processor's caches more of the ring. */
	if (part->length <= LITTLE_BYTES)
		return copy_part(skb, packet, connection, part, LITTLE_BYTES, wanted);
	return copy_part(skb, packet, connection, part, PX_L7_BYTES, wanted);
}

CHECKED_ONCE int copy_long(struct __sk_buff *skb, const struct packet *packet,
				const struct px_connection *connection, const struct part *part)
{
	if (!packet || !connection || !part)
		return 0;
	return copy_part(skb, packet, connection, part, PX_L7_LONG_BYTES, PX_L7_LONG_BYTES);
}
