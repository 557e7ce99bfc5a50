/* nodetool.data: tables from CSV, and saved as CSV. */
#include "wsd/nodes/fetch.h"
#include "wsd/nodes/frame.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/media_file.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <string.h>

#define CSV_MAX ((size_t)1 << 30)

/* The table in a CSV text (taken: a STR or BYTES value) on "output". */
static enum node_result done_csv(struct node_ctx *ctx, struct value *text, const char *property)
{
	struct err err = { 0 };
	struct frame *frame = NULL;

	if (utf8_valid(value_text(text), value_len(text)))
		frame = frame_read_csv(text, &err);
	else
		err_set(&err, 400, "is not UTF-8");
	value_unref(text);
	return frame ? done(ctx, frame_value(frame)) : node_fail(ctx, "%s: %s", property, err.detail);
}

static enum node_result import_csv(struct node_ctx *ctx)
{
	struct value *text = node_get(ctx, "csv_data");

	return done_csv(ctx, value_is(text, VALUE_STR) ? value_ref(text) : value_str(""), "csv_data");
}

/* The bytes of a buffer, which is left empty. */
static struct value *taken(struct buf *buf)
{
	size_t len = buf->len;

	return value_bytes_take(buf_take(buf), len);
}

static enum node_result load_csv_file(struct node_ctx *ctx)
{
	const char *name = node_text(ctx, "file_path");
	struct err err = { 0 };
	struct path path;
	struct buf bytes = { 0 };

	if (!*name)
		return node_fail(ctx, "file_path must not be empty");
	if (path_any(ctx, name, &path, &err) != 0)
		return node_fail(ctx, "file_path: %s", err.detail);
	if (path_read(&path, CSV_MAX, &bytes, &err) != 0) {
		buf_free(&bytes);
		return node_fail(ctx, "%s", err.detail);
	}
	return done_csv(ctx, taken(&bytes), "file_path");
}

struct url_state {
	struct fetch *fetch;
};

static void free_state(void *ptr)
{
	struct url_state *state = ptr;

	fetch_free(state->fetch);
	state->fetch = NULL;
}

static enum node_result load_csv_url(struct node_ctx *ctx)
{
	struct url_state *state = node_state(ctx);
	struct fetch_result *result;
	struct value *text;

	if (!*node_text(ctx, "url"))
		return node_fail(ctx, "url must not be empty");
	if (!state->fetch) {
		state->fetch = fetch_new(1);
		fetch_add(state->fetch,
			  &(struct fetch_request){ .method = "GET", .url = node_text(ctx, "url"), .flags = FETCH_2XX });
	}
	if (!fetch_step(state->fetch, ctx))
		return NODE_WAIT;
	result = fetch_result(state->fetch, 0);
	if (result->error[0]) {
		node_fail(ctx, "url: %s", result->error);
		free_state(state);
		return NODE_FAILED;
	}
	text = taken(&result->body);
	free_state(state);
	return done_csv(ctx, text, "url");
}

/* ---- saving ------------------------------------------------------------------------------------------- */

/* Hands the table on under a name; it is kept as long as the run. */
static enum node_result save_dataframe(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "df");
	struct value *out;

	if (!frame)
		return NODE_FAILED;
	out = frame_value(frame_share(frame));
	media_tell_saved(ctx, "dataframe", path_dated(node_arena(ctx), node_text(ctx, "name")), out);
	return done(ctx, out);
}

static enum node_result save_csv_file(struct node_ctx *ctx)
{
	const char *folder = node_text(ctx, "folder");
	const char *name = node_text(ctx, "filename");
	const struct frame *frame;
	struct path path;
	struct err err = { 0 };
	struct buf text;
	int rc;

	if (!*folder || !*name)
		return node_fail(ctx, "%s must not be empty", *folder ? "filename" : "folder");
	if (path_any(ctx, folder, &path, &err) != 0)
		return node_fail(ctx, "folder: %s", err.detail);
	if (!path_is_dir(&path))
		return node_fail(ctx, "folder: there is no such folder");
	name = path_dated(node_arena(ctx), name);
	if (path_any(ctx, posix_join(node_arena(ctx), folder, name), &path, &err) != 0)
		return node_fail(ctx, "filename: %s", err.detail);
	frame = frame_property(ctx, "dataframe");
	if (!frame)
		return NODE_FAILED;
	buf_init(&text, CSV_MAX);
	rc = frame_write_csv(&text, frame);
	if (rc != 0)
		err_set(&err, 400, "the table is larger than 1 GiB as CSV");
	if (rc == 0)
		rc = path_write(&path, text.data, text.len, false, &err);
	buf_free(&text);
	if (rc != 0)
		return node_fail(ctx, "filename: %s", err.detail);
	media_tell_saved(ctx, "dataframe", name, node_get(ctx, "dataframe"));
	return done(ctx, value_ref(node_get(ctx, "dataframe")));
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define FRAME_DEFAULT "{\"type\":\"dataframe\"}"

static const struct node_prop import_csv_props[] = {
	{ .name = "csv_data", .type = "str", .def = "\"\"", .title = "CSV Data" },
	{ 0 },
};

static const struct node_slot import_csv_outputs[] = {
	{ .name = "output", .type = "dataframe" },
	{ 0 },
};

static const struct node_prop load_csvurl_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop load_csv_file_props[] = {
	{ .name = "file_path", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop save_dataframe_props[] = {
	{ .name = "df", .type = "dataframe", .def = FRAME_DEFAULT, .required = true },
	{ .name = "folder",
	  .type = "folder",
	  .def = "{\"type\": \"folder\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ .name = "name", .type = "str", .def = "\"output.csv\"" },
	{ 0 },
};

static const struct node_prop save_csv_dataframe_file_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "folder", .type = "str", .def = "\"\"" },
	{ .name = "filename", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.data.ImportCSV",
		.title = "Import CSV",
		.description = "Makes a table of a CSV text.",
		.props = import_csv_props,
		.outputs = import_csv_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = import_csv,
	},
	{
		.type = "nodetool.data.LoadCSVURL",
		.title = "Load CSVURL",
		.description = "Makes a table of CSV from the web.",
		.props = load_csvurl_props,
		.outputs = import_csv_outputs,
		.flags = NODE_TOOL,
		.process = load_csv_url,
		.state_size = sizeof(struct url_state),
		.destroy = free_state,
	},
	{
		.type = "nodetool.data.LoadCSVFile",
		.title = "Load CSVFile",
		.description = "Makes a table of a CSV file.",
		.props = load_csv_file_props,
		.outputs = import_csv_outputs,
		.flags = NODE_TOOL | NODE_BLOCKING,
		.process = load_csv_file,
	},
	{
		.type = "nodetool.data.SaveDataframe",
		.title = "Save Dataframe",
		.description = "Hands a table on under a name.",
		.props = save_dataframe_props,
		.outputs = import_csv_outputs,
		.flags = NODE_TOOL,
		.process = save_dataframe,
	},
	{
		.type = "nodetool.data.SaveCSVDataframeFile",
		.title = "Save CSVDataframe File",
		.description = "Writes a table to a CSV file.",
		.props = save_csv_dataframe_file_props,
		.outputs = import_csv_outputs,
		.flags = NODE_BLOCKING,
		.process = save_csv_file,
	},
};

NODE_TABLE(nodes_data_csv, types);
