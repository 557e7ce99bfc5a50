/* Prepared statements: kept per connection by the address of their text. */
#include "config.h"

#include "db/internal.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	int rc;
	int status;
	const char *detail;
} failures[] = {
	{ SQLITE_BUSY, 503, "The database is busy, try again" },
	{ SQLITE_LOCKED, 503, "The database is busy, try again" },
	{ SQLITE_FULL, 507, "The disk that holds the database is full" },
	{ SQLITE_READONLY, 503, "The database is read-only" },
	{ SQLITE_CANTOPEN, 503, "The database cannot be opened" },
	{ SQLITE_PERM, 503, "The database cannot be opened" },
	{ SQLITE_AUTH, 503, "The database cannot be opened" },
	{ SQLITE_CORRUPT, 500, "The database is damaged" },
	{ SQLITE_NOTADB, 500, "The database is damaged" },
	{ SQLITE_CONSTRAINT, 409, "The object exists already or breaks a rule of the database" },
};

int db_fail(struct db *db, int rc, const char *what, struct err *err)
{
	log_error("database: %s (%d) at: %s", db->conn ? sqlite3_errmsg(db->conn) : sqlite3_errstr(rc), rc, what);
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].rc == (rc & 0xff))
			return err_set(err, failures[i].status, "%s", failures[i].detail);
	}
	return err_set(err, 500, "Database error");
}

int db_exec(struct db *db, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(db->conn, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_fail(db, rc, sql, err);
}

int db_query_int(struct db *db, const char *sql, int64_t fallback, int64_t *out, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(db->conn, sql, -1, &stmt, NULL);

	*out = fallback;
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW)
			*out = sqlite3_column_int64(stmt, 0);
		rc = sqlite3_finalize(stmt);
	}
	return rc == SQLITE_OK ? 0 : db_fail(db, rc, sql, err);
}

static int prepare(struct db *db, struct db_stmt *st, const char *sql, struct err *err)
{
	int rc = sqlite3_prepare_v3(db->conn, sql, -1, st->twin ? 0 : SQLITE_PREPARE_PERSISTENT, &st->stmt, NULL);

	if (rc != SQLITE_OK)
		return db_fail(db, rc, sql, err);
	st->db = db;
	st->sql = sql;
	st->writes = !sqlite3_stmt_readonly(st->stmt);
	return 0;
}

/* The cache's place for a text: its own, or the free one where it belongs; NULL when the cache is full. */
static struct db_stmt *slot_of(struct db *db, const char *sql)
{
	size_t at = ((uintptr_t)sql >> 3) * 0x9E3779B97F4A7C15ull >> 40;

	for (size_t i = 0; i < STMT_CACHE; i++) {
		struct db_stmt *st = &db->cache[(at + i) % STMT_CACHE];

		if (!st->stmt || st->sql == sql)
			return st;
	}
	return NULL;
}

struct db_stmt *db_prepare(struct db *db, const char *sql, struct err *err)
{
	struct db_stmt *st = slot_of(db, sql);

	if (!st || (st->stmt && st->in_use)) {
		st = xcalloc(1, sizeof(*st));
		st->twin = true;
	}
	if (!st->stmt && prepare(db, st, sql, err)) {
		if (st->twin)
			free(st);
		return NULL;
	}
	st->in_use = true;
	return st;
}

void db_bind_text(struct db_stmt *st, int i, const char *text)
{
	db_bind_sv(st, i, text ? sv_of(text) : (struct sv){ 0 });
}

void db_bind_sv(struct db_stmt *st, int i, struct sv text)
{
	if (text.p)
		sqlite3_bind_text64(st->stmt, i, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_null(st->stmt, i);
}

void db_bind_int(struct db_stmt *st, int i, int64_t n)
{
	sqlite3_bind_int64(st->stmt, i, n);
}

void db_bind_real(struct db_stmt *st, int i, double d)
{
	sqlite3_bind_double(st->stmt, i, d);
}

void db_bind_blob(struct db_stmt *st, int i, const void *data, size_t len)
{
	sqlite3_bind_blob64(st->stmt, i, data ? data : "", len, SQLITE_STATIC);
}

int db_step(struct db_stmt *st, struct err *err)
{
	int rc;

	if (st->writes && !st->db->in_tx) {
		log_error("database: a write outside of a transaction: %s", st->sql);
		return err_set(err, 500, "Database error");
	}
	rc = sqlite3_step(st->stmt);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : db_fail(st->db, rc, st->sql, err);
}

bool db_col_null(struct db_stmt *st, int i)
{
	return sqlite3_column_type(st->stmt, i) == SQLITE_NULL;
}

const char *db_col_text(struct db_stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st->stmt, i);
}

struct sv db_col_sv(struct db_stmt *st, int i)
{
	const char *text = (const char *)sqlite3_column_text(st->stmt, i);

	return (struct sv){ text, text ? (size_t)sqlite3_column_bytes(st->stmt, i) : 0 };
}

char *db_col_dup(struct db_stmt *st, int i, struct arena *arena)
{
	struct sv text = db_col_sv(st, i);

	return text.p ? arena_strndup(arena, text.p, text.n) : NULL;
}

int64_t db_col_int(struct db_stmt *st, int i)
{
	return sqlite3_column_int64(st->stmt, i);
}

double db_col_real(struct db_stmt *st, int i)
{
	return sqlite3_column_double(st->stmt, i);
}

struct sv db_col_blob(struct db_stmt *st, int i)
{
	const char *data = sqlite3_column_blob(st->stmt, i);

	return (struct sv){ data, data ? (size_t)sqlite3_column_bytes(st->stmt, i) : 0 };
}

#ifdef NODETOOL_SQL_CHECK
/* Debug builds: a statement that read whole tables or sorted in memory wants an index. */
static void check_plan(struct db_stmt *st)
{
	int scans = sqlite3_stmt_status(st->stmt, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
	int sorts = sqlite3_stmt_status(st->stmt, SQLITE_STMTSTATUS_SORT, 1);
	int autos = sqlite3_stmt_status(st->stmt, SQLITE_STMTSTATUS_AUTOINDEX, 1);

	if (scans || sorts || autos)
		log_warn("sql-check: %d scan steps, %d sorts, %d rows of automatic indexes: %s", scans, sorts, autos,
			 st->sql);
}
#else
static void check_plan(struct db_stmt *st)
{
	(void)st;
}
#endif

void db_release(struct db_stmt *st)
{
	if (!st)
		return;
	check_plan(st);
	if (st->twin) {
		sqlite3_finalize(st->stmt);
		free(st);
		return;
	}
	sqlite3_reset(st->stmt);
	sqlite3_clear_bindings(st->stmt);
	st->in_use = false;
}

int64_t db_run(struct db_stmt *st, struct err *err)
{
	int64_t changed = -1;
	int rc;

	if (!st)
		return -1;
	do {
		rc = db_step(st, err);
	} while (rc == 1);
	if (rc == 0)
		changed = st->writes ? sqlite3_changes64(st->db->conn) : 0;
	db_release(st);
	return changed;
}

void db_cache_clear(struct db *db)
{
	for (size_t i = 0; i < STMT_CACHE; i++) {
		if (db->cache[i].in_use)
			log_error("database: closed with a statement in use: %s", db->cache[i].sql);
		sqlite3_finalize(db->cache[i].stmt);
	}
	memset(db->cache, 0, sizeof(db->cache));
}

int64_t db_data_version(struct db *db)
{
	static const char sql[] = "PRAGMA data_version";
	struct db_stmt *st = db_prepare(db, sql, NULL);
	int64_t version = -1;

	if (st && db_step(st, NULL) == 1)
		version = db_col_int(st, 0);
	db_release(st);
	return version;
}
