/* Ascending order of a column, and numbers for equal values. */
#include "value/pyform.h"
#include "wsd/nodes/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- order -------------------------------------------------------------------------------------------- */

struct keyed {
	uint64_t key;
	uint32_t row;
};

#define RADIX_BITS   11
#define RADIX_SIZE   (1u << RADIX_BITS)
#define RADIX_PASSES 6

/* Stable, by key. Digits that are the same everywhere are passed over. */
static struct keyed *radix_sort(struct keyed *items, struct keyed *other, size_t n)
{
	static const uint32_t mask = RADIX_SIZE - 1;
	size_t(*counts)[RADIX_SIZE] = xcalloc(RADIX_PASSES, sizeof(*counts));

	for (size_t i = 0; i < n; i++)
		for (unsigned pass = 0; pass < RADIX_PASSES; pass++)
			counts[pass][items[i].key >> (pass * RADIX_BITS) & mask]++;
	for (unsigned pass = 0; pass < RADIX_PASSES; pass++) {
		size_t *count = counts[pass];
		unsigned shift = pass * RADIX_BITS;
		struct keyed *swap = items;
		size_t at = 0;

		if (n && count[items[0].key >> shift & mask] == n)
			continue;
		for (size_t d = 0; d < RADIX_SIZE; d++) {
			size_t here = count[d];

			count[d] = at;
			at += here;
		}
		for (size_t i = 0; i < n; i++)
			other[count[items[i].key >> shift & mask]++] = items[i];
		items = other;
		other = swap;
	}
	free(counts);
	return items;
}

/* Bits whose unsigned order is the order of the numbers. */
static uint64_t float_key(double d)
{
	uint64_t bits;

	if (d == 0)
		d = 0; /* -0.0 and 0.0 are equal */
	memcpy(&bits, &d, sizeof(bits));
	return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static uint64_t number_key(const struct frame_col *col, size_t i)
{
	if (col->kind == FRAME_FLOAT)
		return float_key(col->f[i]);
	return (uint64_t)(col->kind == FRAME_INT ? col->i[i] : col->b[i]) ^ (uint64_t)1 << 63;
}

/* The first 8 bytes: their order is the order of most texts. */
static uint64_t text_key(struct sv text)
{
	unsigned char head[8] = { 0 };
	uint64_t key = 0;

	memcpy(head, text.p, text.n < sizeof(head) ? text.n : sizeof(head));
	for (size_t i = 0; i < sizeof(head); i++)
		key = key << 8 | head[i];
	return key;
}

static int by_text(const void *pa, const void *pb, void *ptr)
{
	const struct keyed *a = pa;
	const struct keyed *b = pb;
	const struct sv *texts = ptr;
	struct sv x = texts[a->row];
	struct sv y = texts[b->row];
	int order;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
	if (order == 0 && x.n != y.n)
		order = x.n < y.n ? -1 : 1;
	return order ? order : (a->row < b->row ? -1 : 1);
}

struct any_order {
	struct value **values;
	struct err *err;
	bool failed;
};

static int by_value(const void *pa, const void *pb, void *ptr)
{
	const struct keyed *a = pa;
	const struct keyed *b = pb;
	struct any_order *any = ptr;
	int order = 0;

	if (!any->failed && pyform_compare(any->values[a->row], any->values[b->row], &order, any->err) != 0)
		any->failed = true;
	if (any->failed || order == 0 || order == 2)
		return a->row < b->row ? -1 : 1;
	return order;
}

uint32_t *frame_sorted(const struct frame_col *col, struct err *err)
{
	struct keyed *items = xmalloc((col->n + 1) * sizeof(*items));
	struct keyed *other = xmalloc((col->n + 1) * sizeof(*other));
	uint32_t *rows = xmalloc((col->n + 1) * sizeof(*rows));
	struct any_order any = { col->kind == FRAME_ANY ? col->v : NULL, err, false };
	const struct keyed *sorted = items;
	size_t n = 0;
	size_t at = 0;

	for (size_t i = 0; i < col->n; i++) {
		if (frame_cell_missing(col, i))
			continue;
		items[n].row = (uint32_t)i;
		items[n++].key = frame_col_numeric(col)    ? number_key(col, i)
				 : col->kind == FRAME_TEXT ? text_key(col->t[i])
							   : 0;
	}
	if (frame_col_numeric(col))
		sorted = radix_sort(items, other, n);
	else if (col->kind == FRAME_TEXT)
		qsort_r(items, n, sizeof(*items), by_text, col->t);
	else
		qsort_r(items, n, sizeof(*items), by_value, &any);
	for (; at < n; at++)
		rows[at] = sorted[at].row;
	for (size_t i = 0; n < col->n && i < col->n; i++)
		if (frame_cell_missing(col, i))
			rows[at++] = (uint32_t)i;
	free(items);
	free(other);
	if (!any.failed)
		return rows;
	free(rows);
	return NULL;
}

/* ---- equality ----------------------------------------------------------------------------------------- */

/* Open addressing: slots hold codes + 1. */
struct table {
	uint32_t *slots;
	size_t mask;
};

static struct table table_new(size_t n)
{
	struct table table;
	size_t size = 16;

	while (size < n * 2)
		size *= 2;
	table.slots = xcalloc(size, sizeof(*table.slots));
	table.mask = size - 1;
	return table;
}

static uint64_t mix(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	return x ^ x >> 29;
}

static uint64_t text_hash(struct sv text)
{
	uint64_t hash = text.n;
	uint64_t word;

	while (text.n >= sizeof(word)) {
		memcpy(&word, text.p, sizeof(word));
		hash = mix(hash ^ word);
		text.p += sizeof(word);
		text.n -= sizeof(word);
	}
	word = 0;
	memcpy(&word, text.p, text.n);
	return mix(hash ^ word);
}

static uint64_t cell_hash(const struct frame_col *col, size_t row)
{
	switch (col->kind) {
	case FRAME_INT:
		return mix((uint64_t)col->i[row]);
	case FRAME_FLOAT:
		return mix(float_key(col->f[row]));
	case FRAME_BOOL:
		return mix(col->b[row]);
	case FRAME_TEXT:
		return text_hash(col->t[row]);
	case FRAME_ANY:
		break;
	}
	return mix(value_hash(col->v[row]));
}

static bool cells_equal(const struct frame_col *col, size_t a, size_t b)
{
	switch (col->kind) {
	case FRAME_INT:
		return col->i[a] == col->i[b];
	case FRAME_FLOAT:
		return col->f[a] == col->f[b];
	case FRAME_BOOL:
		return col->b[a] == col->b[b];
	case FRAME_TEXT:
		return col->t[a].n == col->t[b].n && memcmp(col->t[a].p, col->t[b].p, col->t[a].n) == 0;
	case FRAME_ANY:
		break;
	}
	return value_equal(col->v[a], col->v[b]);
}

void frame_codes_free(struct frame_codes *codes)
{
	free(codes->of);
	free(codes->first);
	*codes = (struct frame_codes){ 0 };
}

static uint32_t new_code(struct frame_codes *out, size_t row)
{
	out->first[out->count] = (uint32_t)row;
	return (uint32_t)out->count++;
}

/* Whole numbers that lie close together need no hashing. False when they do not. */
static bool factorize_dense(const struct frame_col *col, struct frame_codes *out)
{
	int64_t low = INT64_MAX;
	int64_t high = INT64_MIN;
	uint32_t *seen;

	for (size_t i = 0; i < col->n; i++) {
		low = col->i[i] < low ? col->i[i] : low;
		high = col->i[i] > high ? col->i[i] : high;
	}
	if (!col->n || (uint64_t)high - (uint64_t)low > col->n * 4)
		return false;
	seen = xcalloc((size_t)(high - low) + 1, sizeof(*seen));
	for (size_t i = 0; i < col->n; i++) {
		uint32_t *slot = &seen[col->i[i] - low];

		if (!*slot)
			*slot = new_code(out, i) + 1;
		out->of[i] = *slot - 1;
	}
	free(seen);
	return true;
}

static void factorize_hashed(const struct frame_col *col, bool skip_missing, struct frame_codes *out)
{
	struct table table = table_new(col->n);
	uint32_t missing = FRAME_NO_ROW;
	size_t at;

	for (size_t i = 0; i < col->n; i++) {
		if (frame_cell_missing(col, i)) {
			if (!skip_missing && missing == FRAME_NO_ROW)
				missing = new_code(out, i);
			out->of[i] = missing;
			continue;
		}
		at = cell_hash(col, i) & table.mask;
		while (table.slots[at] && !cells_equal(col, out->first[table.slots[at] - 1], i))
			at = (at + 1) & table.mask;
		if (!table.slots[at])
			table.slots[at] = new_code(out, i) + 1;
		out->of[i] = table.slots[at] - 1;
	}
	free(table.slots);
}

int frame_factorize(const struct frame_col *col, bool skip_missing, struct frame_codes *out, struct err *err)
{
	*out = (struct frame_codes){ 0 };
	for (size_t i = 0; col->kind == FRAME_ANY && i < col->n; i++)
		if (!pyform_hashable(col->v[i]))
			return err_set(err, 400, "lists and dictionaries cannot be compared for being equal");
	out->of = xmalloc((col->n + 1) * sizeof(*out->of));
	out->first = xmalloc((col->n + 1) * sizeof(*out->first));
	if (col->kind != FRAME_INT || !factorize_dense(col, out))
		factorize_hashed(col, skip_missing, out);
	return 0;
}

/* The order of values that cannot all be compared: numbers, then texts, then the rest as they come. */
static uint32_t *mixed_order(const struct frame_col *col)
{
	uint32_t *order = xmalloc((col->n + 1) * sizeof(*order));
	uint32_t *rows = xmalloc((col->n + 1) * sizeof(*rows));
	size_t at = 0;

	for (int group = 0; group < 3; group++) {
		struct frame_col *part;
		uint32_t *sorted;
		size_t n = 0;

		for (size_t i = 0; i < col->n; i++) {
			int kind = pyform_is_number(col->v[i]) ? 0 : value_is(col->v[i], VALUE_STR) ? 1 : 2;

			if (kind == group)
				rows[n++] = (uint32_t)i;
		}
		part = frame_col_take(col, rows, n);
		sorted = frame_sorted(part, NULL);
		for (size_t i = 0; i < n; i++)
			order[at++] = rows[sorted ? sorted[i] : i];
		free(sorted);
		frame_col_unref(part);
	}
	free(rows);
	return order;
}

/* Renumbers the codes in the order of the values that they stand for. */
static void sort_codes(const struct frame_col *col, struct frame_codes *codes)
{
	struct frame_col *unique = frame_col_take(col, codes->first, codes->count);
	uint32_t *order = frame_sorted(unique, NULL);
	uint32_t *rank = xmalloc((codes->count + 1) * sizeof(*rank));
	uint32_t *first = xmalloc((codes->count + 1) * sizeof(*first));

	if (!order)
		order = mixed_order(unique);
	for (size_t i = 0; i < codes->count; i++) {
		rank[order[i]] = (uint32_t)i;
		first[i] = codes->first[order[i]];
	}
	for (size_t i = 0; i < col->n; i++)
		if (codes->of[i] != FRAME_NO_ROW)
			codes->of[i] = rank[codes->of[i]];
	free(codes->first);
	codes->first = first;
	free(rank);
	free(order);
	frame_col_unref(unique);
}

/* Numbers for pairs of codes. */
static void join_codes(struct frame_codes *a, const struct frame_codes *b, size_t n, bool sorted)
{
	struct frame_col *pair = frame_col_new(FRAME_INT, n);
	struct frame_codes out;
	struct err ignored;
	size_t kept = 0;
	uint32_t *rows = xmalloc((n + 1) * sizeof(*rows));

	for (size_t i = 0; i < n; i++) {
		if (a->of[i] == FRAME_NO_ROW || b->of[i] == FRAME_NO_ROW)
			continue;
		pair->i[kept] = (int64_t)a->of[i] * (int64_t)b->count + (int64_t)b->of[i];
		rows[kept++] = (uint32_t)i;
	}
	pair->n = kept;
	if (frame_factorize(pair, false, &out, &ignored) != 0)
		abort(); /* whole numbers can always be compared */
	if (sorted)
		sort_codes(pair, &out);
	for (size_t i = 0; i < n; i++)
		a->of[i] = FRAME_NO_ROW;
	for (size_t i = 0; i < kept; i++)
		a->of[rows[i]] = out.of[i];
	for (size_t i = 0; i < out.count; i++)
		a->first[i] = rows[out.first[i]];
	a->count = out.count;
	frame_codes_free(&out);
	frame_col_unref(pair);
	free(rows);
}

int frame_factorize_rows(struct frame_col *const *cols, size_t count, bool skip_missing, bool sorted,
			 struct frame_codes *out, struct err *err)
{
	size_t n = count ? cols[0]->n : 0;
	struct frame_codes more;

	*out = (struct frame_codes){ 0 };
	for (size_t i = 0; i < count; i++) {
		struct frame_codes *codes = i ? &more : out;

		if (frame_factorize(cols[i], skip_missing, codes, err) != 0) {
			frame_codes_free(out);
			return -1;
		}
		if (sorted)
			sort_codes(cols[i], codes);
		if (!i)
			continue;
		/* `first` has room for n codes, as pairs may be as many. */
		out->first = xrealloc(out->first, (n + 1) * sizeof(*out->first));
		join_codes(out, &more, n, sorted);
		frame_codes_free(&more);
	}
	return 0;
}
