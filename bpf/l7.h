/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Recognises the first bytes of a payload and copies what is worth reading into the ring. Each hook that sees a
 * connection follows its protocol; only one captures a message: the sender's, or the receiver's where the sender is not
 * hooked. One frame here may be many segments on the wire (GSO), with many messages in it: HTTP/2 is walked from frame
 * to frame and only header blocks are copied, the others are copied in parts. To user space every part is a segment.
 */
#pragma once
#include "classify.h"

#define LENGTH_BYTES 3 /* of a frame, at the start of its head */
#define PREFACE_BYTES 24
#define L7_MAXIMUM_TRIES 8
/* 8 x 2 KiB: the requests of a pipelining client that one frame may hold. */
#define MAXIMUM_PARTS 8
/* A frame and its copy are a step each. */
#define MAXIMUM_STEPS 512
#define MAXIMUM_STEPS_UNROLLED 6

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

/* A DATA frame's bytes, settings, pings and windows say nothing that is reported. */
static __always_inline u32 is_telling_frame(u8 type)
{
	return type == 1 || type == 3 || type == 5 || type == 9;
}

/* A frame of HTTP/2, or the rest of one, as far as it lies in the payload at hand. */
struct frame {
	u32 begin, end;
	u32 is_telling;
};

/* Reads the frame head at `frame->end`. 0: it is cut off before its length; or what is there is none. */
static __always_inline u32 next_frame(struct __sk_buff *skb, const struct packet *packet, struct frame *frame,
				      u8 *cut_head)
{
	u8 head[FRAME_HEAD_BYTES] = {};
	u32 left = packet->payload_length - frame->end, bytes;

	frame->begin = frame->end;
	frame->is_telling = 1;
	bytes = left < sizeof(head) ? left : sizeof(head);
	BOUND(bytes);
	if (bytes < 1 || bytes > sizeof(head) ||
	    bpf_skb_load_bytes(skb, packet->payload_offset + frame->begin, head, bytes))
		return 0;
	if (head[0] > 0x10 || head[3] > 0x10 || (head[3] < 10 && head[5] & 0x80))
		return 0;
	if (bytes < LENGTH_BYTES) {
		cut_head[0] = bytes;
		cut_head[1] = head[0];
		cut_head[2] = head[1];
		/* At least this long. */
		frame->end += FRAME_HEAD_BYTES;
		return 1;
	}
	frame->end += FRAME_HEAD_BYTES + ((u32)head[0] << 16 | (u32)head[1] << 8 | head[2]);
	if (bytes > LENGTH_BYTES)
		frame->is_telling = is_telling_frame(head[3]);
	return 1;
}

/* The frame whose head began with `cut` in the last segment. 0 if this one does not hold the rest of the head. */
static __always_inline u32 continued_frame(struct __sk_buff *skb, const struct packet *packet, struct frame *frame,
					   const u8 *cut)
{
	u8 head[FRAME_HEAD_BYTES] = { cut[1], cut[2] };
	int failed;

	if (cut[0] == 1)
		failed = bpf_skb_load_bytes(skb, packet->payload_offset, head + 1, sizeof(head) - 1);
	else
		failed = bpf_skb_load_bytes(skb, packet->payload_offset, head + 2, sizeof(head) - 2);
	if (failed || head[3] > 0x10)
		return 0;
	frame->begin = 0;
	frame->end = FRAME_HEAD_BYTES + ((u32)head[0] << 16 | (u32)head[1] << 8 | head[2]) - cut[0];
	frame->is_telling = is_telling_frame(head[3]);
	return 1;
}

/* A walk through one payload. */
struct walk {
	struct __sk_buff *skb;
	const struct packet *packet;
	const struct px_connection *connection;
	struct part part;
	struct frame frame;
	u32 length, copied_to; /* of the payload */
	u32 is_in_step;
	u8 cut_head[4]; /* as in px_connection */
};

/* A step says 1 to end a walk; the verifier wants to see that it is nothing above. */
static __always_inline long verdict(u32 is_over)
{
	BOUND(is_over);
	return is_over & 1;
}

/* One step of a walk: a copy of what is at hand, or on to the next frame. 1 ends it. */
static long walk_step(u32 index, struct walk *walk)
{
	struct part *part = &walk->part;
	struct frame *frame = &walk->frame;

	if (frame->is_telling && walk->copied_to < walk->length && frame->end > walk->copied_to) {
		part->offset = frame->begin > walk->copied_to ? frame->begin : walk->copied_to;
		part->length = walk->length - part->offset;
		if (part->length > PX_L7_BYTES)
			part->length = PX_L7_BYTES;
		walk->copied_to = part->offset + part->length;
		walk->is_in_step = copy_short(walk->skb, walk->packet, walk->connection, part);
		part->flags = PX_L7_NOTHING_MISSED;
		return verdict(!walk->is_in_step);
	}
	if (frame->end >= walk->length)
		return 1;
	walk->is_in_step = next_frame(walk->skb, walk->packet, frame, walk->cut_head);
	if (!walk->is_in_step)
		frame->end = walk->length;
	return verdict(!walk->is_in_step);
}

/*
 * Walks the frames of a payload from `offset`, where one begins, and copies those that tell; and what lies before, if the
 * last segment broke off amid one. Where the next frame begins is kept for the segment that has it.
 */
CHECKED_ONCE int follow_http2(struct __sk_buff *skb, const struct packet *packet, struct px_connection *connection,
				   u32 offset, u32 to_hook)
{
	struct walk walk = { .skb = skb, .packet = packet, .connection = connection, .is_in_step = 1 };
	u8 follow, *cut;
	u32 side;

	if (!packet || !connection)
		return 0;
	side = packet->sender & 1;
	follow = connection->l7_follow;
	walk.length = packet->payload_length;
	walk.part.hint = PX_L7_HTTP2;
	walk.part.to_hook = to_hook;
	walk.part.flags = follow & FOLLOW_KNOWN(side) ? PX_L7_NOTHING_MISSED : 0;
	walk.frame.begin = follow & FOLLOW_GOES_ON(side) ? 0 : offset;
	walk.frame.end = offset;
	walk.frame.is_telling = follow & FOLLOW_GOES_ON(side);
	cut = side ? connection->cut_head[1] : connection->cut_head[0];
	if (cut[0] && follow & FOLLOW_GOES_ON(side))
		walk.is_in_step = continued_frame(skb, packet, &walk.frame, cut);
	/* Nothing to walk. */
	if (!walk.is_in_step)
		walk.length = 0;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(MAXIMUM_STEPS, walk_step, &walk, 0);
	} else {
		/* Before 5.17 every step is walked by the verifier one by one, and it is less patient. */
		for (int i = 0; i < MAXIMUM_STEPS_UNROLLED; i++)
			if (walk_step(i, &walk))
				break;
	}
	if (walk.is_in_step && walk.frame.end < walk.length) {
		count(PX_COUNT_L7_CUT);
		walk.is_in_step = 0;
	}
	follow &= ~(FOLLOW_KNOWN(side) | FOLLOW_GOES_ON(side));
	if (walk.is_in_step)
		follow |= FOLLOW_KNOWN(side) |
			  (walk.frame.is_telling && walk.frame.end > walk.length ? FOLLOW_GOES_ON(side) : 0);
	if (side)
		connection->message_at[1] = packet->sequence + walk.frame.end;
	else
		connection->message_at[0] = packet->sequence + walk.frame.end;
	__builtin_memcpy(cut, walk.cut_head, sizeof(walk.cut_head));
	connection->l7_follow = follow;
	return 0;
}

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
