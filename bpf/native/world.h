/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The kernel's side of the shim: hash maps that are full at their bound, a ring that is full now and then, and the frame
 * at hand. Only its linear part can be reached through skb->data; all of it through bpf_skb_load_bytes.
 */
#pragma once
#include <stdio.h>
#include <sys/mman.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#define FRAME_ROOM 70000
#define MAPS 16
#define SLOTS 4096 /* fewer than most maps have entries: they fill up, and the programs have to bear it */

static uint64_t random_state;

/* xorshift64*: fast, seeded, good enough to choose bytes. */
static uint64_t random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dULL;
}

/* 0 <= result < bound */
static uint32_t below(uint32_t bound)
{
	return (uint32_t)((random64() >> 32) * bound >> 32);
}

static uint32_t one_in(uint32_t count)
{
	return below(count) == 0;
}

struct slot {
	void *value; /* NULL: free */
	uint8_t key[64];
};

struct shim_map {
	void *map;
	struct slot *slots;
	uint32_t used;
};

static struct shim_map shim_maps[MAPS];

static struct shim_map *shim_find_map(void *map)
{
	for (int i = 0; i < MAPS; i++) {
		if (shim_maps[i].map == map)
			return &shim_maps[i];
		if (!shim_maps[i].map) {
			shim_maps[i].map = map;
			shim_maps[i].slots = calloc(SLOTS, sizeof(struct slot));
			return &shim_maps[i];
		}
	}
	abort();
}

static struct slot *shim_find_slot(struct shim_map *map, const void *key, uint32_t key_size)
{
	uint64_t hash = 1469598103934665603ULL;

	if (key_size > sizeof(map->slots->key))
		abort();
	for (uint32_t i = 0; i < key_size; i++)
		hash = (hash ^ ((const uint8_t *)key)[i]) * 1099511628211ULL;
	for (uint32_t i = 0;; i++) {
		struct slot *slot = &map->slots[(hash + i) % SLOTS];

		if (!slot->value || !memcmp(slot->key, key, key_size))
			return slot;
	}
}

static void *shim_lookup(void *at, uint32_t type, uint32_t max_entries, uint32_t key_size, uint32_t value_size,
			 const void *key)
{
	struct shim_map *map = shim_find_map(at);
	struct slot *slot = shim_find_slot(map, key, key_size);

	/* An array has all its elements from the start. */
	if (!slot->value && type == BPF_MAP_TYPE_PERCPU_ARRAY && *(const uint32_t *)key < max_entries) {
		memcpy(slot->key, key, key_size);
		slot->value = calloc(1, value_size);
		map->used++;
	}
	return slot->value;
}

static void shim_empty(struct shim_map *map)
{
	for (int i = 0; i < SLOTS; i++)
		free(map->slots[i].value);
	memset(map->slots, 0, SLOTS * sizeof(struct slot));
	map->used = 0;
}

static long shim_update(void *at, uint32_t type, uint32_t max_entries, uint32_t key_size, uint32_t value_size,
			const void *key, const void *value, uint64_t flags)
{
	struct shim_map *map = shim_find_map(at);
	struct slot *slot = shim_find_slot(map, key, key_size);

	if (slot->value && flags == BPF_NOEXIST)
		return -17;
	if (!slot->value) {
		if (map->used >= max_entries || map->used >= SLOTS / 2) {
			if (type != BPF_MAP_TYPE_LRU_HASH)
				return -7;
			shim_empty(map);
			slot = shim_find_slot(map, key, key_size);
		}
		/* Exactly as large as the kernel's, so that a byte beyond is seen. */
		slot->value = malloc(value_size);
		memcpy(slot->key, key, key_size);
		map->used++;
	}
	memcpy(slot->value, value, value_size);
	return 0;
}

static struct {
	uint8_t *linear; /* below 2 GiB, since skb->data has 32 bits */
	uint32_t linear_length;
	uint8_t bytes[FRAME_ROOM];
	uint32_t length;
} frame;

static void frame_prepare_memory(void)
{
	frame.linear = mmap(0, 2 * FRAME_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (frame.linear == MAP_FAILED)
		abort();
}

/* Makes the first `linear_length` bytes of the frame what skb->data shows, and nothing around them reachable. */
static void frame_show(struct __sk_buff *skb, uint32_t linear_length)
{
	uint8_t *data = frame.linear + 4096;

	frame.linear_length = linear_length < frame.length ? linear_length : frame.length;
	ASAN_UNPOISON_MEMORY_REGION(frame.linear, 2 * FRAME_ROOM);
	memcpy(data, frame.bytes, frame.linear_length);
	ASAN_POISON_MEMORY_REGION(frame.linear, 4096);
	ASAN_POISON_MEMORY_REGION(data + frame.linear_length, 2 * FRAME_ROOM - 4096 - frame.linear_length);
	skb->len = frame.length;
	skb->data = (uint32_t)(uintptr_t)data;
	skb->data_end = skb->data + frame.linear_length;
}

static long shim_load_bytes(uint32_t offset, void *to, uint32_t length)
{
	/* As net/core/filter.c has it. */
	if (offset > 0xffff || offset > frame.length || length > frame.length - offset) {
		memset(to, 0, length);
		return -14;
	}
	memcpy(to, frame.bytes + offset, length);
	return 0;
}

static uint32_t shim_reserved_size, ring_fails_one_in = 50;
static void take_record(const void *record, uint32_t room);

static void *shim_reserve(uint32_t size)
{
	void *record;

	if (ring_fails_one_in && one_in(ring_fails_one_in))
		return NULL;
	shim_ring_waiting = random64() % (1 << 22);
	shim_reserved_size = size;
	record = malloc(size);
	/* Memory of the ring holds old records: what the program leaves unwritten would be told. */
	memset(record, 0xa5, size);
	return record;
}

static void shim_submit(void *record, uint64_t flags)
{
	take_record(record, shim_reserved_size);
	free(record);
}

static void shim_discard(void *record)
{
	free(record);
}
