/* lib.os: paths and file names as texts, by the rules of Python's posixpath and fnmatch. */
#include "pytext/pytext.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/os_common.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <stdlib.h>
#include <string.h>

static struct value *sv_value(struct sv text)
{
	return value_strn(text.p, text.n);
}

static enum node_result fail_empty(struct node_ctx *ctx, const char *name)
{
	return node_fail(ctx, "%s must not be empty", name);
}

/* A path property with "~" expanded, as text only. */
static struct sv expanded(struct node_ctx *ctx, const char *name)
{
	return sv_of(posix_expand_user(node_arena(ctx), node_text(ctx, name)));
}

static enum node_result file_extension(struct node_ctx *ctx)
{
	struct sv text = expanded(ctx, "path");
	size_t at = posix_extension(text);

	return os_needed(ctx, "path") ? done(ctx, value_strn(text.p + at, text.n - at)) : NODE_FAILED;
}

static enum node_result file_name(struct node_ctx *ctx)
{
	return os_needed(ctx, "path") ? done(ctx, sv_value(posix_basename(expanded(ctx, "path")))) : NODE_FAILED;
}

static enum node_result get_directory(struct node_ctx *ctx)
{
	return os_needed(ctx, "path") ? done(ctx, sv_value(posix_dirname(expanded(ctx, "path")))) : NODE_FAILED;
}

static enum node_result dirname_of(struct node_ctx *ctx)
{
	return done(ctx, sv_value(posix_dirname(expanded(ctx, "path"))));
}

static enum node_result basename_of(struct node_ctx *ctx)
{
	struct sv name;

	if (!strip(node_sv(ctx, "path")).n)
		return fail_empty(ctx, "path");
	name = posix_basename(expanded(ctx, "path"));
	if (node_bool(ctx, "remove_extension"))
		name.n = posix_extension(name);
	return done(ctx, sv_value(name));
}

static enum node_result split_path(struct node_ctx *ctx)
{
	struct sv text = expanded(ctx, "path");
	struct value *parts = value_map();

	map_set(parts, "dirname", sv_value(posix_dirname(text)));
	map_set(parts, "basename", sv_value(posix_basename(text)));
	return done(ctx, parts);
}

static enum node_result split_extension(struct node_ctx *ctx)
{
	struct sv text = expanded(ctx, "path");
	size_t at = posix_extension(text);
	struct value *parts = value_map();

	map_set(parts, "root", value_strn(text.p, at));
	map_set(parts, "extension", value_strn(text.p + at, text.n - at));
	return done(ctx, parts);
}

static enum node_result join_paths(struct node_ctx *ctx)
{
	const struct value *paths = node_get(ctx, "paths");
	const char *joined;

	if (!value_len(paths))
		return fail_empty(ctx, "paths");
	joined = value_text(list_at(paths, 0));
	for (size_t i = 1; joined && i < value_len(paths); i++) {
		const char *part = value_text(list_at(paths, i));

		joined = part ? posix_join(node_arena(ctx), joined, part) : NULL;
	}
	return joined ? done(ctx, value_str(joined)) : node_fail(ctx, "paths must hold texts only");
}

static enum node_result normalize_path(struct node_ctx *ctx)
{
	const char *text = os_needed(ctx, "path");

	return text ? done(ctx, value_str(posix_normalize(node_arena(ctx), text))) : NODE_FAILED;
}

static enum node_result absolute_path(struct node_ctx *ctx)
{
	if (!os_needed(ctx, "path"))
		return NODE_FAILED;
	return done(ctx, value_str(posix_absolute(node_arena(ctx), os_working_folder(ctx), expanded(ctx, "path").p)));
}

static enum node_result relative_path(struct node_ctx *ctx)
{
	struct arena *arena = node_arena(ctx);
	const char *base = os_working_folder(ctx);
	struct sv start = expanded(ctx, "start_path");

	if (!os_needed(ctx, "target_path"))
		return NODE_FAILED;
	return done(ctx, value_str(posix_relative(arena, posix_absolute(arena, base, expanded(ctx, "target_path").p),
						  posix_absolute(arena, base, start.p))));
}

static enum node_result path_to_string(struct node_ctx *ctx)
{
	const char *text = os_needed(ctx, "file_path");

	return text ? done(ctx, value_str(text)) : NODE_FAILED;
}

/* `case_sensitive` changes nothing here: this system's names have case. */
static enum node_result file_name_match(struct node_ctx *ctx)
{
	return done(ctx, value_bool(name_matches(node_sv(ctx, "filename"), node_sv(ctx, "pattern"))));
}

static bool matches_lower(struct sv name, struct sv pattern)
{
	struct sv lower;
	char *text = pytext_lower(name, &lower.n);
	bool matches;

	lower.p = text;
	matches = name_matches(lower, pattern);
	free(text);
	return matches;
}

static enum node_result filter_file_names(struct node_ctx *ctx)
{
	const struct value *names = node_get(ctx, "filenames");
	bool exact = node_bool(ctx, "case_sensitive");
	struct sv pattern = node_sv(ctx, "pattern");
	struct value *list = value_list();
	char *lower = pytext_lower(pattern, &pattern.n);

	pattern.p = exact ? node_sv(ctx, "pattern").p : lower;
	if (exact)
		pattern.n = node_sv(ctx, "pattern").n;
	for (size_t i = 0; i < value_len(names); i++) {
		struct value *name = list_at(names, i);
		bool matches = exact ? name_matches(value_sv(name), pattern) : matches_lower(value_sv(name), pattern);

		if (matches)
			list_push(list, value_ref(name));
	}
	free(lower);
	return done(ctx, list);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop file_extension_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot file_extension_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop file_name_match_props[] = {
	{ .name = "filename", .type = "str", .def = "\"\"" },
	{ .name = "pattern", .type = "str", .def = "\"*\"" },
	{ .name = "case_sensitive", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot file_name_match_outputs[] = {
	{ .name = "output", .type = "bool" },
	{ 0 },
};

static const struct node_prop filter_file_names_props[] = {
	{ .name = "filenames", .type = "list[str]", .def = "[]" },
	{ .name = "pattern", .type = "str", .def = "\"*\"" },
	{ .name = "case_sensitive", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot filter_file_names_outputs[] = {
	{ .name = "output", .type = "list[str]" },
	{ 0 },
};

static const struct node_prop basename_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "remove_extension", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_prop join_paths_props[] = {
	{ .name = "paths", .type = "list[str]", .def = "[]" },
	{ 0 },
};

static const struct node_slot split_path_outputs[] = {
	{ .name = "output", .type = "dict" },
	{ 0 },
};

static const struct node_prop relative_path_props[] = {
	{ .name = "target_path", .type = "str", .def = "\"\"" },
	{ .name = "start_path", .type = "str", .def = "\".\"" },
	{ 0 },
};

static const struct node_prop path_to_string_props[] = {
	{ .name = "file_path", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.os.FileExtension",
		.title = "File Extension",
		.description = "Gives the extension of a file name, with its dot.",
		.props = file_extension_props,
		.outputs = file_extension_outputs,
		.flags = NODE_PURE,
		.process = file_extension,
	},
	{
		.type = "lib.os.FileName",
		.title = "File Name",
		.description = "Gives the last part of a path.",
		.props = file_extension_props,
		.outputs = file_extension_outputs,
		.flags = NODE_PURE,
		.process = file_name,
	},
	{
		.type = "lib.os.GetDirectory",
		.title = "Get Directory",
		.description = "Gives the folder part of a path.",
		.props = file_extension_props,
		.outputs = file_extension_outputs,
		.flags = NODE_PURE,
		.process = get_directory,
	},
	{
		.type = "lib.os.FileNameMatch",
		.title = "File Name Match",
		.description = "Tells whether a file name fits a pattern.",
		.props = file_name_match_props,
		.outputs = file_name_match_outputs,
		.flags = NODE_PURE,
		.process = file_name_match,
	},
	{
		.type = "lib.os.FilterFileNames",
		.title = "Filter File Names",
		.description = "Keeps the file names that fit a pattern.",
		.props = filter_file_names_props,
		.outputs = filter_file_names_outputs,
		.flags = NODE_PURE,
		.process = filter_file_names,
	},
	{
		.type = "lib.os.Basename",
		.title = "Basename",
		.description = "Gives the last part of a path, if wished without its extension.",
		.props = basename_props,
		.outputs = file_extension_outputs,
		.flags = NODE_PURE,
		.process = basename_of,
	},
	{
		.type = "lib.os.Dirname",
		.title = "Dirname",
		.description = "Gives what stands before the last part of a path.",
		.props = file_extension_props,
		.outputs = file_extension_outputs,
		.flags = NODE_PURE,
		.process = dirname_of,
	},
	{
		.type = "lib.os.JoinPaths",
		.title = "Join Paths",
		.description = "Joins parts of a path.",
		.props = join_paths_props,
		.outputs = file_extension_outputs,
		.flags = NODE_PURE,
		.process = join_paths,
	},
	{
		.type = "lib.os.NormalizePath",
		.title = "Normalize Path",
		.description = "Takes superfluous parts out of a path.",
		.props = file_extension_props,
		.outputs = file_extension_outputs,
		.flags = NODE_PURE,
		.process = normalize_path,
	},
	{
		.type = "lib.os.AbsolutePath",
		.title = "Absolute Path",
		.description = "Makes a path absolute.",
		.props = file_extension_props,
		.outputs = file_extension_outputs,
		.process = absolute_path,
	},
	{
		.type = "lib.os.SplitPath",
		.title = "Split Path",
		.description = "Cuts a path into folder and name.",
		.props = file_extension_props,
		.outputs = split_path_outputs,
		.flags = NODE_PURE,
		.process = split_path,
	},
	{
		.type = "lib.os.SplitExtension",
		.title = "Split Extension",
		.description = "Cuts a path before its extension.",
		.props = file_extension_props,
		.outputs = split_path_outputs,
		.flags = NODE_PURE,
		.process = split_extension,
	},
	{
		.type = "lib.os.RelativePath",
		.title = "Relative Path",
		.description = "Gives a path as seen from a folder.",
		.props = relative_path_props,
		.outputs = file_extension_outputs,
		.process = relative_path,
	},
	{
		.type = "lib.os.PathToString",
		.title = "Path To String",
		.description = "Gives a path as text.",
		.props = path_to_string_props,
		.outputs = file_extension_outputs,
		.flags = NODE_PURE,
		.process = path_to_string,
	},
};

NODE_TABLE(nodes_lib_os_path, types);
