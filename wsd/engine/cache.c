/* Results of equal single-shot nodes within one run (notes-engine section 10). */
#include "wsd/engine/internal.h"

#include <stdlib.h>

static struct value *make_key(const struct node_ctx *node)
{
	struct value *key = value_list();

	for (size_t i = 0; i < node->info->prop_count; i++)
		list_push(key, value_ref(node->props[i]));
	return key;
}

/* value_equal takes 1, 1.0 and true for the same; a node may tell them apart. */
static bool same_kinds(const struct value *a, const struct value *b)
{
	struct value *va;
	struct value *vb;

	if (value_kind(a) != value_kind(b))
		return false;
	if (value_is(a, VALUE_LIST)) {
		for (size_t i = 0; i < value_len(a); i++)
			if (!same_kinds(list_at(a, i), list_at(b, i)))
				return false;
	} else if (value_is(a, VALUE_MAP)) {
		for (size_t i = 0; map_entry(a, i, NULL, &va); i++)
			if (!map_entry(b, i, NULL, &vb) || !same_kinds(va, vb))
				return false;
	}
	return true;
}

static struct cache_entry *find(const struct node_ctx *node, const struct value *key, uint64_t hash)
{
	struct cache_entry *e = node->run->cache[hash % CACHE_BUCKETS];

	for (; e; e = e->next)
		if (e->hash == hash && e->info == node->info && value_equal(e->key, key) && same_kinds(e->key, key))
			return e;
	return NULL;
}

static uint64_t hash_of(const struct node_ctx *node, const struct value *key)
{
	return value_hash(key) ^ ((uint64_t)(uintptr_t)node->info * 0x9e3779b97f4a7c15u);
}

bool cache_lookup(struct node_ctx *node)
{
	struct cache_entry *e;
	struct value *key;

	if (!node->use_cache)
		return false;
	key = make_key(node);
	e = find(node, key, hash_of(node, key));
	value_unref(key);
	if (!e)
		return false;
	for (size_t i = 0; i + 1 < value_len(e->result); i += 2)
		node_emit(node, node->slots[value_as_int(list_at(e->result, i))].name,
			  value_ref(list_at(e->result, i + 1)));
	return true;
}

void cache_store(struct node_ctx *node)
{
	struct cache_entry *e;
	struct value *key;
	uint64_t hash;

	if (node->behind_stream)
		return;
	key = make_key(node);
	hash = hash_of(node, key);
	if (find(node, key, hash)) {
		value_unref(key);
		return;
	}
	e = xcalloc(1, sizeof(*e));
	e->info = node->info;
	e->hash = hash;
	e->key = key;
	e->result = value_list();
	for (size_t i = 0; i < node->info->slot_count; i++) {
		if (!node->slots[i].last)
			continue;
		list_push(e->result, value_int((int64_t)i));
		list_push(e->result, value_ref(node->slots[i].last));
	}
	e->next = node->run->cache[hash % CACHE_BUCKETS];
	node->run->cache[hash % CACHE_BUCKETS] = e;
}

void cache_free(struct run *run)
{
	struct cache_entry *e;

	for (size_t i = 0; i < CACHE_BUCKETS; i++) {
		while ((e = run->cache[i])) {
			run->cache[i] = e->next;
			value_unref(e->key);
			value_unref(e->result);
			free(e);
		}
	}
}
