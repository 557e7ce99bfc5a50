/*
 * lib.os: paths, files and folders of this machine, as far as nodes/paths.h permits. The rules of paths are Python's
 * posixpath, those of patterns its fnmatch and glob.
 */
#include "wsd/nodes/datetime.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/os_common.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct value *sv_value(struct sv text)
{
	return value_strn(text.p, text.n);
}

const char *os_needed(struct node_ctx *ctx, const char *name)
{
	struct sv text = node_sv(ctx, name);

	if (!text.n) {
		node_fail(ctx, "%s must not be empty", name);
		return NULL;
	}
	if (strlen(text.p) != text.n) {
		node_fail(ctx, "%s holds a NUL character", name);
		return NULL;
	}
	return text.p;
}

/* The path of a property, permitted; false after node_fail. */
static bool get_path(struct node_ctx *ctx, const char *name, struct path *out)
{
	const char *text = os_needed(ctx, name);
	struct err err;

	if (!text)
		return false;
	if (!path_any(ctx, text, out, &err))
		return true;
	node_fail(ctx, "%s: %s", name, err.detail);
	return false;
}

const char *os_working_folder(struct node_ctx *ctx)
{
	const char *workspace = node_workspace(ctx);
	char here[PATH_MAX];

	if (paths_restricted())
		return workspace ? workspace : "/";
	return getcwd(here, sizeof(here)) ? arena_strdup(node_arena(ctx), here) : "/";
}

/* ---- what is there ------------------------------------------------------------------------------------ */

static enum node_result workspace_directory(struct node_ctx *ctx)
{
	const char *workspace = node_workspace(ctx);

	return workspace ? done(ctx, value_str(workspace)) : node_fail(ctx, "this run has no workspace folder");
}

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

static bool get_stat(struct node_ctx *ctx, struct stat *st)
{
	struct path path;

	if (!get_path(ctx, "path", &path))
		return false;
	if (path_stat(&path, st) == 0)
		return true;
	node_fail(ctx, "path: nothing is there: %.300s", node_text(ctx, "path"));
	return false;
}

static enum node_result get_file_size(struct node_ctx *ctx)
{
	struct stat st;

	return get_stat(ctx, &st) ? done(ctx, value_int(st.st_size)) : NODE_FAILED;
}

/* Local time, as datetime.fromtimestamp gives it from a time in float seconds. */
static enum node_result done_time(struct node_ctx *ctx, struct timespec time)
{
	double whole;
	double fraction = modf((double)time.tv_sec + 1e-9 * (double)time.tv_nsec, &whole);
	struct datetime dt;

	dt_from_unix_local((int64_t)whole * DT_SECOND + (int64_t)nearbyint(fraction * 1e6), &dt);
	return done(ctx, dt_to_value(&dt));
}

static enum node_result created_time(struct node_ctx *ctx)
{
	struct stat st;

	return get_stat(ctx, &st) ? done_time(ctx, st.st_ctim) : NODE_FAILED;
}

static enum node_result modified_time(struct node_ctx *ctx)
{
	struct stat st;

	return get_stat(ctx, &st) ? done_time(ctx, st.st_mtim) : NODE_FAILED;
}

static enum node_result accessed_time(struct node_ctx *ctx)
{
	struct stat st;

	return get_stat(ctx, &st) ? done_time(ctx, st.st_atim) : NODE_FAILED;
}

static enum node_result get_path_info(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "path");
	struct value *info = value_map();
	size_t extension = posix_extension(text);
	struct path path = { AT_FDCWD, "", "" };
	struct err err;

	/* "~" stays as it is here, so it is the name of a file. */
	if (text.n &&
	    path_any(ctx, text.p[0] == '~' ? posix_join(node_arena(ctx), ".", text.p) : text.p, &path, &err)) {
		value_unref(info);
		return node_fail(ctx, "path: %s", err.detail);
	}
	map_set(info, "dirname", sv_value(posix_dirname(text)));
	map_set(info, "basename", sv_value(posix_basename(text)));
	map_set(info, "extension", value_strn(text.p + extension, text.n - extension));
	map_set_str(info, "absolute", posix_absolute(node_arena(ctx), os_working_folder(ctx), text.p));
	map_set_bool(info, "exists", text.n && path_exists(&path));
	map_set_bool(info, "is_file", text.n && path_is_file(&path));
	map_set_bool(info, "is_dir", text.n && path_is_dir(&path));
	map_set_bool(info, "is_symlink", text.n && path_is_link(&path));
	return done(ctx, info);
}

/* ---- lists -------------------------------------------------------------------------------------------- */

/* Cuts a pattern into the folder that has no wild card in it and the rest. */
static void split_pattern(struct arena *arena, const char *pattern, char **folder, const char **rest)
{
	size_t magic = strcspn(pattern, "*?[");
	size_t len = magic;

	while (len && pattern[len - 1] != '/')
		len--;
	*rest = pattern + len;
	while (len > 1 && pattern[len - 1] == '/')
		len--;
	*folder = arena_strndup(arena, pattern, len);
}

static enum node_result list_files(struct node_ctx *ctx)
{
	struct arena *arena = node_arena(ctx);
	const char *folder = os_needed(ctx, "folder");
	bool deep = node_bool(ctx, "include_subdirectories");
	struct path path;
	struct err err;
	const char *rest;
	char *pattern;
	char *base;

	if (!folder)
		return NODE_FAILED;
	pattern = posix_expand_user(arena, folder);
	if (deep)
		pattern = posix_join(arena, pattern, "**");
	split_pattern(arena, posix_join(arena, pattern, node_text(ctx, "pattern")), &base, &rest);
	if (path_any(ctx, *base ? base : ".", &path, &err) ||
	    path_glob(ctx, &path, base, rest, deep, list_begin(ctx), &err))
		return node_fail(ctx, "folder: %s", err.detail);
	return NODE_DONE;
}

/* The generator's items are bare names: this wraps each when it is sent. */
static enum node_result next_file(struct node_ctx *ctx)
{
	struct list_state *state = node_state(ctx);
	struct value *name = list_at(state->items, state->at);

	if (!name)
		return NODE_DONE;
	node_emit(ctx, "file", value_ref(name));
	return ++state->at < value_len(state->items) ? NODE_MORE : NODE_DONE;
}

/* ---- changes ------------------------------------------------------------------------------------------ */

static enum node_result copy_file(struct node_ctx *ctx)
{
	struct path from;
	struct path to;
	struct err err;

	if (!get_path(ctx, "source_path", &from) || !get_path(ctx, "destination_path", &to))
		return NODE_FAILED;
	if (path_is_dir(&to)) {
		struct sv name = posix_basename(sv_of(from.full));

		to = path_child(ctx, &to, arena_strndup(node_arena(ctx), name.p, name.n));
	}
	return path_copy_file(&from, &to, &err) ? fail_err(ctx, &err) : NODE_DONE;
}

static enum node_result move_file(struct node_ctx *ctx)
{
	struct path from;
	struct path to;
	struct err err;

	if (!get_path(ctx, "source_path", &from) || !get_path(ctx, "destination_path", &to))
		return NODE_FAILED;
	return path_move(ctx, &from, to, &err) ? fail_err(ctx, &err) : NODE_DONE;
}

static enum node_result create_directory(struct node_ctx *ctx)
{
	struct path path;
	struct err err;

	if (!get_path(ctx, "path", &path))
		return NODE_FAILED;
	if (!node_bool(ctx, "exist_ok") && path_exists(&path))
		return node_fail(ctx, "path: it is already there: %.300s", node_text(ctx, "path"));
	return path_make_dirs(&path, &err) ? fail_err(ctx, &err) : NODE_DONE;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop no_props[] = { { 0 } };

static const struct node_slot workspace_directory_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop file_exists_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot file_exists_outputs[] = {
	{ .name = "output", .type = "bool" },
	{ 0 },
};

static const struct node_prop list_files_props[] = {
	{ .name = "folder", .type = "str", .def = "\"~\"" },
	{ .name = "pattern", .type = "str", .def = "\"*\"" },
	{ .name = "include_subdirectories", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot list_files_outputs[] = {
	{ .name = "file", .type = "str" },
	{ 0 },
};

static const struct node_prop copy_file_props[] = {
	{ .name = "source_path", .type = "str", .def = "\"\"" },
	{ .name = "destination_path", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot no_outputs[] = { { 0 } };

static const struct node_prop create_directory_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "exist_ok", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot get_file_size_outputs[] = {
	{ .name = "output", .type = "int" },
	{ 0 },
};

static const struct node_slot created_time_outputs[] = {
	{ .name = "output", .type = "datetime" },
	{ 0 },
};

static const struct node_slot get_path_info_outputs[] = {
	{ .name = "output", .type = "dict" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.os.WorkspaceDirectory",
		.title = "Workspace Directory",
		.description = "Gives the folder of the workflow's workspace.",
		.props = no_props,
		.outputs = workspace_directory_outputs,
		.process = workspace_directory,
	},
	{
		.type = "lib.os.FileExists",
		.title = "File Exists",
		.description = "Tells whether something is at a path.",
		.props = file_exists_props,
		.outputs = file_exists_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = file_exists,
	},
	{
		.type = "lib.os.ListFiles",
		.title = "List Files",
		.description = "Lists the files of a folder whose names fit a pattern.",
		.props = list_files_props,
		.outputs = list_files_outputs,
		.flags = NODE_STREAMS_OUTPUT,
		.process = list_files,
		.state_size = sizeof(struct list_state),
		.destroy = list_destroy,
		.next = next_file,
	},
	{
		.type = "lib.os.CopyFile",
		.title = "Copy File",
		.description = "Copies a file.",
		.props = copy_file_props,
		.outputs = no_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = copy_file,
	},
	{
		.type = "lib.os.MoveFile",
		.title = "Move File",
		.description = "Moves or renames a file or folder.",
		.props = copy_file_props,
		.outputs = no_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = move_file,
	},
	{
		.type = "lib.os.CreateDirectory",
		.title = "Create Directory",
		.description = "Makes a folder, with those above it.",
		.props = create_directory_props,
		.outputs = no_outputs,
		.flags = NODE_ONCE,
		.process = create_directory,
	},
	{
		.type = "lib.os.GetFileSize",
		.title = "Get File Size",
		.description = "Gives the size of a file in bytes.",
		.props = file_exists_props,
		.outputs = get_file_size_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = get_file_size,
	},
	{
		.type = "lib.os.CreatedTime",
		.title = "Created Time",
		.description = "Gives the time at which a file's entry last changed.",
		.props = file_exists_props,
		.outputs = created_time_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = created_time,
	},
	{
		.type = "lib.os.ModifiedTime",
		.title = "Modified Time",
		.description = "Gives the time at which a file was last written.",
		.props = file_exists_props,
		.outputs = created_time_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = modified_time,
	},
	{
		.type = "lib.os.AccessedTime",
		.title = "Accessed Time",
		.description = "Gives the time at which a file was last read.",
		.props = file_exists_props,
		.outputs = created_time_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = accessed_time,
	},
	{
		.type = "lib.os.IsFile",
		.title = "Is File",
		.description = "Tells whether a path leads to a file.",
		.props = file_exists_props,
		.outputs = file_exists_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = is_file,
	},
	{
		.type = "lib.os.IsDirectory",
		.title = "Is Directory",
		.description = "Tells whether a path leads to a folder.",
		.props = file_exists_props,
		.outputs = file_exists_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = is_directory,
	},
	{
		.type = "lib.os.GetPathInfo",
		.title = "Get Path Info",
		.description = "Gives the parts of a path and what is there.",
		.props = file_exists_props,
		.outputs = get_path_info_outputs,
		.process = get_path_info,
	},
};

NODE_TABLE(nodes_lib_os, types);
