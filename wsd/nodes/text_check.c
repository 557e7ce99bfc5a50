/* nodetool.text: comparing, searching, measuring. */
#include "pytext/pytext.h"
#include "value/pyform.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/stream_filter.h"

#include <stdlib.h>
#include <string.h>

/* ---- comparing ---------------------------------------------------------------------------------------- */

static struct sv lowered(struct node_ctx *ctx, struct sv text)
{
	size_t len;
	char *lower = pytext_lower(text, &len);

	arena_defer(node_arena(ctx), free, lower);
	return (struct sv){ lower, len };
}

/* A property as it is compared: trimmed and lowered when the node says so. */
static struct sv normalized(struct node_ctx *ctx, const char *name)
{
	struct sv text = node_sv(ctx, name);

	if (node_bool(ctx, "trim_whitespace"))
		text = pytext_strip(text, true, true);
	return node_bool(ctx, "case_sensitive") ? text : lowered(ctx, text);
}

static int compare_texts(struct sv a, struct sv b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static enum node_result compare(struct node_ctx *ctx)
{
	int order = compare_texts(normalized(ctx, "text_a"), normalized(ctx, "text_b"));

	return done(ctx, value_str(order < 0 ? "less" : order > 0 ? "greater" : "equal"));
}

static enum node_result equals(struct node_ctx *ctx)
{
	return done(ctx, value_bool(compare_texts(normalized(ctx, "text_a"), normalized(ctx, "text_b")) == 0));
}

/* ---- searching ---------------------------------------------------------------------------------------- */

static enum node_result starts_with(struct node_ctx *ctx)
{
	return done(ctx, value_bool(pytext_starts(node_sv(ctx, "text"), node_sv(ctx, "prefix"))));
}

static enum node_result ends_with(struct node_ctx *ctx)
{
	return done(ctx, value_bool(pytext_ends(node_sv(ctx, "text"), node_sv(ctx, "suffix"))));
}

static enum node_result contains(struct node_ctx *ctx)
{
	struct value *values = node_get(ctx, "search_values");
	const char *mode = node_text(ctx, "match_mode");
	bool sensitive = node_bool(ctx, "case_sensitive");
	struct sv text = sensitive ? node_sv(ctx, "text") : lowered(ctx, node_sv(ctx, "text"));
	size_t count = value_len(values) ? value_len(values) : 1;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		struct sv needle = value_len(values) ? value_sv(list_at(values, i)) : node_sv(ctx, "substring");

		found += pytext_find(text, sensitive ? needle : lowered(ctx, needle)) >= 0;
	}
	if (strcmp(mode, "all") == 0)
		return done(ctx, value_bool(found == count));
	return done(ctx, value_bool(strcmp(mode, "none") == 0 ? found == 0 : found > 0));
}

static enum node_result index_of(struct node_ctx *ctx)
{
	bool sensitive = node_bool(ctx, "case_sensitive");
	struct sv text = sensitive ? node_sv(ctx, "text") : lowered(ctx, node_sv(ctx, "text"));
	struct sv needle = sensitive ? node_sv(ctx, "substring") : lowered(ctx, node_sv(ctx, "substring"));
	int64_t start;
	int64_t end;

	if (!int_property(ctx, "start_index", &start) || !int_property(ctx, "end_index", &end))
		return NODE_FAILED;
	if (end < start)
		end = start;
	return done(ctx, value_int(pytext_index(text, needle, start, end, node_bool(ctx, "search_from_end"))));
}

/* ---- measuring ---------------------------------------------------------------------------------------- */

static int64_t length_of(struct sv text)
{
	return (int64_t)utf8_length(text.p, text.n);
}

static enum node_result is_empty(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");

	if (node_bool(ctx, "trim_whitespace"))
		text = pytext_strip(text, true, true);
	return done(ctx, value_bool(text.n == 0));
}

/* The exact length alone decides: it has a default and so is never left out. */
static enum node_result has_length(struct node_ctx *ctx)
{
	int64_t exact;

	if (!int_property(ctx, "exact_length", &exact))
		return NODE_FAILED;
	return done(ctx, value_bool(length_of(node_sv(ctx, "text")) == exact));
}

static int64_t count_lines(struct sv text, bool skip_empty)
{
	struct value *lines = pytext_lines(text, false);
	int64_t count = 0;

	for (size_t i = 0; i < value_len(lines); i++)
		count += !skip_empty || value_len(list_at(lines, i)) > 0;
	value_unref(lines);
	return count;
}

static enum node_result length(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	const char *measure = node_text(ctx, "measure");
	bool trim = node_bool(ctx, "trim_whitespace");

	if (trim)
		text = pytext_strip(text, true, true);
	if (strcmp(measure, "words") == 0)
		return done(ctx, value_int(pytext_word_count(text)));
	if (strcmp(measure, "lines") == 0)
		return done(ctx, value_int(count_lines(text, trim)));
	return done(ctx, value_int(length_of(text)));
}

/* ---- filtering ---------------------------------------------------------------------------------------- */

/* The order of the text's length to the number that `criteria` is: -1, 0, 1; 2 when it is none. */
static int length_order(struct node_ctx *ctx, struct sv text)
{
	struct value *criteria = filter_setting(ctx, "criteria");
	struct value *number = value_is(criteria, VALUE_STR) ? pyform_int_of(value_sv(criteria)) : value_ref(criteria);
	struct value *len = value_int(length_of(text));
	int order = 2;

	if (number && pyform_is_number(number) && pyform_compare(len, number, &order, NULL) < 0)
		order = 2;
	value_unref(len);
	value_unref(number);
	return order;
}

static bool filter_string(struct node_ctx *ctx, const struct value *v)
{
	const char *type = filter_text(ctx, "filter_type");
	struct sv criteria = filter_sv(ctx, "criteria");
	struct sv text = value_sv(v);

	if (!value_is(v, VALUE_STR))
		return false;
	if (strcmp(type, "length_greater") == 0)
		return length_order(ctx, text) == 1;
	if (strcmp(type, "length_less") == 0)
		return length_order(ctx, text) == -1;
	if (strcmp(type, "exact_length") == 0)
		return length_order(ctx, text) == 0;
	if (strcmp(type, "starts_with") == 0)
		return pytext_starts(text, criteria);
	if (strcmp(type, "ends_with") == 0)
		return pytext_ends(text, criteria);
	return strcmp(type, "contains") == 0 && pytext_find(text, criteria) >= 0;
}

static enum node_result filter_string_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, filter_string);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop compare_props[] = {
	{ .name = "text_a", .type = "str", .def = "\"\"", .title = "First Text" },
	{ .name = "text_b", .type = "str", .def = "\"\"", .title = "Second Text" },
	{ .name = "case_sensitive", .type = "bool", .def = "true" },
	{ .name = "trim_whitespace", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot str_output[] = { { .name = "output", .type = "str" }, { 0 } };

static const struct node_prop contains_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "substring", .type = "str", .def = "\"\"" },
	{ .name = "search_values", .type = "list[str]", .def = "[]" },
	{ .name = "case_sensitive", .type = "bool", .def = "true" },
	{ .name = "match_mode", .type = "enum(nodetool.nodes.nodetool.text.Contains.MatchMode:any|all|none)",
	  .def = "\"any\"" },
	{ 0 },
};

static const struct node_slot bool_output[] = { { .name = "output", .type = "bool" }, { 0 } };

static const struct node_prop ends_with_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "suffix", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop filter_string_props[] = {
	{ .name = "value", .type = "str", .def = "\"\"" },
	{ .name = "filter_type",
	  .type = "enum(nodetool.nodes.nodetool.text.FilterString.FilterType:contains|starts_with|ends_with|length_greater|length_less|exact_length)",
	  .def = "\"contains\"" },
	{ .name = "criteria", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop has_length_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "min_length", .type = "int", .def = "0", .title = "Minimum Length" },
	{ .name = "max_length", .type = "int", .def = "0", .title = "Maximum Length" },
	{ .name = "exact_length", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop index_of_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "substring", .type = "str", .def = "\"\"" },
	{ .name = "case_sensitive", .type = "bool", .def = "true" },
	{ .name = "start_index", .type = "int", .def = "0", .min = "0.0" },
	{ .name = "end_index", .type = "int", .def = "0" },
	{ .name = "search_from_end", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot int_output[] = { { .name = "output", .type = "int" }, { 0 } };

static const struct node_prop is_empty_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "trim_whitespace", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_prop length_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "measure", .type = "enum(nodetool.nodes.nodetool.text.Length.Measure:characters|words|lines)",
	  .def = "\"characters\"" },
	{ .name = "trim_whitespace", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_prop starts_with_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "prefix", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.text.Compare",
		.title = "Compare Text",
		.description = "Tells which of two texts comes first.",
		.props = compare_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = compare,
	},
	{
		.type = "nodetool.text.Contains",
		.title = "Contains Text",
		.description = "Tells whether texts occur in a text.",
		.props = contains_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = contains,
	},
	{
		.type = "nodetool.text.EndsWith",
		.title = "Ends With",
		.description = "Tells whether a text ends with another.",
		.props = ends_with_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = ends_with,
	},
	{
		.type = "nodetool.text.Equals",
		.title = "Equals",
		.description = "Tells whether two texts are equal.",
		.props = compare_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = equals,
	},
	{
		.type = "nodetool.text.FilterString",
		.title = "Filter String",
		.description = "Passes on the texts of a stream that satisfy a condition.",
		.props = filter_string_props,
		.outputs = str_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		FILTER_NODE,
		.item = filter_string_item,
	},
	{
		.type = "nodetool.text.HasLength",
		.title = "Check Length",
		.description = "Tells whether a text has a length.",
		.props = has_length_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = has_length,
	},
	{
		.type = "nodetool.text.IndexOf",
		.title = "Index Of",
		.description = "Gives the position of a text in another, or -1.",
		.props = index_of_props,
		.outputs = int_output,
		.flags = NODE_PURE,
		.process = index_of,
	},
	{
		.type = "nodetool.text.IsEmpty",
		.title = "Is Empty",
		.description = "Tells whether a text is empty.",
		.props = is_empty_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = is_empty,
	},
	{
		.type = "nodetool.text.Length",
		.title = "Measure Length",
		.description = "Counts the characters, words or lines of a text.",
		.props = length_props,
		.outputs = int_output,
		.flags = NODE_PURE,
		.process = length,
	},
	{
		.type = "nodetool.text.StartsWith",
		.title = "Starts With",
		.description = "Tells whether a text begins with another.",
		.props = starts_with_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = starts_with,
	},
};

NODE_TABLE(nodes_text_check, types);
