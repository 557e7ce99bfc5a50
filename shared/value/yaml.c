/* YAML by libyaml: documents become values, values are emitted event by event. */
#include "value/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

/* ---- scalars ------------------------------------------------------------------------------------------- */

static bool one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

static const char *const null_words[] = { "", "~", "null", "Null", "NULL" };
static const char *const true_words[] = { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON" };
static const char *const false_words[] = { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF" };

/* The text without underscores; false when it is too long for a number. */
static bool strip_underscores(const char *text, char out[64])
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '_')
			continue;
		if (n == 63)
			return false;
		out[n++] = *text;
	}
	out[n] = '\0';
	return n > 0;
}

/* [-+]? then 0b, 0x, 0 (octal) or decimal digits. NULL when it is no integer. */
static struct value *resolve_int(const char *text)
{
	char digits[64];
	const char *p = digits;
	bool negative;
	int base = 10;
	char *end;
	long long n;

	if (!isdigit((unsigned char)text[*text == '-' || *text == '+']) || !strip_underscores(text, digits))
		return NULL;
	negative = *p == '-';
	p += *p == '-' || *p == '+';
	if (p[0] == '0' && p[1] == 'b') {
		base = 2;
		p += 2;
	} else if (p[0] == '0' && p[1] == 'x') {
		base = 16;
		p += 2;
	} else if (p[0] == '0' && p[1]) {
		base = 8;
	}
	if (!isalnum((unsigned char)*p))
		return NULL;
	errno = 0;
	n = strtoll(p, &end, base);
	if (*end)
		return NULL;
	if (errno == ERANGE)
		return base == 10 ? value_bigint(digits + (*digits == '+'), strlen(digits) - (*digits == '+')) : NULL;
	return value_int(negative ? -n : n);
}

/* A float needs a dot (and, with an exponent, its sign); .inf and .nan are floats too. */
static struct value *resolve_float(const char *text)
{
	static const char *const infinite[] = { ".inf", ".Inf", ".INF" };
	static const char *const nan_words[] = { ".nan", ".NaN", ".NAN" };
	const char *p = text + (*text == '-' || *text == '+');
	char digits[64];
	char *e;
	char *end;
	double d;

	if (one_of(p, infinite, ARRAY_LEN(infinite)))
		return value_float(*text == '-' ? -INFINITY : INFINITY);
	if (one_of(text, nan_words, ARRAY_LEN(nan_words)))
		return value_float(NAN);
	if (!strchr(p, '.') || !strip_underscores(text, digits) || digits[strspn(digits, "+-0123456789.eE")])
		return NULL;
	if (!isdigit((unsigned char)p[0]) && !(p[0] == '.' && isdigit((unsigned char)p[1])))
		return NULL;
	e = strpbrk(digits, "eE");
	if (e && e[1] != '+' && e[1] != '-')
		return NULL;
	d = strtod(digits, &end);
	return *end ? NULL : value_float(d);
}

static struct value *resolve_plain(const char *text, size_t len)
{
	struct value *v;

	if (strlen(text) != len)
		return value_strn(text, len);
	if (one_of(text, null_words, ARRAY_LEN(null_words)))
		return value_null();
	if (one_of(text, true_words, ARRAY_LEN(true_words)))
		return value_bool(true);
	if (one_of(text, false_words, ARRAY_LEN(false_words)))
		return value_bool(false);
	v = resolve_int(text);
	if (!v)
		v = resolve_float(text);
	return v ? v : value_strn(text, len);
}

static struct value *scalar_value(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	const char *tag = (const char *)node->tag;
	size_t len = node->data.scalar.length;

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || (tag && strcmp(tag, YAML_STR_TAG) != 0))
		return value_strn(text, len);
	return resolve_plain(text, len);
}

/* ---- documents ----------------------------------------------------------------------------------------- */

struct loader {
	yaml_document_t *doc;
	size_t budget;
	struct err *err;
};

static struct value *load_node(struct loader *l, int id, int depth);

static struct value *load_map(struct loader *l, const yaml_node_t *node, int depth)
{
	struct value *map = value_map();

	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		yaml_node_t *k = yaml_document_get_node(l->doc, p->key);
		struct value *v;

		if (!k || k->type != YAML_SCALAR_NODE) {
			value_unref(map);
			err_set(l->err, 400, "line %zu: keys must be plain words", node->start_mark.line + 1);
			return NULL;
		}
		v = load_node(l, p->value, depth + 1);
		if (!v) {
			value_unref(map);
			return NULL;
		}
		map_setn(map, (const char *)k->data.scalar.value, k->data.scalar.length, v);
	}
	return map;
}

static struct value *load_list(struct loader *l, const yaml_node_t *node, int depth)
{
	struct value *list = value_list();

	for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
		struct value *v = load_node(l, *i, depth + 1);

		if (!v) {
			value_unref(list);
			return NULL;
		}
		list_push(list, v);
	}
	return list;
}

static struct value *load_node(struct loader *l, int id, int depth)
{
	const yaml_node_t *node = yaml_document_get_node(l->doc, id);

	if (!node || depth > JSON_MAX_DEPTH || l->budget == 0) {
		err_set(l->err, 400, "the document is nested too deeply or repeats itself too often");
		return NULL;
	}
	l->budget--;
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return scalar_value(node);
	case YAML_SEQUENCE_NODE:
		return load_list(l, node, depth);
	case YAML_MAPPING_NODE:
		return load_map(l, node, depth);
	default:
		return value_null();
	}
}

struct value *yaml_parse(const char *text, size_t len, struct err *err)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	struct value *v = NULL;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!yaml_parser_load(&parser, &doc)) {
		err_set(err, 400, "line %zu: %s", parser.problem_mark.line + 1, parser.problem ? parser.problem : "no YAML");
	} else {
		struct loader loader = { .doc = &doc, .budget = YAML_MAX_NODES, .err = err };

		v = yaml_document_get_root_node(&doc) ? load_node(&loader, 1, 0) : value_null();
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
	return v;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static int append(void *data, unsigned char *bytes, size_t len)
{
	return buf_add(data, bytes, len) == 0;
}

static int emit_text(yaml_emitter_t *e, const char *text, size_t len, bool plain, yaml_scalar_style_t style)
{
	yaml_event_t event;

	return yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *)text, (int)len, plain, !plain, style) &&
	       yaml_emitter_emit(e, &event);
}

/* YYYY-MM-DD…, digits with colons between them, = and <<: texts to us, but something else to YAML 1.1. */
static bool other_in_yaml(const char *text, size_t len)
{
	size_t digits = 0;
	bool colon = false;

	if ((len == 1 && *text == '=') || (len == 2 && memcmp(text, "<<", 2) == 0))
		return true;
	while (digits < len && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (digits == 4 && len >= 8 && text[4] == '-' && strspn(text, "0123456789-:.TtZz +") >= len)
		return true;
	if (!digits && !(len > 1 && (*text == '-' || *text == '+')))
		return false;
	for (size_t i = !digits; i < len; i++) {
		colon |= text[i] == ':';
		if (!strchr("0123456789:._", text[i]) || !text[i])
			return false;
	}
	return colon && text[len - 1] != ':';
}

/* A text that would read back as something else must be quoted. */
static int emit_str(yaml_emitter_t *e, const char *text, size_t len)
{
	struct value *read_back = resolve_plain(text, len);
	bool quoted = value_kind(read_back) != VALUE_STR || other_in_yaml(text, len);
	yaml_scalar_style_t style = quoted ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;
	yaml_event_t event;

	value_unref(read_back);
	return yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *)text, (int)len, !quoted, 1, style) &&
	       yaml_emitter_emit(e, &event);
}

static int emit_float(yaml_emitter_t *e, double d)
{
	char text[JSON_FLOAT_MAX];

	if (isnan(d))
		snprintf(text, sizeof(text), ".nan");
	else if (isinf(d))
		snprintf(text, sizeof(text), "%s.inf", d < 0 ? "-" : "");
	else
		json_float(d, text);
	if (strchr(text, 'e') && !strchr(text, '.')) {
		char fixed[JSON_FLOAT_MAX + 2];
		char *mark = strchr(text, 'e');

		/* 1e+16 would read back as a text: YAML 1.1 wants the dot */
		snprintf(fixed, sizeof(fixed), "%.*s.0%s", (int)(mark - text), text, mark);
		return emit_text(e, fixed, strlen(fixed), true, YAML_PLAIN_SCALAR_STYLE);
	}
	return emit_text(e, text, strlen(text), true, YAML_PLAIN_SCALAR_STYLE);
}

static int by_text(const void *a, const void *b)
{
	const struct sv *x = a;
	const struct sv *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = memcmp(x->p, y->p, n);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

static int emit(yaml_emitter_t *e, const struct value *v, int style);

static int emit_map(yaml_emitter_t *e, const struct value *v, int style)
{
	size_t count = value_len(v);
	struct sv *keys = xcalloc(count, sizeof(*keys));
	yaml_event_t event;
	int ok;

	for (size_t i = 0; i < count; i++)
		map_entry(v, i, &keys[i], NULL);
	if (style & YAML_SORTED)
		qsort(keys, count, sizeof(*keys), by_text);
	ok = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
						 count ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE) &&
	     yaml_emitter_emit(e, &event);
	for (size_t i = 0; ok && i < count; i++)
		ok = emit_str(e, keys[i].p, keys[i].n) && emit(e, map_getn(v, keys[i].p, keys[i].n), style);
	free(keys);
	return ok && yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(e, &event);
}

static int emit_list(yaml_emitter_t *e, const struct value *v, int style)
{
	yaml_event_t event;
	int ok = yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
						      value_len(v) ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE) &&
		 yaml_emitter_emit(e, &event);

	for (size_t i = 0; ok && i < value_len(v); i++)
		ok = emit(e, list_at(v, i), style);
	return ok && yaml_sequence_end_event_initialize(&event) && yaml_emitter_emit(e, &event);
}

static int emit_bytes(yaml_emitter_t *e, const struct value *v)
{
	yaml_event_t event;
	struct buf text;
	int ok;

	buf_init(&text, BUF_MAX_RESPONSE);
	ok = base64_encode(&text, value_text(v), value_len(v), false) == 0 &&
	     yaml_scalar_event_initialize(&event, NULL, (const unsigned char *)"tag:yaml.org,2002:binary",
					  (const unsigned char *)text.data, (int)text.len, 0, 0, YAML_LITERAL_SCALAR_STYLE) &&
	     yaml_emitter_emit(e, &event);
	buf_free(&text);
	return ok;
}

static int emit(yaml_emitter_t *e, const struct value *v, int style)
{
	char digits[32];
	struct value *shown;
	int ok;

	switch (value_kind(v)) {
	case VALUE_NULL:
		return emit_text(e, "null", 4, true, YAML_PLAIN_SCALAR_STYLE);
	case VALUE_BOOL:
		return emit_text(e, value_as_bool(v) ? "true" : "false", value_as_bool(v) ? 4 : 5, true,
				 YAML_PLAIN_SCALAR_STYLE);
	case VALUE_INT:
		snprintf(digits, sizeof(digits), "%lld", (long long)value_as_int(v));
		return emit_text(e, digits, strlen(digits), true, YAML_PLAIN_SCALAR_STYLE);
	case VALUE_BIGINT:
		return emit_text(e, value_text(v), value_len(v), true, YAML_PLAIN_SCALAR_STYLE);
	case VALUE_FLOAT:
		return emit_float(e, value_as_float(v));
	case VALUE_STR:
		return emit_str(e, value_text(v), value_len(v));
	case VALUE_BYTES:
		return emit_bytes(e, v);
	case VALUE_LIST:
		return emit_list(e, v, style);
	case VALUE_MAP:
		return emit_map(e, v, style);
	case VALUE_OBJECT:
		shown = value_object_class(v)->to_value(value_object_ptr(v, value_object_class(v)));
		ok = emit(e, shown, style);
		value_unref(shown);
		return ok;
	}
	return 0;
}

int yaml_write(struct buf *out, const struct value *v, int style)
{
	yaml_emitter_t emitter;
	yaml_event_t event;
	int ok;

	if (!yaml_emitter_initialize(&emitter))
		abort();
	yaml_emitter_set_output(&emitter, append, out);
	yaml_emitter_set_unicode(&emitter, style & YAML_UNICODE ? 1 : 0);
	yaml_emitter_set_width(&emitter, 80);
	ok = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) && yaml_emitter_emit(&emitter, &event) &&
	     yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) && yaml_emitter_emit(&emitter, &event) &&
	     emit(&emitter, v, style) && yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(&emitter, &event) &&
	     yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(&emitter, &event);
	yaml_emitter_delete(&emitter);
	return ok && !out->failed ? 0 : -1;
}
