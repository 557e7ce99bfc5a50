/*
 * node_index: a full-text index (FTS5) of node types, in memory: made by the process that searches, gone with it.
 */
#ifndef MODEL_NODE_INDEX_H
#define MODEL_NODE_INDEX_H

#include "db/db.h"

/* An empty index; the caller closes it with db_close. */
int node_index_open(struct db **out, struct err *err) MUST_CHECK;

struct node_entry {
	const char *type;        /* "nodetool.text.Concat" */
	const char *package;     /* who has it */
	const char *title;
	const char *words;       /* the type as words, beside itself */
	const char *description;
	bool runnable;
	struct sv json;          /* what is shown of it */
};

/* Adds a node type inside of a transaction; a type that is there already stays as it is. */
int node_index_add(struct db *db, const struct node_entry *entry, struct err *err) MUST_CHECK;

/* Called with what is shown of a node; other than 0 ends it and is returned. */
typedef int node_index_each(struct sv json, void *arg);
/* The nodes that fit an FTS5 expression, best first; limit < 0: all. */
int node_index_search(struct db *db, const char *expression, int64_t limit, node_index_each *each, void *arg,
		      struct err *err) MUST_CHECK;
/* All nodes, as they were added. */
int node_index_all(struct db *db, int64_t limit, node_index_each *each, void *arg, struct err *err) MUST_CHECK;
/* The package of a type: 0, or 1 when it is not there. */
int node_index_package(struct db *db, struct arena *arena, const char *type, const char **package, struct err *err) MUST_CHECK;

#endif
