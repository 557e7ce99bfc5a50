/* nodetool.document: loading, saving and splitting of documents. */
#include "value/pyform.h"
#include "wsd/engine/asset.h"
#include "wsd/nodes/document_split.h"
#include "wsd/nodes/encoding.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/html.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"
#include "wsd/nodes/pyjson.h"
#include "wsd/nodes/url.h"

#include <string.h>

/* ---- files -------------------------------------------------------------------------------------------- */

static struct value *file_reference(const char *path)
{
	struct value *ref = asset_new("document");
	struct buf uri;

	buf_init(&uri, BUF_MAX_SMALL);
	buf_adds(&uri, "file://");
	url_quote(&uri, sv_of(path), "/");
	map_set_str(ref, "uri", uri.failed ? "" : uri.data);
	buf_free(&uri);
	return ref;
}

static enum node_result load_document(struct node_ctx *ctx)
{
	struct path path;
	struct err err;

	if (!*node_text(ctx, "path"))
		return node_fail(ctx, "path must not be empty");
	if (path_any(ctx, node_text(ctx, "path"), &path, &err))
		return node_fail(ctx, "path: %s", err.detail);
	return done(ctx, file_reference(path.full));
}

static enum node_result save_document(struct node_ctx *ctx)
{
	struct path folder;
	struct path file;
	struct buf bytes;
	struct err err;
	int result;

	if (!*node_text(ctx, "folder") || !*node_text(ctx, "filename"))
		return node_fail(ctx, "%s must not be empty", *node_text(ctx, "folder") ? "filename" : "folder");
	if (path_any(ctx, node_text(ctx, "folder"), &folder, &err))
		return node_fail(ctx, "folder: %s", err.detail);
	if (!path_is_dir(&folder))
		return node_fail(ctx, "folder: it does not exist: %.300s", node_text(ctx, "folder"));
	if (path_any(ctx,
		     posix_join(node_arena(ctx), folder.full, path_dated(node_arena(ctx), node_text(ctx, "filename"))),
		     &file, &err))
		return node_fail(ctx, "filename: %s", err.detail);
	buf_init(&bytes, ASSET_MAX);
	result = asset_read(node_get(ctx, "document"), node_workspace(ctx), &bytes, &err);
	if (!result)
		result = path_write(&file, bytes.data ? bytes.data : "", bytes.len, false, &err);
	buf_free(&bytes);
	return result ? node_fail(ctx, "document: %s", err.detail) : NODE_DONE;
}

static enum node_result list_documents(struct node_ctx *ctx)
{
	struct arena *arena = node_arena(ctx);
	const char *pattern = node_text(ctx, "pattern");
	bool deep = node_bool(ctx, "recursive");
	struct value *items = list_begin(ctx);
	struct value *names;
	struct path folder;
	struct err err;

	if (!*node_text(ctx, "folder"))
		return node_fail(ctx, "folder must not be empty");
	if (*pattern == '/')
		return node_fail(ctx, "pattern must not begin with a slash");
	if (path_any(ctx, node_text(ctx, "folder"), &folder, &err))
		return node_fail(ctx, "folder: %s", err.detail);
	names = value_list();
	arena_defer(arena, value_unref_ptr, names);
	if (path_glob(ctx, &folder, folder.full, deep ? posix_join(arena, "**", pattern) : pattern, deep, names, &err))
		return node_fail(ctx, "folder: %s", err.detail);
	for (size_t i = 0; i < value_len(names); i++) {
		struct value *item = value_map();

		map_set(item, "document", file_reference(value_text(list_at(names, i))));
		list_push(items, item);
	}
	return NODE_DONE;
}

/* ---- splitting ---------------------------------------------------------------------------------------- */

/* The text of the document: its data, or the file that it names. False after node_fail; the buffer is the caller's. */
static bool document_text(struct node_ctx *ctx, struct buf *out)
{
	const struct value *ref = node_get(ctx, "document");
	const struct value *data = map_get(ref, "data");
	struct buf bytes;
	struct err err;
	int result = 0;

	buf_init(out, BUF_MAX_BODY);
	if (value_kind(data) == VALUE_STR) {
		buf_add(out, value_text(data), value_len(data));
		return true;
	}
	buf_init(&bytes, BUF_MAX_BODY);
	result = asset_read(ref, node_workspace(ctx), &bytes, &err);
	if (!result)
		result = text_decode(out, (struct sv){ bytes.data ? bytes.data : "", bytes.len }, "utf-8", &err);
	buf_free(&bytes);
	if (!result)
		return true;
	buf_free(out);
	node_fail(ctx, "document: %s", err.detail);
	return false;
}

static struct sv text_of(const struct buf *text)
{
	return (struct sv){ text->data ? text->data : "", text->len };
}

static void add_chunk(struct value *items, struct value *text, struct value *source, int64_t start)
{
	struct value *item = value_map();

	map_set(item, "text", text);
	map_set(item, "source_id", source);
	map_set_int(item, "start_index", start);
	list_push(items, item);
}

static struct value *source_of(struct node_ctx *ctx)
{
	return value_str(map_str(node_get(ctx, "document"), "uri", ""));
}

/* Position of the text from where the search may begin; both in code points. The cursor remembers the last place. */
struct cursor {
	struct sv text;
	int64_t index;
	size_t byte;
};

static void move_to(struct cursor *c, int64_t index)
{
	if (index < 0)
		index = 0;
	for (; c->index < index && c->byte < c->text.n; c->index++)
		utf8_decode(c->text.p, c->text.n, &c->byte);
	for (; c->index > index; c->index--) {
		do
			c->byte--;
		while (((unsigned char)c->text.p[c->byte] & 0xc0) == 0x80);
	}
}

/* text.find(chunk, from), -1 when it is nowhere. */
static int64_t find_chunk(struct cursor *c, const struct value *chunk, int64_t from)
{
	const char *hit;

	move_to(c, from);
	hit = memmem(c->text.p + c->byte, c->text.n - c->byte, value_text(chunk), value_len(chunk));
	if (!hit)
		return -1;
	c->index += (int64_t)utf8_length(c->text.p + c->byte, (size_t)(hit - c->text.p) - c->byte);
	c->byte = (size_t)(hit - c->text.p);
	return c->index;
}

static enum node_result split_text(struct node_ctx *ctx)
{
	struct split_options options = { node_int(ctx, "chunk_size"), node_int(ctx, "chunk_overlap"),
					 node_get(ctx, "separators") };
	const char *uri = map_str(node_get(ctx, "document"), "uri", "");
	struct value *items = list_begin(ctx);
	struct value *chunks;
	struct cursor cursor;
	struct buf text;
	struct err err;
	int64_t index = 0;
	int64_t previous = 0;

	if (!document_text(ctx, &text))
		return NODE_FAILED;
	chunks = split_recursively(text_of(&text), &options, &err);
	cursor = (struct cursor){ .text = text_of(&text) };
	for (size_t i = 0; chunks && i < value_len(chunks); i++) {
		struct value *chunk = list_at(chunks, i);

		index = find_chunk(&cursor, chunk, index + previous - options.overlap);
		previous = (int64_t)utf8_length(value_text(chunk), value_len(chunk));
		add_chunk(items, value_ref(chunk), value_strf("%s:%zu", uri, i), index);
	}
	buf_free(&text);
	value_unref(chunks);
	return chunks ? NODE_DONE : fail_err(ctx, &err);
}

/* Adds a part, cut further when a size is set. */
static int add_part(struct node_ctx *ctx, struct value *items, struct value *part, struct err *err)
{
	struct split_options options = { node_int(ctx, "chunk_size"), node_int(ctx, "chunk_overlap"), NULL };
	struct value *chunks;

	if (!options.size) {
		add_chunk(items, value_ref(part), source_of(ctx), 0);
		return 0;
	}
	chunks = split_recursively(value_sv(part), &options, err);
	for (size_t i = 0; chunks && i < value_len(chunks); i++)
		add_chunk(items, value_ref(list_at(chunks, i)), source_of(ctx), 0);
	value_unref(chunks);
	return chunks ? 0 : -1;
}

#define MARKDOWN_HEADERS "[[\"#\", \"Header 1\"], [\"##\", \"Header 2\"], [\"###\", \"Header 3\"]]"

/* The pairs are tuples, which JSON has none of: a graph can leave the property alone or write its default, which
 * editors do; other pairs come over an edge from a node that makes tuples. */
static bool headers_are_pairs(const struct value *headers)
{
	struct value *standard = json_parse(MARKDOWN_HEADERS, strlen(MARKDOWN_HEADERS), NULL);
	bool pairs = value_equal(headers, standard);

	value_unref(standard);
	for (size_t i = 0; !pairs && i < value_len(headers); i++) {
		if (!list_is_tuple(list_at(headers, i)))
			return false;
	}
	return true;
}

static enum node_result split_markdown_text(struct node_ctx *ctx)
{
	struct value *items = list_begin(ctx);
	struct value *parts;
	struct buf text;
	struct err err;
	int result = 0;

	if (!headers_are_pairs(node_get(ctx, "headers_to_split_on")))
		return node_fail(ctx, "headers_to_split_on: a list of lists is no list of pairs");
	if (!document_text(ctx, &text))
		return NODE_FAILED;
	parts = split_markdown(text_of(&text), node_get(ctx, "headers_to_split_on"), node_bool(ctx, "strip_headers"),
			       node_bool(ctx, "return_each_line"));
	buf_free(&text);
	for (size_t i = 0; !result && i < value_len(parts); i++)
		result = add_part(ctx, items, list_at(parts, i), &err);
	value_unref(parts);
	return result ? fail_err(ctx, &err) : NODE_DONE;
}

/* One line for each leaf: the keys on the way and the value, separated by blanks. */
static void write_leaves(struct buf *out, const struct value *v, struct buf *way)
{
	size_t len = way->len;
	struct value *item;
	struct sv key;

	if (value_kind(v) == VALUE_MAP) {
		for (size_t i = 0; map_entry(v, i, &key, &item); i++) {
			buf_add(way, key.p, key.n);
			buf_addc(way, ' ');
			write_leaves(out, item, way);
			way->len = len;
		}
	} else if (value_kind(v) == VALUE_LIST) {
		for (size_t i = 0; i < value_len(v); i++)
			write_leaves(out, list_at(v, i), way);
	} else {
		if (out->len)
			buf_addc(out, '\n');
		buf_add(out, way->data ? way->data : "", way->len);
		pyform_str(out, v);
	}
}

static void add_leaves(struct node_ctx *ctx, struct value *items, const struct value *v)
{
	struct buf lines;
	struct buf way;

	buf_init(&lines, BUF_MAX_BODY);
	buf_init(&way, BUF_MAX_BODY);
	write_leaves(&lines, v, &way);
	buf_free(&way);
	add_chunk(items, buf_to_value(&lines), source_of(ctx), (int64_t)value_len(items));
}

static enum node_result split_json(struct node_ctx *ctx)
{
	struct value *items = list_begin(ctx);
	struct value *json;
	struct buf text;
	struct err err;

	if (!document_text(ctx, &text))
		return NODE_FAILED;
	json = pyjson_parse(text_of(&text).p, text.len, &err);
	buf_free(&text);
	if (!json)
		return NODE_DONE;
	if (value_kind(json) == VALUE_MAP)
		add_leaves(ctx, items, json);
	for (size_t i = 0; value_kind(json) == VALUE_LIST && i < value_len(json); i++)
		add_leaves(ctx, items, list_at(json, i));
	if (value_kind(json) != VALUE_MAP && value_kind(json) != VALUE_LIST) {
		value_unref(json);
		return node_fail(ctx, "document: the JSON is neither an object nor a list");
	}
	value_unref(json);
	return NODE_DONE;
}

static bool is_block(const struct html_node *node)
{
	static const char *const names[] = { "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "b", "i", "u", "section" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (html_is(node, names[i]))
			return true;
	}
	return false;
}

/* The texts directly in the tag and those of other tags in it, a line each. */
static void block_text(const struct html_node *tag, struct buf *out)
{
	bool first = true;

	for (const struct html_node *at = tag->first; at; at = at->next) {
		struct buf inner;
		struct sv text = at->text;

		buf_init(&inner, BUF_MAX_BODY);
		if (at->kind == HTML_TAG) {
			html_text(at, &inner);
			text = text_of(&inner);
		}
		text = strip(text);
		if (!is_block(at) && (text.n || at->kind == HTML_TAG)) {
			if (!first)
				buf_addc(out, '\n');
			buf_add(out, text.p, text.n);
			first = false;
		}
		buf_free(&inner);
	}
}

static void add_section(struct node_ctx *ctx, struct value *items, struct buf *section)
{
	struct sv text = strip(text_of(section));

	add_chunk(items, value_strn(text.p, text.n), source_of(ctx), (int64_t)value_len(items));
	buf_reset(section);
}

static enum node_result split_html(struct node_ctx *ctx)
{
	struct value *items = list_begin(ctx);
	struct sv last = { NULL, 0 };
	struct html_node *root;
	struct buf section;
	struct buf text;

	if (!document_text(ctx, &text))
		return NODE_FAILED;
	root = html_parse(node_arena(ctx), text_of(&text).p, text.len);
	buf_init(&section, BUF_MAX_BODY);
	for (struct html_node *at = html_next(root, root); at; at = html_next(at, root)) {
		struct buf own;
		struct sv stripped;

		if (!is_block(at))
			continue;
		if (last.p && !(last.n == at->name.n && memcmp(last.p, at->name.p, last.n) == 0))
			add_section(ctx, items, &section);
		last = at->name;
		buf_init(&own, BUF_MAX_BODY);
		block_text(at, &own);
		stripped = strip(text_of(&own));
		buf_add(&section, stripped.p, stripped.n);
		buf_addc(&section, '\n');
		buf_free(&own);
	}
	if (section.len)
		add_section(ctx, items, &section);
	buf_free(&section);
	buf_free(&text);
	return NODE_DONE;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop load_document_file_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot load_document_file_outputs[] = {
	{ .name = "output", .type = "document" },
	{ 0 },
};

static const struct node_prop save_document_file_props[] = {
	{ .name = "document",
	  .type = "document",
	  .def = "{\"type\": \"document\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ .name = "folder", .type = "str", .def = "\"\"" },
	{ .name = "filename", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot no_outputs[] = { { 0 } };

static const struct node_prop list_documents_props[] = {
	{ .name = "folder", .type = "str", .def = "\"~\"" },
	{ .name = "pattern", .type = "str", .def = "\"*\"" },
	{ .name = "recursive", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot list_documents_outputs[] = {
	{ .name = "document", .type = "document" },
	{ 0 },
};

static const struct node_prop split_html_props[] = {
	{ .name = "document",
	  .type = "document",
	  .def = "{\"type\": \"document\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ 0 },
};

static const struct node_slot split_html_outputs[] = {
	{ .name = "text", .type = "str" },
	{ .name = "source_id", .type = "str" },
	{ .name = "start_index", .type = "int" },
	{ 0 },
};

static const struct node_prop split_json_props[] = {
	{ .name = "document",
	  .type = "document",
	  .def = "{\"type\": \"document\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ .name = "include_metadata", .type = "bool", .def = "true" },
	{ .name = "include_prev_next_rel", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_prop split_recursively_props[] = {
	{ .name = "document",
	  .type = "document",
	  .def = "{\"type\": \"document\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ .name = "chunk_size", .type = "int", .def = "1000" },
	{ .name = "chunk_overlap", .type = "int", .def = "200" },
	{ .name = "separators", .type = "list[str]", .def = "[\"\\n\\n\", \"\\n\", \".\"]" },
	{ 0 },
};

static const struct node_prop split_markdown_props[] = {
	{ .name = "document",
	  .type = "document",
	  .def = "{\"type\": \"document\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ .name = "headers_to_split_on", .type = "list[tuple[str,str]]", .def = MARKDOWN_HEADERS },
	{ .name = "strip_headers", .type = "bool", .def = "true" },
	{ .name = "return_each_line", .type = "bool", .def = "false" },
	{ .name = "chunk_size", .type = "int", .def = "1000" },
	{ .name = "chunk_overlap", .type = "int", .def = "30" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.document.LoadDocumentFile",
		.title = "Load Document File",
		.description = "Refers to a document file.",
		.props = load_document_file_props,
		.outputs = load_document_file_outputs,
		.process = load_document,
	},
	{
		.type = "nodetool.document.SaveDocumentFile",
		.title = "Save Document File",
		.description = "Saves a document as a file.",
		.props = save_document_file_props,
		.outputs = no_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_document,
	},
	{
		.type = "nodetool.document.ListDocuments",
		.title = "List Documents",
		.description = "Lists the documents of a folder whose names fit a pattern.",
		.props = list_documents_props,
		.outputs = list_documents_outputs,
		.flags = NODE_STREAMS_OUTPUT,
		.process = list_documents,
		GEN_LIST,
	},
	{
		.type = "nodetool.document.SplitHTML",
		.title = "Split HTML",
		.description = "Cuts an HTML document into the texts of its blocks.",
		.props = split_html_props,
		.outputs = split_html_outputs,
		.flags = NODE_STREAMS_OUTPUT,
		.process = split_html,
		GEN_LIST,
	},
	{
		.type = "nodetool.document.SplitJSON",
		.title = "Split JSON",
		.description = "Cuts a JSON document into texts of its values.",
		.props = split_json_props,
		.outputs = split_html_outputs,
		.flags = NODE_STREAMS_OUTPUT,
		.process = split_json,
		GEN_LIST,
	},
	{
		.type = "nodetool.document.SplitRecursively",
		.title = "Split Recursively",
		.description = "Cuts a text into chunks at the best separators.",
		.props = split_recursively_props,
		.outputs = split_html_outputs,
		.flags = NODE_STREAMS_OUTPUT,
		.process = split_text,
		GEN_LIST,
	},
	{
		.type = "nodetool.document.SplitMarkdown",
		.title = "Split Markdown",
		.description = "Cuts a Markdown text at its headings.",
		.props = split_markdown_props,
		.outputs = split_html_outputs,
		.flags = NODE_STREAMS_OUTPUT,
		.process = split_markdown_text,
		GEN_LIST,
	},
};

NODE_TABLE(nodes_document, types);
