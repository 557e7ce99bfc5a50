/* nodetool.text: regular expressions. */
#include "pytext/pytext.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/regex_filter.h"

/* The compiled pattern of a property, freed with the arena of this call; NULL when the node has failed. */
static struct pyre *pattern_of(struct node_ctx *ctx, const char *name, int flags)
{
	struct err err;
	struct pyre *re = pyre_compile(node_sv(ctx, name), flags, &err);

	if (re)
		arena_defer(node_arena(ctx), (void (*)(void *))pyre_free, re);
	else
		node_fail(ctx, "%s: %s", name, err.detail);
	return re;
}

static int flags_of(struct node_ctx *ctx)
{
	return (node_bool(ctx, "dotall") ? PYRE_DOTALL : 0) | (node_bool(ctx, "ignorecase") ? PYRE_IGNORECASE : 0) |
	       (node_bool(ctx, "multiline") ? PYRE_MULTILINE : 0);
}

static enum node_result extract_regex(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct pyre *re = pattern_of(ctx, "regex", flags_of(ctx));
	struct value *groups;
	struct err err;
	int found;

	if (!re)
		return NODE_FAILED;
	found = pyre_exec(re, text, 0, PYRE_SEARCH, false, &err);
	if (found < 0)
		return node_fail(ctx, "regex: %s", err.detail);
	groups = value_list();
	for (int i = 1; found && i <= pyre_groups(re); i++)
		list_push(groups, pyre_group(re, text, i, value_null()));
	return done(ctx, groups);
}

/* What findall gives for the last match: the whole, the only group, or all groups. */
static struct value *findall_item(const struct pyre *re, struct sv text, struct value *empty)
{
	int groups = pyre_groups(re);
	struct value *tuple;

	if (groups <= 1)
		return pyre_group(re, text, groups, empty);
	tuple = value_list();
	list_mark_tuple(tuple);
	for (int i = 1; i <= groups; i++)
		list_push(tuple, pyre_group(re, text, i, empty));
	return tuple;
}

static enum node_result find_all_regex(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct pyre *re = pattern_of(ctx, "regex", flags_of(ctx));
	struct pyre_iter iter = pyre_iter(re, text);
	struct value *matches;
	struct value *empty;
	struct err err;
	int found;

	if (!re)
		return NODE_FAILED;
	matches = value_list();
	empty = value_str("");
	while ((found = pyre_next(&iter, &err)) == 1)
		list_push(matches, findall_item(re, text, empty));
	value_unref(empty);
	if (found < 0) {
		value_unref(matches);
		return node_fail(ctx, "regex: %s", err.detail);
	}
	return done(ctx, matches);
}

static enum node_result regex_match(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct pyre *re = pattern_of(ctx, "pattern", 0);
	struct pyre_iter iter = pyre_iter(re, text);
	struct value *matches;
	struct err err;
	int64_t group;
	int found;

	if (!re || !int_property(ctx, "group", &group))
		return NODE_FAILED;
	matches = value_list();
	while ((found = pyre_next(&iter, &err)) == 1) {
		if (group < 0 || group > pyre_groups(re)) {
			value_unref(matches);
			return node_fail(ctx, "group: the pattern has no group %lld", (long long)group);
		}
		list_push(matches, pyre_group(re, text, (int)group, value_null()));
	}
	if (found < 0) {
		value_unref(matches);
		return node_fail(ctx, "pattern: %s", err.detail);
	}
	return done(ctx, matches);
}

static enum node_result regex_replace(struct node_ctx *ctx)
{
	struct pyre *re = pattern_of(ctx, "pattern", 0);
	struct err err;
	struct buf out;
	int64_t count;

	if (!re || !int_property(ctx, "count", &count))
		return NODE_FAILED;
	buf_init(&out, BUF_MAX_BODY);
	if (pyre_sub(&out, re, node_sv(ctx, "replacement"), node_sv(ctx, "text"), count, &err) < 0) {
		buf_free(&out);
		return fail_err(ctx, &err);
	}
	return done_buf(ctx, &out);
}

static enum node_result regex_split(struct node_ctx *ctx)
{
	struct pyre *re = pattern_of(ctx, "pattern", 0);
	struct value *parts;
	struct err err;
	int64_t max;

	if (!re || !int_property(ctx, "maxsplit", &max))
		return NODE_FAILED;
	parts = pyre_split(re, node_sv(ctx, "text"), max, &err);
	return parts ? done(ctx, parts) : node_fail(ctx, "pattern: %s", err.detail);
}

static enum node_result regex_validate(struct node_ctx *ctx)
{
	struct pyre *re = pattern_of(ctx, "pattern", 0);
	struct err err;
	int found;

	if (!re)
		return NODE_FAILED;
	found = pyre_exec(re, node_sv(ctx, "text"), 0, PYRE_MATCH, false, &err);
	return found < 0 ? node_fail(ctx, "pattern: %s", err.detail) : done(ctx, value_bool(found));
}

static bool filter_regex_string(struct node_ctx *ctx, const struct value *v)
{
	return value_is(v, VALUE_STR) && regex_filter_match(ctx, value_sv(v));
}

static enum node_result filter_regex_string_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, filter_regex_string);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop extract_regex_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "regex", .type = "str", .def = "\"\"" },
	{ .name = "dotall", .type = "bool", .def = "false" },
	{ .name = "ignorecase", .type = "bool", .def = "false" },
	{ .name = "multiline", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot list_str_output[] = { { .name = "output", .type = "list[str]" }, { 0 } };

static const struct node_prop filter_regex_string_props[] = {
	{ .name = "value", .type = "str", .def = "\"\"" },
	{ .name = "pattern", .type = "str", .def = "\"\"" },
	{ .name = "full_match", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot str_output[] = { { .name = "output", .type = "str" }, { 0 } };

static const struct node_prop regex_match_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "pattern", .type = "str", .def = "\"\"" },
	{ .name = "group", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop regex_replace_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "pattern", .type = "str", .def = "\"\"" },
	{ .name = "replacement", .type = "str", .def = "\"\"" },
	{ .name = "count", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop regex_split_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "pattern", .type = "str", .def = "\"\"" },
	{ .name = "maxsplit", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop regex_validate_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "pattern", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot bool_output[] = { { .name = "output", .type = "bool" }, { 0 } };

static const struct node_type types[] = {
	{
		.type = "nodetool.text.ExtractRegex",
		.title = "Extract Regex Groups",
		.description = "Gives the groups of the first match of a regular expression.",
		.props = extract_regex_props,
		.outputs = list_str_output,
		.flags = NODE_PURE,
		.process = extract_regex,
	},
	{
		.type = "nodetool.text.FilterRegexString",
		.title = "Filter Regex String",
		.description = "Passes on the texts of a stream that match a regular expression.",
		.props = filter_regex_string_props,
		.outputs = str_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		FILTER_NODE,
		.item = filter_regex_string_item,
	},
	{
		.type = "nodetool.text.FindAllRegex",
		.title = "Find All Regex Matches",
		.description = "Gives all matches of a regular expression, or their groups.",
		.props = extract_regex_props,
		.outputs = list_str_output,
		.flags = NODE_PURE,
		.process = find_all_regex,
	},
	{
		.type = "nodetool.text.RegexMatch",
		.title = "Find Regex Matches",
		.description = "Gives one group of every match of a regular expression.",
		.props = regex_match_props,
		.outputs = list_str_output,
		.flags = NODE_PURE,
		.process = regex_match,
	},
	{
		.type = "nodetool.text.RegexReplace",
		.title = "Replace with Regex",
		.description = "Replaces the matches of a regular expression.",
		.props = regex_replace_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = regex_replace,
	},
	{
		.type = "nodetool.text.RegexSplit",
		.title = "Split with Regex",
		.description = "Cuts a text at the matches of a regular expression.",
		.props = regex_split_props,
		.outputs = list_str_output,
		.flags = NODE_PURE,
		.process = regex_split,
	},
	{
		.type = "nodetool.text.RegexValidate",
		.title = "Validate with Regex",
		.description = "Tells whether a text begins with a match of a regular expression.",
		.props = regex_validate_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = regex_validate,
	},
};

NODE_TABLE(nodes_text_regex, types);
