/*
 * Bringing a file up to date: a new one, one of the original in any of its states, or one of an older version of ours.
 *
 * The original's migrations add tables, columns and indexes, and fill one column; so whatever is recorded, the same
 * end is reached by adding what is missing. Its bookkeeping is then completed, so that it finds nothing to do when it
 * opens the file. All of it is one transaction: any number of processes may start at once, and none that is killed
 * leaves a half. The original's own lock (a row) is respected and never taken: while our transaction runs, nobody can.
 */
#include "db/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOCK_WAIT_US (30 * 1000000LL)
#define LOCK_STALE_US (300 * 1000000LL)

/* A number that names the content of schema.c: it changes by itself when a table, column or index is added. */
static int64_t fingerprint(void)
{
	struct buf text;
	char hex[33];

	buf_init(&text, (size_t)1 << 20);
	for (size_t t = 0; t < schema_table_count; t++) {
		buf_adds(&text, schema_tables[t].name);
		for (const struct schema_column *c = schema_tables[t].columns; c->name; c++)
			buf_printf(&text, ",%s %s", c->name, c->decl);
	}
	for (size_t i = 0; i < schema_index_count; i++)
		buf_adds(&text, schema_indexes[i]);
	for (size_t i = 0; i < schema_migration_count; i++)
		buf_adds(&text, schema_migrations[i].version);
	md5_hex(text.data, text.len, hex);
	buf_free(&text);
	hex[15] = '\0';
	return (int64_t)strtoll(hex, NULL, 16);
}

/* True when the file records what this program would make. Any failure (no such table) means no. */
static bool up_to_date(struct db *db)
{
	sqlite3_stmt *stmt;
	bool same = false;

	if (sqlite3_prepare_v2(db->conn, "SELECT value FROM nodetool_c_meta WHERE key = 'schema'", -1, &stmt, NULL) !=
	    SQLITE_OK)
		return false;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		same = sqlite3_column_int64(stmt, 0) == fingerprint();
	sqlite3_finalize(stmt);
	return same;
}

static int has(struct db *db, const char *table, const char *column, bool *out, struct err *err)
{
	static const char table_sql[] = "SELECT 1 FROM pragma_table_info(?1) LIMIT 1";
	static const char column_sql[] = "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2";
	struct db_stmt *st = db_prepare(db, column ? column_sql : table_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, table);
	if (column)
		db_bind_text(st, 2, column);
	rc = db_step(st, err);
	db_release(st);
	*out = rc == 1;
	return rc < 0 ? -1 : 0;
}

static int create_table(struct db *db, const struct schema_table *table, struct err *err)
{
	struct buf sql;
	int rc;

	buf_init(&sql, BUF_MAX_SMALL);
	buf_printf(&sql, "CREATE TABLE %s (", table->name);
	for (const struct schema_column *c = table->columns; c->name; c++)
		buf_printf(&sql, "%s%s %s", c == table->columns ? "" : ", ", c->name, c->decl);
	buf_addc(&sql, ')');
	rc = sql.failed ? err_set(err, 500, "Database error") : db_exec(db, sql.data, err);
	buf_free(&sql);
	return rc;
}

static int add_columns(struct db *db, const struct schema_table *table, struct err *err)
{
	char sql[512];
	bool there;

	for (const struct schema_column *c = table->columns; c->name; c++) {
		if (has(db, table->name, c->name, &there, err))
			return -1;
		if (there)
			continue;
		snprintf(sql, sizeof(sql), "ALTER TABLE %s ADD COLUMN %s %s", table->name, c->name, c->decl);
		if (db_exec(db, sql, err) || (c->fill && db_exec(db, c->fill, err)))
			return -1;
	}
	return 0;
}

static int complete_tables(struct db *db, struct err *err)
{
	bool there;

	for (size_t t = 0; t < schema_table_count; t++) {
		if (has(db, schema_tables[t].name, NULL, &there, err))
			return -1;
		if (there ? add_columns(db, &schema_tables[t], err) : create_table(db, &schema_tables[t], err))
			return -1;
	}
	for (size_t i = 0; i < schema_index_count; i++) {
		int rc = sqlite3_exec(db->conn, schema_indexes[i], NULL, NULL, NULL);

		/* Old data may hold doubles that a unique index forbids: the index is then left out, as the original does. */
		if ((rc & 0xff) == SQLITE_CONSTRAINT)
			log_warn("database: %s: %s", schema_indexes[i], sqlite3_errmsg(db->conn));
		else if (rc != SQLITE_OK)
			return db_fail(db, rc, schema_indexes[i], err);
	}
	return 0;
}

static int record(struct db *db, bool old_installation, struct err *err)
{
	static const char sql[] = "INSERT OR IGNORE INTO _nodetool_migrations "
				  "(version, name, checksum, applied_at, execution_time_ms, baselined) "
				  "VALUES (?1, ?2, ?3, ?4, 0, ?5)";
	static const char meta[] = "INSERT OR REPLACE INTO nodetool_c_meta (key, value) VALUES ('schema', ?1)";
	char now[TIME_TEXT_MAX];
	struct db_stmt *st;

	time_utc(time_now_us(), "+00:00", now);
	for (size_t i = 0; i < schema_migration_count; i++) {
		st = db_prepare(db, sql, err);
		if (!st)
			return -1;
		db_bind_text(st, 1, schema_migrations[i].version);
		db_bind_text(st, 2, schema_migrations[i].name);
		db_bind_text(st, 3, schema_migrations[i].checksum);
		db_bind_text(st, 4, now);
		db_bind_int(st, 5, old_installation);
		if (db_run(st, err) < 0)
			return -1;
	}
	if (db_exec(db, "INSERT OR IGNORE INTO _nodetool_migration_lock (id) VALUES (1)", err))
		return -1;
	st = db_prepare(db, meta, err);
	if (!st)
		return -1;
	db_bind_int(st, 1, fingerprint());
	return db_run(st, err) < 0 ? -1 : 0;
}

/* True while the original is at its own migrations: its lock is taken and younger than 5 minutes. */
static int locked_by_other(struct db *db, bool *locked, struct err *err)
{
	static const char sql[] = "SELECT locked_at FROM _nodetool_migration_lock WHERE id = 1";
	struct db_stmt *st;
	int64_t since;
	bool there;
	int rc;

	*locked = false;
	if (has(db, "_nodetool_migration_lock", NULL, &there, err))
		return -1;
	if (!there)
		return 0;
	st = db_prepare(db, sql, err);
	if (!st)
		return -1;
	rc = db_step(st, err);
	if (rc == 1 && db_col_text(st, 0) && time_parse(db_col_text(st, 0), &since) == 0)
		*locked = time_now_us() - since < LOCK_STALE_US;
	db_release(st);
	return rc < 0 ? -1 : 0;
}

static int migrate_locked(struct db *db, bool *locked, struct err *err)
{
	bool recorded;
	bool tables;

	if (locked_by_other(db, locked, err))
		return -1;
	if (*locked || up_to_date(db))
		return 0;
	if (has(db, "_nodetool_migrations", NULL, &recorded, err) ||
	    has(db, "nodetool_workflows", NULL, &tables, err))
		return -1;
	if (complete_tables(db, err))
		return -1;
	return record(db, !recorded && tables, err);
}

int db_migrate(struct db *db, struct err *err)
{
	const struct timespec pause = { 0, 100000000 };
	int64_t end = time_mono_us() + LOCK_WAIT_US;
	bool locked;

	if (up_to_date(db))
		return 0;
	for (;;) {
		if (db_begin(db, err))
			return -1;
		if (migrate_locked(db, &locked, err)) {
			db_rollback(db);
			return -1;
		}
		if (!locked)
			break;
		db_rollback(db);
		if (time_mono_us() >= end)
			return err_set(err, 503, "Another program is changing the database's tables");
		nanosleep(&pause, NULL);
	}
	return db_commit(db, err);
}
