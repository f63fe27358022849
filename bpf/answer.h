/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What of an answer is copied: its beginning, and its end where that alone tells the outcome.
 */
#pragma once
#include "part.h"
#include "pipeline.h"

#define POSTGRESQL_TAIL_BYTES 512
#define READY_BYTES 6

/* HTTP/1 announces the answer that counts by others (1xx). */
static __always_inline u32 is_interim(u8 hint, const u8 *head)
{
	return hint == PX_L7_HTTP1 && head[9] == '1';
}

/* ReadyForQuery ends whatever a PostgreSQL server sends. 1 if it ends this payload. */
static __always_inline u32 ends_ready(struct __sk_buff *skb, const struct packet *packet)
{
	u8 last[READY_BYTES] = {};

	return packet->payload_length > READY_BYTES &&
	       !bpf_skb_load_bytes(skb, packet->payload_offset + packet->payload_length - READY_BYTES, last,
				   sizeof(last)) &&
	       last[0] == 'Z' && !last[1] && !last[2] && !last[3] && last[4] == 5;
}

/* Copies the end of an answer, which tells the outcome, from `offset` or the last bytes of the payload. */
static __always_inline void capture_outcome(struct __sk_buff *skb, const struct packet *packet,
					    const struct px_connection *connection, struct part *part, u32 offset)
{
	u32 length = packet->payload_length;

	part->offset = length - offset > POSTGRESQL_TAIL_BYTES ? length - POSTGRESQL_TAIL_BYTES : offset;
	part->length = length - part->offset;
	part->flags = PX_L7_NOTHING_MISSED;
	copy_short(skb, packet, connection, part);
}

/* An answer to the one request under way: its beginning; and its end, where PostgreSQL tells the outcome. */
static __always_inline void capture_answer(struct __sk_buff *skb, const struct packet *packet,
					   const struct px_connection *connection, struct part *part)
{
	u32 has_outcome = part->hint == PX_L7_POSTGRESQL && packet->payload_length > PX_L7_BYTES &&
			  ends_ready(skb, packet);

	part->length = has_outcome ? PX_L7_BYTES : packet->payload_length;
	copy_short(skb, packet, connection, part);
	if (has_outcome)
		capture_outcome(skb, packet, connection, part, PX_L7_BYTES);
}
