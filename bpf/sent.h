/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * When a frame was sent, on the boot clock. Frames of a pod's TCP carry the time on the monotonic clock (since 5.18), and
 * reading it costs nothing; reading a clock amid traffic costs about 60 ns, for it waits for all memory that is asked for.
 */
#pragma once

/* 1 << 30 ns: a second, nearly, without a division. */
#define SECOND_BITS 30
#define SUSPENSION_NS 1000000 /* at least */

/* How far the boot clock is ahead of the monotonic one: as long as the machine has been suspended. */
static volatile u64 boot_ahead_ns;
/* When that was last looked up, in such seconds. */
static volatile u64 boot_ahead_second;

/* Looked up once a second, as user space does it. Other work may come between the two readings: less is nearer the truth. */
static __always_inline u64 boot_ahead(u64 sent_ns)
{
	u64 second = sent_ns >> SECOND_BITS, known = boot_ahead_ns, ahead;

	if (boot_ahead_second == second)
		return known;
	boot_ahead_second = second;
	ahead = -bpf_ktime_get_ns();
	ahead += bpf_ktime_get_boot_ns();
	if (ahead >= known && ahead - known < SUSPENSION_NS)
		return known;
	boot_ahead_ns = ahead;
	return ahead;
}

static __always_inline u64 sent_at(struct __sk_buff *skb)
{
	/* On a device of the host it may be the time at which a frame is to leave, where traffic is held to a rate. */
	if (place_of(skb) == VETH_IN && bpf_core_field_exists(((struct __sk_buff___with_time *)0)->tstamp_type) &&
	    skb->tstamp_type == BPF_SKB_TSTAMP_DELIVERY_MONO)
		return skb->tstamp + boot_ahead(skb->tstamp);
	return bpf_ktime_get_boot_ns();
}
