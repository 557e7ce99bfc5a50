/*
 * paths: the one place that decides which files a node may touch, and the file operations that hold to it.
 *
 * A desktop server without authentication lets nodes use every path that its user may use. Wherever authentication is on,
 * or the mode is private or public, a path must lie below the run's workspace, the temporary folder or a folder that the
 * operator lists in NODETOOL_ALLOWED_PATHS (separated by colons), and no part of it below that folder may begin with a
 * dot. The kernel resolves it (openat2 with RESOLVE_BENEATH; where that is missing, part by part without following
 * links), so a link never leads out.
 */
#ifndef NODES_PATHS_H
#define NODES_PATHS_H

#include "nodes/node.h"

#include <fcntl.h>
#include <sys/stat.h>

/* A path that was found permitted: a folder and what lies below it. */
struct path {
	int root;	 /* open folder, or AT_FDCWD: `below` is then the whole path */
	const char *below; /* in memory of the node's arena; "." for the folder itself */
	const char *full;  /* the whole path, for messages of this machine's own user and for results */
};

/* True when nodes are kept to their folders. */
bool paths_restricted(void);

/* A path of this machine as nodes of lib.os take it: "~" is expanded, a relative one begins at the workspace where nodes
 * are kept to their folders, else at the working folder. -1 when it is not permitted (status 403). The arena closes the
 * folder. */
int path_any(struct node_ctx *ctx, const char *text, struct path *out, struct err *err) MUST_CHECK;
/* A path within the workspace: relative, not empty, without "..". -1 (status 400) otherwise or without a workspace. */
int path_workspace(struct node_ctx *ctx, const char *text, struct path *out, struct err *err) MUST_CHECK;

/* open(2), O_CLOEXEC added; a file descriptor or -1 with errno. */
int path_open(const struct path *path, int flags, mode_t mode);
/* stat(2), following links; 0 or -1 with errno. */
int path_stat(const struct path *path, struct stat *st);
bool path_exists(const struct path *path);
bool path_is_file(const struct path *path);
bool path_is_dir(const struct path *path);
bool path_is_link(const struct path *path);
/* The same path with `name` behind it (a name from a folder, or several parts); in memory of the node's arena. */
struct path path_child(struct node_ctx *ctx, const struct path *path, const char *name);

/* Makes the folder and what is missing above it; 0 when it is there. */
int path_make_dirs(const struct path *path, struct err *err) MUST_CHECK;
/* Makes the folder that the path lies in. */
int path_make_parent(struct node_ctx *ctx, const struct path *path, struct err *err) MUST_CHECK;
/* Removes a file, or a folder with all that is in it. */
int path_remove(const struct path *path, struct err *err) MUST_CHECK;
int path_remove_tree(const struct path *path, struct err *err) MUST_CHECK;
/* Copies a file with its mode and times, as shutil.copy2 does; the target is replaced. */
int path_copy_file(const struct path *from, const struct path *to, struct err *err) MUST_CHECK;
/* Copies a folder with all that is in it to a path that must not exist. */
int path_copy_tree(struct node_ctx *ctx, const struct path *from, const struct path *to, struct err *err) MUST_CHECK;
/* Moves as shutil.move does: into an existing folder (an error when the name is there), over an existing file. */
int path_move(struct node_ctx *ctx, const struct path *from, struct path to, struct err *err) MUST_CHECK;

/* The whole content, at most `max` bytes; the buffer is initialised here, freed by the caller. */
int path_read(const struct path *path, size_t max, struct buf *out, struct err *err) MUST_CHECK;
int path_write(const struct path *path, const void *data, size_t len, bool append, struct err *err) MUST_CHECK;

/* glob.glob: `recursive` gives a part "**" its meaning. Pushes texts: `prefix` joined with what was found below
 * `path`. Hidden names only for patterns that begin with a dot. At most 1,000,000 names. */
int path_glob(struct node_ctx *ctx, const struct path *path, const char *prefix, const char *pattern, bool recursive,
	      struct value *out, struct err *err) MUST_CHECK;
/* fnmatch.fnmatchcase. */
bool name_matches(struct sv name, struct sv pattern);

/* A file name with the codes of strftime replaced, in local time. Memory of the arena, or the name itself. */
const char *path_dated(struct arena *arena, const char *name);

#endif
