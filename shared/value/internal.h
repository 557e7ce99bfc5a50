/* The inside of a value, for the files of this folder only. */
#ifndef VALUE_INTERNAL_H
#define VALUE_INTERNAL_H

#include "value/value.h"

#define FLAG_STATIC 1 /* never counted, never freed */
#define FLAG_OWNED 2  /* text in memory of its own */
#define FLAG_TUPLE 4
#define FLAG_TYPED 8

/* Maps of more entries get a hash index; below, a scan that compares hashes is faster. */
#define MAP_INDEX_FROM 8

struct map_entry {
	char *key;
	uint32_t len;
	uint32_t hash;
	struct value *v;
};

struct value {
	uint8_t kind;
	uint8_t flags;
	uint32_t refs;
	union {
		int64_t i;
		double f;
		struct {
			char *p;
			size_t n;
		} text;
		struct {
			struct value **items;
			size_t count;
			size_t cap;
		} list;
		struct {
			struct map_entry *entries;
			uint32_t *index; /* entry number + 1; 0 is free */
			uint32_t count;
			uint32_t cap;
			uint32_t index_size;
		} map;
		struct {
			const struct value_class *cls;
			void *ptr;
		} object;
	} u;
};

/* json_scan.c: what is wrong with a text, or whether it holds integers that json-c must be helped with. */
struct json_scan {
	size_t position; /* in bytes */
	const char *message;
	bool big;
};
int json_scan(const char *text, size_t len, struct json_scan *out) MUST_CHECK;

/* map.c. A hash with a seed of this process: keys come from outside, and chosen collisions must not be possible. */
uint64_t value_hash_bytes(const char *p, size_t n);
void value_map_clear(struct value *v);
bool value_maps_equal(const struct value *a, const struct value *b);

#endif
