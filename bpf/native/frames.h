/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Frames with everything a network can put into them, and what each was meant to say: tags, options, extension headers,
 * fragments, the five transports, the first bytes of the protocols that are recognised. From a seed.
 */
#pragma once

struct meant {
	uint8_t source[16], destination[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t source_port, destination_port; /* network order */
	uint8_t family, protocol, tcp_flags;
	uint32_t payload_offset, payload_length, sequence;
	uint32_t is_later_fragment, is_noise, is_beyond_reach;
};

static const struct {
	const char *bytes;
	uint32_t length;
} payloads[] = {
#define TEXT(text) { text, sizeof(text) - 1 }
	TEXT("GET /cart?id=7 HTTP/1.1\r\nHost: shop\r\n\r\n"),
	TEXT("POST /cart HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
	TEXT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
	TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"),
	TEXT("\0\0\16\1\5\0\0\0\1\202\207\204\101\212\010\235\134\013\201\160\334\170\017\003\0\0\2\0\1\0\0\0\1ok"),
	TEXT("\0\0"),
	TEXT("\0\0\4\3\0\0\0\0\3\0\0\0\10\0\377\377\0\0\0\0\0\5x"),
	TEXT("\22\64\1\0\0\1\0\0\0\0\0\0\3web\2ex\0\0\1\0\1"),
	TEXT("\26\3\1\0\100\1\0\0\74\3\3rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\2\23\1\1\0"),
	TEXT("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n"),
	TEXT("+OK\r\n"),
	TEXT("\0\0\0\10\0\3\0\0"),
	TEXT("Q\0\0\0\35SELECT * FROM t WHERE a=1\0"),
	TEXT(""),
};

static void put(const void *bytes, uint32_t length)
{
	if (frame.length + length > FRAME_ROOM)
		length = FRAME_ROOM - frame.length;
	memcpy(frame.bytes + frame.length, bytes, length);
	frame.length += length;
}

static void put16(uint16_t value)
{
	value = __builtin_bswap16(value);
	put(&value, 2);
}

static void put_random(uint32_t length)
{
	for (uint32_t i = 0; i < length && frame.length < FRAME_ROOM; i++)
		frame.bytes[frame.length++] = random64();
}

/* Few hosts and ports, so that frames meet in connections. */
static void choose_ends(struct meant *meant)
{
	static const uint16_t ports[] = { 80, 443, 53, 5432, 6379, 8080, 40000, 40001 };

	for (int i = 0; i < 16; i++) {
		meant->source[i] = meant->family == 4 ? "\0\0\0\0\0\0\0\0\0\0\377\377\12\0\0"[i < 15 ? i : 0] : 0x20 + i;
		meant->destination[i] = meant->source[i];
	}
	meant->source[15] = 1 + below(4);
	meant->destination[15] = 1 + below(4);
	meant->source_port = __builtin_bswap16(ports[below(8)]);
	meant->destination_port = __builtin_bswap16(ports[below(8)]);
	if (one_in(40)) {
		meant->destination[meant->family == 4 ? 12 : 0] = meant->family == 4 ? 239 : 0xff;
		meant->is_noise = 1;
	}
}

static uint32_t sequence_of_connection[2][16];

static void put_payload(struct meant *meant)
{
	uint32_t pieces = one_in(5) ? below(40) : 1;

	for (uint32_t i = 0; i < pieces; i++) {
		uint32_t which = below(sizeof(payloads) / sizeof(payloads[0]));

		put(payloads[which].bytes, payloads[which].length);
		if (one_in(8))
			put_random(below(one_in(10) ? 20000 : 600));
	}
	meant->payload_length = frame.length - meant->payload_offset;
}

static void put_transport(struct meant *meant)
{
	uint32_t options;

	meant->payload_offset = frame.length;
	switch (meant->protocol) {
	case 6: {
		uint32_t side = meant->source[15] > meant->destination[15];
		uint32_t *sequence = &sequence_of_connection[side][(meant->source[15] + meant->destination[15]) & 15];
		uint32_t in_order;

		if (one_in(20))
			*sequence = random64();
		meant->sequence = *sequence;
		in_order = __builtin_bswap32(meant->sequence);
		meant->tcp_flags = one_in(3) ? (uint8_t)random64() : 0x18;
		options = 4 * below(11);
		put(&meant->source_port, 2);
		put(&meant->destination_port, 2);
		put(&in_order, 4);
		put("\0\0\0\0", 4);
		frame.bytes[frame.length++] = (5 + options / 4) << 4;
		frame.bytes[frame.length++] = meant->tcp_flags;
		put("\0\0\0\0\0\0", 6);
		put_random(options);
		meant->payload_offset = frame.length;
		put_payload(meant);
		*sequence += meant->payload_length;
		return;
	}
	case 17:
		put(&meant->source_port, 2);
		put(&meant->destination_port, 2);
		put("\0\0\0\0", 4);
		meant->payload_offset = frame.length;
		put_payload(meant);
		return;
	case 132:
		put(&meant->source_port, 2);
		put(&meant->destination_port, 2);
		put_random(below(100));
		break;
	case 1:
	case 58: {
		uint8_t echo = meant->protocol == 1 ? (one_in(2) ? 0 : 8) : 128 + below(2);
		uint8_t type = one_in(2) ? echo : meant->protocol == 1 ? 3 : 1;

		if (meant->protocol == 58 && one_in(8))
			type = 133 + below(5), meant->is_noise = 1;
		meant->destination_port = meant->source_port;
		if (type != echo)
			meant->source_port = meant->destination_port = 0;
		frame.bytes[frame.length++] = type;
		put("\0\0\0", 3);
		put(&meant->source_port, 2);
		put("\0\1", 2);
		put_random(below(60));
		break;
	}
	default:
		meant->source_port = meant->destination_port = 0;
		put_random(below(60));
	}
	meant->payload_offset = meant->payload_length = 0;
}

static void put_ipv4(struct meant *meant, uint32_t fragment_offset, uint32_t more)
{
	uint32_t start = frame.length, options = one_in(4) ? 4 * below(11) : 0;
	uint16_t total;

	frame.bytes[frame.length++] = 0x45 + options / 4;
	put("\0\0\0", 3);
	put16(7);
	put16((more ? 0x2000 : 0) | fragment_offset);
	frame.bytes[frame.length++] = 64;
	frame.bytes[frame.length++] = meant->protocol;
	put("\0\0", 2);
	put(meant->source + 12, 4);
	put(meant->destination + 12, 4);
	put_random(options);
	if (fragment_offset)
		put_random(1 + below(200));
	else
		put_transport(meant);
	total = __builtin_bswap16(frame.length - start);
	memcpy(frame.bytes + start + 2, &total, 2);
}

static void put_ipv6(struct meant *meant, uint32_t fragment_offset, uint32_t more)
{
	static const uint8_t kinds[] = { 0, 43, 51, 60 };
	uint32_t start = frame.length, extensions = one_in(3) ? below(8) : 0, is_fragment = fragment_offset || more;
	uint32_t next_at = start + 6;
	uint16_t total;

	put("\140\0\0\0\0\0\0\100", 8);
	put(meant->source, 16);
	put(meant->destination, 16);
	for (uint32_t i = 0; i < extensions; i++) {
		uint32_t units = below(3), kind = kinds[below(4)];

		frame.bytes[next_at] = kind;
		next_at = frame.length;
		frame.bytes[frame.length++] = 0;
		frame.bytes[frame.length++] = kind == 51 ? units : units;
		put_random(kind == 51 ? (units + 2) * 4 - 2 : (units + 1) * 8 - 2);
	}
	if (is_fragment) {
		frame.bytes[next_at] = 44;
		next_at = frame.length;
		put("\0\0", 2);
		put16(fragment_offset << 3 | more);
		put("\0\0\0\7", 4);
	}
	/* The program looks through six headers and no more. */
	meant->is_beyond_reach = extensions + is_fragment > 6;
	frame.bytes[next_at] = meant->protocol;
	if (fragment_offset)
		put_random(1 + below(200));
	else
		put_transport(meant);
	total = frame.length - start - 40 > 0xffff ? 0 : __builtin_bswap16(frame.length - start - 40);
	memcpy(frame.bytes + start + 4, &total, 2);
}

/* Fills the frame and the fields of skb that tell of it. */
static void make_frame(struct __sk_buff *skb, struct meant *meant)
{
	static const uint8_t protocols[] = { 6, 6, 6, 6, 17, 17, 132, 1, 47 };
	uint32_t more = one_in(12), fragment_offset = one_in(16) ? 185 : 0, tags = one_in(6) ? 1 + below(2) : 0;
	uint16_t type;

	memset(meant, 0, sizeof(*meant));
	memset(skb, 0, sizeof(*skb));
	frame.length = 0;
	meant->family = one_in(2) ? 4 : 6;
	meant->protocol = protocols[below(sizeof(protocols))];
	if (meant->protocol == 1 && meant->family == 6)
		meant->protocol = 58;
	choose_ends(meant);
	put("\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	type = __builtin_bswap16(meant->family == 4 ? 0x0800 : 0x86dd);
	skb->protocol = tags ? __builtin_bswap16(one_in(2) ? 0x8100 : 0x88a8) : type;
	for (uint32_t i = 0; i < tags; i++) {
		put16(i ? 0x8100 : __builtin_bswap16(skb->protocol));
		put16(100 + i);
	}
	put(&type, 2);
	meant->is_later_fragment = fragment_offset != 0;
	if (meant->family == 4)
		put_ipv4(meant, fragment_offset, more);
	else
		put_ipv6(meant, fragment_offset, more);
	skb->ifindex = 1 + below(3);
	skb->hash = one_in(2) ? 0 : 77;
	if (one_in(10)) {
		skb->gso_size = below(2000);
		skb->gso_segs = one_in(2) ? 0 : below(64);
	}
}

/* What noise, a broken device or an attacker makes of it: bytes changed, cut off, or of any length. */
static void mutate_frame(struct __sk_buff *skb)
{
	uint32_t changes = 1 + below(one_in(4) ? 60 : 4);

	for (uint32_t i = 0; i < changes && frame.length; i++) {
		/* Mostly in the headers, where it tells. */
		uint32_t at = below(one_in(4) || frame.length < 120 ? frame.length : 120);

		frame.bytes[at] = one_in(3) ? (one_in(2) ? 0xff : 0) : random64();
	}
	if (one_in(3))
		frame.length = below(frame.length + 1);
	if (one_in(20))
		skb->protocol = random64();
}
