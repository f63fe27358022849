/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Recognises the first bytes of a payload and copies what is worth reading into the ring. Each hook that sees a
 * connection follows its protocol; only one captures a message: the sender's, or the receiver's where the sender is not
 * hooked. One frame here may be many segments on the wire (GSO), with many messages in it: HTTP/2 is walked from frame
 * to frame and only header blocks are copied. Of HTTP/1, Redis and PostgreSQL the beginning of each payload that begins
 * with a message is copied, and all that passes once the client does not wait for answers. To user space every part is
 * a segment.
 */
#pragma once
#include "classify.h"
#include "part.h"
#include "http2.h"
#include "pipeline.h"
#include "answer.h"

#define L7_MAXIMUM_TRIES 8
/* 32 x 2 KiB: what one frame holds, but for BIG TCP. */
#define MAXIMUM_PARTS 32
/* So many requests of an HTTP/1 connection are looked through for more in the same payload: it costs as much as copying. */
#define MAXIMUM_LOOKS 4
/* px_connection.l7_tries where the protocol is known: segments copied on in a row, and payloads looked through. */
#define RESUMES_MASK 0x0f
#define ONE_LOOK 0x10

static long parts_step(u32 index, struct walk *walk)
{
	struct part *part = &walk->part;
	u32 left = walk->length - walk->copied_to;

	part->offset = walk->copied_to;
	part->length = left > PX_L7_LONG_BYTES && index < MAXIMUM_PARTS - 1 ? PX_L7_LONG_BYTES : left;
	walk->copied_to += part->length;
	return verdict(!copy_long(walk->skb, walk->packet, walk->connection, part) || walk->copied_to >= walk->length);
}

/* Copies a payload from `part->offset` in parts. */
CHECKED_ONCE int copy_parts(struct __sk_buff *skb, const struct packet *packet,
			    const struct px_connection *connection, const struct part *part)
{
	struct walk walk = { .skb = skb, .packet = packet, .connection = connection };

	if (!packet || !connection || !part)
		return 0;
	walk.length = packet->payload_length;
	walk.copied_to = part->offset;
	walk.part = *part;
	walk.part.look = 0;
	if (walk.copied_to >= walk.length)
		return 0;
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

static __always_inline void expect(struct px_connection *connection, u32 side, u32 sequence)
{
	if (side)
		connection->message_at[1] = sequence;
	else
		connection->message_at[0] = sequence;
}

/* Rows of a COPY, its end and a farewell are not answered one by one. */
static __always_inline u32 asks(u8 hint, const u8 *head)
{
	return hint != PX_L7_POSTGRESQL ||
	       (head[0] != 'd' && head[0] != 'c' && head[0] != 'f' && head[0] != 'X' && head[0] != 'p');
}

/*
 * Whether the payload ends amid a request, as far as its last bytes tell. Of HTTP/1 only P... have bodies. `copied`: what
 * copying told of its last part.
 */
static __always_inline u32 breaks_off(struct __sk_buff *skb, const struct packet *packet, u8 hint, const u8 *head,
				      u32 copied)
{
	u8 last[END_BYTES] = {};

	if ((hint == PX_L7_HTTP1 && head[0] == 'P') || packet->payload_length <= sizeof(last))
		return 0;
	if (!(copied & PART_HAS_END)) {
		if (bpf_skb_load_bytes(skb, packet->payload_offset + packet->payload_length - sizeof(last), last,
				       sizeof(last)))
			return 0;
		copied = what_ends(last);
	}
	return !(copied & (hint == PX_L7_HTTP1 ? PART_ENDS_HEAD : PART_ENDS_LINE));
}

/*
 * A request of a client that has waited for the answers before. Of one it is enough to copy the beginning; if the payload
 * shows more of them, this client does not wait.
 */
static __always_inline void capture_request(struct __sk_buff *skb, const struct packet *packet,
					    struct px_connection *connection, struct part *part, const u8 *head)
{
	u32 side = packet->sender & 1, length = packet->payload_length, found, goes_on = 0;
	struct requests requests = {};

	part->length = length - part->offset;
	if (part->hint != PX_L7_HTTP1) {
		find_requests(skb, packet, &requests, part->offset, part->hint);
		if (requests.is_many) {
			mark_pipelining(packet, connection);
			copy_parts(skb, packet, connection, part);
			return;
		}
	}
	if (settings.l7_bytes != PX_L7_BYTES || part->length <= PX_L7_BYTES) {
		found = copy_short(skb, packet, connection, part);
	} else {
		if (part->length > PX_L7_LONG_BYTES)
			part->length = PX_L7_LONG_BYTES;
		found = copy_long(skb, packet, connection, part);
	}
	if (part->hint == PX_L7_POSTGRESQL) {
		if (requests.end > length) {
			connection->l7_follow |= FOLLOW_KNOWN(side);
			expect(connection, side, packet->sequence + requests.end);
		} else if (requests.end < length) {
			goes_on = 1;
		}
	} else if (part->hint == PX_L7_REDIS) {
		goes_on = !requests.end && breaks_off(skb, packet, part->hint, head, found);
	} else {
		goes_on = breaks_off(skb, packet, part->hint, head, found);
		if (found & PART_HAS_MANY)
			mark_pipelining(packet, connection);
	}
	part->offset += part->length;
	if (requests.next) {
		part->offset = requests.next;
		copy_parts(skb, packet, connection, part);
	} else if (found & PART_HAS_MANY || (part->hint == PX_L7_HTTP1 && goes_on)) {
		copy_parts(skb, packet, connection, part);
	}
	if (goes_on)
		connection->l7_follow |= FOLLOW_GOES_ON(side);
}

/* On the receiver's interface: whether the sender's has it. */
static __always_inline u32 is_captured_elsewhere(const struct packet *packet, struct px_connection *connection,
						 u32 place)
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

/* What of a payload is worth copying where the client may pipeline. 1: it speaks another protocol from here on. */
CHECKED_ONCE int capture_pipelinable(struct __sk_buff *skb, const struct packet *packet,
				     struct px_connection *connection, u32 place)
{
	struct part part = { .to_hook = place == VETH_OUT || place == HOST_IN };
	u32 length, side, ahead, from_initiator, is_elsewhere, bytes;
	u8 head[HEAD_BYTES] = {}, known;

	if (!packet || !connection)
		return 0;
	length = packet->payload_length;
	side = packet->sender & 1;
	ahead = (side ? connection->message_at[1] : connection->message_at[0]) - packet->sequence;
	known = connection->l7_protocol;
	from_initiator = connection->initiator == packet->sender;
	is_elsewhere = is_captured_elsewhere(packet, connection, place);
	if (is_elsewhere && from_initiator && !(connection->marks & PX_MARK_PIPELINED))
		learn_pipelining(packet, connection);
	part.hint = known;
	if (connection->marks & PX_MARK_PIPELINED && settings.l7_bytes == PX_L7_BYTES) {
		if (is_elsewhere) {
			count(PX_COUNT_L7_OTHER_HOOK);
		} else {
			part.flags = PX_L7_WHOLE_STREAM;
			copy_parts(skb, packet, connection, &part);
		}
		return 0;
	}
	if (connection->l7_follow & FOLLOW_KNOWN(side)) {
		/* Inside a long message, or sent again. */
		if ((int)ahead >= 0 && ahead >= length)
			return 0;
		connection->l7_follow &= ~FOLLOW_KNOWN(side);
		if ((int)ahead > 0) {
			part.offset = ahead;
			/* What is at hand is amid a message; of HTTP/1 such are not followed. */
			if (!is_elsewhere)
				capture_request(skb, packet, connection, &part, head);
			return 0;
		}
	}
	bytes = length < HEAD_BYTES ? length : HEAD_BYTES;
	if (load_some(skb, packet->payload_offset, head, bytes, HEAD_BYTES))
		return 0;
	part.hint = classify(head, length, packet, known);
	if (part.hint && part.hint != known)
		return 1;
	if (!part.hint) {
		if (!from_initiator && known == PX_L7_POSTGRESQL && !is_elsewhere && ends_ready(skb, packet)) {
			part.hint = known;
			capture_outcome(skb, packet, connection, &part, 0);
			return 0;
		}
		if (!(connection->l7_follow & FOLLOW_GOES_ON(side)) || ahead)
			return 0;
		connection->l7_follow &= ~FOLLOW_GOES_ON(side);
		if (is_elsewhere || (++connection->l7_tries & RESUMES_MASK) >= L7_MAXIMUM_TRIES)
			return 0;
		part.hint = known;
		part.look = known == PX_L7_HTTP1 ? LOOK_BEHIND_HEAD : 0;
		expect(connection, side, packet->sequence + length);
		capture_request(skb, packet, connection, &part, head);
		return 0;
	}
	connection->l7_tries &= ~RESUMES_MASK;
	connection->l7_follow &= ~FOLLOW_GOES_ON(side);
	if (!from_initiator) {
		if (is_interim(part.hint, head)) {
			/* One more will come. */
		} else if (connection->l7_follow & FOLLOW_ASKED) {
			connection->l7_follow &= ~FOLLOW_ASKED;
		} else if (part.hint == PX_L7_HTTP1 && connection->l7_tries >= ONE_LOOK) {
			/* More answers than payloads with requests. */
			connection->marks |= PX_MARK_PIPELINED;
		}
		if (is_elsewhere) {
			count(PX_COUNT_L7_OTHER_HOOK);
			return 0;
		}
		capture_answer(skb, packet, connection, &part);
		return 0;
	}
	if (!asks(part.hint, head))
		return 0;
	/* Not one that is sent again. */
	if (connection->l7_follow & FOLLOW_ASKED && (int)ahead <= 0) {
		mark_pipelining(packet, connection);
		if (!is_elsewhere && settings.l7_bytes == PX_L7_BYTES) {
			copy_parts(skb, packet, connection, &part);
			return 0;
		}
	}
	connection->l7_follow |= FOLLOW_ASKED;
	if (connection->l7_tries < MAXIMUM_LOOKS * ONE_LOOK) {
		connection->l7_tries += ONE_LOOK;
		part.look = part.hint == PX_L7_HTTP1 ? LOOK_AT_HEAD : 0;
	}
	expect(connection, side, packet->sequence + length);
	if (is_elsewhere) {
		count(PX_COUNT_L7_OTHER_HOOK);
		return 0;
	}
	capture_request(skb, packet, connection, &part, head);
	return 0;
}

/* What of any other payload is worth copying. 1: it speaks a protocol whose clients may pipeline. */
CHECKED_ONCE int capture_other(struct __sk_buff *skb, const struct packet *packet, struct px_connection *connection,
			       u32 place)
{
	struct part part = { .to_hook = place == VETH_OUT || place == HOST_IN };
	u32 length, head_length, side, ahead, hint;
	u8 head[HEAD_BYTES] = {}, known, follow;

	if (!packet || !connection)
		return 0;
	length = packet->payload_length;
	side = packet->sender & 1;
	known = connection->l7_protocol;
	follow = connection->l7_follow;
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
	if (load_some(skb, packet->payload_offset, head, head_length, HEAD_BYTES))
		return 0;
	hint = classify(head, length, packet, known);
	FORGET(hint, length);
	part.hint = hint;
	if (!part.hint) {
		give_up(connection, known);
		return 0;
	}
	connection->l7_protocol = part.hint;
	/* What one kind of protocol keeps there means nothing to the other. */
	if (known != part.hint)
		connection->clients_seen = 0;
	if (can_pipeline(part.hint) && known != part.hint) {
		connection->l7_follow = 0;
		connection->l7_tries = 0;
		return 1;
	}
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
	part.length = length;
	if (length <= PX_L7_BYTES || (part.hint != PX_L7_DNS && part.hint != PX_L7_TLS))
		copy_short(skb, packet, connection, &part);
	else if (part.hint == PX_L7_DNS)
		/* Over TCP many messages may follow one another. */
		copy_parts(skb, packet, connection, &part);
	else
		/* A hello with post-quantum key shares is longer than the usual bound, and its server name may come last. */
		copy_long(skb, packet, connection, &part);
	return 0;
}

static __always_inline void capture_l7(struct __sk_buff *skb, const struct packet *packet,
				       struct px_connection *connection, u32 place)
{
	if (connection->marks & PX_MARK_L7_DONE)
		return;
	if (can_pipeline(connection->l7_protocol) && !capture_pipelinable(skb, packet, connection, place))
		return;
	/* The functions are called from here, not from one another: the stack has 512 bytes. */
	if (capture_other(skb, packet, connection, place))
		capture_pipelinable(skb, packet, connection, place);
}
