/* lib.http: nodes that send many requests at once. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/http_node.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"
#include "wsd/nodes/url.h"

#include <string.h>

/* One request for each URL of a list property, seen from `base` (NULL: as they are). True when all have answers. */
static bool request_all(struct node_ctx *ctx, const char *property, const char *parallel, const char *method,
			struct sv base)
{
	struct http_state *state = node_state(ctx);
	const struct value *urls = node_get(ctx, property);
	struct err err;

	if (!state->fetch) {
		int64_t limit = node_int(ctx, parallel);

		state->fetch = fetch_new(limit > FETCH_MAX_PARALLEL ? FETCH_MAX_PARALLEL : limit < 1 ? 1 : (int)limit);
		for (size_t i = 0; i < value_len(urls); i++) {
			char *url = url_join(node_arena(ctx), base, value_sv(list_at(urls, i)), &err);

			fetch_add(state->fetch, &(struct fetch_request){ .method = method, .url = url ? url : "" });
		}
	}
	return fetch_step(state->fetch, ctx);
}

static enum node_result filter_valid_urls(struct node_ctx *ctx)
{
	struct http_state *state = node_state(ctx);
	const struct value *urls = node_get(ctx, "urls");
	struct value *valid;

	if (!request_all(ctx, "urls", "max_concurrent_requests", "HEAD", SV_LIT("")))
		return NODE_WAIT;
	valid = value_list();
	for (size_t i = 0; i < value_len(urls); i++) {
		const struct fetch_result *result = fetch_result(state->fetch, i);

		if (!result->error[0] && result->status >= 200 && result->status < 400)
			list_push(valid, value_ref(list_at(urls, i)));
	}
	return http_finish(ctx, done(ctx, valid));
}

static enum node_result image_downloader(struct node_ctx *ctx)
{
	struct http_state *state = node_state(ctx);
	const struct value *urls = node_get(ctx, "images");
	struct value *images;
	struct value *failed;

	if (!request_all(ctx, "images", "max_concurrent_downloads", "GET", node_sv(ctx, "base_url")))
		return NODE_WAIT;
	images = value_list();
	failed = value_list();
	for (size_t i = 0; i < value_len(urls); i++) {
		struct fetch_result *result = fetch_result(state->fetch, i);
		struct err err;

		if (!result->error[0] && result->status == 200) {
			struct sv body = http_body(result);
			struct value *ref = asset_new("image");

			map_set(ref, "data", value_bytes(body.p, body.n));
			list_push(images, ref);
		} else {
			list_push(failed, value_str(url_join(node_arena(ctx), node_sv(ctx, "base_url"),
							     value_sv(list_at(urls, i)), &err)));
		}
	}
	node_emit(ctx, "images", images);
	node_emit(ctx, "failed_urls", failed);
	return http_finish(ctx, NODE_DONE);
}

/* The name that the answer gives its file, else the last part of the URL; never a path. */
static const char *file_name(struct arena *arena, const struct fetch_result *result, const char *url)
{
	const char *disposition = map_str(result->headers, "content-disposition", "");
	const char *given = strstr(disposition, "filename=");
	struct sv name;

	if (given) {
		name = sv_of(given + strlen("filename="));
		name.n = strcspn(name.p, ";");
		while (name.n && strchr("\"' ", *name.p)) {
			name.p++;
			name.n--;
		}
		while (name.n && strchr("\"' ", name.p[name.n - 1]))
			name.n--;
	} else {
		name = sv_of(url);
	}
	name = posix_basename(name);
	if (!name.n || sv_eq(name, ".") || sv_eq(name, ".."))
		return "unnamed_file";
	return arena_strndup(arena, name.p, name.n);
}

/* Stores one answer; the path, or NULL when there is none. */
static const char *store(struct node_ctx *ctx, const struct fetch_result *result, const char *url)
{
	struct arena *arena = node_arena(ctx);
	const char *folder = posix_expand_user(arena, node_text(ctx, "output_folder"));
	const char *target = posix_join(arena, folder, file_name(arena, result, url));
	struct sv body = http_body(result);
	struct path path;
	struct err err;

	if (result->error[0] || result->status != 200 || !*folder)
		return NULL;
	if (path_any(ctx, target, &path, &err) || path_make_parent(ctx, &path, &err) ||
	    path_write(&path, body.p, body.n, false, &err)) {
		node_log(ctx, "warning", "output_folder: %s", err.detail);
		return NULL;
	}
	return target;
}

static enum node_result download_files(struct node_ctx *ctx)
{
	struct http_state *state = node_state(ctx);
	const struct value *urls = node_get(ctx, "urls");
	struct value *success;
	struct value *failed;

	if (!request_all(ctx, "urls", "max_concurrent_downloads", "GET", SV_LIT("")))
		return NODE_WAIT;
	success = value_list();
	failed = value_list();
	for (size_t i = 0; i < value_len(urls); i++) {
		const char *stored = store(ctx, fetch_result(state->fetch, i), value_text(list_at(urls, i)));

		list_push(stored ? success : failed, stored ? value_str(stored) : value_ref(list_at(urls, i)));
	}
	if (value_len(urls))
		node_progress(ctx, (int64_t)value_len(urls), (int64_t)value_len(urls));
	node_emit(ctx, "success", success);
	node_emit(ctx, "failed", failed);
	return http_finish(ctx, NODE_DONE);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop image_downloader_props[] = {
	{ .name = "images", .type = "list[str]", .def = "[]" },
	{ .name = "base_url", .type = "str", .def = "\"\"" },
	{ .name = "max_concurrent_downloads", .type = "int", .def = "10" },
	{ 0 },
};

static const struct node_slot image_downloader_outputs[] = {
	{ .name = "images", .type = "list[image]" },
	{ .name = "failed_urls", .type = "list[str]" },
	{ 0 },
};

static const struct node_prop filter_valid_ur_ls_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"" },
	{ .name = "urls", .type = "list[str]", .def = "[]" },
	{ .name = "max_concurrent_requests", .type = "int", .def = "10" },
	{ 0 },
};

static const struct node_slot filter_valid_ur_ls_outputs[] = {
	{ .name = "output", .type = "list[str]" },
	{ 0 },
};

static const struct node_prop download_files_props[] = {
	{ .name = "urls", .type = "list[str]", .def = "[]" },
	{ .name = "output_folder", .type = "str", .def = "\"downloads\"" },
	{ .name = "max_concurrent_downloads", .type = "int", .def = "5" },
	{ 0 },
};

static const struct node_slot download_files_outputs[] = {
	{ .name = "success", .type = "list[str]" },
	{ .name = "failed", .type = "list[str]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.http.ImageDownloader",
		.title = "Image Downloader",
		.description = "Fetches images from a list of URLs.",
		.props = image_downloader_props,
		.outputs = image_downloader_outputs,
		.flags = NODE_TOOL,
		.process = image_downloader,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.FilterValidURLs",
		.title = "Filter Valid URLs",
		.description = "Keeps the URLs that answer well.",
		.props = filter_valid_ur_ls_props,
		.outputs = filter_valid_ur_ls_outputs,
		.basic_fields = "url",
		.process = filter_valid_urls,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.DownloadFiles",
		.title = "Download Files",
		.description = "Fetches files into a folder.",
		.props = download_files_props,
		.outputs = download_files_outputs,
		.flags = NODE_TOOL | NODE_ONCE,
		.process = download_files,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
};

NODE_TABLE(nodes_lib_http_many, types);
