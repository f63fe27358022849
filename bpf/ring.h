/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The one ring buffer all objects write to; user space creates it and hands it to each object before load.
 * Its reader drains on a timer, so records are submitted without a wake-up: waking per record would cost the traffic
 * more than all else here (about 1.5 us each, inside the sender's softirq). Only when the fill level crosses a quarter
 * is the reader woken, once.
 */
#pragma once
#include "kernel.h"
#include "record.h"

/* The only read-only data of an object, so that it starts at offset 0. */
const volatile struct px_settings settings = {
	.tick_jiffies = 1250,
	.repeat_ns = 1000000000ULL,
	.ignored_reasons = { 7 },
	.ring_bytes = 1 << 22,
	.l7_enabled = 1,
	.l7_bytes = PX_L7_BYTES,
	.drops_per_second = 1000,
};

/* Wider than the largest record, so that a crossing cannot be stepped over. */
#define CROSSING_BYTES 4096

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} records SEC(".maps");

static __always_inline u64 wake_flags(void)
{
	u64 waiting = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA);
	u64 threshold = settings.ring_bytes / 4;

	return waiting >= threshold && waiting < threshold + CROSSING_BYTES ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}
