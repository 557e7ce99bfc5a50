/* Cutting texts into chunks by a list of separators. */
#include "wsd/nodes/document_split.h"
#include "wsd/nodes/helper.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SEPARATORS 64

struct piece {
	struct sv text;
	int64_t len; /* code points */
};

struct pieces {
	struct piece *items;
	size_t count;
	size_t cap;
};

struct splitter {
	int64_t size;
	int64_t overlap;
	struct sv separators[MAX_SEPARATORS];
	size_t separator_count;
	struct value *chunks;
};

static void push(struct pieces *list, struct sv text)
{
	if (list->count == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 64;
		list->items = xrealloc(list->items, list->cap * sizeof(*list->items));
	}
	list->items[list->count++] = (struct piece){ text, (int64_t)utf8_length(text.p, text.n) };
}

/* Cuts before every separator, or between all characters when it is empty; empty pieces are left out. */
static void cut(struct sv text, struct sv separator, struct pieces *out)
{
	size_t start = 0;
	size_t at = 0;

	while (at < text.n) {
		const char *hit;

		if (!separator.n) {
			utf8_decode(text.p, text.n, &at);
		} else {
			size_t from = at ? at + separator.n : at;

			hit = from < text.n ? memmem(text.p + from, text.n - from, separator.p, separator.n) : NULL;
			at = hit ? (size_t)(hit - text.p) : text.n;
		}
		if (at > start)
			push(out, (struct sv){ text.p + start, at - start });
		start = at;
		if (!at && separator.n) {
			/* A separator at the very begin: it opens the first piece. */
			hit = memmem(text.p + separator.n, text.n - separator.n, separator.p, separator.n);
			at = hit ? (size_t)(hit - text.p) : text.n;
			push(out, (struct sv){ text.p, at });
			start = at;
		}
	}
}

/* Pieces `from` to `to` (not included), which follow each other in the text, as one stripped chunk. */
static void join(struct splitter *s, const struct piece *from, const struct piece *to)
{
	struct sv text;

	if (from == to)
		return;
	text.p = from->text.p;
	text.n = (size_t)(to[-1].text.p + to[-1].text.n - from->text.p);
	text = strip(text);
	if (text.n)
		list_push(s->chunks, value_strn(text.p, text.n));
}

/* Joins pieces into chunks as long as they fit; the end of a chunk begins the next one, as far as the overlap allows.
 */
static void merge(struct splitter *s, const struct piece *items, size_t count)
{
	size_t first = 0;
	int64_t total = 0;

	for (size_t i = 0; i < count; i++) {
		if (total + items[i].len > s->size && i > first) {
			join(s, items + first, items + i);
			while (first < i && (total > s->overlap || (total + items[i].len > s->size && total > 0)))
				total -= items[first++].len;
		}
		total += items[i].len;
	}
	join(s, items + first, items + count);
}

/* The first separator from `at` on that is in the text (an empty one always is), else the last. */
static size_t choose(const struct splitter *s, struct sv text, size_t at)
{
	for (size_t i = at; i < s->separator_count; i++) {
		if (!s->separators[i].n || memmem(text.p, text.n, s->separators[i].p, s->separators[i].n))
			return i;
	}
	return s->separator_count - 1;
}

static void split(struct splitter *s, struct sv text, size_t at)
{
	size_t chosen = choose(s, text, at);
	struct pieces pieces = { 0 };
	bool last = !s->separators[chosen].n || chosen + 1 == s->separator_count;
	size_t good = 0; /* where the run of short pieces begins */

	cut(text, s->separators[chosen], &pieces);
	for (size_t i = 0; i < pieces.count; i++) {
		if (pieces.items[i].len < s->size)
			continue;
		merge(s, pieces.items + good, i - good);
		good = i + 1;
		if (last)
			list_push(s->chunks, value_strn(pieces.items[i].text.p, pieces.items[i].text.n));
		else
			split(s, pieces.items[i].text, chosen + 1);
	}
	merge(s, pieces.items + good, pieces.count - good);
	free(pieces.items);
}

struct value *split_recursively(struct sv text, const struct split_options *options, struct err *err)
{
	static const struct sv usual[] = { { "\n\n", 2 }, { "\n", 1 }, { " ", 1 }, { "", 0 } };
	struct splitter s = { .size = options->size, .overlap = options->overlap };

	if (s.size <= 0 || s.overlap < 0 || s.overlap > s.size) {
		err_set(err, 400, "chunk_size must be above 0, and chunk_overlap between 0 and chunk_size");
		return NULL;
	}
	s.separator_count = options->separators ? value_len(options->separators) : ARRAY_LEN(usual);
	if (s.separator_count == 0 || s.separator_count > MAX_SEPARATORS) {
		err_set(err, 400, "there must be between 1 and %d separators", MAX_SEPARATORS);
		return NULL;
	}
	for (size_t i = 0; i < s.separator_count; i++)
		s.separators[i] = options->separators ? value_sv(list_at(options->separators, i)) : usual[i];
	s.chunks = value_list();
	if (text.n)
		split(&s, text, 0);
	return s.chunks;
}
