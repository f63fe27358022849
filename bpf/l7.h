/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Recognises the first bytes of a payload and copies its head into the ring. Included by flow.bpf.c alone.
 * Each hook that sees a connection follows its protocol; only one captures a message: the sender's, or the receiver's
 * where the sender is not hooked.
 */
#pragma once

#define WORD(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
#define HEAD_BYTES 16

static __always_inline u32 is_digit(u8 byte)
{
	return byte >= '0' && byte <= '9';
}

static __always_inline u8 classify_http1(const u8 *head)
{
	switch (*(u32 *)head) {
	case WORD('G', 'E', 'T', ' '):
	case WORD('P', 'O', 'S', 'T'):
	case WORD('P', 'U', 'T', ' '):
	case WORD('H', 'E', 'A', 'D'):
	case WORD('D', 'E', 'L', 'E'):
	case WORD('P', 'A', 'T', 'C'):
	case WORD('O', 'P', 'T', 'I'):
	case WORD('C', 'O', 'N', 'N'):
	case WORD('T', 'R', 'A', 'C'):
		return PX_L7_HTTP1;
	case WORD('H', 'T', 'T', 'P'):
		return head[4] == '/' && head[5] == '1' ? PX_L7_HTTP1 : 0;
	}
	return 0;
}

/*
 * RFC 9113 section 4.1: length(24) type(8) flags(8) stream(32). On a connection known to be HTTP/2, a segment is worth
 * its copy if header blocks may follow: not for a DATA frame that fills it, nor for a lone acknowledgement.
 */
static __always_inline u8 classify_http2(const u8 *head, u32 length, u8 known)
{
	u32 frame = (u32)head[1] << 8 | head[2];
	u8 type = head[3];

	if (length < 9 || head[0] || frame > 16384 || type > 9 || head[5] & 0x80)
		return 0;
	if (known == PX_L7_HTTP2) {
		u32 fills = length <= 9 + frame;

		if (fills && (type == 0 || type == 8 || type == 6 || (type == 4 && head[4] & 1)))
			return 0;
		return PX_L7_HTTP2;
	}
	/* Joined midway: HEADERS with END_HEADERS, no unknown flag, on a client's stream that is not yet far. */
	if (!known && type == 1 && head[4] & 4 && !(head[4] & ~0x2d) && !head[5] && head[8] & 1 && frame)
		return PX_L7_HTTP2;
	return 0;
}

static __always_inline u8 classify_redis(const u8 *head, u32 length, u8 known)
{
	if (head[0] == '*' && is_digit(head[1]) &&
	    ((head[2] == '\r' && head[4] == '$') || (head[3] == '\r' && head[5] == '$')))
		return known && known != PX_L7_REDIS ? 0 : PX_L7_REDIS;
	if (known != PX_L7_REDIS || length < 3)
		return 0;
	switch (head[0]) {
	case '+': case '-': case ':': case '$': case '*': case '_': case '#': case ',': case '(': case '%': case '~': case '>':
		return PX_L7_REDIS;
	}
	return 0;
}

/* PostgreSQL protocol 3.0: a start-up message without type byte, then type(8) length(32) messages. */
static __always_inline u8 classify_postgresql(const u8 *head, u32 length, u8 known, u32 on_port)
{
	u32 claimed;

	if (!known && length >= 8 && !head[0] && !head[1]) {
		u32 code = bpf_ntohl(*(u32 *)(head + 4));

		if (code == 0x00030000 || code == 80877103)
			return PX_L7_POSTGRESQL;
	}
	if (length < 5 || (known != PX_L7_POSTGRESQL && !(on_port && !known && (head[0] == 'Q' || head[0] == 'P'))))
		return 0;
	claimed = (u32)head[1] << 24 | (u32)head[2] << 16 | (u32)head[3] << 8 | head[4];
	if (claimed < 4 || claimed > 1 << 24)
		return 0;
	if ((head[0] >= 'A' && head[0] <= 'Z') || (head[0] >= 'a' && head[0] <= 'z') || is_digit(head[0]))
		return PX_L7_POSTGRESQL;
	return 0;
}

static __always_inline u8 classify(const u8 *head, u32 length, const struct packet *packet, u8 known)
{
	u32 on_postgresql = packet->source_port == bpf_htons(5432) || packet->destination_port == bpf_htons(5432);
	u8 found;

	if (packet->source_port == bpf_htons(53) || packet->destination_port == bpf_htons(53))
		return PX_L7_DNS;
	if (length >= 9 && head[0] == 0x16 && head[1] == 3 && (head[5] == 1 || head[5] == 2))
		return PX_L7_TLS;
	if (length >= HEAD_BYTES && known != PX_L7_HTTP2) {
		found = classify_http1(head);
		if (found)
			return found;
		if (*(u32 *)head == WORD('P', 'R', 'I', ' ') && *(u32 *)(head + 4) == WORD('*', ' ', 'H', 'T'))
			return PX_L7_HTTP2;
	}
	found = classify_http2(head, length, known);
	if (found)
		return found;
	found = classify_redis(head, length, known);
	if (found)
		return found;
	return classify_postgresql(head, length, known, on_postgresql);
}

/* The size of a reservation must be a constant, hence a copy of this for each of the two. */
static __always_inline void copy_head(struct __sk_buff *skb, const struct packet *packet,
				      const struct px_connection *connection, enum place place, u8 hint, u32 length,
				      const u32 room, u32 wanted)
{
	const struct px_side *side = packet->sender ? &connection->side[1] : &connection->side[0];
	struct px_l7_record *record = bpf_ringbuf_reserve(&records, sizeof(*record) + room, 0);
	u32 captured = length < wanted ? length : wanted;

	if (!record) {
		count(PX_COUNT_L7_LOST);
		return;
	}
	BOUND(captured);
	if (captured < 1 || captured > room ||
	    bpf_skb_load_bytes(skb, packet->payload_offset, (void *)(record + 1), captured)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return;
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
	record->sequence = packet->sequence;
	record->payload_length = length;
	record->captured = captured;
	record->protocol = packet->protocol;
	record->family = packet->family;
	record->hint = hint;
	record->from_initiator = connection->initiator == packet->sender;
	record->to_hook = place == VETH_OUT || place == HOST_IN;
	record->reserved = 0;
	bpf_ringbuf_submit(record, wake_flags());
}

static __always_inline void capture_l7(struct __sk_buff *skb, const struct packet *packet,
				       struct px_connection *connection, enum place place)
{
	u8 head[HEAD_BYTES] = {};
	u32 length, head_length;
	u8 hint, known = connection->l7_protocol;

	if (connection->marks & PX_MARK_L7_DONE || !packet->payload_offset || skb->len <= packet->payload_offset)
		return;
	if (packet->protocol == PROTO_UDP && packet->source_port != bpf_htons(53) &&
	    packet->destination_port != bpf_htons(53))
		return;
	length = skb->len - packet->payload_offset;
	head_length = length < HEAD_BYTES ? length : HEAD_BYTES;
	BOUND(head_length);
	if (head_length < 1 || head_length > HEAD_BYTES ||
	    bpf_skb_load_bytes(skb, packet->payload_offset, head, head_length))
		return;
	hint = classify(head, length, packet, known);
	if (!hint) {
		/* Bodies of a known protocol come here too; only what was never recognised is given up. */
		if ((!known || known == PX_L7_TLS) && ++connection->l7_tries >= L7_MAXIMUM_TRIES) {
			connection->marks |= PX_MARK_L7_DONE;
			if (!known)
				count(PX_COUNT_L7_UNKNOWN);
		}
		return;
	}
	connection->l7_protocol = hint;
	if (place == VETH_OUT) {
		struct address source;

		side_address(packet, packet->sender, source.bytes);
		if (bpf_map_lookup_elem(&endpoint_addresses, &source)) {
			count(PX_COUNT_L7_OTHER_HOOK);
			return;
		}
	}
	/* A hello with post-quantum key shares is longer than the usual bound, and its server name may come last. */
	if (hint == PX_L7_TLS && length > PX_L7_BYTES)
		copy_head(skb, packet, connection, place, hint, length, PX_L7_TLS_BYTES, PX_L7_TLS_BYTES);
	else
		copy_head(skb, packet, connection, place, hint, length, PX_L7_BYTES,
			  hint == PX_L7_TLS ? PX_L7_BYTES : settings.l7_bytes);
}
