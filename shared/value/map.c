/* Maps: entries in order of insertion, a hash index beside them when there are many. */
#include "value/internal.h"

#include <stdlib.h>
#include <string.h>

/* A seed per process: keys come from outside, and chosen collisions must not be possible. */
uint64_t value_hash_bytes(const char *p, size_t n)
{
	static uint64_t seed;
	uint64_t h;

	if (!seed) {
		random_bytes(&seed, sizeof(seed));
		seed |= 1;
	}
	h = seed ^ n;
	for (; n >= 8; p += 8, n -= 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		h = (h ^ w) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	for (; n; p++, n--)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	h ^= h >> 32;
	return h * 0xff51afd7ed558ccdu ^ seed >> 7;
}

/* Most maps have the same few keys ("id", "type", "data" …): the first short ones that this process meets are kept once and
 * for all, in a store of fixed size; the others are allocated. Per thread, like values. */
#define KEY_STORE_SIZE 16384
#define KEY_STORE_SLOTS 1024 /* a power of two */
#define KEY_STORE_LONGEST 32

static _Thread_local struct {
	char bytes[KEY_STORE_SIZE];
	size_t used;
	size_t count;
	struct {
		uint32_t hash;
		uint16_t at;
		uint16_t len; /* 0: free */
	} slots[KEY_STORE_SLOTS];
} key_store;

static char *key_new(const char *key, size_t len, uint32_t hash)
{
	size_t slot = hash & (KEY_STORE_SLOTS - 1);
	char *kept;

	if (!len || len > KEY_STORE_LONGEST)
		return xstrndup(key, len);
	for (; key_store.slots[slot].len; slot = (slot + 1) & (KEY_STORE_SLOTS - 1)) {
		kept = key_store.bytes + key_store.slots[slot].at;
		if (key_store.slots[slot].hash == hash && key_store.slots[slot].len == len && memcmp(kept, key, len) == 0)
			return kept;
	}
	if (key_store.used + len + 1 > KEY_STORE_SIZE || key_store.count >= KEY_STORE_SLOTS * 3 / 4)
		return xstrndup(key, len);
	kept = key_store.bytes + key_store.used;
	memcpy(kept, key, len);
	kept[len] = '\0';
	key_store.slots[slot].hash = hash;
	key_store.slots[slot].at = (uint16_t)key_store.used;
	key_store.slots[slot].len = (uint16_t)len;
	key_store.used += len + 1;
	key_store.count++;
	return kept;
}

static void key_free(char *key)
{
	uintptr_t at = (uintptr_t)key;

	if (at < (uintptr_t)key_store.bytes || at >= (uintptr_t)key_store.bytes + KEY_STORE_SIZE)
		free(key);
}

void value_map_clear(struct value *v)
{
	for (size_t i = 0; i < v->u.map.count; i++) {
		key_free(v->u.map.entries[i].key);
		value_unref(v->u.map.entries[i].v);
	}
	free(v->u.map.entries);
	free(v->u.map.index);
}

static void index_put(struct value *map, size_t entry)
{
	size_t mask = map->u.map.index_size - 1;
	size_t slot = map->u.map.entries[entry].hash & mask;

	while (map->u.map.index[slot])
		slot = (slot + 1) & mask;
	map->u.map.index[slot] = (uint32_t)(entry + 1);
}

static void index_build(struct value *map, size_t size)
{
	free(map->u.map.index);
	map->u.map.index = xcalloc(size, sizeof(*map->u.map.index));
	map->u.map.index_size = (uint32_t)size;
	for (size_t i = 0; i < map->u.map.count; i++)
		index_put(map, i);
}

static bool entry_is(const struct map_entry *e, const char *key, size_t len, uint32_t hash)
{
	return e->hash == hash && e->len == len && memcmp(e->key, key, len) == 0;
}

static struct map_entry *map_find(const struct value *map, const char *key, size_t len, uint32_t hash)
{
	if (map->u.map.index) {
		size_t mask = map->u.map.index_size - 1;

		for (size_t slot = hash & mask; map->u.map.index[slot]; slot = (slot + 1) & mask) {
			struct map_entry *e = &map->u.map.entries[map->u.map.index[slot] - 1];

			if (entry_is(e, key, len, hash))
				return e;
		}
		return NULL;
	}
	for (size_t i = 0; i < map->u.map.count; i++) {
		if (entry_is(&map->u.map.entries[i], key, len, hash))
			return &map->u.map.entries[i];
	}
	return NULL;
}

struct value *map_getn(const struct value *map, const char *key, size_t len)
{
	struct map_entry *e;

	if (!value_is(map, VALUE_MAP) || !map->u.map.count)
		return NULL;
	e = map_find(map, key, len, (uint32_t)value_hash_bytes(key, len));
	return e ? e->v : NULL;
}

struct value *map_get(const struct value *map, const char *key)
{
	return map_getn(map, key, strlen(key));
}

void map_setn(struct value *map, const char *key, size_t len, struct value *v)
{
	uint32_t hash = (uint32_t)value_hash_bytes(key, len);
	struct map_entry *e = map_find(map, key, len, hash);

	if (e) {
		value_unref(e->v);
		e->v = v;
		return;
	}
	if (map->u.map.count == map->u.map.cap) {
		map->u.map.cap = map->u.map.cap ? map->u.map.cap * 2 : 4;
		map->u.map.entries = xrealloc(map->u.map.entries, map->u.map.cap * sizeof(*map->u.map.entries));
	}
	e = &map->u.map.entries[map->u.map.count++];
	e->key = key_new(key, len, hash);
	e->len = (uint32_t)len;
	e->hash = hash;
	e->v = v;
	if (map->u.map.index && map->u.map.count * 2 <= map->u.map.index_size)
		index_put(map, map->u.map.count - 1);
	else if (map->u.map.count > MAP_INDEX_FROM)
		index_build(map, map->u.map.index_size ? (size_t)map->u.map.index_size * 2 : 32);
}

void map_set(struct value *map, const char *key, struct value *v)
{
	map_setn(map, key, strlen(key), v);
}

bool map_remove(struct value *map, const char *key)
{
	size_t len = strlen(key);
	struct map_entry *e = map_find(map, key, len, (uint32_t)value_hash_bytes(key, len));
	size_t at;

	if (!e)
		return false;
	at = (size_t)(e - map->u.map.entries);
	key_free(e->key);
	value_unref(e->v);
	map->u.map.count--;
	memmove(e, e + 1, (map->u.map.count - at) * sizeof(*e));
	if (map->u.map.index)
		index_build(map, map->u.map.index_size);
	return true;
}

bool map_entry(const struct value *map, size_t i, struct sv *key, struct value **v)
{
	if (!value_is(map, VALUE_MAP) || i >= map->u.map.count)
		return false;
	if (key)
		*key = (struct sv){ map->u.map.entries[i].key, map->u.map.entries[i].len };
	if (v)
		*v = map->u.map.entries[i].v;
	return true;
}

const char *map_str(const struct value *map, const char *key, const char *fallback)
{
	const struct value *v = map_get(map, key);

	return value_is(v, VALUE_STR) ? v->u.text.p : fallback;
}

int64_t map_int(const struct value *map, const char *key, int64_t fallback)
{
	const struct value *v = map_get(map, key);
	int64_t n;

	return v && value_to_whole(v, &n) ? n : fallback;
}

bool map_bool(const struct value *map, const char *key, bool fallback)
{
	const struct value *v = map_get(map, key);

	return value_is(v, VALUE_BOOL) ? v->u.i != 0 : fallback;
}

void map_set_str(struct value *map, const char *key, const char *text)
{
	map_set(map, key, value_str(text));
}

void map_set_int(struct value *map, const char *key, int64_t n)
{
	map_set(map, key, value_int(n));
}

void map_set_bool(struct value *map, const char *key, bool b)
{
	map_set(map, key, value_bool(b));
}

void map_set_float(struct value *map, const char *key, double d)
{
	map_set(map, key, value_float(d));
}

void map_mark_typed(struct value *map)
{
	map->flags |= FLAG_TYPED;
}

bool map_is_typed(const struct value *map)
{
	return value_is(map, VALUE_MAP) && (map->flags & FLAG_TYPED);
}

bool value_maps_equal(const struct value *a, const struct value *b)
{
	if (a->u.map.count != b->u.map.count)
		return false;
	for (size_t i = 0; i < a->u.map.count; i++) {
		const struct map_entry *e = &a->u.map.entries[i];
		const struct map_entry *other = map_find(b, e->key, e->len, e->hash);

		if (!other || !value_equal(e->v, other->v))
			return false;
	}
	return true;
}
