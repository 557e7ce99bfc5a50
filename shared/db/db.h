/*
 * db: the SQLite database that every program shares.
 *
 * Rules (design.md says why):
 *   - One connection per process or thread; a connection does not survive a fork.
 *   - Every write stands between db_begin and db_commit, which is always BEGIN IMMEDIATE. A statement that writes outside
 *     of a transaction is refused.
 *   - Nobody checkpoints but the one checkpointer (wsd, or `nodetoolctl checkpoint`), by db_checkpoint.
 *   - All SQL text stands in shared/model, as constants: statements are kept prepared by the address of their text.
 *
 * Errors: busy for longer than the limit, read-only and unreachable files give 503, a full disk 507, a damaged file and
 * everything else 500. What SQLite says goes to the log, never to a client.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/base.h"

struct db;
struct db_stmt;

/* ---- opening ------------------------------------------------------------------------------------------ */

enum db_open_flags {
	DB_NO_MIGRATE = 1 << 0 /* open as it is (nodetoolctl): the file must exist, tables are neither made nor changed */
};

/* How long a statement waits for another process's lock before it fails with 503. */
#define DB_BUSY_MS 30000

/* Opens `path`, makes the file (mode 0600, its folder 0700) when there is none, and brings its tables up to date; any
 * number of processes may do that at once. A file on a network file system is refused (WAL needs shared memory).
 * The caller closes it. */
int db_open(struct db **out, const char *path, unsigned flags, struct err *err) MUST_CHECK;
/* Takes NULL. An open transaction is rolled back. */
void db_close(struct db *db);
/* A database of this process alone, in memory, with the tables that `schema` (SQL) makes: for indexes over what is stored
 * elsewhere. Gone when the caller closes it. */
int db_open_memory(struct db **out, const char *schema, struct err *err) MUST_CHECK;
/* The process's own connection to config_db_path(), opened at the first call; lent. NULL with the reason on failure (the
 * next call tries again). */
struct db *db_default(struct err *err) MUST_CHECK;
/* Closes it: before a fork and at the end of the process. */
void db_default_close(void);
/* Why the linked SQLite is risky (its WAL-reset bug), or NULL when it is not. */
const char *db_version_risk(void);
struct db_stats {
	int64_t file_bytes;
	int64_t wal_bytes;
	int64_t cache_bytes;  /* pages that this connection holds in memory */
	int64_t cache_hits;   /* and how often they were found there, or not, since it was opened */
	int64_t cache_misses;
	int64_t busy;         /* how often it waited for somebody else's lock */
};
/* Figures of this connection and its file; in the thread that uses it. */
void db_get_stats(struct db *db, struct db_stats *out);
void db_set_busy_ms(struct db *db, int ms);
const char *db_path(const struct db *db);

/* ---- statements --------------------------------------------------------------------------------------- */

/* Takes the prepared statement of a constant text out of the connection's cache (preparing it at first use). Only
 * constants: the text's address is its name. A statement that is in use already (recursion) gets a twin of its own.
 * NULL with the reason on failure. Give it back with db_release or db_run. */
struct db_stmt *db_prepare(struct db *db, const char *sql, struct err *err) MUST_CHECK;
/* Parameters are numbered from 1. Texts are lent to the statement until it is released; NULL binds NULL. */
void db_bind_text(struct db_stmt *st, int i, const char *text);
void db_bind_sv(struct db_stmt *st, int i, struct sv text); /* p == NULL binds NULL */
void db_bind_int(struct db_stmt *st, int i, int64_t n);
void db_bind_real(struct db_stmt *st, int i, double d);
void db_bind_blob(struct db_stmt *st, int i, const void *data, size_t len);
/* 1: a row is there; 0: no more rows; -1: error. */
int db_step(struct db_stmt *st, struct err *err) MUST_CHECK;
/* Columns are numbered from 0. Texts live until the next db_step or the release. */
bool db_col_null(struct db_stmt *st, int i);
const char *db_col_text(struct db_stmt *st, int i); /* NULL for NULL */
struct sv db_col_sv(struct db_stmt *st, int i);     /* p == NULL for NULL */
char *db_col_dup(struct db_stmt *st, int i, struct arena *arena); /* NULL for NULL */
int64_t db_col_int(struct db_stmt *st, int i);
double db_col_real(struct db_stmt *st, int i);
struct sv db_col_blob(struct db_stmt *st, int i);
/* Resets, forgets the parameters, and gives the statement back. Takes NULL. */
void db_release(struct db_stmt *st);
/* Runs a statement that gives no rows and releases it. -1 on error, else the number of rows it changed. Takes NULL (after
 * a failed db_prepare): -1. */
int64_t db_run(struct db_stmt *st, struct err *err) MUST_CHECK;
/* A number that changes when another connection has changed the file (PRAGMA data_version); own writes do not count.
 * -1 on failure. */
int64_t db_data_version(struct db *db);

/* ---- transactions ------------------------------------------------------------------------------------- */

/* BEGIN IMMEDIATE. The place is remembered: a transaction that somebody left open is reported with it. */
#define db_begin(db, err) db_begin_at((db), false, __FILE__, __LINE__, (err))
/* The same for what must survive a power cut (terminal job states, secrets): the commit waits for the disk. */
#define db_begin_durable(db, err) db_begin_at((db), true, __FILE__, __LINE__, (err))
int db_begin_at(struct db *db, bool durable, const char *file, int line, struct err *err) MUST_CHECK;
/* After a failure the transaction is rolled back. */
int db_commit(struct db *db, struct err *err) MUST_CHECK;
/* Does nothing without a transaction: safe on every way out. */
void db_rollback(struct db *db);

/* ---- upkeep (the single checkpointer) ----------------------------------------------------------------- */

/* Moves the write-ahead log into the database and empties it, while no transaction is running: writers wait. Readers that
 * stay busy make it a partial one: *left is the number of pages that are still in the log (0: emptied). */
int db_checkpoint(struct db *db, int *left, struct err *err) MUST_CHECK;
/* Size of the write-ahead log in bytes (0 when there is none). */
int64_t db_wal_bytes(const struct db *db);
/* A consistent copy into a new file (mode 0600); fails when `path` exists. */
int db_backup(struct db *db, const char *path, struct err *err) MUST_CHECK;
/* Quick check of the file's structure; -1 with the first finding. */
int db_check(struct db *db, struct err *err) MUST_CHECK;

#endif
