/* How Python writes values: str() and repr(). */
#include "value/pyform.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

static bool printable(uint32_t cp)
{
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	case UTF8PROC_CATEGORY_ZS:
		return cp == ' ';
	default:
		return true;
	}
}

static int escape_cp(struct buf *out, uint32_t cp)
{
	switch (cp) {
	case '\\':
		return buf_adds(out, "\\\\");
	case '\n':
		return buf_adds(out, "\\n");
	case '\r':
		return buf_adds(out, "\\r");
	case '\t':
		return buf_adds(out, "\\t");
	default:
		return buf_printf(out, cp <= 0xff ? "\\x%02x" : cp <= 0xffff ? "\\u%04x" : "\\U%08x", cp);
	}
}

static char quote_for(const char *text, size_t len)
{
	return memchr(text, '\'', len) && !memchr(text, '"', len) ? '"' : '\'';
}

int pyform_repr_text(struct buf *out, const char *text, size_t len)
{
	char quote = len ? quote_for(text, len) : '\'';
	size_t done = 0;

	buf_addc(out, quote);
	for (size_t pos = 0; pos < len;) {
		size_t at = pos;
		uint32_t cp = utf8_decode(text, len, &pos);
		bool plain = cp < 0x80 ? cp >= ' ' && cp < 0x7f && cp != '\\' && cp != (uint32_t)quote : printable(cp);

		if (plain)
			continue;
		buf_add(out, text + done, at - done);
		if (cp == (uint32_t)quote)
			buf_printf(out, "\\%c", quote);
		else
			escape_cp(out, cp);
		done = pos;
	}
	buf_add(out, text + done, len - done);
	return buf_addc(out, quote);
}

static int repr_bytes(struct buf *out, const char *data, size_t len)
{
	char quote = len ? quote_for(data, len) : '\'';

	buf_printf(out, "b%c", quote);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == (unsigned char)quote)
			buf_printf(out, "\\%c", quote);
		else if (c < ' ' || c >= 0x7f || c == '\\')
			escape_cp(out, c);
		else
			buf_addc(out, (char)c);
	}
	return buf_addc(out, quote);
}

static int repr_float(struct buf *out, double d)
{
	char text[JSON_FLOAT_MAX];

	json_float(d, text);
	if (strcmp(text, "NaN") == 0)
		return buf_adds(out, "nan");
	if (strcmp(text, "Infinity") == 0)
		return buf_adds(out, "inf");
	if (strcmp(text, "-Infinity") == 0)
		return buf_adds(out, "-inf");
	return buf_adds(out, text);
}

static int repr_list(struct buf *out, const struct value *list)
{
	size_t count = value_len(list);
	bool tuple = list_is_tuple(list);

	buf_addc(out, tuple ? '(' : '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_adds(out, ", ");
		pyform_repr(out, list_at(list, i));
	}
	if (tuple && count == 1)
		buf_addc(out, ',');
	return buf_addc(out, tuple ? ')' : ']');
}

/* The class behind a typed value: asset references end in Ref, other names are in camel case. */
static void typed_class_name(struct buf *out, const char *type)
{
	static const char *const assets[] = { "image", "audio", "video",     "text", "document",
					      "folder", "dataframe", "model_3d", "svg" };
	bool start = true;

	for (const char *p = type; *p; p++) {
		if (*p == '_' || *p == '.') {
			start = true;
			continue;
		}
		buf_addc(out, start && *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
		start = *p >= '0' && *p <= '9';
	}
	for (size_t i = 0; i < ARRAY_LEN(assets); i++) {
		if (strcmp(assets[i], type) == 0)
			buf_adds(out, "Ref");
	}
}

static int typed_fields(struct buf *out, const struct value *map, const char *separator)
{
	struct sv key;
	struct value *v;

	for (size_t i = 0; map_entry(map, i, &key, &v); i++) {
		if (i)
			buf_adds(out, separator);
		buf_add(out, key.p, key.n);
		buf_addc(out, '=');
		pyform_repr(out, v);
	}
	return out->failed ? -1 : 0;
}

static int repr_map(struct buf *out, const struct value *map)
{
	struct sv key;
	struct value *v;

	if (map_is_typed(map)) {
		typed_class_name(out, map_str(map, "type", "object"));
		buf_addc(out, '(');
		typed_fields(out, map, ", ");
		return buf_addc(out, ')');
	}
	buf_addc(out, '{');
	for (size_t i = 0; map_entry(map, i, &key, &v); i++) {
		if (i)
			buf_adds(out, ", ");
		pyform_repr_text(out, key.p, key.n);
		buf_adds(out, ": ");
		pyform_repr(out, v);
	}
	return buf_addc(out, '}');
}

static int repr_object(struct buf *out, const struct value *v)
{
	const struct value_class *cls = value_object_class(v);
	struct value *plain = cls->to_value(value_object_ptr(v, cls));
	int status = pyform_repr(out, plain);

	value_unref(plain);
	return status;
}

int pyform_repr(struct buf *out, const struct value *v)
{
	if (value_is_null(v))
		return buf_adds(out, "None");
	switch (value_kind(v)) {
	case VALUE_BOOL:
		return buf_adds(out, value_as_bool(v) ? "True" : "False");
	case VALUE_INT:
		return buf_printf(out, "%lld", (long long)value_as_int(v));
	case VALUE_FLOAT:
		return repr_float(out, value_as_float(v));
	case VALUE_BIGINT:
		return buf_add(out, value_text(v), value_len(v));
	case VALUE_BYTES:
		return repr_bytes(out, value_text(v), value_len(v));
	case VALUE_LIST:
		return repr_list(out, v);
	case VALUE_MAP:
		return repr_map(out, v);
	case VALUE_OBJECT:
		return repr_object(out, v);
	default:
		return pyform_repr_text(out, value_text(v), value_len(v));
	}
}

int pyform_str(struct buf *out, const struct value *v)
{
	if (value_is(v, VALUE_STR))
		return buf_add(out, value_text(v), value_len(v));
	if (value_is(v, VALUE_MAP) && map_is_typed(v))
		return typed_fields(out, v, " ");
	return pyform_repr(out, v);
}

struct value *pyform_str_value(struct value *v)
{
	struct buf out;
	size_t len;

	if (value_is(v, VALUE_STR))
		return value_ref(v);
	buf_init(&out, BUF_MAX_BODY);
	if (pyform_str(&out, v) < 0) {
		buf_free(&out);
		return NULL;
	}
	len = out.len;
	return value_str_take(buf_take(&out), len);
}

const char *pyform_type_name(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NULL] = "NoneType", [VALUE_BOOL] = "bool",   [VALUE_INT] = "int", [VALUE_BIGINT] = "int",
		[VALUE_FLOAT] = "float",   [VALUE_STR] = "str",     [VALUE_BYTES] = "bytes",
		[VALUE_LIST] = "list",     [VALUE_MAP] = "dict",    [VALUE_OBJECT] = "object",
	};

	if (!v)
		return "NoneType";
	if (value_is(v, VALUE_LIST) && list_is_tuple(v))
		return "tuple";
	if (value_is(v, VALUE_MAP) && map_is_typed(v))
		return map_str(v, "type", "dict");
	if (value_is(v, VALUE_OBJECT))
		return value_object_class(v)->type_name;
	return names[value_kind(v)];
}
