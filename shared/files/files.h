/*
 * files: files below a folder, under paths that come from outside. One place for the checks: first the text (files_absolute,
 * files_below, files_hidden), then the kernel, which resolves the path beneath an open folder (openat2; where that is missing,
 * part by part without following links), so that neither ".." nor a link leads out, also when somebody changes links meanwhile.
 * Source: notes-assets section 9, attacks 1 to 10.
 */
#ifndef FILES_FILES_H
#define FILES_FILES_H

#include <sys/types.h>

#include "base/base.h"

/* The path made absolute from `base` and normal: no ".", "..", doubled or final slashes. Only the text counts. */
char *files_absolute(struct arena *arena, const char *base, const char *path);
/* What of a normal absolute path lies below the normal folder ("." for the folder itself); NULL when it lies elsewhere.
 * Lent by `path`. */
const char *files_below(const char *folder, const char *path);
/* True when a part of the path begins with a dot ("." alone does not count). */
bool files_hidden(const char *path);
/* The path with its links resolved as far as something is there, what is missing behind it as it is; NULL (errno) when it
 * cannot be told: no right to look, links in a circle. `path` is normal. */
char *files_real(struct arena *arena, const char *path);

enum files_links {
	FILES_NO_LINKS,	    /* a link anywhere in the path: ELOOP */
	FILES_INNER_LINKS   /* links are followed as long as they stay below the folder (not where openat2 is missing) */
};

/* open(2) of a relative path below an open folder; O_CLOEXEC is added. -1 with errno: EXDEV or ELOOP for what leads out. */
int files_open(int folder, const char *below, enum files_links links, int flags, mode_t mode);
/* Puts the finished file `source` there (its name is gone then), replacing a file and making missing folders; readers see the
 * old file or the new one. -1 with errno: EISDIR for a folder, EXDEV and ELOOP as above. */
int files_put(int folder, const char *below, enum files_links links, const char *source) MUST_CHECK;
/* The rest of one descriptor into another. -1 with errno. */
int files_copy(int from, int to) MUST_CHECK;

/* Walks everything below a folder, links not followed, at most FILES_WALK_DEPTH folders deep and FILES_WALK_MAX entries;
 * nothing happens where there is no folder. `each` gets regular files (`at` is the open folder that holds it, `path` the whole
 * path) and ends the walk with a value that is not 0, which is returned. */
#define FILES_WALK_DEPTH 32
#define FILES_WALK_MAX 200000
int files_walk(struct arena *arena, const char *folder, int (*each)(int at, const char *name, const char *path, void *arg),
	       void *arg);

/* The same, but a link to a regular file counts as one. For folders that only this server's owner writes to. */
int files_walk_linked(struct arena *arena, const char *folder,
		      int (*each)(int at, const char *name, const char *path, void *arg), void *arg);
/* Removes a name in an open folder with all that is in it, at most `depth` folders deep; links are removed, not followed.
 * -1 with errno. */
int files_remove_tree(int folder, const char *name, int depth) MUST_CHECK;

#endif
