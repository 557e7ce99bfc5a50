/* nodetool.dictionary: filters of streams of dictionaries. */
#include "pytext/pytext.h"
#include "value/pyform.h"
#include "wsd/nodes/numbers.h"
#include "wsd/nodes/regex_filter.h"

#include <string.h>

/* The value under the setting "key" of a plain dictionary; NULL when there is none. */
static struct value *keyed(struct node_ctx *ctx, const struct value *item)
{
	struct sv key = filter_sv(ctx, "key");

	return map_is_typed(item) ? NULL : map_getn(item, key.p, key.n);
}

static bool by_number(struct node_ctx *ctx, const struct value *item)
{
	struct value *v = keyed(ctx, item);

	return v && numbers_match(v, filter_text(ctx, "filter_type"), filter_setting(ctx, "compare_value"));
}

static bool by_range(struct node_ctx *ctx, const struct value *item)
{
	struct value *v = keyed(ctx, item);

	return v && numbers_in_range(v, filter_setting(ctx, "min_value"), filter_setting(ctx, "max_value"),
				     value_truthy(filter_setting(ctx, "inclusive")));
}

static bool by_regex(struct node_ctx *ctx, const struct value *item)
{
	struct value *v = keyed(ctx, item);
	struct value *text = v ? pyform_str_value(v) : NULL;
	bool found = text && regex_filter_match(ctx, value_sv(text));

	value_unref(text);
	return found;
}

/* len(v), -1 for what has none. */
static int64_t python_len(const struct value *v)
{
	switch (value_kind(v)) {
	case VALUE_STR:
		return (int64_t)utf8_length(value_text(v), value_len(v));
	case VALUE_BYTES:
	case VALUE_LIST:
	case VALUE_MAP:
		return (int64_t)value_len(v);
	default:
		return -1;
	}
}

/* The order of the length to the number in `criteria`, 2 when one of them is none. */
static int length_order(struct sv criteria, const struct value *v)
{
	struct value *number = pyform_int_of(criteria);
	struct value *len = value_int(python_len(v));
	int order = 2;

	if (number && value_as_int(len) >= 0 && pyform_compare(len, number, &order, NULL) < 0)
		order = 2;
	value_unref(len);
	value_unref(number);
	return order;
}

static bool text_test(const char *type, struct sv text, struct sv criteria)
{
	if (strcmp(type, "contains") == 0)
		return pytext_find(text, criteria) >= 0;
	if (strcmp(type, "starts_with") == 0)
		return pytext_starts(text, criteria);
	if (strcmp(type, "ends_with") == 0)
		return pytext_ends(text, criteria);
	return strcmp(type, "equals") == 0 && text.n == criteria.n && memcmp(text.p, criteria.p, text.n) == 0;
}

/* Texts are compared with str(value). */
static bool by_value(struct node_ctx *ctx, const struct value *item)
{
	const char *type = filter_text(ctx, "filter_type");
	struct sv criteria = filter_sv(ctx, "criteria");
	struct value *v = keyed(ctx, item);
	struct value *text;
	bool holds;

	if (!v)
		return false;
	if (strcmp(type, "type_is") == 0)
		return sv_eq(criteria, pyform_type_name(v));
	if (strcmp(type, "length_greater") == 0)
		return length_order(criteria, v) == 1;
	if (strcmp(type, "length_less") == 0)
		return length_order(criteria, v) == -1;
	if (strcmp(type, "exact_length") == 0)
		return length_order(criteria, v) == 0;
	text = pyform_str_value(v);
	holds = text && text_test(type, value_sv(text), criteria);
	value_unref(text);
	return holds;
}

static enum node_result by_number_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, by_number);
}

static enum node_result by_range_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, by_range);
}

static enum node_result by_regex_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, by_regex);
}

static enum node_result by_value_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, by_value);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop filter_dict_by_number_props[] = {
	{ .name = "value", .type = "dict", .def = "{}" },
	{ .name = "key", .type = "str", .def = "\"\"" },
	{ .name = "filter_type",
	  .type = "enum(nodetool.nodes.nodetool.dictionary.FilterDictByNumber.FilterDictNumberType:greater_than|less_than|equal_to|even|odd|positive|negative)",
	  .def = "\"greater_than\"" },
	{ .name = "compare_value", .type = "float", .def = "0" },
	{ 0 },
};

static const struct node_slot dict_output[] = { { .name = "output", .type = "dict" }, { 0 } };

static const struct node_prop filter_dict_by_range_props[] = {
	{ .name = "value", .type = "dict", .def = "{}" },
	{ .name = "key", .type = "str", .def = "\"\"" },
	{ .name = "min_value", .type = "float", .def = "0" },
	{ .name = "max_value", .type = "float", .def = "0" },
	{ .name = "inclusive", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_prop filter_dict_by_value_props[] = {
	{ .name = "value", .type = "dict", .def = "{}" },
	{ .name = "key", .type = "str", .def = "\"\"" },
	{ .name = "filter_type",
	  .type = "enum(nodetool.nodes.nodetool.dictionary.FilterDictByValue.FilterType:contains|starts_with|ends_with|equals|type_is|length_greater|length_less|exact_length)",
	  .def = "\"contains\"" },
	{ .name = "criteria", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop filter_dict_regex_props[] = {
	{ .name = "value", .type = "dict", .def = "{}" },
	{ .name = "key", .type = "str", .def = "\"\"" },
	{ .name = "pattern", .type = "str", .def = "\"\"" },
	{ .name = "full_match", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.dictionary.FilterDictByNumber",
		.title = "Filter Dict By Number",
		.description = "Passes on the dictionaries whose number under a key satisfies a condition.",
		.props = filter_dict_by_number_props,
		.outputs = dict_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		FILTER_NODE,
		.item = by_number_item,
	},
	{
		.type = "nodetool.dictionary.FilterDictByRange",
		.title = "Filter Dict By Range",
		.description = "Passes on the dictionaries whose number under a key lies between two bounds.",
		.props = filter_dict_by_range_props,
		.outputs = dict_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		FILTER_NODE,
		.item = by_range_item,
	},
	{
		.type = "nodetool.dictionary.FilterDictByValue",
		.title = "Filter Dict By Value",
		.description = "Passes on the dictionaries whose value under a key satisfies a condition.",
		.props = filter_dict_by_value_props,
		.outputs = dict_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		FILTER_NODE,
		.item = by_value_item,
	},
	{
		.type = "nodetool.dictionary.FilterDictRegex",
		.title = "Filter Dict Regex",
		.description = "Passes on the dictionaries whose value under a key matches a regular expression.",
		.props = filter_dict_regex_props,
		.outputs = dict_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		FILTER_NODE,
		.item = by_regex_item,
	},
};

NODE_TABLE(nodes_dictionary_filter, types);
