/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * HTTP/2 from frame to frame (RFC 9113 section 4.1), across payloads: what tells is copied, bodies are stepped over.
 */
#pragma once

#define LENGTH_BYTES 3 /* of a frame, at the start of its head */
#define PREFACE_BYTES 24
/* A frame and its copy are a step each. */
#define MAXIMUM_STEPS 512
#define MAXIMUM_STEPS_UNROLLED 6

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
	if (load_some(skb, packet->payload_offset + frame->begin, head, bytes, sizeof(head)))
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
