/* package, for its own files. */
#ifndef PACKAGE_INTERNAL_H
#define PACKAGE_INTERNAL_H

#include <sys/stat.h>

#include "package/package.h"

#define PACKAGE_FILE_MAX ((size_t)64 << 20)

/* What tells that a file or folder is the one that was read. All zero: there was none. */
struct package_stamp {
	struct timespec mtime;
	off_t size;
	bool fresh; /* changed just now: the clock of files may not tell a further change from this one */
};

/* False when there is nothing at `path`. */
bool package_stamp_of(const char *path, struct package_stamp *out);
/* False also when it cannot be told. */
bool package_stamp_same(const struct package_stamp *a, const struct package_stamp *b);
/* A JSON file; NULL when it is not there or no JSON (which is logged). New reference. */
struct value *package_read_json(const char *path);

/* A number that is another one after each time that packages were looked for anew. */
uint64_t package_generation(void);

/* What the other files keep (find.c calls them when it forgets its own). */
void package_forget_examples(void);
void package_forget_nodes(void);

#endif
