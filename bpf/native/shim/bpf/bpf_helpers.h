/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the programs ask of the kernel, for a build of them as a plain program: maps, ring, frames and clock, with the
 * kernel's own answers to what is out of range. Only what flow.bpf.c uses. Under a sanitizer a frame's memory, and each
 * record's, ends where the kernel says that it ends.
 */
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SEC(name)
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define __uint(name, value) int(*name)[value]
#define __type(name, kind) typeof(kind) *name
#define __array(name, kind) typeof(kind) *name[]

/* A map's bounds are in its declaration, as user space's loader reads them. */
#define SHIM_MAP(map)                                                                                                  \
	(void *)(map), sizeof(*(map)->type) / sizeof(int), sizeof(*(map)->max_entries) / sizeof(int),                  \
		sizeof(*(map)->key), sizeof(*(map)->value)
#define bpf_map_lookup_elem(map, wanted) shim_lookup(SHIM_MAP(map), wanted)
#define bpf_map_update_elem(map, wanted, content, flags) shim_update(SHIM_MAP(map), wanted, content, flags)
#define bpf_ringbuf_reserve(ring, size, flags) shim_reserve(size)
#define bpf_ringbuf_query(ring, what) ((void)(ring), shim_ring_waiting)
#define bpf_ringbuf_submit(record, flags) shim_submit(record, flags)
#define bpf_ringbuf_discard(record, flags) shim_discard(record)
#define bpf_tail_call_static(context, programs, index) (programs)->values[index](context)
#define bpf_skb_load_bytes(skb, offset, to, length) shim_load_bytes(offset, to, length)
#define bpf_loop(count, step, context, flags)                                                                          \
	do {                                                                                                           \
		for (uint32_t shim_index = 0; shim_index < (count) && !step(shim_index, context); shim_index++)        \
			;                                                                                              \
	} while (0)
#define bpf_ktime_get_boot_ns() (shim_now_ns += 1000)
/* The machine has been suspended for a while. */
#define SHIM_SUSPENDED_NS 5000000000ull
#define bpf_ktime_get_ns() (bpf_ktime_get_boot_ns() - SHIM_SUSPENDED_NS)
#define bpf_jiffies64() (shim_now_ns / 4000000)
#define bpf_get_smp_processor_id() 0
#define bpf_get_socket_cookie(skb) ((skb)->hash)
#define bpf_skb_cgroup_id(skb) ((skb)->hash + 1)

static uint64_t shim_now_ns = 2 * SHIM_SUSPENDED_NS;
static uint64_t shim_ring_waiting;

static void *shim_lookup(void *map, uint32_t type, uint32_t max_entries, uint32_t key_size, uint32_t value_size,
			 const void *key);
static long shim_update(void *map, uint32_t type, uint32_t max_entries, uint32_t key_size, uint32_t value_size,
			const void *key, const void *value, uint64_t flags);
static void *shim_reserve(uint32_t size);
static void shim_submit(void *record, uint64_t flags);
static void shim_discard(void *record);
static long shim_load_bytes(uint32_t offset, void *to, uint32_t length);
