/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From a frame to a packet: ends, ports, flags, where the payload lies. Two ways with one result: straight from the
 * frame's memory for what nearly all frames are, and byte by byte for tags, options, extension headers and fragments.
 */
#pragma once

/* One parsed packet. Sides are ordered as in the key; `sender` is the index of the side that sent it. */
struct packet {
	union {
		struct px_key4 key4;
		struct px_key6 key6;
	};
	u32 payload_offset, payload_length; /* length 0: nothing to read */
	u32 sequence;
	__be16 source_port, destination_port;
	u8 family, protocol, sender, tcp_flags, icmp_type, icmp_code;
};

/* First fragments by what all fragments of a datagram share, so that the later ones find their ports. */
struct fragment_key {
	u8 source[16], destination[16];
	u32 identifier, protocol;
};

struct fragment_ports {
	__be16 source, destination;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct fragment_key);
	__type(value, struct fragment_ports);
} fragments SEC(".maps");

/*
 * Reads `bytes` of a frame, 1 to `most`. 0 if they could be read. Tested is what there is beyond one: of "not 0", which the
 * compiler makes of "1 or more", the verifier concludes nothing before Linux 6.8.
 */
static __always_inline long load_some(struct __sk_buff *skb, u32 offset, void *to, u32 bytes, const u32 most)
{
	u32 beyond = bytes - 1;

	BOUND(beyond);
	if (beyond >= most)
		return -1;
	return bpf_skb_load_bytes(skb, offset, to, beyond + 1);
}

static __always_inline void map_ipv4(u8 *out, __be32 address)
{
	u32 *words = (u32 *)out;

	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

/* Both ports in one word, as the key has them: hashing a word that was stored in halves stalls the processor. */
static __always_inline u32 order_ports(const struct packet *packet, u32 later)
{
	u32 first = later ? packet->destination_port : packet->source_port;
	u32 second = later ? packet->source_port : packet->destination_port;

	return first | second << 16;
}

static __always_inline void order4(struct packet *packet, u32 index, __be32 source, __be32 destination)
{
	u32 later = source > destination ||
		    (source == destination && packet->source_port > packet->destination_port);

	packet->family = 4;
	packet->sender = later;
	packet->key4.address[0] = later ? destination : source;
	packet->key4.address[1] = later ? source : destination;
	*(u32 *)packet->key4.port = order_ports(packet, later);
	packet->key4.place = index << 8 | packet->protocol;
}

static __always_inline void order6(struct packet *packet, u32 index, const u64 *source, const u64 *destination)
{
	u32 later = source[0] != destination[0]	  ? source[0] > destination[0] :
		    source[1] != destination[1]	  ? source[1] > destination[1] :
						    packet->source_port > packet->destination_port;
	u64 *first = (u64 *)packet->key6.address[0], *second = (u64 *)packet->key6.address[1];

	packet->family = 6;
	packet->sender = later;
	first[0] = later ? destination[0] : source[0];
	first[1] = later ? destination[1] : source[1];
	second[0] = later ? source[0] : destination[0];
	second[1] = later ? source[1] : destination[1];
	*(u32 *)packet->key6.port = order_ports(packet, later);
	packet->key6.place = index << 8 | packet->protocol;
}

/* Of `bytes` from the transport header on, as the IP header claims them (0: a jumbogram, so all of the frame). */
static __always_inline void place_payload(struct __sk_buff *skb, struct packet *packet, u32 offset, u32 header, u32 bytes)
{
	packet->payload_offset = offset + header;
	if (bytes)
		packet->payload_length = bytes > header ? bytes - header : 0;
	else
		packet->payload_length = skb->len > offset + header ? skb->len - offset - header : 0;
}

/* The transport header in the frame's own memory, `limit` its end. 0 if it is not all there. */
static __always_inline u32 parse_near(struct __sk_buff *skb, struct packet *packet, void *at, void *limit, u32 offset,
				      u32 bytes)
{
	struct tcp_header *tcp = at;

	if (packet->protocol == PROTO_TCP) {
		if ((void *)(tcp + 1) > limit)
			return 0;
		packet->tcp_flags = tcp->flags;
		packet->sequence = bpf_ntohl(tcp->sequence);
		place_payload(skb, packet, offset, (tcp->data_offset >> 4) * 4, bytes);
	} else if (packet->protocol == PROTO_UDP) {
		if (at + 8 > limit)
			return 0;
		place_payload(skb, packet, offset, 8, bytes);
	} else {
		return 0;
	}
	packet->source_port = tcp->source;
	packet->destination_port = tcp->destination;
	return 1;
}

/* TCP or UDP over IP without options, tags or fragments, to one receiver. 0: look closer. */
static __always_inline u32 parse_usual(struct __sk_buff *skb, struct packet *packet)
{
	void *start = (void *)(long)skb->data, *limit = (void *)(long)skb->data_end;
	struct ipv4_header *ip4 = start + ETH_HEADER;
	struct ipv6_header *ip6 = start + ETH_HEADER;

	if (skb->protocol == ETH_IPV4) {
		u32 bytes;

		if ((void *)(ip4 + 1) > limit || ip4->version_length != 0x45 || ip4->fragment & bpf_htons(0x3fff) ||
		    (ip4->destination & bpf_htonl(0xe0000000)) == bpf_htonl(0xe0000000))
			return 0;
		packet->protocol = ip4->protocol;
		bytes = bpf_ntohs(ip4->length);
		bytes = bytes > sizeof(*ip4) ? bytes - sizeof(*ip4) : 0;
		if (!parse_near(skb, packet, ip4 + 1, limit, ETH_HEADER + sizeof(*ip4), bytes))
			return 0;
		order4(packet, skb->ifindex, ip4->source, ip4->destination);
		return 1;
	}
	if (skb->protocol == ETH_IPV6) {
		/* By words of 8: the compiler knows of no alignment and would read each byte. */
		const u64 *ends = (void *)ip6 + 8;

		if ((void *)(ip6 + 1) > limit || ip6->destination[0] == 0xff)
			return 0;
		packet->protocol = ip6->next_header;
		if (!parse_near(skb, packet, ip6 + 1, limit, ETH_HEADER + sizeof(*ip6), bpf_ntohs(ip6->payload_length)))
			return 0;
		order6(packet, skb->ifindex, ends, ends + 2);
		return 1;
	}
	return 0;
}

/* Reads ports, flags and payload at `offset`. 0, or the counter to raise. */
static __always_inline int parse_transport(struct __sk_buff *skb, struct packet *packet, u32 offset, u32 bytes)
{
	if (packet->protocol == PROTO_TCP) {
		struct tcp_header tcp;

		if (bpf_skb_load_bytes(skb, offset, &tcp, sizeof(tcp)))
			return PX_COUNT_UNPARSABLE;
		packet->source_port = tcp.source;
		packet->destination_port = tcp.destination;
		packet->tcp_flags = tcp.flags;
		packet->sequence = bpf_ntohl(tcp.sequence);
		place_payload(skb, packet, offset, (tcp.data_offset >> 4) * 4, bytes);
	} else if (packet->protocol == PROTO_UDP || packet->protocol == PROTO_SCTP) {
		__be16 ports[2];

		if (bpf_skb_load_bytes(skb, offset, ports, sizeof(ports)))
			return PX_COUNT_UNPARSABLE;
		packet->source_port = ports[0];
		packet->destination_port = ports[1];
		if (packet->protocol == PROTO_UDP)
			place_payload(skb, packet, offset, 8, bytes);
	} else if (packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMP6) {
		u8 icmp[8];

		if (bpf_skb_load_bytes(skb, offset, icmp, sizeof(icmp)))
			return PX_COUNT_UNPARSABLE;
		packet->icmp_type = icmp[0];
		packet->icmp_code = icmp[1];
		if (icmp[0] == 0 || icmp[0] == 8 || icmp[0] == 128 || icmp[0] == 129)
			packet->source_port = packet->destination_port = *(__be16 *)(icmp + 4);
		/* Router and neighbour discovery. */
		if (packet->protocol == PROTO_ICMP6 && icmp[0] >= 133 && icmp[0] <= 137 && !settings.include_noise)
			return PX_COUNT_NOISE;
	}
	return 0;
}

/* A fragment: the first one leaves its ports, a later one takes them. 0, or the counter to raise. */
static __always_inline int parse_fragment(struct __sk_buff *skb, struct packet *packet, struct fragment_key *key,
					  u32 offset, u32 bytes, u32 is_first)
{
	struct fragment_ports ports, *known;
	int failed;

	key->protocol = packet->protocol;
	if (is_first) {
		failed = parse_transport(skb, packet, offset, bytes);
		if (failed)
			return failed;
		ports.source = packet->source_port;
		ports.destination = packet->destination_port;
		bpf_map_update_elem(&fragments, key, &ports, BPF_ANY);
		return 0;
	}
	known = bpf_map_lookup_elem(&fragments, key);
	if (!known)
		return PX_COUNT_FRAGMENTS;
	packet->source_port = known->source;
	packet->destination_port = known->destination;
	return 0;
}

static __always_inline int parse_ipv4(struct __sk_buff *skb, struct packet *packet, u32 offset)
{
	struct ipv4_header ip;
	u32 header_bytes, bytes;
	int failed;

	if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)))
		return PX_COUNT_UNPARSABLE;
	header_bytes = (ip.version_length & 15) * 4;
	if (header_bytes < sizeof(ip) || ip.version_length >> 4 != 4)
		return PX_COUNT_UNPARSABLE;
	/* 224/4 and 240/4: multicast and broadcast. */
	if ((ip.destination & bpf_htonl(0xe0000000)) == bpf_htonl(0xe0000000) && !settings.include_noise)
		return PX_COUNT_NOISE;
	packet->protocol = ip.protocol;
	bytes = bpf_ntohs(ip.length);
	bytes = bytes > header_bytes ? bytes - header_bytes : 0;
	if (ip.fragment & bpf_htons(0x3fff)) {
		struct fragment_key key = { .identifier = ip.id };

		map_ipv4(key.source, ip.source);
		map_ipv4(key.destination, ip.destination);
		failed = parse_fragment(skb, packet, &key, offset + header_bytes, bytes,
					!(ip.fragment & bpf_htons(0x1fff)));
	} else {
		failed = parse_transport(skb, packet, offset + header_bytes, bytes);
	}
	if (failed)
		return failed;
	order4(packet, skb->ifindex, ip.source, ip.destination);
	return 0;
}

static __always_inline int parse_ipv6(struct __sk_buff *skb, struct packet *packet, u32 offset)
{
	struct ipv6_header ip;
	struct fragment_key key = {};
	u32 later_fragment = 0, is_fragment = 0, bytes, begin = offset + sizeof(ip), noise = skb->len;
	u64 ends[4];
	int failed;
	u8 next;

	if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)))
		return PX_COUNT_UNPARSABLE;
	if (ip.destination[0] == 0xff && !settings.include_noise)
		return PX_COUNT_NOISE;
	next = ip.next_header;
	offset = begin;
	/* Hop-by-hop 0, routing 43, fragment 44, authentication 51, destination options 60. */
	for (int i = 0; i < 6; i++) {
		u8 extension[8];
		u32 step;

		if (next != 0 && next != 43 && next != 44 && next != 51 && next != 60)
			break;
		if (bpf_skb_load_bytes(skb, offset, extension, sizeof(extension)))
			return PX_COUNT_UNPARSABLE;
		if (next == 44) {
			is_fragment = 1;
			later_fragment = *(__be16 *)(extension + 2) & bpf_htons(0xfff8);
			key.identifier = *(u32 *)(extension + 4);
			step = 8;
		} else {
			step = next == 51 ? (extension[1] + 2) * 4 : (extension[1] + 1) * 8;
		}
		FORGET(step, noise);
		FORGET(is_fragment, noise);
		offset += step;
		next = extension[0];
		if (later_fragment)
			break;
	}
	packet->protocol = next;
	bytes = bpf_ntohs(ip.payload_length);
	bytes = bytes > offset - begin ? bytes - (offset - begin) : 0;
	if (is_fragment) {
		__builtin_memcpy(&key, (u8 *)&ip + 8, 32);
		failed = parse_fragment(skb, packet, &key, offset, bytes, !later_fragment);
	} else {
		failed = parse_transport(skb, packet, offset, bytes);
	}
	if (failed)
		return failed;
	__builtin_memcpy(ends, (u8 *)&ip + 8, sizeof(ends));
	order6(packet, skb->ifindex, ends, ends + 2);
	return 0;
}

/* 0, or the counter to raise. */
CHECKED_ONCE int parse_unusual(struct __sk_buff *skb, struct packet *packet)
{
	__be16 protocol = skb->protocol;
	u32 offset = ETH_HEADER;

	if (!packet)
		return PX_COUNT_UNPARSABLE;
	/* A tag the device left in the frame; the usual one is already in skb->vlan_tci. */
	for (int i = 0; i < 2; i++) {
		__be16 tag[2];

		if (protocol != ETH_VLAN && protocol != ETH_QINQ)
			break;
		if (bpf_skb_load_bytes(skb, offset, tag, sizeof(tag)))
			return PX_COUNT_UNPARSABLE;
		protocol = tag[1];
		offset += 4;
	}
	if (protocol == ETH_IPV4)
		return parse_ipv4(skb, packet, offset);
	if (protocol == ETH_IPV6)
		return parse_ipv6(skb, packet, offset);
	return PX_COUNT_NOT_IP;
}
