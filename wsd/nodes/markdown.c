/*
 * lib.markdown: finds parts of Markdown texts by lines and patterns. This is no Markdown parser, as the original has
 * none: code fences are not skipped, and only "\n" ends a line (vectors/README-lib.md).
 */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/rx.h"

#include <string.h>

static struct value *sv_value(struct sv text)
{
	return value_strn(text.p ? text.p : "", text.n);
}

static enum node_result too_much(struct node_ctx *ctx, struct value *list, const struct err *err)
{
	value_unref(list);
	return node_fail(ctx, "markdown: %s", err->detail);
}

static enum node_result extract_links(struct node_ctx *ctx)
{
	static struct pyre *cache;
	struct pyre *re = rx_once(&cache, "\\[([^\\]]+)\\]\\(([^)]+)\\)|<([^>]+)>", 0);
	struct sv text = node_sv(ctx, "markdown");
	struct pyre_iter matches = pyre_iter(re, text);
	bool titles = node_bool(ctx, "include_titles");
	struct value *list = value_list();
	struct err err;
	int found;

	while ((found = pyre_next(&matches, &err)) == 1) {
		struct sv bare = rx_group(re, text, 3);
		struct value *link = value_map();

		map_set(link, "url", sv_value(bare.p ? bare : rx_group(re, text, 2)));
		map_set(link, "title", sv_value(titles ? rx_group(re, text, 1) : SV_LIT("")));
		list_push(list, link);
	}
	return found < 0 ? too_much(ctx, list, &err) : done(ctx, list);
}

static enum node_result extract_headers(struct node_ctx *ctx)
{
	static struct pyre *cache;
	struct pyre *re = rx_once(&cache, "^(#{1,6})\\s+(.+)$", 0);
	struct sv rest = node_sv(ctx, "markdown");
	int64_t max_level = node_int(ctx, "max_level");
	struct value *list = value_list();
	struct err err;
	struct sv line;

	while (sv_split(&rest, '\n', &line)) {
		int found = pyre_exec(re, line, 0, PYRE_MATCH, false, &err);
		struct value *header;
		int64_t level;

		if (found < 0)
			return too_much(ctx, list, &err);
		if (!found)
			continue;
		level = (int64_t)rx_group(re, line, 1).n;
		if (level > max_level)
			continue;
		header = value_map();
		map_set_int(header, "level", level);
		map_set(header, "text", sv_value(strip(rx_group(re, line, 2))));
		map_set_int(header, "index", (int64_t)value_len(list));
		list_push(list, header);
	}
	return done(ctx, list);
}

/* Neighbouring lines that fit the pattern make one list each; its items are their first groups. */
static enum node_result extract_lists(struct node_ctx *ctx, struct pyre *re, bool wrap)
{
	struct sv rest = node_sv(ctx, "markdown");
	struct value *lists = value_list();
	struct value *current = NULL;
	struct err err;
	struct sv line;

	while (sv_split(&rest, '\n', &line)) {
		int found = pyre_exec(re, line, 0, PYRE_MATCH, false, &err);
		struct value *item;

		if (found < 0)
			return too_much(ctx, lists, &err);
		if (!found) {
			current = NULL;
			continue;
		}
		if (!current) {
			current = value_list();
			list_push(lists, current);
		}
		item = sv_value(strip(rx_group(re, line, 1)));
		if (wrap) {
			struct value *map = value_map();

			map_set(map, "text", item);
			item = map;
		}
		list_push(current, item);
	}
	return done(ctx, lists);
}

static enum node_result extract_bullet_lists(struct node_ctx *ctx)
{
	static struct pyre *cache;

	return extract_lists(ctx, rx_once(&cache, "^\\s*[-*+]\\s+(.+)$", 0), true);
}

static enum node_result extract_numbered_lists(struct node_ctx *ctx)
{
	static struct pyre *cache;

	return extract_lists(ctx, rx_once(&cache, "^\\s*\\d+\\.\\s+(.+)$", 0), false);
}

static enum node_result extract_code_blocks(struct node_ctx *ctx)
{
	static struct pyre *cache;
	struct pyre *re = rx_once(&cache, "```(\\w*)\\n(.*?)\\n```", PYRE_DOTALL);
	struct sv text = node_sv(ctx, "markdown");
	struct pyre_iter matches = pyre_iter(re, text);
	struct value *list = value_list();
	struct err err;
	int found;

	while ((found = pyre_next(&matches, &err)) == 1) {
		struct sv language = rx_group(re, text, 1);
		struct value *block = value_map();

		map_set(block, "language", sv_value(language.n ? language : SV_LIT("text")));
		map_set(block, "code", sv_value(strip(rx_group(re, text, 2))));
		list_push(list, block);
	}
	return found < 0 ? too_much(ctx, list, &err) : done(ctx, list);
}

/* The cells between the first and the last bar of the line; NULL when there are none. */
static struct value *table_row(struct sv line)
{
	const char *first = memchr(line.p, '|', line.n);
	const char *last = memrchr(line.p, '|', line.n);
	struct value *row;
	struct sv rest;
	struct sv cell;

	if (first == last)
		return NULL;
	row = value_list();
	rest = (struct sv){ first + 1, (size_t)(last - first - 1) };
	while (sv_split(&rest, '|', &cell))
		list_push(row, sv_value(strip(cell)));
	return row;
}

/* The rows of the first run of lines with bars. */
static struct value *first_table(struct sv text)
{
	struct value *rows = value_list();
	struct sv line;

	while (sv_split(&text, '\n', &line)) {
		struct value *row = line.n && memchr(line.p, '|', line.n) ? table_row(line) : NULL;

		if (row)
			list_push(rows, row);
		else if (!(line.n && memchr(line.p, '|', line.n)) && value_len(rows))
			break;
	}
	return rows;
}

static enum node_result extract_tables(struct node_ctx *ctx)
{
	struct value *rows = first_table(node_sv(ctx, "markdown"));
	struct value *columns = value_list();
	struct value *data = value_list();
	struct value *frame = asset_new("dataframe");
	const struct value *header = list_at(rows, 0);

	for (size_t i = 0; value_len(rows) > 2 && i < value_len(header); i++) {
		struct value *column = value_map();

		map_set(column, "name", value_ref(list_at(header, i)));
		map_set_str(column, "data_type", "string");
		map_set_str(column, "description", "");
		list_push(columns, column);
	}
	for (size_t i = 2; i < value_len(rows); i++)
		list_push(data, value_ref(list_at(rows, i)));
	map_set(frame, "columns", columns);
	map_set(frame, "data", data);
	value_unref(rows);
	return done(ctx, frame);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop extract_links_props[] = {
	{ .name = "markdown", .type = "str", .def = "\"\"" },
	{ .name = "include_titles", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot extract_links_outputs[] = {
	{ .name = "output", .type = "list[dict[str,str]]" },
	{ 0 },
};

static const struct node_prop extract_headers_props[] = {
	{ .name = "markdown", .type = "str", .def = "\"\"" },
	{ .name = "max_level", .type = "int", .def = "6", .min = "1.0", .max = "6.0" },
	{ 0 },
};

static const struct node_slot extract_headers_outputs[] = {
	{ .name = "output", .type = "list[dict[str,any]]" },
	{ 0 },
};

static const struct node_prop extract_bullet_lists_props[] = {
	{ .name = "markdown", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot extract_numbered_lists_outputs[] = {
	{ .name = "output", .type = "list[str]" },
	{ 0 },
};

static const struct node_slot extract_tables_outputs[] = {
	{ .name = "output", .type = "dataframe" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.markdown.ExtractLinks",
		.title = "Extract Links",
		.description = "Lists the links of a Markdown text.",
		.props = extract_links_props,
		.outputs = extract_links_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = extract_links,
	},
	{
		.type = "lib.markdown.ExtractHeaders",
		.title = "Extract Headers",
		.description = "Lists the headings of a Markdown text with their levels.",
		.props = extract_headers_props,
		.outputs = extract_headers_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = extract_headers,
	},
	{
		.type = "lib.markdown.ExtractBulletLists",
		.title = "Extract Bullet Lists",
		.description = "Lists the bullet lists of a Markdown text.",
		.props = extract_bullet_lists_props,
		.outputs = extract_headers_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = extract_bullet_lists,
	},
	{
		.type = "lib.markdown.ExtractNumberedLists",
		.title = "Extract Numbered Lists",
		.description = "Lists the numbered lists of a Markdown text.",
		.props = extract_bullet_lists_props,
		.outputs = extract_numbered_lists_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = extract_numbered_lists,
	},
	{
		.type = "lib.markdown.ExtractCodeBlocks",
		.title = "Extract Code Blocks",
		.description = "Lists the fenced code blocks of a Markdown text with their languages.",
		.props = extract_bullet_lists_props,
		.outputs = extract_links_outputs,
		.flags = NODE_PURE,
		.process = extract_code_blocks,
	},
	{
		.type = "lib.markdown.ExtractTables",
		.title = "Extract Tables",
		.description = "Makes a data frame of the first table of a Markdown text.",
		.props = extract_bullet_lists_props,
		.outputs = extract_tables_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = extract_tables,
	},
};

NODE_TABLE(nodes_lib_markdown, types);
