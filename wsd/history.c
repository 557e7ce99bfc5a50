/* The messages of a run: see history.h. */
#include "wsd/history.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/runner.h"

#define FIRST_CAP 16
#define LATEST_MAX 20000 /* nodes and edges whose last state is kept */

static size_t total;

size_t history_total(void)
{
	return total;
}

static void drop_oldest(struct history *h)
{
	struct blob *blob = h->ring[h->first];

	h->first = (h->first + 1) % h->cap;
	h->count--;
	h->bytes -= blob_cost(blob);
	total -= blob_cost(blob);
	blob_unref(blob);
}

static void grow(struct history *h)
{
	size_t cap = h->cap ? h->cap * 2 : FIRST_CAP;
	struct blob **ring = xcalloc(cap, sizeof(*ring));
	size_t i;

	for (i = 0; i < h->count; i++)
		ring[i] = history_at(h, i);
	free(h->ring);
	h->ring = ring;
	h->cap = cap;
	h->first = 0;
}

static uint32_t hash_key(const struct blob *blob)
{
	uint32_t hash = 2166136261u ^ blob->type;
	const unsigned char *p;

	for (p = (const unsigned char *)blob->key; *p; p++)
		hash = (hash ^ *p) * 16777619u;
	return hash;
}

/* The slot of the index that holds the blob's key, or the free one where it belongs. */
static uint32_t *find_slot(struct history *h, const struct blob *blob)
{
	size_t at = hash_key(blob) & (h->index_cap - 1);
	const struct blob *other;

	while (h->index[at]) {
		other = h->latest[h->index[at] - 1];
		if (other->type == blob->type && !strcmp(other->key, blob->key))
			break;
		at = (at + 1) & (h->index_cap - 1);
	}
	return &h->index[at];
}

static void grow_latest(struct history *h)
{
	size_t i;

	h->latest_cap = h->latest_cap ? h->latest_cap * 2 : FIRST_CAP;
	h->latest = xrealloc(h->latest, h->latest_cap * sizeof(*h->latest));
	free(h->index);
	h->index_cap = h->latest_cap * 2;
	h->index = xcalloc(h->index_cap, sizeof(*h->index));
	for (i = 0; i < h->latest_count; i++)
		*find_slot(h, h->latest[i]) = (uint32_t)i + 1;
}

static void remember(struct history *h, struct blob *blob)
{
	uint32_t *slot;

	if (h->latest_count == h->latest_cap)
		grow_latest(h);
	slot = find_slot(h, blob);
	if (*slot) {
		blob_unref(h->latest[*slot - 1]);
		h->latest[*slot - 1] = blob_ref(blob);
	} else if (h->latest_count < LATEST_MAX) {
		h->latest[h->latest_count++] = blob_ref(blob);
		*slot = (uint32_t)h->latest_count;
	}
}

void history_add(struct history *h, struct blob *blob, const struct history_limits *limits)
{
	if (blob->key[0] && (blob->type == RUNNER_MSG_NODE_UPDATE || blob->type == RUNNER_MSG_EDGE_UPDATE))
		remember(h, blob);
	if (h->count == h->cap)
		grow(h);
	h->ring[(h->first + h->count++) % h->cap] = blob;
	h->bytes += blob_cost(blob);
	total += blob_cost(blob);
	h->last_seq = blob->seq;
	while (h->count > 1 && (h->count > limits->count || h->bytes > limits->bytes))
		drop_oldest(h);
}

struct blob *history_at(const struct history *h, size_t i)
{
	return i < h->count ? h->ring[(h->first + i) % h->cap] : NULL;
}

size_t history_after(const struct history *h, uint32_t seq)
{
	size_t low = 0;
	size_t high = h->count;
	size_t mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (history_at(h, mid)->seq > seq)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

uint32_t history_first_seq(const struct history *h)
{
	return h->count ? history_at(h, 0)->seq : h->last_seq + 1;
}

void history_free(struct history *h)
{
	size_t i;

	while (h->count)
		drop_oldest(h);
	for (i = 0; i < h->latest_count; i++)
		blob_unref(h->latest[i]);
	free(h->ring);
	free(h->latest);
	free(h->index);
	memset(h, 0, sizeof(*h));
}
