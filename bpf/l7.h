/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Recognises the first bytes of a payload and copies what is worth reading into the ring. Each hook that sees a
 * connection follows its protocol; only one captures a message: the sender's, or the receiver's where the sender is not
 * hooked. One frame here may be many segments on the wire (GSO), with many messages in it: HTTP/2 is walked from frame
 * to frame and only header blocks are copied, the others are copied in parts. To user space every part is a segment.
 */
#pragma once
#include "classify.h"
#include "part.h"
#include "http2.h"

#define L7_MAXIMUM_TRIES 8
/* 8 x 2 KiB: the requests of a pipelining client that one frame may hold. */
#define MAXIMUM_PARTS 8

/* True where the payload ends amid a message, as far as its last bytes tell: the next segment has the rest. */
static __always_inline u32 breaks_off(struct __sk_buff *skb, const struct packet *packet, u8 hint)
{
	u8 last[4] = {};

	if ((hint != PX_L7_HTTP1 && hint != PX_L7_REDIS) || packet->payload_length < sizeof(last) ||
	    bpf_skb_load_bytes(skb, packet->payload_offset + packet->payload_length - sizeof(last), last, sizeof(last)))
		return 0;
	if (last[2] != '\r' || last[3] != '\n')
		return 1;
	return hint == PX_L7_HTTP1 && (last[0] != '\r' || last[1] != '\n');
}

static long parts_step(u32 index, struct walk *walk)
{
	struct part *part = &walk->part;
	u32 left = walk->length - walk->copied_to;

	part->offset = walk->copied_to;
	part->length = left > PX_L7_LONG_BYTES && index < MAXIMUM_PARTS - 1 ? PX_L7_LONG_BYTES : left;
	walk->copied_to += part->length;
	return verdict(!copy_long(walk->skb, walk->packet, walk->connection, part) || walk->copied_to >= walk->length);
}

/* Copies a payload of several parts, or as many as allowed. */
CHECKED_ONCE int copy_parts(struct __sk_buff *skb, const struct packet *packet,
			    const struct px_connection *connection, const struct part *part)
{
	struct walk walk = { .skb = skb, .packet = packet, .connection = connection };

	if (!packet || !connection || !part)
		return 0;
	walk.length = packet->payload_length;
	walk.part = *part;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(MAXIMUM_PARTS, parts_step, &walk, 0);
	} else {
		for (int i = 0; i < MAXIMUM_PARTS; i++)
			if (parts_step(i, &walk))
				break;
	}
	if (walk.part.length > PX_L7_LONG_BYTES)
		count(PX_COUNT_L7_CUT);
	return 0;
}

/* Whether a request of this kind, of HTTP/1, comes without a body: what follows it is the next one. */
static __always_inline u32 is_bodyless(const u8 *head)
{
	return head[0] != 'P';
}

/*
 * What a side of an established protocol sends: requests that do not wait for answers are noted, and whether all of
 * the payload may be messages.
 */
static __always_inline u32 may_hold_many(struct px_connection *connection, const u8 *head, u32 from_initiator, u8 hint)
{
	if (hint != PX_L7_HTTP1 && hint != PX_L7_REDIS && hint != PX_L7_POSTGRESQL)
		return 0;
	if (!from_initiator) {
		connection->l7_follow &= ~FOLLOW_ASKED;
		return connection->marks & PX_MARK_PIPELINED;
	}
	if (connection->l7_follow & FOLLOW_ASKED)
		connection->marks |= PX_MARK_PIPELINED;
	connection->l7_follow |= FOLLOW_ASKED;
	return hint != PX_L7_HTTP1 || is_bodyless(head);
}

static __always_inline void capture_messages(struct __sk_buff *skb, const struct packet *packet,
					     struct px_connection *connection, const u8 *head, struct part *part,
					     u32 is_resumed)
{
	u32 side = packet->sender & 1, length = packet->payload_length, many = is_resumed;
	u32 from_initiator = connection->initiator == packet->sender, next = packet->sequence + length;

	if (!is_resumed)
		many = may_hold_many(connection, head, from_initiator, part->hint);
	/* A client that was told to be spared long copies is spared these, too. */
	many = many && settings.l7_bytes == PX_L7_BYTES;
	connection->l7_follow &= ~FOLLOW_GOES_ON(side);
	if (many && breaks_off(skb, packet, part->hint) && (!is_resumed || ++connection->l7_tries < L7_MAXIMUM_TRIES)) {
		connection->l7_follow |= FOLLOW_GOES_ON(side);
		if (side)
			connection->message_at[1] = next;
		else
			connection->message_at[0] = next;
	}
	if (many && length > PX_L7_BYTES) {
		/* One request may be long, but the answers to many are many. */
		if (from_initiator && length > PX_L7_LONG_BYTES)
			connection->marks |= PX_MARK_PIPELINED;
		copy_parts(skb, packet, connection, part);
		return;
	}
	part->length = length;
	/* A hello with post-quantum key shares is longer than the usual bound, and its server name may come last. */
	if (part->hint == PX_L7_TLS && length > PX_L7_BYTES)
		copy_long(skb, packet, connection, part);
	else
		copy_short(skb, packet, connection, part);
}

/* On the receiver's interface: whether the sender's has it. */
static __always_inline u32 is_captured_elsewhere(const struct packet *packet, struct px_connection *connection,
						 enum place place)
{
	struct address source;

	if (place != VETH_OUT)
		return 0;
	if (connection->marks & PX_MARK_ELSEWHERE)
		return 1;
	side_address(packet, packet->sender, source.bytes);
	if (!bpf_map_lookup_elem(&endpoint_addresses, &source))
		return 0;
	connection->marks |= PX_MARK_ELSEWHERE;
	return 1;
}

static __always_inline void give_up(struct px_connection *connection, u8 known)
{
	/* Bodies of a known protocol come here too; only what was never recognised is given up. */
	if ((known && known != PX_L7_TLS) || ++connection->l7_tries < L7_MAXIMUM_TRIES)
		return;
	connection->marks |= PX_MARK_L7_DONE;
	if (!known)
		count(PX_COUNT_L7_UNKNOWN);
}

CHECKED_ONCE int capture_l7(struct __sk_buff *skb, const struct packet *packet, struct px_connection *connection,
			    u32 place)
{
	struct part part = { .to_hook = place == VETH_OUT || place == HOST_IN };
	u32 length, head_length, side, ahead, is_resumed = 0, hint;
	u8 head[HEAD_BYTES] = {}, known, follow;

	if (!packet || !connection)
		return 0;
	length = packet->payload_length;
	side = packet->sender & 1;
	known = connection->l7_protocol;
	follow = connection->l7_follow;
	if (connection->marks & PX_MARK_L7_DONE)
		return 0;
	if (packet->protocol == PROTO_UDP && packet->source_port != bpf_htons(53) &&
	    packet->destination_port != bpf_htons(53))
		return 0;
	ahead = (side ? connection->message_at[1] : connection->message_at[0]) - packet->sequence;
	if (known == PX_L7_HTTP2 && follow & FOLLOW_KNOWN(side)) {
		if ((int)ahead >= 0) {
			/* Inside a body, or sent again. */
			if (ahead >= length && !(follow & FOLLOW_GOES_ON(side)))
				return 0;
			if (!is_captured_elsewhere(packet, connection, place))
				follow_http2(skb, packet, connection, ahead, part.to_hook);
			return 0;
		}
		/* A segment was not seen. */
		connection->l7_follow = follow &= ~(FOLLOW_KNOWN(side) | FOLLOW_GOES_ON(side));
	}
	head_length = length < HEAD_BYTES ? length : HEAD_BYTES;
	BOUND(head_length);
	if (head_length < 1 || head_length > HEAD_BYTES ||
	    bpf_skb_load_bytes(skb, packet->payload_offset, head, head_length))
		return 0;
	hint = classify(head, length, packet, known);
	FORGET(hint, length);
	part.hint = hint;
	if (!part.hint && follow & FOLLOW_GOES_ON(side)) {
		is_resumed = ahead == 0;
		part.hint = is_resumed ? known : 0;
	}
	if (!part.hint) {
		give_up(connection, known);
		return 0;
	}
	connection->l7_protocol = part.hint;
	if (is_captured_elsewhere(packet, connection, place)) {
		count(PX_COUNT_L7_OTHER_HOOK);
		return 0;
	}
	if (part.hint == PX_L7_HTTP2) {
		u32 is_first = length >= PREFACE_BYTES && is_preface(head);

		/* The preface is copied as what lies before the first frame. */
		if (is_first)
			connection->l7_follow |= FOLLOW_GOES_ON(side);
		follow_http2(skb, packet, connection, is_first ? PREFACE_BYTES : 0, part.to_hook);
		return 0;
	}
	capture_messages(skb, packet, connection, head, &part, is_resumed);
	return 0;
}
