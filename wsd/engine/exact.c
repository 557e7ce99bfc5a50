/* Values as bytes and back: see exact.h. */
#include "wsd/engine/exact.h"

#include <string.h>

enum tag {
	TAG_NULL = 'n',
	TAG_FALSE = 'f',
	TAG_TRUE = 't',
	TAG_INT = 'i',
	TAG_BIGINT = 'g',
	TAG_FLOAT = 'd',
	TAG_STR = 's',
	TAG_BYTES = 'b',
	TAG_LIST = 'l',
	TAG_TUPLE = 'u',
	TAG_MAP = 'm',
	TAG_TYPED = 'y'
};

static int write_at(struct buf *out, const struct value *v, int depth);

static void put_count(struct buf *out, enum tag tag, size_t n)
{
	uint64_t count = n;

	buf_addc(out, (char)tag);
	buf_add(out, &count, sizeof(count));
}

static int put_text(struct buf *out, enum tag tag, const void *p, size_t n)
{
	put_count(out, tag, n);
	return buf_add(out, p, n);
}

static int put_list(struct buf *out, const struct value *v, int depth)
{
	put_count(out, list_is_tuple(v) ? TAG_TUPLE : TAG_LIST, value_len(v));
	for (size_t i = 0; i < value_len(v); i++)
		if (write_at(out, list_at(v, i), depth + 1) < 0)
			return -1;
	return 0;
}

static int put_map(struct buf *out, const struct value *v, int depth)
{
	struct value *entry;
	struct sv key;

	put_count(out, map_is_typed(v) ? TAG_TYPED : TAG_MAP, value_len(v));
	for (size_t i = 0; map_entry(v, i, &key, &entry); i++)
		if (put_text(out, TAG_STR, key.p, key.n) < 0 || write_at(out, entry, depth + 1) < 0)
			return -1;
	return 0;
}

static int write_at(struct buf *out, const struct value *v, int depth)
{
	int64_t whole;
	double number;

	if (depth > JSON_MAX_DEPTH)
		return -1;
	switch (value_kind(v)) {
	case VALUE_NULL:
		return buf_addc(out, TAG_NULL);
	case VALUE_BOOL:
		return buf_addc(out, value_as_bool(v) ? TAG_TRUE : TAG_FALSE);
	case VALUE_INT:
		whole = value_as_int(v);
		buf_addc(out, TAG_INT);
		return buf_add(out, &whole, sizeof(whole));
	case VALUE_FLOAT:
		number = value_as_float(v);
		buf_addc(out, TAG_FLOAT);
		return buf_add(out, &number, sizeof(number));
	case VALUE_BIGINT:
		return put_text(out, TAG_BIGINT, value_text(v), value_len(v));
	case VALUE_STR:
		return put_text(out, TAG_STR, value_text(v), value_len(v));
	case VALUE_BYTES:
		return put_text(out, TAG_BYTES, value_text(v), value_len(v));
	case VALUE_LIST:
		return put_list(out, v, depth);
	case VALUE_MAP:
		return put_map(out, v, depth);
	case VALUE_OBJECT:
		break;
	}
	return -1;
}

int exact_write(struct buf *out, const struct value *v)
{
	return write_at(out, v, 0);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

struct input {
	const char *at;
	const char *end;
};

static struct value *read_at(struct input *in, int depth);

static bool take(struct input *in, void *out, size_t n)
{
	if ((size_t)(in->end - in->at) < n)
		return false;
	memcpy(out, in->at, n);
	in->at += n;
	return true;
}

/* The length in front of a text or a container: never more than there are bytes. */
static bool take_count(struct input *in, size_t *n)
{
	uint64_t count;

	if (!take(in, &count, sizeof(count)) || count > (uint64_t)(in->end - in->at))
		return false;
	*n = (size_t)count;
	return true;
}

static struct value *read_text(struct input *in, char tag)
{
	const char *text;
	size_t n;

	if (!take_count(in, &n))
		return NULL;
	text = in->at;
	in->at += n;
	if (tag == TAG_BYTES)
		return value_bytes(text, n);
	if (tag == TAG_BIGINT)
		return value_bigint(text, n);
	return utf8_valid(text, n) ? value_strn(text, n) : NULL;
}

static struct value *read_list(struct input *in, char tag, int depth)
{
	struct value *list = value_list();
	struct value *item;
	size_t n;

	if (!take_count(in, &n))
		goto broken;
	if (tag == TAG_TUPLE)
		list_mark_tuple(list);
	for (; n > 0; n--) {
		item = read_at(in, depth + 1);
		if (!item)
			goto broken;
		list_push(list, item);
	}
	return list;
broken:
	value_unref(list);
	return NULL;
}

static struct value *read_map(struct input *in, char tag, int depth)
{
	struct value *map = value_map();
	struct value *key = NULL;
	struct value *item;
	size_t n;

	if (!take_count(in, &n))
		goto broken;
	for (; n > 0; n--) {
		key = read_at(in, depth + 1);
		item = value_is(key, VALUE_STR) ? read_at(in, depth + 1) : NULL;
		if (!item)
			goto broken;
		map_setn(map, value_text(key), value_len(key), item);
		value_unref(key);
		key = NULL;
	}
	if (tag == TAG_TYPED)
		map_mark_typed(map);
	return map;
broken:
	value_unref(key);
	value_unref(map);
	return NULL;
}

static struct value *read_at(struct input *in, int depth)
{
	int64_t whole;
	double number;
	char tag;

	if (depth > JSON_MAX_DEPTH + 1 || !take(in, &tag, 1))
		return NULL;
	switch (tag) {
	case TAG_NULL:
		return value_null();
	case TAG_FALSE:
	case TAG_TRUE:
		return value_bool(tag == TAG_TRUE);
	case TAG_INT:
		return take(in, &whole, sizeof(whole)) ? value_int(whole) : NULL;
	case TAG_FLOAT:
		return take(in, &number, sizeof(number)) ? value_float(number) : NULL;
	case TAG_BIGINT:
	case TAG_STR:
	case TAG_BYTES:
		return read_text(in, tag);
	case TAG_LIST:
	case TAG_TUPLE:
		return read_list(in, tag, depth);
	case TAG_MAP:
	case TAG_TYPED:
		return read_map(in, tag, depth);
	}
	return NULL;
}

struct value *exact_read(const char **at, const char *end)
{
	struct input in = { *at, end };
	struct value *v = read_at(&in, 0);

	*at = in.at;
	return v;
}
