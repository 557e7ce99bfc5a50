/* Query strings and urlencoded forms. */
#include "http/internal.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "+" is a blank; an escape that is none stands for itself; bytes that are no UTF-8 become U+FFFD, as in the original. */
static struct value *decode(struct sv text)
{
	struct buf raw;
	struct buf good;
	struct value *v;

	buf_init(&raw, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%' && i + 2 < text.n && hex_digit(text.p[i + 1]) >= 0 && hex_digit(text.p[i + 2]) >= 0) {
			c = (char)(hex_digit(text.p[i + 1]) << 4 | hex_digit(text.p[i + 2]));
			i += 2;
		}
		buf_addc(&raw, c);
	}
	if (utf8_valid(raw.data ? raw.data : "", raw.len)) {
		v = value_strn(raw.data ? raw.data : "", raw.len);
	} else {
		buf_init(&good, raw.len * 3 + 1);
		for (size_t i = 0; i < raw.len;) {
			char bytes[4];

			buf_add(&good, bytes, utf8_encode(utf8_decode(raw.data, raw.len, &i), bytes));
		}
		v = value_strn(good.data, good.len);
		buf_free(&good);
	}
	buf_free(&raw);
	return v;
}

int query_parse(const char *text, size_t len, struct value *into, struct err *err)
{
	struct sv rest = { text, len };
	struct sv pair;
	size_t count = 0;

	if (!len)
		return 0;
	while (sv_split(&rest, '&', &pair)) {
		struct sv value = pair;
		struct sv name;
		struct value *key;
		struct value *list;

		if (!pair.n)
			continue;
		if (++count > HTTP_MAX_QUERY)
			return err_set(err, 400, "Too many parameters");
		sv_split(&value, '=', &name);
		if (!value.p)
			value = SV_LIT("");
		key = decode(name);
		list = map_getn(into, value_text(key), value_len(key));
		if (!list) {
			list = value_list();
			map_setn(into, value_text(key), value_len(key), list);
		}
		list_push(list, decode(value));
		value_unref(key);
	}
	return 0;
}

/* The texts that count for a field: all of them for a list, else the last. */
static struct value *given_for(const struct field *field, const struct value *given, bool skip_empty)
{
	struct value *list = map_get(given, field->name);
	struct value *last;

	if (!list || !value_len(list))
		return NULL;
	if (field->kind == FIELD_LIST)
		return list;
	last = list_at(list, value_len(list) - 1);
	return skip_empty && value_is(last, VALUE_STR) && !value_len(last) ? NULL : last;
}

struct value *query_validate(const struct field *fields, const struct value *given, const char *place, bool skip_empty,
			     struct value *errors)
{
	struct value *in = value_map();
	struct value *out;
	size_t before = value_len(errors);

	for (const struct field *f = fields; f->name; f++) {
		struct value *v = given_for(f, given, skip_empty);

		if (v)
			map_set(in, f->name, value_ref(v));
	}
	out = fields_validate(fields, in, place, errors);
	for (size_t i = before; i < value_len(errors); i++) {
		struct value *error = list_at(errors, i);

		if (strcmp(map_str(error, "type", ""), "missing") == 0)
			map_set(error, "input", value_null());
	}
	value_unref(in);
	return out;
}
