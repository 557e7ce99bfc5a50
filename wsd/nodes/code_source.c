/* Values as literals of five languages. */
#include "wsd/nodes/code_source.h"
#include "value/pyform.h"

#include <ctype.h>
#include <string.h>

#define DEPTH_MAX 64

/* How Ruby and Lua write what Python and JSON write otherwise. */
struct literals {
	const char *null;
	const char *list_open, *list_close;
	const char *key_open, *key_close;
};
static const struct literals ruby = { "nil", "[", "]", "", " => " };
static const struct literals lua = { "nil", "{", "}", "[", "] = " };

/* Both languages know \xHH; Ruby looks for #{ in texts. */
static void quoted(struct buf *out, struct sv text)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == '"' || c == '\\' || c == '#' || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '"');
}

static int literal(struct buf *out, const struct literals *l, const struct value *v, int depth)
{
	struct value *item;
	struct sv key;

	if (depth > DEPTH_MAX)
		return -1;
	switch (value_kind(v)) {
	case VALUE_NULL:
		return buf_adds(out, l->null);
	case VALUE_BOOL:
		return buf_adds(out, value_as_bool(v) ? "true" : "false");
	case VALUE_STR:
	case VALUE_BYTES:
		quoted(out, value_sv(v));
		return 0;
	case VALUE_LIST:
		buf_adds(out, l->list_open);
		for (size_t i = 0; i < value_len(v); i++) {
			if (literal(out, l, list_at(v, i), depth + 1))
				return -1;
			buf_addc(out, ',');
		}
		return buf_adds(out, l->list_close);
	case VALUE_MAP:
		buf_addc(out, '{');
		for (size_t i = 0; map_entry(v, i, &key, &item); i++) {
			buf_adds(out, l->key_open);
			quoted(out, key);
			buf_adds(out, l->key_close);
			if (literal(out, l, item, depth + 1))
				return -1;
			buf_addc(out, ',');
		}
		return buf_addc(out, '}');
	case VALUE_OBJECT:
		return -1;
	default:
		return pyform_str(out, v);
	}
}

/* A shell's text: in single quotes. What is no text stands as JSON, numbers as they are. */
static int bash_value(struct buf *out, const struct value *v)
{
	struct buf text;
	int result = 0;

	buf_init(&text, out->max);
	if (value_is(v, VALUE_STR))
		buf_add(&text, value_text(v), value_len(v));
	else if (!value_is_null(v))
		result = json_write(&text, v, JSON_COMPACT);
	buf_addc(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'')
			buf_adds(out, "'\\''");
		else if (text.data[i])
			buf_addc(out, text.data[i]);
	}
	buf_addc(out, '\'');
	buf_free(&text);
	return result;
}

static bool is_name(struct sv name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c != '_' && !isalpha(c) && (i == 0 || !isdigit(c)))
			return false;
	}
	return name.n > 0;
}

static int assignment(struct buf *out, enum code_language language, struct sv name, const struct value *v)
{
	int result;

	switch (language) {
	case CODE_JAVASCRIPT:
		buf_printf(out, "const %.*s = ", (int)name.n, name.p);
		result = json_write(out, v, JSON_COMPACT);
		return buf_adds(out, ";\n") ? -1 : result;
	case CODE_BASH:
		buf_printf(out, "%.*s=", (int)name.n, name.p);
		result = bash_value(out, v);
		break;
	case CODE_LUA:
		buf_printf(out, "local %.*s = ", (int)name.n, name.p);
		result = literal(out, &lua, v, 0);
		break;
	case CODE_RUBY:
		buf_printf(out, "%.*s = ", (int)name.n, name.p);
		result = literal(out, &ruby, v, 0);
		break;
	default:
		buf_printf(out, "%.*s = ", (int)name.n, name.p);
		result = pyform_repr(out, v);
	}
	return buf_adds(out, "\n") ? -1 : result;
}

int code_source(struct buf *out, enum code_language language, const char *code, const struct value *variables,
		struct err *err)
{
	struct value *v;
	struct sv name;

	if (language == CODE_BASH)
		buf_adds(out, "set -e\n");
	for (size_t i = 0; variables && map_entry(variables, i, &name, &v); i++) {
		if (!is_name(name))
			return err_set(err, 400, "%.*s cannot be the name of a variable",
				       (int)(name.n < 80 ? name.n : 80), name.p);
		if (assignment(out, language, name, v))
			return err_set(err, 400, "%.*s: too long, or a value that the code cannot be given",
				       (int)name.n, name.p);
	}
	buf_adds(out, code);
	return out->failed ? err_set(err, 400, "the code is longer than %zu bytes", out->max) : 0;
}
