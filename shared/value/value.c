/* The tagged value: construction, lists, maps, comparison. */
#include "value/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct value null_value = { .kind = VALUE_NULL, .flags = FLAG_STATIC };
static struct value true_value = { .kind = VALUE_BOOL, .flags = FLAG_STATIC, .u.i = 1 };
static struct value false_value = { .kind = VALUE_BOOL, .flags = FLAG_STATIC, .u.i = 0 };

static struct value *value_new(enum value_kind kind)
{
	struct value *v = xmalloc(sizeof(*v));

	memset(v, 0, sizeof(*v));
	v->kind = (uint8_t)kind;
	v->refs = 1;
	return v;
}

enum value_kind value_kind(const struct value *v)
{
	return (enum value_kind)v->kind;
}

struct value *value_ref(struct value *v)
{
	if (v && !(v->flags & FLAG_STATIC))
		v->refs++;
	return v;
}

bool value_shared(const struct value *v)
{
	return (v->flags & FLAG_STATIC) || v->refs > 1;
}

/* Depth is bounded by the parsers (JSON_MAX_DEPTH) and by what nodes build, so the recursion is too. */
static void value_destroy(struct value *v)
{
	switch (v->kind) {
	case VALUE_LIST:
		for (size_t i = 0; i < v->u.list.count; i++)
			value_unref(v->u.list.items[i]);
		free(v->u.list.items);
		break;
	case VALUE_MAP:
		value_map_clear(v);
		break;
	case VALUE_OBJECT:
		v->u.object.cls->free(v->u.object.ptr);
		break;
	default:
		if (v->flags & FLAG_OWNED)
			free(v->u.text.p);
	}
	free(v);
}

void value_unref(struct value *v)
{
	if (!v || (v->flags & FLAG_STATIC))
		return;
	if (v->refs == 0) {
		log_error("value %p: dropped once too often", (void *)v);
		abort();
	}
	if (--v->refs == 0)
		value_destroy(v);
}

void value_unref_ptr(void *v)
{
	value_unref(v);
}

struct value *value_null(void)
{
	return &null_value;
}

struct value *value_bool(bool b)
{
	return b ? &true_value : &false_value;
}

/* Small integers are shared, as null and the booleans are. */
#define SMALL_INT_MIN (-8)
#define SMALL_INT_MAX 255

static struct value *small_int(int n)
{
	static struct value small[SMALL_INT_MAX - SMALL_INT_MIN + 1];
	struct value *v = &small[n - SMALL_INT_MIN];

	if (!v->flags) {
		v->kind = VALUE_INT;
		v->u.i = n;
		v->flags = FLAG_STATIC;
	}
	return v;
}

struct value *value_int(int64_t n)
{
	struct value *v;

	if (n >= SMALL_INT_MIN && n <= SMALL_INT_MAX)
		return small_int((int)n);
	v = value_new(VALUE_INT);

	v->u.i = n;
	return v;
}

struct value *value_uint(uint64_t n)
{
	char digits[24];

	if (n <= INT64_MAX)
		return value_int((int64_t)n);
	return value_bigint(digits, (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n));
}

struct value *value_float(double d)
{
	struct value *v = value_new(VALUE_FLOAT);

	v->u.f = d;
	return v;
}

/* One allocation for head and text. */
static struct value *text_new(enum value_kind kind, const void *data, size_t len)
{
	struct value *v = xmalloc(sizeof(*v) + len + 1);
	char *p = (char *)(v + 1);

	memset(v, 0, sizeof(*v));
	v->kind = (uint8_t)kind;
	v->refs = 1;
	if (len)
		memcpy(p, data, len);
	p[len] = '\0';
	v->u.text.p = p;
	v->u.text.n = len;
	return v;
}

struct value *value_bigint(const char *digits, size_t len)
{
	return text_new(VALUE_BIGINT, digits, len);
}

struct value *value_str(const char *text)
{
	return text ? text_new(VALUE_STR, text, strlen(text)) : value_null();
}

struct value *value_strn(const char *text, size_t len)
{
	return text_new(VALUE_STR, text, len);
}

static struct value *text_take(enum value_kind kind, char *text, size_t len)
{
	struct value *v = value_new(kind);

	v->flags = FLAG_OWNED;
	v->u.text.p = text;
	v->u.text.n = len;
	return v;
}

struct value *value_str_take(char *text, size_t len)
{
	return text_take(VALUE_STR, text, len);
}

struct value *value_bytes(const void *data, size_t len)
{
	return text_new(VALUE_BYTES, data, len);
}

struct value *value_bytes_take(void *data, size_t len)
{
	return text_take(VALUE_BYTES, data, len);
}

struct value *value_strf(const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		abort();
	return value_str_take(text, (size_t)len);
}

struct value *value_list(void)
{
	return value_new(VALUE_LIST);
}

struct value *value_map(void)
{
	return value_new(VALUE_MAP);
}

struct value *value_object(const struct value_class *cls, void *ptr)
{
	struct value *v = value_new(VALUE_OBJECT);

	v->u.object.cls = cls;
	v->u.object.ptr = ptr;
	return v;
}

bool value_is(const struct value *v, enum value_kind kind)
{
	return v && v->kind == kind;
}

bool value_is_null(const struct value *v)
{
	return !v || v->kind == VALUE_NULL;
}

bool value_as_bool(const struct value *v)
{
	return value_is(v, VALUE_BOOL) && v->u.i;
}

int64_t value_as_int(const struct value *v)
{
	if (!v)
		return 0;
	if (v->kind == VALUE_INT || v->kind == VALUE_BOOL)
		return v->u.i;
	if (v->kind == VALUE_FLOAT && v->u.f >= -9223372036854775808.0 && v->u.f < 9223372036854775808.0)
		return (int64_t)v->u.f;
	return 0;
}

double value_as_float(const struct value *v)
{
	if (!v)
		return 0;
	switch (v->kind) {
	case VALUE_INT:
	case VALUE_BOOL:
		return (double)v->u.i;
	case VALUE_FLOAT:
		return v->u.f;
	case VALUE_BIGINT:
		return strtod(v->u.text.p, NULL);
	default:
		return 0;
	}
}

static bool has_text(const struct value *v)
{
	return v && (v->kind == VALUE_STR || v->kind == VALUE_BYTES || v->kind == VALUE_BIGINT);
}

const char *value_text(const struct value *v)
{
	return has_text(v) ? v->u.text.p : NULL;
}

size_t value_len(const struct value *v)
{
	if (has_text(v))
		return v->u.text.n;
	if (value_is(v, VALUE_LIST))
		return v->u.list.count;
	if (value_is(v, VALUE_MAP))
		return v->u.map.count;
	return 0;
}

struct sv value_sv(const struct value *v)
{
	return has_text(v) ? (struct sv){ v->u.text.p, v->u.text.n } : (struct sv){ NULL, 0 };
}

void *value_object_ptr(const struct value *v, const struct value_class *cls)
{
	return value_is(v, VALUE_OBJECT) && v->u.object.cls == cls ? v->u.object.ptr : NULL;
}

const struct value_class *value_object_class(const struct value *v)
{
	return value_is(v, VALUE_OBJECT) ? v->u.object.cls : NULL;
}

bool value_is_number(const struct value *v)
{
	return v && (v->kind == VALUE_INT || v->kind == VALUE_FLOAT || v->kind == VALUE_BIGINT);
}

bool value_to_whole(const struct value *v, int64_t *out)
{
	if (value_is(v, VALUE_INT)) {
		*out = v->u.i;
		return true;
	}
	if (value_is(v, VALUE_FLOAT) && v->u.f == trunc(v->u.f) && fabs(v->u.f) < 9223372036854775808.0) {
		*out = (int64_t)v->u.f;
		return true;
	}
	return false;
}

/* ---- lists -------------------------------------------------------------------------------------------- */

void list_reserve(struct value *list, size_t count)
{
	if (count <= list->u.list.cap)
		return;
	list->u.list.items = xrealloc(list->u.list.items, count * sizeof(*list->u.list.items));
	list->u.list.cap = count;
}

static void list_grow(struct value *list)
{
	if (list->u.list.count == list->u.list.cap)
		list_reserve(list, list->u.list.cap ? list->u.list.cap * 2 : 4);
}

void list_push(struct value *list, struct value *item)
{
	list_grow(list);
	list->u.list.items[list->u.list.count++] = item;
}

struct value *list_at(const struct value *list, size_t i)
{
	return value_is(list, VALUE_LIST) && i < list->u.list.count ? list->u.list.items[i] : NULL;
}

void list_set(struct value *list, size_t i, struct value *item)
{
	if (i >= list->u.list.count) {
		value_unref(item);
		return;
	}
	value_unref(list->u.list.items[i]);
	list->u.list.items[i] = item;
}

void list_insert(struct value *list, size_t i, struct value *item)
{
	if (i > list->u.list.count)
		i = list->u.list.count;
	list_grow(list);
	memmove(list->u.list.items + i + 1, list->u.list.items + i,
		(list->u.list.count - i) * sizeof(*list->u.list.items));
	list->u.list.items[i] = item;
	list->u.list.count++;
}

void list_remove(struct value *list, size_t i)
{
	if (i >= list->u.list.count)
		return;
	value_unref(list->u.list.items[i]);
	list->u.list.count--;
	memmove(list->u.list.items + i, list->u.list.items + i + 1,
		(list->u.list.count - i) * sizeof(*list->u.list.items));
}

void list_mark_tuple(struct value *list)
{
	list->flags |= FLAG_TUPLE;
}

bool list_is_tuple(const struct value *list)
{
	return list->flags & FLAG_TUPLE;
}

/* ---- comparison --------------------------------------------------------------------------------------- */

static bool is_numeric(const struct value *v)
{
	return v->kind == VALUE_BOOL || value_is_number(v);
}

static bool numbers_equal(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_BIGINT && b->kind == VALUE_BIGINT)
		return a->u.text.n == b->u.text.n && memcmp(a->u.text.p, b->u.text.p, a->u.text.n) == 0;
	if (a->kind == VALUE_FLOAT || b->kind == VALUE_FLOAT)
		return value_as_float(a) == value_as_float(b);
	if (a->kind == VALUE_BIGINT || b->kind == VALUE_BIGINT)
		return false;
	return a->u.i == b->u.i;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a == b)
		return !(value_is(a, VALUE_FLOAT) && isnan(a->u.f));
	if (!a || !b)
		return false;
	if (is_numeric(a) && is_numeric(b))
		return numbers_equal(a, b);
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_STR:
	case VALUE_BYTES:
		return a->u.text.n == b->u.text.n && memcmp(a->u.text.p, b->u.text.p, a->u.text.n) == 0;
	case VALUE_LIST:
		if (a->u.list.count != b->u.list.count)
			return false;
		for (size_t i = 0; i < a->u.list.count; i++) {
			if (!value_equal(a->u.list.items[i], b->u.list.items[i]))
				return false;
		}
		return true;
	case VALUE_MAP:
		return value_maps_equal(a, b);
	case VALUE_OBJECT:
		return a->u.object.ptr == b->u.object.ptr;
	default:
		return a->kind == VALUE_NULL;
	}
}

bool value_truthy(const struct value *v)
{
	if (!v)
		return false;
	switch (v->kind) {
	case VALUE_NULL:
		return false;
	case VALUE_BOOL:
	case VALUE_INT:
		return v->u.i != 0;
	case VALUE_FLOAT:
		return v->u.f != 0;
	case VALUE_BIGINT:
	case VALUE_OBJECT:
		return true;
	default:
		return value_len(v) > 0;
	}
}

bool value_has_bigint(const struct value *v)
{
	switch (v->kind) {
	case VALUE_BIGINT:
		return true;
	case VALUE_LIST:
		for (size_t i = 0; i < v->u.list.count; i++) {
			if (value_has_bigint(v->u.list.items[i]))
				return true;
		}
		return false;
	case VALUE_MAP:
		for (size_t i = 0; i < v->u.map.count; i++) {
			if (value_has_bigint(v->u.map.entries[i].v))
				return true;
		}
		return false;
	default:
		return false;
	}
}

uint64_t value_hash(const struct value *v)
{
	uint64_t h = v->kind;
	double d;

	switch (v->kind) {
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_FLOAT:
	case VALUE_BIGINT:
		d = value_as_float(v);
		if (d == 0)
			d = 0; /* -0.0 equals 0 */
		return value_hash_bytes((const char *)&d, sizeof(d));
	case VALUE_STR:
	case VALUE_BYTES:
		return value_hash_bytes(v->u.text.p, v->u.text.n) + v->kind;
	case VALUE_LIST:
		for (size_t i = 0; i < v->u.list.count; i++)
			h = h * 1000003 ^ value_hash(v->u.list.items[i]);
		return h;
	case VALUE_MAP: /* order does not count */
		for (size_t i = 0; i < v->u.map.count; i++)
			h += v->u.map.entries[i].hash * 31u ^ value_hash(v->u.map.entries[i].v);
		return h;
	case VALUE_OBJECT:
		return (uint64_t)(uintptr_t)v->u.object.ptr;
	default:
		return h;
	}
}

static struct value *copy_one_level(const struct value *v, bool deep)
{
	struct value *copy;

	if (v->kind == VALUE_LIST) {
		copy = value_list();
		list_reserve(copy, v->u.list.count);
		for (size_t i = 0; i < v->u.list.count; i++)
			list_push(copy, deep ? value_copy(v->u.list.items[i]) : value_ref(v->u.list.items[i]));
	} else {
		copy = value_map();
		for (size_t i = 0; i < v->u.map.count; i++) {
			const struct map_entry *e = &v->u.map.entries[i];

			map_setn(copy, e->key, e->len, deep ? value_copy(e->v) : value_ref(e->v));
		}
	}
	copy->flags = v->flags;
	return copy;
}

struct value *value_copy(const struct value *v)
{
	if (v->kind != VALUE_LIST && v->kind != VALUE_MAP)
		return value_ref((struct value *)(uintptr_t)v);
	return copy_one_level(v, true);
}

void value_make_writable(struct value **v)
{
	struct value *copy;

	if (!value_shared(*v) || ((*v)->kind != VALUE_LIST && (*v)->kind != VALUE_MAP))
		return;
	copy = copy_one_level(*v, false);
	value_unref(*v);
	*v = copy;
}
