/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Clients that do not wait for answers. What they send, and what they are sent, is copied whole: a message may begin
 * anywhere. Found by a request while an answer is due, or by several requests in one payload.
 */
#pragma once

/* Redis: *N $length ..., so many lengths are walked. PostgreSQL: so many messages. */
#define MAXIMUM_WALK 16
#define MAXIMUM_DIGITS 8

struct client {
	struct address address;
	u32 port; /* network order */
};

/*
 * Clients that were found to pipeline where their requests are copied, for the hook at the server's interface, which sees
 * the answers. Without the server's address: on the way it may be translated.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct client);
	__type(value, u32);
} pipelining_clients SEC(".maps");

/* How often a client was put into that table: while this stands still, there is nobody in it to look for. */
static volatile u32 clients_put;

/* What a payload that begins with a request holds. */
struct requests {
	u32 end;     /* offset behind the last request, or behind the message in it that goes on; 0 if not known */
	u32 next;    /* offset of the first message that begins behind what is copied of one request; 0: none */
	u32 is_many;
};

static __always_inline u32 can_pipeline(u8 protocol)
{
	return protocol == PX_L7_HTTP1 || protocol == PX_L7_REDIS || protocol == PX_L7_POSTGRESQL;
}

static __always_inline void client_of(const struct packet *packet, struct client *client)
{
	side_address(packet, packet->sender, client->address.bytes);
	client->port = packet->source_port;
}

/* The client's payload is at hand. */
CHECKED_ONCE int mark_pipelining(const struct packet *packet, struct px_connection *connection)
{
	struct client client = {};
	u32 yes = 1;

	if (!packet || !connection)
		return 0;
	client_of(packet, &client);
	bpf_map_update_elem(&pipelining_clients, &client, &yes, BPF_ANY);
	__sync_fetch_and_add(&clients_put, 1);
	connection->marks |= PX_MARK_PIPELINED;
	return 0;
}

/* The client's payload is at hand, where it is not copied. */
static __always_inline void learn_pipelining(const struct packet *packet, struct px_connection *connection)
{
	struct client client = {};
	u32 put = clients_put;

	if (connection->clients_seen == put)
		return;
	connection->clients_seen = put;
	client_of(packet, &client);
	if (bpf_map_lookup_elem(&pipelining_clients, &client))
		connection->marks |= PX_MARK_PIPELINED;
}

struct request_walk {
	struct __sk_buff *skb;
	const struct packet *packet;
	u32 begin, at, arguments;
	struct requests found;
	u32 executions;
};

/* One "*3\r\n" or "$5\r\nvalue\r\n" of a command. 1 ends the walk. */
static long redis_step(u32 index, struct request_walk *walk)
{
	u8 line[12] = {};
	u32 number = 0, digits = 0, noise = walk->skb->len;
	u32 left = walk->packet->payload_length - walk->at, bytes = left < sizeof(line) ? left : sizeof(line);

	if (bytes < 4 || load_some(walk->skb, walk->packet->payload_offset + walk->at, line, bytes, sizeof(line)))
		return 1;
	for (int i = 1; i <= MAXIMUM_DIGITS; i++) {
		if (!is_digit(line[i]))
			break;
		number = number * 10 + (line[i] - '0');
		digits++;
	}
	if (!digits)
		return 1;
	/* The verifier would go on with each of the lengths apart. */
	FORGET(digits, noise);
	FORGET(number, noise);
	if (!index) {
		walk->arguments = number;
		walk->at += digits + 3;
		return 0;
	}
	if (line[0] != '$')
		return 1;
	walk->at += digits + 3 + number + 2;
	if (index >= walk->arguments) {
		walk->found.end = walk->at;
		return 1;
	}
	return walk->at >= walk->packet->payload_length;
}

/* One message of a PostgreSQL client. 1 ends the walk. */
static long postgresql_step(u32 index, struct request_walk *walk)
{
	u8 head[5] = {};
	u32 length;

	if (walk->packet->payload_length - walk->at < sizeof(head) ||
	    bpf_skb_load_bytes(walk->skb, walk->packet->payload_offset + walk->at, head, sizeof(head)))
		return 1;
	length = (u32)head[1] << 24 | (u32)head[2] << 16 | (u32)head[3] << 8 | head[4];
	if (length < 4 || length > 1 << 30 || head[0] < 'A')
		return 1;
	if (head[0] == 'Q' || head[0] == 'E')
		walk->executions++;
	if (!walk->found.next && walk->at >= walk->begin + PX_L7_LONG_BYTES)
		walk->found.next = walk->at;
	walk->at += 1 + length;
	walk->found.end = walk->at;
	if (walk->executions > 1)
		walk->found.is_many = 1;
	/* What follows a Sync or a query does not wait for its answer. */
	if ((head[0] == 'S' || head[0] == 'Q') && walk->at < walk->packet->payload_length)
		walk->found.is_many = 1;
	return walk->found.is_many || walk->at >= walk->packet->payload_length;
}

/* Looks from `offset`, where a request begins. */
CHECKED_ONCE int find_requests(struct __sk_buff *skb, const struct packet *packet, struct requests *requests,
			       u32 offset, u32 hint)
{
	struct request_walk walk = { .skb = skb, .packet = packet, .begin = offset, .at = offset };

	if (!packet || !requests)
		return 0;
	if (hint == PX_L7_REDIS) {
		for (u32 i = 0; i <= MAXIMUM_WALK; i++)
			if (redis_step(i, &walk))
				break;
		walk.found.is_many = walk.found.end && walk.found.end < packet->payload_length;
	} else {
		for (u32 i = 0; i < MAXIMUM_WALK; i++)
			if (postgresql_step(i, &walk))
				break;
	}
	*requests = walk.found;
	return 0;
}
