/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which protocol a payload speaks, by its first bytes and by what its connection is known to speak. 0: none of ours.
 */
#pragma once

#define WORD(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
#define HEAD_BYTES 16
#define FRAME_HEAD_BYTES 9

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

static __always_inline u32 is_preface(const u8 *head)
{
	return *(const u32 *)head == WORD('P', 'R', 'I', ' ') && *(const u32 *)(head + 4) == WORD('*', ' ', 'H', 'T');
}

/* RFC 9113 section 4.1: length(24) type(8) flags(8) stream(32). */
static __always_inline u8 classify_http2(const u8 *head, u32 length, u8 known)
{
	u32 frame = (u32)head[1] << 8 | head[2];
	u8 type = head[3];

	if (length < FRAME_HEAD_BYTES || head[0] || frame > 16384 || type > 9 || head[5] & 0x80)
		return 0;
	if (known == PX_L7_HTTP2)
		return PX_L7_HTTP2;
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
		if (is_preface(head))
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
