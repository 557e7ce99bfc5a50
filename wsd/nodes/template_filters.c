/* The filters of templates that take one value: texts and numbers. */
#include "wsd/nodes/template_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pytext/pytext.h"
#include "value/pyform.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/pyjson.h"
#include "wsd/nodes/url.h"

typedef struct value *(*filter_fn)(struct evaluation *ev, struct value *v, const struct call_args *args);

/* str(v) in memory of the template. */
static struct sv text_of(struct evaluation *ev, const struct value *v)
{
	struct value *text = template_str_value(v);

	if (!text)
		return SV_LIT("");
	arena_defer(ev->arena, value_unref_ptr, text);
	return value_sv(text);
}

static struct value *finish(struct evaluation *ev, struct buf *out)
{
	struct value *v = buf_to_value(out);

	return v ? v : template_fail(ev, "the text is too long");
}

static struct value *with_case(struct evaluation *ev, struct value *v, enum pytext_case to)
{
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	pytext_case(&out, text_of(ev, v), to);
	return finish(ev, &out);
}

static struct value *f_upper(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)args;
	return with_case(ev, v, PYTEXT_UPPER);
}

static struct value *f_lower(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)args;
	return with_case(ev, v, PYTEXT_LOWER);
}

static struct value *f_capitalize(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)args;
	return with_case(ev, v, PYTEXT_CAPITALIZE);
}

/* A word begins behind white space, hyphens and opening brackets only. */
static struct value *f_title(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv text = text_of(ev, v);
	bool start = true;
	struct buf out;

	(void)args;
	buf_init(&out, BUF_MAX_BODY);
	for (size_t pos = 0; pos < text.n;) {
		size_t at = pos;
		uint32_t cp = utf8_decode(text.p, text.n, &pos);

		pytext_case(&out, (struct sv){ text.p + at, pos - at }, start ? PYTEXT_UPPER : PYTEXT_LOWER);
		start = pytext_is_space(cp) || (cp < 0x80 && cp && strchr("-({[<", (int)cp));
	}
	return finish(ev, &out);
}

static struct value *f_trim(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv text = text_of(ev, v);
	struct value *chars = call_arg(args, 0, "chars");

	text = value_is(chars, VALUE_STR) ? pytext_strip_chars(text, value_sv(chars), true, true) :
					    pytext_strip(text, true, true);
	return value_strn(text.p, text.n);
}

static struct value *f_replace(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *old = call_arg(args, 0, "old");
	struct value *new_text = call_arg(args, 1, "new");
	struct buf out;

	if (!old || !new_text)
		return template_fail(ev, "replace needs two arguments");
	buf_init(&out, BUF_MAX_BODY);
	pytext_replace(&out, text_of(ev, v), text_of(ev, old), text_of(ev, new_text), call_arg_int(args, 2, "count", -1));
	return finish(ev, &out);
}

static struct value *f_string(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv text = text_of(ev, v);

	(void)args;
	return value_strn(text.p, text.n);
}

static struct value *f_escape(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	static const struct {
		char c;
		const char *to;
	} table[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '\'', "&#39;" }, { '"', "&#34;" } };
	struct sv text = text_of(ev, v);
	struct buf out;

	(void)args;
	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; i < text.n; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(table) && table[k].c != text.p[i])
			k++;
		if (k < ARRAY_LEN(table))
			buf_adds(&out, table[k].to);
		else
			buf_addc(&out, text.p[i]);
	}
	return finish(ev, &out);
}

/* The value with its keys sorted at every level, in Python's form for an indent (-1: one line). */
static int sorted_json(struct buf *out, const struct value *v, int64_t indent, struct err *err)
{
	struct value *sorted;
	struct buf json;
	int status = -1;

	buf_init(&json, BUF_MAX_BODY);
	sorted = json_write(&json, v, JSON_SORTED | JSON_NAN_WORDS) == 0 ? pyjson_parse(json.data, json.len, err) : NULL;
	if (sorted)
		status = pyjson_write(out, sorted, indent < 0 ? -1 : indent > 64 ? 64 : (int)indent, err);
	value_unref(sorted);
	buf_free(&json);
	return status;
}

static struct value *f_tojson(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct buf json;
	struct buf out;

	if (template_is_undefined(v))
		return template_fail(ev, "Object of type Undefined is not JSON serializable");
	buf_init(&json, BUF_MAX_BODY);
	buf_init(&out, BUF_MAX_BODY);
	if (sorted_json(&json, v, call_arg_int(args, 0, "indent", -1), ev->err) < 0) {
		buf_free(&json);
		return NULL;
	}
	for (size_t i = 0; i < json.len; i++) {
		if (strchr("<>&'", json.data[i]) && json.data[i])
			buf_printf(&out, "\\u%04x", (unsigned)json.data[i]);
		else
			buf_addc(&out, json.data[i]);
	}
	buf_free(&json);
	return finish(ev, &out);
}

/* At most `length` characters (and `leeway` more are let through), cut at a word unless killwords. */
static struct value *f_truncate(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv text = text_of(ev, v);
	int64_t length = call_arg_int(args, 0, "length", 255);
	bool kill = call_arg_bool(args, 1, "killwords", false);
	struct sv end = call_arg_text(args, 2, "end", SV_LIT("..."));
	int64_t leeway = call_arg_int(args, 3, "leeway", 5);
	int64_t dots = (int64_t)utf8_length(end.p, end.n);
	int64_t keep = length - dots;
	int64_t zero = 0;
	struct sv head;
	int64_t blank;
	struct buf out;

	if (length < dots)
		return template_fail(ev, "truncate: expected length >= %lld, got %lld", (long long)dots, (long long)length);
	if (leeway < 0)
		return template_fail(ev, "truncate: expected leeway >= 0, got %lld", (long long)leeway);
	if ((int64_t)utf8_length(text.p, text.n) <= length + leeway)
		return value_strn(text.p, text.n);
	head = pytext_slice(text, &zero, &keep);
	blank = kill ? -1 : pytext_rfind(head, SV_LIT(" "));
	if (blank >= 0)
		head.n = (size_t)blank;
	buf_init(&out, BUF_MAX_BODY);
	buf_add(&out, head.p, head.n);
	buf_add(&out, end.p, end.n);
	return finish(ev, &out);
}

static struct value *f_wordcount(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct pyre *re = pyre_compile(SV_LIT("\\w+"), 0, NULL);
	struct pyre_iter iter = pyre_iter(re, text_of(ev, v));
	int64_t count = 0;

	(void)args;
	while (pyre_next(&iter, NULL) == 1)
		count++;
	pyre_free(re);
	return value_int(count);
}

static void blanks(struct buf *out, int64_t count)
{
	while (count-- > 0 && !out->failed)
		buf_addc(out, ' ');
}

/* str.center puts the odd blank to the left when the width is odd. */
static struct value *f_center(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv text = text_of(ev, v);
	int64_t width = call_arg_int(args, 0, "width", 80);
	int64_t missing = width - (int64_t)utf8_length(text.p, text.n);
	int64_t left;
	struct buf out;

	if (missing < 0)
		missing = 0;
	left = missing / 2 + (missing & width & 1);
	buf_init(&out, BUF_MAX_BODY);
	blanks(&out, left);
	buf_add(&out, text.p, text.n);
	blanks(&out, missing - left);
	return finish(ev, &out);
}

static struct value *f_indent(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv text = text_of(ev, v);
	struct value *width = call_arg(args, 0, "width");
	struct sv prefix = value_is(width, VALUE_STR) ? value_sv(width) : (struct sv){ NULL, 0 };
	int64_t count = call_arg_int(args, 0, "width", 4);
	bool first = call_arg_bool(args, 1, "first", false);
	bool blank = call_arg_bool(args, 2, "blank", false);
	struct value *lines = pytext_lines(text, false);
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	if (text.n && text.p[text.n - 1] == '\n')
		list_push(lines, value_str(""));
	for (size_t i = 0; i < value_len(lines); i++) {
		struct sv line = value_sv(list_at(lines, i));

		if (i)
			buf_addc(&out, '\n');
		if ((i || first) && (line.n || blank)) {
			if (prefix.p)
				buf_add(&out, prefix.p, prefix.n);
			else
				blanks(&out, count);
		}
		buf_add(&out, line.p, line.n);
	}
	value_unref(lines);
	return finish(ev, &out);
}

/* '%s' % args, or % keywords. */
static struct value *f_format(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *list = value_list();
	bool keywords = value_len(args->kw) > 0;
	struct buf out;
	int status;

	for (size_t i = 0; i < args->count; i++)
		list_push(list, value_ref(args->pos[i]));
	buf_init(&out, BUF_MAX_BODY);
	status = pyform_percent(&out, text_of(ev, v), keywords ? args->kw : list, ev->err);
	value_unref(list);
	if (status < 0) {
		buf_free(&out);
		return NULL;
	}
	return finish(ev, &out);
}

static struct value *f_striptags(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv text = text_of(ev, v);
	struct value *words;
	struct buf out;
	struct buf joined;

	(void)args;
	buf_init(&out, BUF_MAX_BODY);
	buf_init(&joined, BUF_MAX_BODY);
	for (size_t i = 0; i < text.n; i++) {
		const char *close = text.p[i] == '<' ? memchr(text.p + i, '>', text.n - i) : NULL;

		if (close)
			i = (size_t)(close - text.p);
		else
			buf_addc(&out, text.p[i]);
	}
	words = pytext_split_space((struct sv){ out.data ? out.data : "", out.len }, -1);
	for (size_t i = 0; i < value_len(words); i++) {
		if (i)
			buf_addc(&joined, ' ');
		pyform_str(&joined, list_at(words, i));
	}
	value_unref(words);
	buf_free(&out);
	return finish(ev, &joined);
}

/* quote_plus: a blank is a plus sign. */
static void quote_plus(struct buf *out, struct sv text)
{
	struct sv part;

	for (bool first = true; sv_split(&text, ' ', &part); first = false) {
		if (!first)
			buf_addc(out, '+');
		url_quote(out, part, "");
	}
}

static struct value *f_urlencode(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct buf out;
	struct sv key;
	struct value *item;

	(void)args;
	buf_init(&out, BUF_MAX_BODY);
	if (!value_is(v, VALUE_MAP))
		url_quote(&out, text_of(ev, v), "/");
	for (size_t i = 0; map_entry(v, i, &key, &item); i++) {
		if (i)
			buf_addc(&out, '&');
		quote_plus(&out, key);
		buf_addc(&out, '=');
		quote_plus(&out, text_of(ev, item));
	}
	return finish(ev, &out);
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

static struct value *default_of(const struct call_args *args, struct value *fallback)
{
	struct value *given = call_arg(args, 0, "default");

	if (!given)
		return fallback;
	value_unref(fallback);
	return value_ref(given);
}

static struct value *f_int(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *n = value_is(v, VALUE_STR) ? pyform_int_of(value_sv(v)) : NULL;
	double d = value_as_float(v);

	(void)ev;
	if (n)
		return n;
	if (value_is(v, VALUE_INT) || value_is(v, VALUE_BIGINT))
		return value_ref(v);
	if (value_is(v, VALUE_BOOL))
		return value_int(value_as_bool(v));
	if (!value_is(v, VALUE_FLOAT) && !(value_is(v, VALUE_STR) && pyform_float_of(value_sv(v), &d)))
		return default_of(args, value_int(0));
	return isfinite(d) && fabs(d) < 9e18 ? value_int((int64_t)d) : default_of(args, value_int(0));
}

static struct value *f_float(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	double d;

	(void)ev;
	if (value_is(v, VALUE_STR) ? pyform_float_of(value_sv(v), &d) : pyform_is_number(v) && !pyform_to_double(v, &d, NULL))
		return value_float(d);
	return default_of(args, value_float(0));
}

static struct value *f_abs(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *zero;
	struct value *result;

	(void)args;
	if (!pyform_is_number(v))
		return template_fail(ev, "bad operand type for abs(): '%s'", pyform_type_name(v));
	if (value_is(v, VALUE_FLOAT))
		return value_float(fabs(value_as_float(v)));
	zero = value_int(0);
	result = pyform_arith(value_as_float(v) < 0 ? PYFORM_SUB : PYFORM_ADD, zero, v, ev->err);
	value_unref(zero);
	return result;
}

static struct value *f_round(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	int64_t digits = call_arg_int(args, 0, "precision", 0);
	struct sv method = call_arg_text(args, 1, "method", SV_LIT("common"));
	double factor;
	double d;

	if (pyform_to_double(v, &d, ev->err) < 0)
		return NULL;
	if (digits < -300 || digits > 300)
		return template_fail(ev, "round: the precision is out of range");
	if (sv_eq(method, "common")) {
		if (!value_is(v, VALUE_FLOAT) && digits >= 0)
			return value_is(v, VALUE_BOOL) ? value_int(value_as_bool(v)) : value_ref(v);
		d = pyform_round(d, (int)digits);
		return value_is(v, VALUE_FLOAT) ? value_float(d) : value_int((int64_t)d);
	}
	if (!sv_eq(method, "ceil") && !sv_eq(method, "floor"))
		return template_fail(ev, "method must be common, ceil or floor");
	factor = pow(10, (double)digits);
	return value_float((sv_eq(method, "ceil") ? ceil(d * factor) : floor(d * factor)) / factor);
}

static struct value *f_filesizeformat(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	static const char *const decimal[] = { "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" };
	static const char *const binary[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" };
	bool is_binary = call_arg_bool(args, 0, "binary", false);
	double base = is_binary ? 1024 : 1000;
	double unit = base;
	size_t i = 0;
	double bytes;

	if (value_is(v, VALUE_STR) ? !pyform_float_of(value_sv(v), &bytes) : pyform_to_double(v, &bytes, ev->err) < 0)
		return template_fail(ev, "filesizeformat: a number is needed");
	if (bytes == 1)
		return value_str("1 Byte");
	if (bytes < base)
		return value_strf("%d Bytes", (int)bytes);
	while (i + 1 < ARRAY_LEN(decimal) && bytes >= unit * base) {
		unit *= base;
		i++;
	}
	return value_strf("%.1f %s", bytes / unit, is_binary ? binary[i] : decimal[i]);
}

/* ---- any value ---------------------------------------------------------------------------------------- */

static struct value *f_default(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *fallback = call_arg(args, 0, "default_value");
	bool missing = template_is_undefined(v) || (call_arg_bool(args, 1, "boolean", false) && !value_truthy(v));

	(void)ev;
	if (!missing)
		return value_ref(v);
	return fallback ? value_ref(fallback) : value_str("");
}

static struct value *f_same(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return value_ref(v);
}

static struct value *f_pprint(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct buf out;

	(void)args;
	buf_init(&out, BUF_MAX_BODY);
	pyform_repr(&out, v);
	return finish(ev, &out);
}

static struct value *f_attr(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)v;
	(void)args;
	(void)ev;
	return template_undefined(); /* items of data are no attributes */
}

static const struct {
	const char *name;
	filter_fn fn;
} filters[] = {
	{ "abs", f_abs },
	{ "attr", f_attr },
	{ "capitalize", f_capitalize },
	{ "center", f_center },
	{ "d", f_default },
	{ "default", f_default },
	{ "e", f_escape },
	{ "escape", f_escape },
	{ "filesizeformat", f_filesizeformat },
	{ "float", f_float },
	{ "forceescape", f_escape },
	{ "format", f_format },
	{ "indent", f_indent },
	{ "int", f_int },
	{ "lower", f_lower },
	{ "pprint", f_pprint },
	{ "replace", f_replace },
	{ "round", f_round },
	{ "safe", f_same },
	{ "string", f_string },
	{ "striptags", f_striptags },
	{ "title", f_title },
	{ "tojson", f_tojson },
	{ "trim", f_trim },
	{ "truncate", f_truncate },
	{ "upper", f_upper },
	{ "urlencode", f_urlencode },
	{ "wordcount", f_wordcount },
};

struct value *template_filter(struct evaluation *ev, struct sv name, struct value *v, const struct call_args *args)
{
	struct value *result;
	bool known;

	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (sv_eq(name, filters[i].name))
			return filters[i].fn(ev, v, args);
	}
	result = template_list_filter(ev, name, v, args, &known);
	return known ? result : template_fail(ev, "No filter named '%.*s'.", (int)name.n, name.p);
}
