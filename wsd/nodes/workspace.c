/* nodetool.workspace: files of the workflow's workspace folder, and nothing else (nodes/paths.h). */
#include "wsd/nodes/encoding.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <string.h>

/* The path of a property; false after node_fail. */
static bool get_path(struct node_ctx *ctx, const char *name, struct path *out)
{
	struct err err;

	if (!path_workspace(ctx, node_text(ctx, name), out, &err))
		return true;
	node_fail(ctx, "%s: %s", name, err.detail);
	return false;
}

/* The same for something that must be there. */
static bool get_existing(struct node_ctx *ctx, const char *name, struct path *out)
{
	if (!get_path(ctx, name, out))
		return false;
	if (path_exists(out))
		return true;
	node_fail(ctx, "%s: nothing is there: %.300s", name, node_text(ctx, name));
	return false;
}

static bool get_file(struct node_ctx *ctx, struct path *out)
{
	if (!get_existing(ctx, "path", out))
		return false;
	if (path_is_file(out))
		return true;
	node_fail(ctx, "path: this is no file: %.300s", node_text(ctx, "path"));
	return false;
}

static enum node_result done_property(struct node_ctx *ctx, const char *name)
{
	return done(ctx, value_ref(node_get(ctx, name)));
}

static enum node_result get_workspace_dir(struct node_ctx *ctx)
{
	const char *workspace = node_workspace(ctx);

	return workspace ? done(ctx, value_str(workspace)) : node_fail(ctx, "this run has no workspace folder");
}

/* ---- what is there ------------------------------------------------------------------------------------ */

static enum node_result tell(struct node_ctx *ctx, bool (*test)(const struct path *))
{
	struct path path;

	return get_path(ctx, "path", &path) ? done(ctx, value_bool(test(&path))) : NODE_FAILED;
}

static enum node_result file_exists(struct node_ctx *ctx)
{
	return tell(ctx, path_exists);
}

static enum node_result is_file(struct node_ctx *ctx)
{
	return tell(ctx, path_is_file);
}

static enum node_result is_directory(struct node_ctx *ctx)
{
	return tell(ctx, path_is_dir);
}

static enum node_result file_size(struct node_ctx *ctx)
{
	struct path path;
	struct stat st;

	if (!get_file(ctx, &path))
		return NODE_FAILED;
	return path_stat(&path, &st) == 0 ? done(ctx, value_int(st.st_size))
					  : node_fail(ctx, "path: it cannot be read");
}

static void set_time(struct value *info, const char *name, struct timespec time)
{
	char text[TIME_TEXT_MAX];

	map_set_str(info, name, time_local((int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000, 'T', text));
}

static enum node_result file_info(struct node_ctx *ctx)
{
	struct sv name = posix_basename(node_sv(ctx, "path"));
	struct value *info;
	struct path path;
	struct stat st;

	if (!get_existing(ctx, "path", &path))
		return NODE_FAILED;
	if (path_stat(&path, &st))
		return node_fail(ctx, "path: it cannot be read");
	info = value_map();
	map_set(info, "path", value_ref(node_get(ctx, "path")));
	map_set(info, "name", value_strn(name.p, name.n));
	map_set_int(info, "size", st.st_size);
	map_set_bool(info, "is_file", S_ISREG(st.st_mode));
	map_set_bool(info, "is_directory", S_ISDIR(st.st_mode));
	set_time(info, "created", st.st_ctim);
	set_time(info, "modified", st.st_mtim);
	set_time(info, "accessed", st.st_atim);
	return done(ctx, info);
}

static enum node_result list_files(struct node_ctx *ctx)
{
	struct arena *arena = node_arena(ctx);
	const char *pattern = node_text(ctx, "pattern");
	bool deep = node_bool(ctx, "recursive");
	struct value *names = list_begin(ctx);
	struct path path;
	struct path unused;
	struct err err;

	if (!get_path(ctx, "path", &path))
		return NODE_FAILED;
	if (*pattern && path_workspace(ctx, pattern, &unused, &err))
		return node_fail(ctx, "pattern: %s", err.detail);
	if (deep)
		pattern = posix_join(arena, "**", pattern);
	if (path_glob(ctx, &path, strcmp(path.below, ".") == 0 ? "" : path.below, pattern, deep, names, &err))
		return fail_err(ctx, &err);
	return NODE_DONE;
}

/* Names as seen from the workspace, without a slash at the end. */
static enum node_result next_file(struct node_ctx *ctx)
{
	struct list_state *state = node_state(ctx);
	struct value *name = list_at(state->items, state->at);

	if (!name)
		return NODE_DONE;
	node_emit(ctx, "file", value_str(posix_normalize(node_arena(ctx), value_text(name))));
	return ++state->at < value_len(state->items) ? NODE_MORE : NODE_DONE;
}

static enum node_result join_paths(struct node_ctx *ctx)
{
	const struct value *paths = node_get(ctx, "paths");
	const char *joined = "";
	struct path path;
	struct err err;

	if (!value_len(paths))
		return node_fail(ctx, "paths must not be empty");
	for (size_t i = 0; i < value_len(paths); i++) {
		const char *part = value_text(list_at(paths, i));

		joined = i ? posix_join(node_arena(ctx), joined, part ? part : "") : part ? part : "";
	}
	if (path_workspace(ctx, joined, &path, &err))
		return node_fail(ctx, "paths: %s", err.detail);
	return done(ctx, value_str(joined));
}

/* ---- reading and writing ------------------------------------------------------------------------------ */

/* "\r\n" and "\r" as "\n", as Python reads text files. */
static void plain_lines(struct buf *text)
{
	size_t to = 0;

	for (size_t i = 0; i < text->len; i++) {
		if (text->data[i] == '\r' && i + 1 < text->len && text->data[i + 1] == '\n')
			continue;
		text->data[to++] = text->data[i] == '\r' ? '\n' : text->data[i];
	}
	text->len = to;
}

static enum node_result read_text(struct node_ctx *ctx)
{
	struct path path;
	struct buf bytes;
	struct buf text;
	struct err err;
	int result;

	if (!get_file(ctx, &path))
		return NODE_FAILED;
	buf_init(&text, BUF_MAX_RESPONSE);
	result = path_read(&path, BUF_MAX_BODY, &bytes, &err);
	if (!result)
		result = text_decode(&text, (struct sv){ bytes.data ? bytes.data : "", bytes.len },
				     node_text(ctx, "encoding"), &err);
	buf_free(&bytes);
	if (result) {
		buf_free(&text);
		return fail_err(ctx, &err);
	}
	plain_lines(&text);
	return done_buf(ctx, &text);
}

static enum node_result read_binary(struct node_ctx *ctx)
{
	struct path path;
	struct buf bytes;
	struct buf text;
	struct err err;
	int result;

	if (!get_file(ctx, &path))
		return NODE_FAILED;
	result = path_read(&path, BUF_MAX_BODY, &bytes, &err);
	buf_init(&text, BUF_MAX_RESPONSE);
	if (!result)
		base64_encode(&text, bytes.data ? bytes.data : "", bytes.len, false);
	buf_free(&bytes);
	if (!result)
		return done_buf(ctx, &text);
	buf_free(&text);
	return fail_err(ctx, &err);
}

/* Writes what `fill` made of the content; frees the buffer. */
static enum node_result write_bytes(struct node_ctx *ctx, const struct path *path, struct buf *bytes, bool append)
{
	struct err err;
	int result = path_make_parent(ctx, path, &err);

	if (!result)
		result = path_write(path, bytes->data ? bytes->data : "", bytes->len, append, &err);
	buf_free(bytes);
	return result ? fail_err(ctx, &err) : done_property(ctx, "path");
}

static enum node_result write_text(struct node_ctx *ctx)
{
	struct path path;
	struct buf bytes;
	struct err err;

	if (!get_path(ctx, "path", &path))
		return NODE_FAILED;
	buf_init(&bytes, BUF_MAX_RESPONSE);
	if (!text_encode(&bytes, node_sv(ctx, "content"), node_text(ctx, "encoding"), &err))
		return write_bytes(ctx, &path, &bytes, node_bool(ctx, "append"));
	buf_free(&bytes);
	return node_fail(ctx, "content: %s", err.detail);
}

static enum node_result write_binary(struct node_ctx *ctx)
{
	struct sv content = node_sv(ctx, "content");
	struct path path;
	struct buf bytes;

	if (!get_path(ctx, "path", &path))
		return NODE_FAILED;
	buf_init(&bytes, BUF_MAX_BODY);
	if (!base64_decode(&bytes, content.p, content.n))
		return write_bytes(ctx, &path, &bytes, false);
	buf_free(&bytes);
	return node_fail(ctx, "content is no base64");
}

/* ---- changes ------------------------------------------------------------------------------------------ */

static enum node_result delete_file(struct node_ctx *ctx)
{
	struct path path;
	struct err err;

	if (!get_existing(ctx, "path", &path))
		return NODE_FAILED;
	if (!path_is_dir(&path) || path_is_link(&path))
		return path_remove(&path, &err) ? fail_err(ctx, &err) : NODE_DONE;
	if (!node_bool(ctx, "recursive"))
		return node_fail(ctx, "path: this is a folder, and recursive is off: %.300s", node_text(ctx, "path"));
	return path_remove_tree(&path, &err) ? fail_err(ctx, &err) : NODE_DONE;
}

static enum node_result create_directory(struct node_ctx *ctx)
{
	struct path path;
	struct err err;

	if (!get_path(ctx, "path", &path))
		return NODE_FAILED;
	return path_make_dirs(&path, &err) ? fail_err(ctx, &err) : done_property(ctx, "path");
}

/* Both ends of a copy or move, the target's folder made; false after node_fail. */
static bool get_ends(struct node_ctx *ctx, struct path *from, struct path *to)
{
	struct err err;

	if (!get_path(ctx, "source", from) || !get_path(ctx, "destination", to) || !get_existing(ctx, "source", from))
		return false;
	if (!path_make_parent(ctx, to, &err))
		return true;
	fail_err(ctx, &err);
	return false;
}

static enum node_result copy_file(struct node_ctx *ctx)
{
	struct path from;
	struct path to;
	struct err err;
	int result;

	if (!get_ends(ctx, &from, &to))
		return NODE_FAILED;
	if (path_is_dir(&from)) {
		result = path_copy_tree(ctx, &from, &to, &err);
	} else {
		if (path_is_dir(&to)) {
			struct sv name = posix_basename(sv_of(from.below));

			to = path_child(ctx, &to, arena_strndup(node_arena(ctx), name.p, name.n));
		}
		result = path_copy_file(&from, &to, &err);
	}
	return result ? fail_err(ctx, &err) : done_property(ctx, "destination");
}

static enum node_result move_file(struct node_ctx *ctx)
{
	struct path from;
	struct path to;
	struct err err;

	if (!get_ends(ctx, &from, &to))
		return NODE_FAILED;
	return path_move(ctx, &from, to, &err) ? fail_err(ctx, &err) : done_property(ctx, "destination");
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop no_props[] = { { 0 } };

static const struct node_slot get_workspace_dir_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop list_workspace_files_props[] = {
	{ .name = "path", .type = "str", .def = "\".\"" },
	{ .name = "pattern", .type = "str", .def = "\"*\"" },
	{ .name = "recursive", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot list_workspace_files_outputs[] = {
	{ .name = "file", .type = "str" },
	{ 0 },
};

static const struct node_prop read_text_file_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "encoding", .type = "str", .def = "\"utf-8\"" },
	{ 0 },
};

static const struct node_prop write_text_file_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "content", .type = "str", .def = "\"\"" },
	{ .name = "encoding", .type = "str", .def = "\"utf-8\"" },
	{ .name = "append", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_prop read_binary_file_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop write_binary_file_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "content", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop delete_workspace_file_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "recursive", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot delete_workspace_file_outputs[] = {
	{ .name = "output", .type = "none" },
	{ 0 },
};

static const struct node_slot workspace_file_exists_outputs[] = {
	{ .name = "output", .type = "bool" },
	{ 0 },
};

static const struct node_slot get_workspace_file_info_outputs[] = {
	{ .name = "output", .type = "dict" },
	{ 0 },
};

static const struct node_prop copy_workspace_file_props[] = {
	{ .name = "source", .type = "str", .def = "\"\"" },
	{ .name = "destination", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot get_workspace_file_size_outputs[] = {
	{ .name = "output", .type = "int" },
	{ 0 },
};

static const struct node_prop join_workspace_paths_props[] = {
	{ .name = "paths", .type = "list[str]", .def = "[]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.workspace.GetWorkspaceDir",
		.title = "Get Workspace Dir",
		.description = "Gives the folder of the workflow's workspace.",
		.props = no_props,
		.outputs = get_workspace_dir_outputs,
		.process = get_workspace_dir,
	},
	{
		.type = "nodetool.workspace.ListWorkspaceFiles",
		.title = "List Workspace Files",
		.description = "Lists the files of the workspace whose names fit a pattern.",
		.props = list_workspace_files_props,
		.outputs = list_workspace_files_outputs,
		.flags = NODE_STREAMS_OUTPUT,
		.process = list_files,
		.state_size = sizeof(struct list_state),
		.destroy = list_destroy,
		.next = next_file,
	},
	{
		.type = "nodetool.workspace.ReadTextFile",
		.title = "Read Text File",
		.description = "Reads a text file of the workspace.",
		.props = read_text_file_props,
		.outputs = get_workspace_dir_outputs,
		.flags = NODE_BLOCKING,
		.process = read_text,
	},
	{
		.type = "nodetool.workspace.WriteTextFile",
		.title = "Write Text File",
		.description = "Writes a text file of the workspace.",
		.props = write_text_file_props,
		.outputs = get_workspace_dir_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = write_text,
	},
	{
		.type = "nodetool.workspace.ReadBinaryFile",
		.title = "Read Binary File",
		.description = "Reads a file of the workspace as base64.",
		.props = read_binary_file_props,
		.outputs = get_workspace_dir_outputs,
		.flags = NODE_BLOCKING,
		.process = read_binary,
	},
	{
		.type = "nodetool.workspace.WriteBinaryFile",
		.title = "Write Binary File",
		.description = "Writes a file of the workspace from base64.",
		.props = write_binary_file_props,
		.outputs = get_workspace_dir_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = write_binary,
	},
	{
		.type = "nodetool.workspace.DeleteWorkspaceFile",
		.title = "Delete Workspace File",
		.description = "Deletes a file or folder of the workspace.",
		.props = delete_workspace_file_props,
		.outputs = delete_workspace_file_outputs,
		.flags = NODE_NOT_CACHEABLE | NODE_ONCE | NODE_BLOCKING,
		.process = delete_file,
	},
	{
		.type = "nodetool.workspace.CreateWorkspaceDirectory",
		.title = "Create Workspace Directory",
		.description = "Makes a folder in the workspace.",
		.props = read_binary_file_props,
		.outputs = get_workspace_dir_outputs,
		.flags = NODE_ONCE,
		.process = create_directory,
	},
	{
		.type = "nodetool.workspace.WorkspaceFileExists",
		.title = "Workspace File Exists",
		.description = "Tells whether something is at a path of the workspace.",
		.props = read_binary_file_props,
		.outputs = workspace_file_exists_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = file_exists,
	},
	{
		.type = "nodetool.workspace.GetWorkspaceFileInfo",
		.title = "Get Workspace File Info",
		.description = "Gives size, kind and times of a file of the workspace.",
		.props = read_binary_file_props,
		.outputs = get_workspace_file_info_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = file_info,
	},
	{
		.type = "nodetool.workspace.CopyWorkspaceFile",
		.title = "Copy Workspace File",
		.description = "Copies a file or folder within the workspace.",
		.props = copy_workspace_file_props,
		.outputs = get_workspace_dir_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = copy_file,
	},
	{
		.type = "nodetool.workspace.MoveWorkspaceFile",
		.title = "Move Workspace File",
		.description = "Moves a file or folder within the workspace.",
		.props = copy_workspace_file_props,
		.outputs = get_workspace_dir_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = move_file,
	},
	{
		.type = "nodetool.workspace.GetWorkspaceFileSize",
		.title = "Get Workspace File Size",
		.description = "Gives the size of a file of the workspace in bytes.",
		.props = read_binary_file_props,
		.outputs = get_workspace_file_size_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = file_size,
	},
	{
		.type = "nodetool.workspace.IsWorkspaceFile",
		.title = "Is Workspace File",
		.description = "Tells whether a path of the workspace leads to a file.",
		.props = read_binary_file_props,
		.outputs = workspace_file_exists_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = is_file,
	},
	{
		.type = "nodetool.workspace.IsWorkspaceDirectory",
		.title = "Is Workspace Directory",
		.description = "Tells whether a path of the workspace leads to a folder.",
		.props = read_binary_file_props,
		.outputs = workspace_file_exists_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = is_directory,
	},
	{
		.type = "nodetool.workspace.JoinWorkspacePaths",
		.title = "Join Workspace Paths",
		.description = "Joins parts of a path within the workspace.",
		.props = join_workspace_paths_props,
		.outputs = get_workspace_dir_outputs,
		.process = join_paths,
	},
};

NODE_TABLE(nodes_workspace, types);
