/*
 * package: packages of nodes, examples and assets on disk.
 *
 * A package is a folder with package_metadata/NAME.json, examples/NAME/EXAMPLE.json and assets/NAME/FILE; a folder may hold
 * several packages so. Packages are looked for
 *   - in the folders of NODETOOL_PACKAGE_PATH (colons between them), and in the folders there; without it in "packages" of
 *     config_share_dir(), where the server's own package stands. As with MANPATH, an empty part of the path stands for that
 *     folder: "/my/packages:" has both;
 *   - in the Python environment NODETOOL_PYTHON_ENV: lib/python3.x/site-packages/nodetool, and the same below the folders
 *     that .pth files name there (packages that were installed to be worked on).
 * Of packages of one name the first that is found counts. What was read is kept by the process until the folder or the file
 * has changed. One thread.
 * Source: notes-workflows section 5, notes-assets section 3.
 */
#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

#include "value/value.h"

/* The server's own package: it has every node that runs here. */
#define PACKAGE_OWN "nodetool-server"

struct package {
	char *name;
	char *folder;
	struct value *metadata; /* a map: name, description, version, assets (a list), examples (a list) …; without nodes */
};

/* How many packages there are now; looks again when a folder has changed. */
size_t package_count(void);
/* Lent until the next package_count or package_find. */
const struct package *package_at(size_t i);
const struct package *package_find(const char *name);

/* The whole metadata as it stands in the file, with its nodes: a new reference; NULL when the file is gone. */
struct value *package_read(const struct package *package);
/* The nodes of all packages, read once and kept until the packages change: a list of lists, lent likewise. For those that go
 * through all of them again and again. */
const struct value *package_nodes(void);
/* The title of a node type in any package's metadata; NULL when none has it. */
const char *package_node_title(const char *type);

/* ---- examples (example.c) -------------------------------------------------------------------------------- */

/* One example as it stands in its file; NULL when there is no file of exactly that name (any character but "/" may stand in
 * it). Lent until it is asked for again, or the packages are. *path (may be NULL) is its place on disk, lent likewise. */
const struct value *package_example(const struct package *package, const char *name, const char **path);
/* Stores an example: examples/NAME/EXAMPLE.json, written aside and renamed. */
int package_save_example(const struct package *package, const char *name, const struct value *example, struct err *err)
	MUST_CHECK;

/* ---- search over the nodes of all packages (search.c) ---------------------------------------------------- */

/* Appends the nodes that fit the query as JSON objects with commas between them, the best first: each as its package has it,
 * with `package` (the package's repo_id, or its name where that is empty) and `runnable` (false: no graph with it can be run
 * here yet). Every word of the query must fit the beginning of a word of title, type or description; when no node has all,
 * those that have some. An empty query fits all, in the order of the packages. Every node type appears once: as the first
 * package has it; those that run here are always there. limit 0: no limit. */
int package_search(const char *query, int64_t limit, struct buf *out, size_t *count, struct err *err) MUST_CHECK;
/* The package that has a node type (as `package` above): 0, or 1 when none has it. */
int package_of_node(struct arena *arena, const char *type, const char **package, struct err *err) MUST_CHECK;

/* Frees everything that is kept. */
void package_free_all(void);

#endif
