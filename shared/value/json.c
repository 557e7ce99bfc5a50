/* JSON in (json-c's parser) and out (a writer of our own: json-c prints doubles with 17 digits and escapes slashes). */
#include "value/internal.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parsing ------------------------------------------------------------------------------------------ */

/* Integers that do not fit 64 bits are an error to json-c's strict mode. A text that has such a run of digits is parsed
 * again with this marker behind each of them, which makes json-c keep the digits as the source text of a double. */
#define BIGINT_MARK "e0"
#define BIGINT_DIGITS 19

static size_t char_position(const char *text, size_t bytes)
{
	return utf8_length(text, bytes);
}

static struct value *json_fail(struct json_error *error, size_t position, const char *message)
{
	if (error) {
		error->position = position;
		snprintf(error->message, sizeof(error->message), "%s", message);
	}
	return NULL;
}

static struct value *double_from(json_object *obj)
{
	const char *source = json_object_get_userdata(obj);
	size_t len = source ? strlen(source) : 0;

	if (len > BIGINT_DIGITS && strcmp(source + len - 2, BIGINT_MARK) == 0 && !strpbrk(source, ".E+") &&
	    strchr(source, 'e') == source + len - 2) {
		char *end;
		long long n;

		errno = 0;
		n = strtoll(source, &end, 10);
		if (errno == 0)
			return value_int(n);
		return value_bigint(source, len - 2);
	}
	return value_float(json_object_get_double(obj));
}

static struct value *from_json_c(json_object *obj)
{
	struct value *v;

	switch (json_object_get_type(obj)) {
	case json_type_null:
		return value_null();
	case json_type_boolean:
		return value_bool(json_object_get_boolean(obj));
	case json_type_int: {
		int64_t n = json_object_get_int64(obj);

		if (n == INT64_MAX)
			return value_uint(json_object_get_uint64(obj));
		return value_int(n);
	}
	case json_type_double:
		return double_from(obj);
	case json_type_string:
		return value_strn(json_object_get_string(obj), (size_t)json_object_get_string_len(obj));
	case json_type_array: {
		size_t count = json_object_array_length(obj);

		v = value_list();
		list_reserve(v, count);
		for (size_t i = 0; i < count; i++)
			list_push(v, from_json_c(json_object_array_get_idx(obj, i)));
		return v;
	}
	case json_type_object:
		v = value_map();
		json_object_object_foreach(obj, key, member)
		{
			map_set(v, key, from_json_c(member));
		}
		return v;
	}
	return value_null();
}

/* Puts the mark behind every run of digits that json-c could refuse. The text is known to be valid. */
static char *mark_big_integers(const char *text, size_t len, size_t *out_len)
{
	struct buf out;
	size_t i = 0;

	buf_init(&out, SIZE_MAX / 4);
	while (i < len) {
		size_t start = i;

		if (text[i] == '"') {
			for (i++; text[i] != '"'; i++)
				i += text[i] == '\\';
			i++;
		} else if (text[i] == '-' || (text[i] >= '0' && text[i] <= '9')) {
			while (i < len && text[i] && strchr("-+.eE0123456789", text[i]))
				i++;
			buf_add(&out, text + start, i - start);
			if (i - start >= BIGINT_DIGITS && !memchr(text + start, '.', i - start) &&
			    !memchr(text + start, 'e', i - start) && !memchr(text + start, 'E', i - start))
				buf_adds(&out, BIGINT_MARK);
			continue;
		} else {
			i++;
		}
		buf_add(&out, text + start, i - start);
	}
	*out_len = out.len;
	return buf_take(&out);
}

static struct value *run_tokener(const char *text, size_t len, struct json_error *error)
{
	json_tokener *tok = json_tokener_new_ex(JSON_MAX_DEPTH + 1);
	json_object *obj;
	enum json_tokener_error code;
	struct value *v = NULL;

	if (!tok)
		abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	obj = json_tokener_parse_ex(tok, text, (int)len);
	code = json_tokener_get_error(tok);
	if (code == json_tokener_continue) {
		/* A bare number at the very end needs one more character to be complete. */
		obj = json_tokener_parse_ex(tok, "", 1);
		code = json_tokener_get_error(tok);
	}
	if (code == json_tokener_success) {
		v = from_json_c(obj);
		json_object_put(obj);
	} else {
		json_fail(error, char_position(text, json_tokener_get_parse_end(tok)), json_tokener_error_desc(code));
	}
	json_tokener_free(tok);
	return v;
}

struct value *json_parse(const char *text, size_t len, struct json_error *error)
{
	struct json_scan scan;
	struct value *v;
	char *marked;
	size_t marked_len;

	if (len > INT32_MAX / 2)
		return json_fail(error, 0, "Too long");
	if (!utf8_valid(text, len))
		return json_fail(error, 0, "Invalid UTF-8");
	if (json_scan(text, len, &scan))
		return json_fail(error, char_position(text, scan.position), scan.message);
	if (!scan.big)
		return run_tokener(text, len, error);
	marked = mark_big_integers(text, len, &marked_len);
	v = run_tokener(marked, marked_len, error);
	free(marked);
	return v;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

void json_float(double d, char out[JSON_FLOAT_MAX])
{
	char digits[32];
	char *e;
	int precision;
	int exponent;
	bool negative;
	char mantissa[24];
	int count = 0;

	if (isnan(d) || isinf(d)) {
		snprintf(out, JSON_FLOAT_MAX, "%s", isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
		return;
	}
	if (fabs(d) < 1e15 && d == (double)(int64_t)d) {
		snprintf(out, JSON_FLOAT_MAX, signbit(d) && d == 0 ? "-%lld.0" : "%lld.0", (long long)d);
		return;
	}
	for (precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*e", precision - 1, d);
		if (strtod(digits, NULL) == d)
			break;
	}
	negative = digits[0] == '-';
	e = strchr(digits, 'e');
	exponent = (int)strtol(e + 1, NULL, 10);
	for (char *p = digits + negative; p < e; p++) {
		if (*p != '.')
			mantissa[count++] = *p;
	}
	while (count > 1 && mantissa[count - 1] == '0')
		count--;
	mantissa[count] = '\0';
	if (exponent < -4 || exponent >= 16) {
		snprintf(out, JSON_FLOAT_MAX, "%s%c%s%se%c%02d", negative ? "-" : "", mantissa[0], count > 1 ? "." : "", mantissa + 1,
			 exponent < 0 ? '-' : '+', abs(exponent));
	} else if (exponent < 0) {
		snprintf(out, JSON_FLOAT_MAX, "%s0.%.*s%s", negative ? "-" : "", -exponent - 1, "0000", mantissa);
	} else if (exponent + 1 >= count) {
		snprintf(out, JSON_FLOAT_MAX, "%s%s%.*s.0", negative ? "-" : "", mantissa, exponent + 1 - count, "0000000000000000");
	} else {
		snprintf(out, JSON_FLOAT_MAX, "%s%.*s.%s", negative ? "-" : "", exponent + 1, mantissa, mantissa + exponent + 1);
	}
}

static int write_escape(struct buf *out, uint32_t cp)
{
	if (cp >= 0x10000) {
		cp -= 0x10000;
		return buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (cp >> 10), 0xdc00 + (cp & 0x3ff));
	}
	return buf_printf(out, "\\u%04x", cp);
}

static int write_special(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		return buf_add(out, "\\\"", 2);
	case '\\':
		return buf_add(out, "\\\\", 2);
	case '\n':
		return buf_add(out, "\\n", 2);
	case '\r':
		return buf_add(out, "\\r", 2);
	case '\t':
		return buf_add(out, "\\t", 2);
	case '\b':
		return buf_add(out, "\\b", 2);
	case '\f':
		return buf_add(out, "\\f", 2);
	default:
		return write_escape(out, c);
	}
}

/* Bytes that stand in a JSON string as they are. Python's ASCII style escapes DEL too. */
static inline bool is_plain(unsigned char c, bool ascii)
{
	static const bool special[128] = { [0 ... 31] = true, ['"'] = true, ['\\'] = true };

	return c < 0x7f ? !special[c] : !ascii;
}

int json_write_str(struct buf *out, const char *text, size_t len, int style)
{
	bool ascii = style & JSON_ASCII;
	size_t run = 0;
	size_t i = 0;

	buf_addc(out, '"');
	while (i < len) {
		if (is_plain((unsigned char)text[i], ascii)) {
			i++;
			continue;
		}
		buf_add(out, text + run, i - run);
		if ((unsigned char)text[i] < 0x80)
			write_special(out, (unsigned char)text[i++]);
		else
			write_escape(out, utf8_decode(text, len, &i));
		run = i;
	}
	buf_add(out, text + run, len - run);
	return buf_addc(out, '"');
}

static void newline(struct buf *out, int depth)
{
	buf_addc(out, '\n');
	for (int i = 0; i < depth; i++)
		buf_add(out, "  ", 2);
}

static int by_key(const void *a, const void *b)
{
	const struct map_entry *x = *(const struct map_entry *const *)a;
	const struct map_entry *y = *(const struct map_entry *const *)b;
	size_t n = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->key, y->key, n);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int write_value(struct buf *out, const struct value *v, int style, int depth);

static void write_entry(struct buf *out, const struct map_entry *e, int style, int depth, bool first)
{
	if (!first)
		buf_add(out, ", ", style & JSON_SPACED ? 2 : 1);
	if (style & JSON_INDENT)
		newline(out, depth + 1);
	json_write_str(out, e->key, e->len, style);
	buf_add(out, ": ", style & (JSON_SPACED | JSON_INDENT) ? 2 : 1);
	write_value(out, e->v, style, depth + 1);
}

static void write_map(struct buf *out, const struct value *v, int style, int depth)
{
	size_t count = v->u.map.count;
	const struct map_entry *few[32];
	const struct map_entry **sorted = few;

	buf_addc(out, '{');
	if ((style & JSON_SORTED) && count > 1) {
		if (count > ARRAY_LEN(few))
			sorted = xmalloc(count * sizeof(*sorted));
		for (size_t i = 0; i < count; i++)
			sorted[i] = &v->u.map.entries[i];
		qsort(sorted, count, sizeof(*sorted), by_key);
		for (size_t i = 0; i < count; i++)
			write_entry(out, sorted[i], style, depth, i == 0);
		if (sorted != few)
			free(sorted);
	} else {
		for (size_t i = 0; i < count; i++)
			write_entry(out, &v->u.map.entries[i], style, depth, i == 0);
	}
	if ((style & JSON_INDENT) && count)
		newline(out, depth);
	buf_addc(out, '}');
}

static void write_list(struct buf *out, const struct value *v, int style, int depth)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < v->u.list.count; i++) {
		if (i)
			buf_add(out, ", ", style & JSON_SPACED ? 2 : 1);
		if (style & JSON_INDENT)
			newline(out, depth + 1);
		write_value(out, v->u.list.items[i], style, depth + 1);
	}
	if ((style & JSON_INDENT) && v->u.list.count)
		newline(out, depth);
	buf_addc(out, ']');
}

static void write_bytes(struct buf *out, const struct value *v, int style)
{
	if (style & JSON_WRAP_BYTES)
		buf_adds(out, style & JSON_SPACED ? "{\"__bytes__\": " : "{\"__bytes__\":");
	buf_addc(out, '"');
	base64_encode(out, v->u.text.p, v->u.text.n, false);
	buf_addc(out, '"');
	if (style & JSON_WRAP_BYTES)
		buf_addc(out, '}');
}

static void write_float(struct buf *out, double d, int style)
{
	char text[JSON_FLOAT_MAX];

	if ((isnan(d) || isinf(d)) && !(style & JSON_NAN_WORDS)) {
		buf_add(out, "null", 4);
		return;
	}
	json_float(d, text);
	buf_adds(out, text);
}

static void write_int(struct buf *out, int64_t n)
{
	char digits[24];
	char *p = digits + sizeof(digits);
	uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (n < 0)
		*--p = '-';
	buf_add(out, p, (size_t)(digits + sizeof(digits) - p));
}

static int write_value(struct buf *out, const struct value *v, int style, int depth)
{
	struct value *shown;

	switch (v->kind) {
	case VALUE_NULL:
		buf_add(out, "null", 4);
		break;
	case VALUE_BOOL:
		buf_adds(out, v->u.i ? "true" : "false");
		break;
	case VALUE_INT:
		write_int(out, v->u.i);
		break;
	case VALUE_BIGINT:
		buf_add(out, v->u.text.p, v->u.text.n);
		break;
	case VALUE_FLOAT:
		write_float(out, v->u.f, style);
		break;
	case VALUE_STR:
		json_write_str(out, v->u.text.p, v->u.text.n, style);
		break;
	case VALUE_BYTES:
		write_bytes(out, v, style);
		break;
	case VALUE_LIST:
		write_list(out, v, style, depth);
		break;
	case VALUE_MAP:
		write_map(out, v, style, depth);
		break;
	case VALUE_OBJECT:
		shown = v->u.object.cls->to_value(v->u.object.ptr);
		write_value(out, shown, style, depth);
		value_unref(shown);
		break;
	}
	return out->failed ? -1 : 0;
}

int json_write(struct buf *out, const struct value *v, int style)
{
	return write_value(out, v, style, 0);
}

char *json_text(struct arena *arena, const struct value *v, int style)
{
	struct buf out;
	char *text = NULL;

	buf_init(&out, BUF_MAX_RESPONSE);
	if (json_write(&out, v, style) == 0)
		text = arena_strndup(arena, out.data, out.len);
	buf_free(&out);
	return text;
}
