/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * flow.bpf.c as a plain program under sanitizers, fed made-up and damaged frames. Usage: fuzz FRAMES|SECONDSs SEED
 *
 * Three judges besides the sanitizers: what a frame was made to say is what is parsed from it; the quick and the thorough
 * way of parsing agree on every frame that the quick one takes, damaged or not; and each record that comes out is whole,
 * with a copy of the bytes that lie where it says.
 */
#include <linux/types.h>
#include <time.h>
#include "../flow.bpf.c"
#include "world.h"
#include "frames.h"

static struct {
	uint64_t frames, intact, intact_parsed, parsed, both_ways, connection_records, l7_records, other_records;
	uint32_t most_records; /* of one frame */
} tally;

static struct packet at_hand; /* the packet as parsed, for take_record */
static uint32_t is_at_hand, records_of_frame;
static uint64_t seed, sent_ns; /* of the frame, on the boot clock */

/* More than all clock readings of a frame take, less than any suspension. */
#define TOLERANCE_NS 10000000

static void fail(const char *what)
{
	fprintf(stderr, "frame %llu of seed %llu: %s\nfirst bytes:", (unsigned long long)tally.frames,
		(unsigned long long)seed, what);
	for (uint32_t i = 0; i < frame.length && i < 160; i++)
		fprintf(stderr, " %02x", frame.bytes[i]);
	fprintf(stderr, "\n");
	exit(1);
}

static void take_record(const void *record, uint32_t room)
{
	const struct px_header *header = record;

	records_of_frame++;
	if (header->length > room || header->length < sizeof(*header))
		fail("a record's length is not that of its memory");
	if (header->type == PX_TYPE_CONNECTION) {
		tally.connection_records++;
		if (header->length != sizeof(struct px_connection_record))
			fail("a connection record of another size");
	} else if (header->type == PX_TYPE_L7) {
		const struct px_l7_record *l7 = record;
		uint32_t at = l7->sequence - at_hand.sequence;

		tally.l7_records++;
		if (header->length != sizeof(*l7) + l7->captured || l7->captured > PX_L7_LONG_BYTES)
			fail("a message's record of another size than its head says");
		if (l7->captured > l7->payload_length || at > at_hand.payload_length ||
		    l7->payload_length > at_hand.payload_length - at)
			fail("a message that reaches beyond its payload");
		if (is_at_hand && memcmp(l7 + 1, frame.bytes + at_hand.payload_offset + at, l7->captured))
			fail("a copy that differs from the frame");
		if (header->time_ns - sent_ns > TOLERANCE_NS)
			fail("a message of another time than it was sent at");
		if (!l7->hint || l7->hint > PX_L7_POSTGRESQL)
			fail("a message of no protocol");
		if (l7->from_initiator > 1 || l7->to_hook > 1 || l7->flags & ~(PX_L7_NOTHING_MISSED | PX_L7_WHOLE_STREAM) || header->reason ||
		    l7->protocol != at_hand.protocol || l7->family != at_hand.family)
			fail("a field of a message's record that nobody wrote");
	} else {
		tally.other_records++;
	}
}

static int parse(struct __sk_buff *skb, struct packet *packet)
{
	memset(packet, 0, sizeof(*packet));
	return parse_usual(skb, packet) ? 0 : parse_unusual(skb, packet);
}

static void judge_both_ways(struct __sk_buff *skb)
{
	struct packet quick = {}, thorough = {};

	if (!parse_usual(skb, &quick))
		return;
	tally.both_ways++;
	if (parse_unusual(skb, &thorough))
		fail("parsed the quick way, refused the thorough way");
	if (memcmp(&quick, &thorough, sizeof(quick)))
		fail("parsed differently the quick and the thorough way");
}

/* Both directions of a connection have to meet in one entry. */
static void judge_key(const struct __sk_buff *skb, const struct packet *packet)
{
	struct packet back = *packet;

	memset(&back.key6, 0, sizeof(back.key6));
	back.source_port = packet->destination_port;
	back.destination_port = packet->source_port;
	if (packet->family == 4) {
		order4(&back, skb->ifindex, packet->key4.address[!packet->sender], packet->key4.address[packet->sender]);
	} else {
		u64 ends[4];

		memcpy(ends, packet->key6.address[!packet->sender], 16);
		memcpy(ends + 2, packet->key6.address[packet->sender], 16);
		order6(&back, skb->ifindex, ends, ends + 2);
	}
	if (memcmp(&back.key6, &packet->key6, sizeof(back.key6)))
		fail("an answer would not find its connection");
	/* An IP header counts to 65535; beyond that only the frame's own length does. */
	if (packet->payload_length > 0xffff && packet->payload_length > skb->len)
		fail("a payload longer than anything says");
}

static void judge_intact(const struct packet *packet, int failed, const struct meant *meant)
{
	uint8_t source[16], destination[16];

	tally.intact++;
	if (meant->is_noise && failed != PX_COUNT_NOISE && !(meant->is_beyond_reach || meant->is_later_fragment))
		fail("noise that was not seen to be noise");
	if (meant->is_noise || meant->is_beyond_reach || (failed == PX_COUNT_FRAGMENTS && meant->is_later_fragment))
		return;
	if (failed)
		fail("a sound frame could not be parsed");
	tally.intact_parsed++;
	side_address(packet, packet->sender, source);
	side_address(packet, !packet->sender, destination);
	if (packet->family != meant->family || packet->protocol != meant->protocol)
		fail("another protocol than was meant");
	if (memcmp(source, meant->source, 16) || memcmp(destination, meant->destination, 16))
		fail("other addresses than were meant");
	/* A later fragment has the ports of whichever first fragment had its number. */
	if (meant->is_later_fragment)
		return;
	if (packet->source_port != meant->source_port || packet->destination_port != meant->destination_port)
		fail("other ports than were meant");
	if (packet->tcp_flags != meant->tcp_flags || packet->sequence != meant->sequence)
		fail("other TCP flags or sequence number than were meant");
	if (meant->payload_length && frame.length < 65000 &&
	    (packet->payload_offset != meant->payload_offset || packet->payload_length != meant->payload_length))
		fail("a payload elsewhere than was meant");
}

/* By enum place. */
static int (*const programs[])(struct __sk_buff *) = { veth_in, veth_out, host_in, host_out, loopback_out };

static void judge_frame(void)
{
	struct __sk_buff skb;
	struct meant meant;
	struct packet packet;
	uint32_t is_intact = !one_in(2), place = below(LOOPBACK_OUT + 1);
	int failed;

	make_frame(&skb, &meant);
	if (!is_intact)
		mutate_frame(&skb);
	if (one_in(3))
		skb.sk = (struct bpf_sock *)&skb;
	frame_show(&skb, one_in(3) ? below(200) : frame.length);
	tally.frames++;
	judge_both_ways(&skb);
	failed = parse(&skb, &packet);
	if (failed < 0 || failed >= PX_COUNTS)
		fail("refused with a counter that there is not");
	tally.parsed += !failed;
	if (!failed)
		judge_key(&skb, &packet);
	if (is_intact)
		judge_intact(&packet, failed, &meant);
	at_hand = packet;
	is_at_hand = !failed && (uint64_t)packet.payload_offset + packet.payload_length <= frame.length;
	records_of_frame = 0;
	shim_now_ns += below(1 << 24);
	sent_ns = shim_now_ns;
	if (one_in(2)) {
		skb.tstamp_type = BPF_SKB_TSTAMP_DELIVERY_MONO;
		skb.tstamp = sent_ns - SHIM_SUSPENDED_NS;
	}
	programs[place](&skb);
	if (records_of_frame > tally.most_records)
		tally.most_records = records_of_frame;
	/* User space's sweep. */
	if (one_in(5000)) {
		shim_empty(shim_find_map(&connections4));
		shim_empty(shim_find_map(&connections6));
	}
}

int main(int count, char **words)
{
	char *end = "";
	uint64_t frames = count > 1 ? strtoull(words[1], &end, 10) : 100000;
	time_t until = *end == 's' ? time(NULL) + (time_t)frames : 0;

	seed = count > 2 ? strtoull(words[2], NULL, 10) : 1;
	random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	frame_prepare_memory();
	while (until ? tally.frames % 1000 || time(NULL) < until : tally.frames < frames)
		judge_frame();
	printf("{\"seed\":%llu,\"frames\":%llu,\"intact\":%llu,\"intactParsed\":%llu,\"parsed\":%llu,\"bothWays\":%llu,"
	       "\"connectionRecords\":%llu,\"l7Records\":%llu,\"otherRecords\":%llu,\"mostRecordsOfAFrame\":%u}\n",
	       (unsigned long long)seed, (unsigned long long)tally.frames, (unsigned long long)tally.intact,
	       (unsigned long long)tally.intact_parsed, (unsigned long long)tally.parsed,
	       (unsigned long long)tally.both_ways, (unsigned long long)tally.connection_records,
	       (unsigned long long)tally.l7_records, (unsigned long long)tally.other_records, tally.most_records);
	return 0;
}
