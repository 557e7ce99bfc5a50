/* posixpath: paths as texts, by the rules of Python's os.path. Results are in memory of the arena or parts of the text. */
#ifndef NODES_POSIXPATH_H
#define NODES_POSIXPATH_H

#include "base/base.h"

/* Behind the last slash, and what is before it (without slashes at its end, unless it is all slashes). */
struct sv posix_basename(struct sv path);
struct sv posix_dirname(struct sv path);
/* Where the extension (with its dot) begins; path.n when there is none. Leading dots of a name make no extension. */
size_t posix_extension(struct sv path);
/* os.path.join of two parts. */
char *posix_join(struct arena *arena, const char *a, const char *b);
char *posix_normalize(struct arena *arena, const char *path);
/* Relative ones begin at `base`. */
char *posix_absolute(struct arena *arena, const char *base, const char *path);
/* Both absolute and normal. */
char *posix_relative(struct arena *arena, const char *target, const char *start);
/* "~" and "~user" at the begin; unchanged when the user is unknown. */
char *posix_expand_user(struct arena *arena, const char *path);

#endif
