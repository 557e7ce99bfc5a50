/*
 * package: packages of nodes, examples and assets on disk.
 *
 * A package is a folder with package_metadata/NAME.json, examples/NAME/EXAMPLE.json and assets/NAME/FILE. Packages are looked for in
 * the folders of NODETOOL_PACKAGE_PATH (colons between them), else in "packages" of config_share_dir(). What was read is
 * kept by the process until the folder or the file has changed.
 * Source: notes-workflows section 5.
 */
#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

#include "value/value.h"

struct package {
	char *name;
	char *folder;
	struct value *metadata; /* a map: name, description, version, nodes, examples, assets … */
};

/* How many packages there are now; looks again when a folder has changed. */
size_t package_count(void);
/* Lent until the next package_count. */
const struct package *package_at(size_t i);
const struct package *package_find(const char *name);

/* One example as it stands in its file; NULL when there is no file of exactly that name (any character but "/" may stand in
 * it). Lent until the file changes. *path (may be NULL) is its place on disk, lent likewise. */
const struct value *package_example(const struct package *package, const char *name, const char **path);
/* Stores an example: examples/NAME/EXAMPLE.json, written aside and renamed. */
int package_save_example(const struct package *package, const char *name, const struct value *example, struct err *err)
	MUST_CHECK;

/* The title of a node type in any package's metadata; NULL when none has it. */
const char *package_node_title(const char *type);
/* Frees everything that is kept. */
void package_free_all(void);

#endif
