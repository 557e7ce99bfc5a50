/* JSON as Python's json module reads and writes it. */
#include "wsd/nodes/pyjson.h"

#include <math.h>
#include <string.h>

/* Stand-ins for the bare words while the strict parser reads: texts of a private-use character that no other text of
 * the input has (checked), and the word's own first letters. */
#define MARK "\xEE\x80\x80json:"

static const struct word {
	const char *text;
	const char *mark;
	double value;
} words[] = {
	{ "-Infinity", MARK "-inf", -INFINITY },
	{ "Infinity", MARK "inf", INFINITY },
	{ "NaN", MARK "nan", NAN },
};

static const struct word *word_at(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].text);

		if (len >= n && memcmp(text, words[i].text, n) == 0)
			return &words[i];
	}
	return NULL;
}

/* Copies the text with the bare words replaced; returns how many there were. */
static size_t replace_words(struct buf *out, const char *text, size_t len)
{
	size_t count = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		const struct word *word = quoted ? NULL : word_at(text + i, len - i);

		if (word) {
			buf_printf(out, "\"%s\"", word->mark);
			i += strlen(word->text) - 1;
			count++;
			continue;
		}
		if (quoted && text[i] == '\\' && i + 1 < len)
			buf_addc(out, text[i++]);
		else if (text[i] == '"')
			quoted = !quoted;
		buf_addc(out, text[i]);
	}
	return count;
}

static double mark_value(const struct value *v, bool *found)
{
	*found = false;
	if (value_kind(v) != VALUE_STR || !str_starts(value_text(v), MARK))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].mark, value_text(v)) == 0) {
			*found = true;
			return words[i].value;
		}
	}
	return 0;
}

/* A copy of the tree with the stand-ins turned back into numbers. */
static struct value *restore(struct value *v)
{
	bool found;
	double d = mark_value(v, &found);
	struct value *copy;
	struct value *item;
	struct sv key;

	if (found)
		return value_float(d);
	if (value_kind(v) == VALUE_LIST) {
		copy = value_list();
		for (size_t i = 0; i < value_len(v); i++)
			list_push(copy, restore(list_at(v, i)));
		return copy;
	}
	if (value_kind(v) == VALUE_MAP) {
		copy = value_map();
		for (size_t i = 0; map_entry(v, i, &key, &item); i++)
			map_setn(copy, key.p, key.n, restore(item));
		return copy;
	}
	return value_ref(v);
}

struct value *pyjson_parse(const char *text, size_t len, struct err *err)
{
	struct json_error error;
	struct value *v = json_parse(text, len, &error);
	struct value *restored;
	struct buf marked;

	if (v)
		return v;
	if (memmem(text, len, MARK, strlen(MARK)) ||
	    (!memmem(text, len, "NaN", 3) && !memmem(text, len, "Infinity", 8))) {
		err_set(err, 400, "%s (at character %zu)", error.message, error.position);
		return NULL;
	}
	buf_init(&marked, BUF_MAX_BODY);
	replace_words(&marked, text, len);
	v = marked.failed ? NULL : json_parse(marked.data, marked.len, &error);
	buf_free(&marked);
	if (!v) {
		err_set(err, 400, "%s (at character %zu)", error.message, error.position);
		return NULL;
	}
	restored = restore(v);
	value_unref(v);
	return restored;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

struct writer {
	struct buf *out;
	int indent;
	struct err *err;
};

static int write_value(const struct writer *w, const struct value *v, int depth);

static void new_line(const struct writer *w, int depth)
{
	if (w->indent < 0)
		return;
	buf_addc(w->out, '\n');
	for (int i = 0; i < depth * w->indent; i++)
		buf_addc(w->out, ' ');
}

static void separator(const struct writer *w, size_t i, int depth)
{
	if (i)
		buf_adds(w->out, w->indent < 0 ? ", " : ",");
	new_line(w, depth);
}

static void write_text(const struct writer *w, const char *text, size_t len)
{
	json_write_str(w->out, text, len, JSON_ASCII);
}

static int write_list(const struct writer *w, const struct value *v, int depth)
{
	buf_addc(w->out, '[');
	for (size_t i = 0; i < value_len(v); i++) {
		separator(w, i, depth + 1);
		if (write_value(w, list_at(v, i), depth + 1))
			return -1;
	}
	if (value_len(v))
		new_line(w, depth);
	buf_addc(w->out, ']');
	return 0;
}

static int write_map(const struct writer *w, const struct value *v, int depth)
{
	struct value *item;
	struct sv key;

	buf_addc(w->out, '{');
	for (size_t i = 0; map_entry(v, i, &key, &item); i++) {
		separator(w, i, depth + 1);
		write_text(w, key.p, key.n);
		buf_adds(w->out, ": ");
		if (write_value(w, item, depth + 1))
			return -1;
	}
	if (value_len(v))
		new_line(w, depth);
	buf_addc(w->out, '}');
	return 0;
}

static int write_value(const struct writer *w, const struct value *v, int depth)
{
	if (depth > 2 * JSON_MAX_DEPTH)
		return err_set(w->err, 400, "the data is nested too deeply");
	switch (value_kind(v)) {
	case VALUE_STR:
		write_text(w, value_text(v), value_len(v));
		return 0;
	case VALUE_LIST:
		return write_list(w, v, depth);
	case VALUE_MAP:
		return write_map(w, v, depth);
	case VALUE_BYTES:
	case VALUE_OBJECT:
		return err_set(w->err, 400, "the data holds something that JSON has no form for");
	default:
		return json_write(w->out, v, JSON_NAN_WORDS | JSON_ASCII);
	}
}

int pyjson_write(struct buf *out, const struct value *v, int indent, struct err *err)
{
	struct writer w = { out, indent, err };

	if (write_value(&w, v, 0))
		return -1;
	return out->failed ? err_set(err, 400, "the text is too long") : 0;
}
