/* Searches in collections: every document is compared, by the cosine of its embedding. */
#include "model/model.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct sv collection_vector(struct arena *arena, const struct value *numbers)
{
	size_t count = value_len(numbers);
	float *out;

	if (!value_is(numbers, VALUE_LIST) || !count || count > COLLECTION_VECTOR_MAX)
		return (struct sv){ 0 };
	out = arena_alloc(arena, count * sizeof(*out));
	for (size_t i = 0; i < count; i++)
		out[i] = (float)value_as_float(list_at(numbers, i));
	return (struct sv){ (const char *)out, count * sizeof(*out) };
}

struct hit {
	double distance;
	struct value *shown;
};

struct search {
	const float *query;
	size_t width;
	double length; /* of the query */
	const struct value *words;
	struct hit *hits; /* nearest first */
	size_t count;
	size_t limit;
};

/* 1 - cosine. Blobs of the database need not be aligned. */
static double distance(const struct search *s, const char *embedding)
{
	double product = 0;
	double square = 0;

	for (size_t i = 0; i < s->width; i++) {
		float f;

		memcpy(&f, embedding + i * sizeof(f), sizeof(f));
		product += (double)s->query[i] * f;
		square += (double)f * f;
	}
	return square > 0 && s->length > 0 ? 1 - product / (sqrt(square) * s->length) : 1;
}

static bool has_word(struct sv document, struct sv word)
{
	for (size_t i = 0; word.n && i + word.n <= document.n; i++) {
		size_t k = 0;

		while (k < word.n && tolower((unsigned char)document.p[i + k]) == word.p[k])
			k++;
		if (k == word.n)
			return true;
	}
	return false;
}

static bool fits(const struct search *s, const struct collection_document *d)
{
	if (d->embedding.n != s->width * sizeof(float))
		return false;
	for (size_t i = 0; i < value_len(s->words); i++)
		if (has_word(d->document, value_sv(list_at(s->words, i))))
			return true;
	return !s->words;
}

static struct value *show(const struct collection_document *d, double distance)
{
	struct value *metadata = d->metadata.p ? json_parse(d->metadata.p, d->metadata.n, NULL) : NULL;
	struct value *v = value_map();

	map_set_str(v, "id", d->id);
	map_set(v, "document", d->document.p ? value_strn(d->document.p, d->document.n) : value_null());
	map_set(v, "metadata", metadata ? metadata : value_map());
	map_set_float(v, "distance", distance);
	return v;
}

static int consider(const struct collection_document *d, void *arg)
{
	struct search *s = arg;
	double far;
	size_t at = s->count;

	if (!fits(s, d))
		return 0;
	far = distance(s, d->embedding.p);
	while (at && s->hits[at - 1].distance > far)
		at--;
	if (at == s->limit)
		return 0;
	if (s->count == s->limit)
		value_unref(s->hits[--s->count].shown);
	memmove(s->hits + at + 1, s->hits + at, (s->count - at) * sizeof(*s->hits));
	s->hits[at] = (struct hit){ far, show(d, far) };
	s->count++;
	return 0;
}

struct value *collection_search(struct db *db, const char *user_id, const char *name, struct sv query, size_t limit,
				const struct value *words, struct err *err)
{
	struct search s = { .query = (const float *)(const void *)query.p,
			    .width = query.n / sizeof(float),
			    .words = words,
			    .limit = limit };
	struct value *list = value_list();
	int rc;

	for (size_t i = 0; i < s.width; i++)
		s.length += (double)s.query[i] * s.query[i];
	s.length = sqrt(s.length);
	s.hits = xcalloc(limit + 1, sizeof(*s.hits));
	rc = collection_documents(db, user_id, name, 0, -1, consider, &s, err);
	for (size_t i = 0; i < s.count; i++)
		list_push(list, s.hits[i].shown);
	free(s.hits);
	if (!rc)
		return list;
	value_unref(list);
	return NULL;
}
