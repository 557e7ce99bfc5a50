/* The index of node types. */
#include "model/node_index.h"

/* `node` holds what is shown; the index holds words only. Stemming lets "concatenates" find "Concat"'s description. */
static const char schema[] = "CREATE TABLE node (id INTEGER PRIMARY KEY, type TEXT NOT NULL UNIQUE, package TEXT NOT NULL, "
			     "runnable INTEGER NOT NULL, json TEXT NOT NULL);"
			     "CREATE VIRTUAL TABLE node_words USING fts5(title, words, description, content='', "
			     "tokenize='porter unicode61 remove_diacritics 2', prefix='2 3')";

static const char insert_node[] = "INSERT OR IGNORE INTO node (type, package, runnable, json) VALUES (?1, ?2, ?3, ?4)";
static const char insert_words[] = "INSERT INTO node_words (rowid, title, words, description) VALUES (last_insert_rowid(), ?1, "
				   "?2, ?3)";
/* A word in the title counts most. What can be run comes first where nothing else tells two nodes apart. */
static const char search[] = "SELECT node.json FROM node_words JOIN node ON node.id = node_words.rowid "
			     "WHERE node_words MATCH ?1 "
			     "ORDER BY bm25(node_words, 10.0, 4.0, 1.0), node.runnable DESC, node.type LIMIT ?2";
static const char all[] = "SELECT json FROM node ORDER BY id LIMIT ?1";
static const char package_of[] = "SELECT package FROM node WHERE type = ?1";

int node_index_open(struct db **out, struct err *err)
{
	return db_open_memory(out, schema, err);
}

int node_index_add(struct db *db, const struct node_entry *entry, struct err *err)
{
	struct db_stmt *st = db_prepare(db, insert_node, err);
	int64_t added;

	if (!st)
		return -1;
	db_bind_text(st, 1, entry->type);
	db_bind_text(st, 2, entry->package);
	db_bind_int(st, 3, entry->runnable);
	db_bind_sv(st, 4, entry->json);
	added = db_run(st, err);
	if (added <= 0)
		return (int)added;
	st = db_prepare(db, insert_words, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, entry->title);
	db_bind_text(st, 2, entry->words);
	db_bind_text(st, 3, entry->description);
	return db_run(st, err) < 0 ? -1 : 0;
}

static int each_row(struct db_stmt *st, node_index_each *each, void *arg, struct err *err)
{
	int rc;

	while ((rc = db_step(st, err)) == 1) {
		rc = each(db_col_sv(st, 0), arg);
		if (rc)
			break;
	}
	db_release(st);
	return rc;
}

int node_index_search(struct db *db, const char *expression, int64_t limit, node_index_each *each, void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, search, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, expression);
	db_bind_int(st, 2, limit);
	return each_row(st, each, arg, err);
}

int node_index_all(struct db *db, int64_t limit, node_index_each *each, void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, all, err);

	if (!st)
		return -1;
	db_bind_int(st, 1, limit);
	return each_row(st, each, arg, err);
}

int node_index_package(struct db *db, struct arena *arena, const char *type, const char **package, struct err *err)
{
	struct db_stmt *st = db_prepare(db, package_of, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, type);
	rc = db_step(st, err);
	if (rc == 1)
		*package = db_col_dup(st, 0, arena);
	db_release(st);
	return rc < 0 ? -1 : !rc;
}
