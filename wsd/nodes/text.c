/* nodetool.text: making and cutting texts. */
#include "pytext/pytext.h"
#include "value/pyform.h"
#include "wsd/nodes/helper.h"

#include <stdlib.h>
#include <string.h>

static struct value *str_value(struct sv text)
{
	return value_strn(text.p, text.n);
}

/* ---- making ------------------------------------------------------------------------------------------- */

/* An unset value is Python's empty tuple; an empty list can only have come over an edge. */
static enum node_result to_string(struct node_ctx *ctx)
{
	struct value *v = node_get(ctx, "value");
	bool unset = value_is(v, VALUE_LIST) && value_len(v) == 0 && !node_connected(ctx, "value");
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	if (unset)
		buf_adds(&out, "()");
	else if (strcmp(node_text(ctx, "mode"), "repr") == 0)
		pyform_repr(&out, v);
	else
		pyform_str(&out, v);
	return done_buf(ctx, &out);
}

static enum node_result concat(struct node_ctx *ctx)
{
	struct sv a = node_sv(ctx, "a");
	struct sv b = node_sv(ctx, "b");
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	buf_add(&out, a.p, a.n);
	buf_add(&out, b.p, b.n);
	return done_buf(ctx, &out);
}

static enum node_result join(struct node_ctx *ctx)
{
	struct value *strings = node_get(ctx, "strings");
	struct sv separator = node_sv(ctx, "separator");
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; i < value_len(strings); i++) {
		if (i)
			buf_add(&out, separator.p, separator.n);
		pyform_str(&out, list_at(strings, i));
	}
	return done_buf(ctx, &out);
}

/* Collect: the first item of the stream is taken as the node's property and is not part of the text (the vectors show it). */
struct collect_state {
	struct buf text;
	size_t items;
	struct value *separator; /* as it arrived on an edge */
};

static enum node_result collect_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	struct collect_state *state = node_state(ctx);
	struct sv separator = state->separator ? value_sv(state->separator) : node_sv(ctx, "separator");

	if (strcmp(handle, "separator") == 0) {
		value_unref(state->separator);
		state->separator = value_ref(item);
		return NODE_DONE;
	}
	if (strcmp(handle, "input_item") != 0)
		return NODE_DONE;
	if (!value_is(item, VALUE_STR))
		return node_fail(ctx, "input_item: a text is needed, not %s", pyform_type_name(item));
	if (!state->items)
		buf_init(&state->text, BUF_MAX_BODY);
	if (state->items > 1)
		buf_add(&state->text, separator.p, separator.n);
	if (state->items)
		buf_add(&state->text, value_text(item), value_len(item));
	state->items++;
	return state->text.failed ? node_fail(ctx, "input_item: the text is too long") : NODE_DONE;
}

static enum node_result collect_end(struct node_ctx *ctx)
{
	struct collect_state *state = node_state(ctx);

	if (state->items)
		return done_buf(ctx, &state->text);
	/* without an edge the text is empty; behind an edge that brought nothing there is none */
	return node_connected(ctx, "input_item") ? NODE_DONE : done(ctx, value_str(""));
}

static void collect_destroy(void *ptr)
{
	struct collect_state *state = ptr;

	if (state->items)
		buf_free(&state->text);
	value_unref(state->separator);
	state->separator = NULL;
}

/* Replaces {{ key }} in `text` by the value, whose text is a replacement as pyre_sub knows it. Frees `text`. */
static struct value *fill_in(struct value *text, struct sv key, const struct value *v, struct err *err)
{
	struct buf pattern;
	struct buf str;
	struct buf out;
	struct pyre *re;
	struct value *result = NULL;

	buf_init(&pattern, BUF_MAX_BODY);
	buf_init(&str, BUF_MAX_BODY);
	buf_init(&out, BUF_MAX_BODY);
	buf_adds(&pattern, "{{\\s*");
	pyre_escape(&pattern, key);
	buf_adds(&pattern, "\\s*}}");
	pyform_str(&str, v);
	re = pyre_compile((struct sv){ pattern.data, pattern.len }, 0, err);
	if (re && pyre_sub(&out, re, (struct sv){ str.data ? str.data : "", str.len }, value_sv(text), 0, err) == 0)
		result = buf_to_value(&out);
	pyre_free(re);
	buf_free(&pattern);
	buf_free(&str);
	buf_free(&out);
	value_unref(text);
	return result;
}

static enum node_result fill_in_all(struct node_ctx *ctx, const struct value *values)
{
	struct value *text = value_ref(node_get(ctx, "string"));
	struct err err;
	struct sv key;
	struct value *v;

	for (size_t i = 0; map_entry(values, i, &key, &v); i++) {
		text = fill_in(text, key, v, &err);
		if (!text)
			return node_fail(ctx, "values: %.*s: %s", (int)(key.n < 100 ? key.n : 100), key.p, err.detail);
	}
	return done(ctx, text);
}

static enum node_result template(struct node_ctx *ctx)
{
	struct value *given = node_get(ctx, "values");
	struct value *values = value_map();
	enum node_result result;
	struct sv key;
	struct value *v;

	for (size_t i = 0; !map_is_typed(given) && map_entry(given, i, &key, &v); i++)
		map_setn(values, key.p, key.n, value_ref(v));
	for (size_t i = 0; map_entry(node_dynamic(ctx), i, &key, &v); i++)
		map_setn(values, key.p, key.n, value_ref(v));
	result = fill_in_all(ctx, values);
	value_unref(values);
	return result;
}

static enum node_result surround_with(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct sv prefix = node_sv(ctx, "prefix");
	struct sv suffix = node_sv(ctx, "suffix");
	struct buf out;

	if (node_bool(ctx, "skip_if_wrapped") && pytext_starts(text, prefix) && pytext_ends(text, suffix))
		return done(ctx, str_value(text));
	buf_init(&out, BUF_MAX_BODY);
	buf_add(&out, prefix.p, prefix.n);
	buf_add(&out, text.p, text.n);
	buf_add(&out, suffix.p, suffix.n);
	return done_buf(ctx, &out);
}

static void repeat(struct buf *out, struct sv text, int64_t times)
{
	while (times-- > 0 && !out->failed)
		buf_add(out, text.p, text.n);
}

static enum node_result pad_text(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct sv pad = node_sv(ctx, "pad_character");
	const char *direction = node_text(ctx, "direction");
	int64_t length;
	int64_t missing;
	int64_t before = 0;
	struct buf out;

	if (!int_property(ctx, "length", &length))
		return NODE_FAILED;
	if (utf8_length(pad.p, pad.n) != 1)
		return node_fail(ctx, "pad_character: must be a single character");
	missing = length < 0 ? 0 : length - (int64_t)utf8_length(text.p, text.n);
	if (missing < 0)
		missing = 0;
	if (missing > (int64_t)BUF_MAX_BODY)
		return node_fail(ctx, "length: the result would be too long");
	if (strcmp(direction, "left") == 0)
		before = missing;
	else if (strcmp(direction, "both") == 0)
		before = missing / 2;
	buf_init(&out, BUF_MAX_BODY);
	repeat(&out, pad, before);
	buf_add(&out, text.p, text.n);
	repeat(&out, pad, missing - before);
	return done_buf(ctx, &out);
}

/* ---- cutting ------------------------------------------------------------------------------------------ */

static enum node_result replace(struct node_ctx *ctx)
{
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	pytext_replace(&out, node_sv(ctx, "text"), node_sv(ctx, "old"), node_sv(ctx, "new"), -1);
	return done_buf(ctx, &out);
}

static enum node_result split(struct node_ctx *ctx)
{
	struct value *parts = pytext_split(node_sv(ctx, "text"), node_sv(ctx, "delimiter"), -1);

	return parts ? done(ctx, parts) : node_fail(ctx, "delimiter: must not be empty");
}

static enum node_result extract(struct node_ctx *ctx)
{
	int64_t start;
	int64_t end;

	if (!int_property(ctx, "start", &start) || !int_property(ctx, "end", &end))
		return NODE_FAILED;
	return done(ctx, str_value(pytext_slice(node_sv(ctx, "text"), &start, &end)));
}

static enum node_result slice(struct node_ctx *ctx)
{
	int64_t start;
	int64_t stop;
	int64_t step;
	struct buf out;

	if (!int_property(ctx, "start", &start) || !int_property(ctx, "stop", &stop) || !int_property(ctx, "step", &step))
		return NODE_FAILED;
	if (step == 0)
		return node_fail(ctx, "step: must not be zero");
	buf_init(&out, BUF_MAX_BODY);
	pytext_slice_step(&out, node_sv(ctx, "text"), &start, &stop, step);
	return done_buf(ctx, &out);
}

static enum node_result truncate_text(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct sv ellipsis = node_sv(ctx, "ellipsis");
	int64_t dots = (int64_t)utf8_length(ellipsis.p, ellipsis.n);
	int64_t max;
	struct buf out;

	if (!int_property(ctx, "max_length", &max))
		return NODE_FAILED;
	if (max <= 0)
		return done(ctx, str_value(ellipsis));
	if ((int64_t)utf8_length(text.p, text.n) <= max)
		return done(ctx, str_value(text));
	if (dots >= max)
		dots = 0;
	buf_init(&out, BUF_MAX_BODY);
	buf_add(&out, text.p, pytext_offset(text, max - dots));
	if (dots)
		buf_add(&out, ellipsis.p, ellipsis.n);
	return done_buf(ctx, &out);
}

/* Words [from, from + length), as a slice takes them, with single blanks between them. */
static struct value *chunk_words(const struct value *words, int64_t from, int64_t length)
{
	struct pyform_slice part;
	int64_t stop = from + length;
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	if (pyform_slice_of(&part, (int64_t)value_len(words), &from, &stop, 1) == 0) {
		for (int64_t i = 0; i < part.count; i++) {
			struct sv word = value_sv(list_at(words, (size_t)(part.start + i)));

			if (i)
				buf_addc(&out, ' ');
			buf_add(&out, word.p, word.n);
		}
	}
	return buf_to_value(&out);
}

/* The words of all chunks together may be far more than the text when chunks overlap. */
#define CHUNK_WORDS_MAX ((int64_t)20 * 1000 * 1000)

static enum node_result chunk(struct node_ctx *ctx)
{
	struct value *words = NULL;
	struct value *chunks;
	int64_t length;
	int64_t overlap;
	int64_t step;
	int64_t count;

	if (!int_property(ctx, "length", &length) || !int_property(ctx, "overlap", &overlap))
		return NODE_FAILED;
	if (length > INT32_MAX || length < -INT32_MAX || overlap > INT32_MAX || overlap < -INT32_MAX)
		return node_fail(ctx, "length, overlap: too large");
	step = length - overlap;
	if (step == 0)
		return node_fail(ctx, "overlap: must not be equal to length");
	words = pytext_split(node_sv(ctx, "text"), node_sv(ctx, "separator"), -1);
	if (!words)
		return node_fail(ctx, "separator: must not be empty");
	count = (int64_t)value_len(words);
	chunks = value_list();
	if (step > 0 && (count / step + 1) * (length < count ? length : count) > CHUNK_WORDS_MAX) {
		value_unref(words);
		value_unref(chunks);
		return node_fail(ctx, "overlap: the chunks would be too large together");
	}
	for (int64_t i = 0; step > 0 && i < count; i += step)
		list_push(chunks, chunk_words(words, i, length));
	value_unref(words);
	return done(ctx, chunks);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop chunk_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "length", .type = "int", .def = "100", .min = "1.0", .max = "1000.0" },
	{ .name = "overlap", .type = "int", .def = "0" },
	{ .name = "separator", .type = "str", .def = "\" \"" },
	{ 0 },
};

static const struct node_slot list_str_output[] = { { .name = "output", .type = "list[str]" }, { 0 } };

static const struct node_prop collect_props[] = {
	{ .name = "input_item", .type = "str", .def = "\"\"" },
	{ .name = "separator", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot str_output[] = { { .name = "output", .type = "str" }, { 0 } };

static const struct node_prop concat_props[] = {
	{ .name = "a", .type = "str", .def = "\"\"" },
	{ .name = "b", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop extract_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "start", .type = "int", .def = "0" },
	{ .name = "end", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop join_props[] = {
	{ .name = "strings", .type = "list[any]", .def = "[]" },
	{ .name = "separator", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop pad_text_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "length", .type = "int", .def = "0", .title = "Target Length", .min = "0.0" },
	{ .name = "pad_character", .type = "str", .def = "\" \"" },
	{ .name = "direction", .type = "enum(nodetool.nodes.nodetool.text.PadText.PadDirection:left|right|both)",
	  .def = "\"right\"" },
	{ 0 },
};

static const struct node_prop replace_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "old", .type = "str", .def = "\"\"" },
	{ .name = "new", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop slice_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "start", .type = "int", .def = "0", .title = "Start Index" },
	{ .name = "stop", .type = "int", .def = "0", .title = "Stop Index" },
	{ .name = "step", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_prop split_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "delimiter", .type = "str", .def = "\",\"" },
	{ 0 },
};

static const struct node_prop surround_with_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "prefix", .type = "str", .def = "\"\"" },
	{ .name = "suffix", .type = "str", .def = "\"\"" },
	{ .name = "skip_if_wrapped", .type = "bool", .def = "true", .title = "Skip If Already Wrapped" },
	{ 0 },
};

static const struct node_prop template_props[] = {
	{ .name = "string", .type = "str", .def = "\"\"" },
	{ .name = "values", .type = "any", .def = "{}" },
	{ 0 },
};

static const struct node_prop to_string_props[] = {
	{ .name = "value", .type = "any", .def = "[]" },
	{ .name = "mode", .type = "enum(nodetool.nodes.nodetool.text.ToString.Mode:str|repr)", .def = "\"str\"" },
	{ 0 },
};

static const struct node_prop truncate_text_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "max_length", .type = "int", .def = "100", .min = "0.0" },
	{ .name = "ellipsis", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.text.Chunk",
		.title = "Split Text into Chunks",
		.description = "Cuts a text into pieces of so many words.",
		.props = chunk_props,
		.outputs = list_str_output,
		.flags = NODE_PURE,
		.process = chunk,
	},
	{
		.type = "nodetool.text.Collect",
		.title = "Collect",
		.description = "Joins the texts of a stream.",
		.props = collect_props,
		.outputs = str_output,
		.flags = NODE_STREAMS_INPUT | NODE_STREAMS_INPUT_UNSAID,
		.state_size = sizeof(struct collect_state),
		.item = collect_item,
		.end = collect_end,
		.destroy = collect_destroy,
	},
	{
		.type = "nodetool.text.Concat",
		.title = "Concatenate Text",
		.description = "Puts a second text behind a first.",
		.props = concat_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = concat,
	},
	{
		.type = "nodetool.text.Extract",
		.title = "Extract Text",
		.description = "Gives the part between two positions.",
		.props = extract_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = extract,
	},
	{
		.type = "nodetool.text.Join",
		.title = "Join",
		.description = "Writes the items of a list behind each other with a separator between them.",
		.props = join_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = join,
	},
	{
		.type = "nodetool.text.PadText",
		.title = "Pad Text",
		.description = "Fills a text up to a length.",
		.props = pad_text_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = pad_text,
	},
	{
		.type = "nodetool.text.Replace",
		.title = "Replace Text",
		.description = "Replaces every occurrence of a text by another.",
		.props = replace_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = replace,
	},
	{
		.type = "nodetool.text.Slice",
		.title = "Slice Text",
		.description = "Gives a part by start, stop and step.",
		.props = slice_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = slice,
	},
	{
		.type = "nodetool.text.Split",
		.title = "Split Text",
		.description = "Cuts a text at a delimiter.",
		.props = split_props,
		.outputs = list_str_output,
		.flags = NODE_PURE,
		.process = split,
	},
	{
		.type = "nodetool.text.SurroundWith",
		.title = "Surround With",
		.description = "Puts something before and behind a text.",
		.props = surround_with_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = surround_with,
	},
	{
		.type = "nodetool.text.Template",
		.title = "Template",
		.description = "Puts values in the places {{ name }} of a text.",
		.props = template_props,
		.outputs = str_output,
		.flags = NODE_DYNAMIC | NODE_PURE,
		.process = template,
	},
	{
		.type = "nodetool.text.ToString",
		.title = "To String",
		.description = "Writes any value as text.",
		.props = to_string_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = to_string,
	},
	{
		.type = "nodetool.text.TruncateText",
		.title = "Truncate Text",
		.description = "Cuts a text off at a length.",
		.props = truncate_text_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = truncate_text,
	},
};

NODE_TABLE(nodes_text, types);
