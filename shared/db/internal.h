/* What the files of shared/db share; nobody else includes this. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include <sqlite3.h>

#include "db/db.h"

#define STMT_CACHE 256 /* power of two; more statements than a program has */

struct db_stmt {
	struct db *db;
	sqlite3_stmt *stmt;
	const char *sql;
	bool in_use;
	bool twin;     /* a second one of the same text: finalized at its release */
	bool writes;
};

struct db {
	sqlite3 *conn;
	char *path;
	int busy_ms;
	int64_t busy_count; /* how often somebody else's lock was waited for */
	int64_t busy_since; /* monotonic microseconds of the first wait for the present lock */
	int lock_fd;        /* PATH-ckpt.lock */
	bool full_sync;     /* what PRAGMA synchronous is set to */
	bool in_tx;
	const char *tx_file;
	int tx_line;
	struct db_stmt cache[STMT_CACHE];
};

/* Turns SQLite's result into an error; logs it with the text it happened at. Returns -1. */
int db_fail(struct db *db, int rc, const char *what, struct err *err);
/* Runs one text that gives no rows, without the checks of db_step. */
int db_exec(struct db *db, const char *sql, struct err *err);
/* The first column of the first row as a number, `fallback` when there is no row. -1 on error. */
int db_query_int(struct db *db, const char *sql, int64_t fallback, int64_t *out, struct err *err);
/* Finalizes all kept statements. */
void db_cache_clear(struct db *db);
/* Writers (shared) and the checkpointer (exclusive) exclude each other by these. */
int db_lock_shared(struct db *db, struct err *err);
int db_lock_exclusive(struct db *db, struct err *err);
void db_unlock(struct db *db);
/* Creates or completes the tables (migrate.c). */
int db_migrate(struct db *db, struct err *err);

/* ---- what the file must contain (schema.c) ------------------------------------------------------------ */

struct schema_column {
	const char *name;
	const char *decl;
	/* Run once when the column had to be added to an existing table; NULL: nothing. */
	const char *fill;
};

struct schema_table {
	const char *name;
	const struct schema_column *columns; /* ends with an entry without name */
};

/* One row of _nodetool_migrations as the original records it. */
struct schema_migration {
	const char *version;
	const char *name;
	const char *checksum;
};

extern const struct schema_table schema_tables[];
extern const size_t schema_table_count;
extern const char *const schema_indexes[];
extern const size_t schema_index_count;
extern const struct schema_migration schema_migrations[];
extern const size_t schema_migration_count;

#endif
