/* db: new and old files, several processes at once, transactions, the checkpointer, errors. */
#include "db/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[64];
static char file[128];

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LVL_ERROR);
	snprintf(folder, sizeof(folder), "/tmp/test-db-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/a/b/test.sqlite3", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[160];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static struct db *open_ok(void)
{
	struct err err = { 0 };
	struct db *db;

	if (db_open(&db, file, 0, &err))
		fail_msg("%d %s", err.status, err.detail);
	return db;
}

static int64_t number(struct db *db, const char *sql)
{
	int64_t n;

	assert_int_equal(db_query_int(db, sql, -1, &n, NULL), 0);
	return n;
}

static void write_ok(struct db *db, const char *sql)
{
	struct err err;

	assert_int_equal(db_begin(db, &err), 0);
	assert_true(db_run(db_prepare(db, sql, &err), &err) >= 0);
	assert_int_equal(db_commit(db, &err), 0);
}

static void mode_is(const char *suffix, mode_t mode)
{
	char name[160];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", file, suffix);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 0777, mode);
}

static void test_new_file(void **state)
{
	mode_t old = umask(0);
	struct db *db = open_ok();

	(void)state;
	umask(old);
	mode_is("", 0600);
	mode_is("-wal", 0600);
	mode_is("-shm", 0600);
	mode_is("-ckpt.lock", 0600);
	assert_int_equal(number(db, "SELECT count(*) FROM _nodetool_migrations WHERE baselined = 0"), 30);
	assert_int_equal(number(db, "SELECT count(*) FROM _nodetool_migration_lock WHERE locked_at IS NULL"), 1);
	assert_int_equal(number(db, "PRAGMA wal_autocheckpoint"), 0);
	assert_int_equal(number(db, "PRAGMA synchronous"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM pragma_table_info('nodetool_jobs')"), 28);
	db_close(db);
}

/* What each migration of the original leaves, in our words: a file of any age is built from the first so many. */
static const char *const steps[] = {
	"CREATE TABLE nodetool_workflows (id TEXT PRIMARY KEY, user_id TEXT, access TEXT, created_at TEXT, updated_at TEXT,"
	"name TEXT, tags TEXT, description TEXT, thumbnail TEXT, graph TEXT, settings TEXT, receive_clipboard INTEGER);"
	"CREATE INDEX idx_nodetool_workflows_user_id ON nodetool_workflows (user_id);"
	"INSERT INTO nodetool_workflows (id, user_id, name) VALUES ('w1', '1', 'old')",
	"CREATE TABLE nodetool_assets (id TEXT PRIMARY KEY, type TEXT, user_id TEXT, workflow_id TEXT, parent_id TEXT,"
	"file_id TEXT, name TEXT, content_type TEXT, metadata TEXT, created_at TEXT, duration REAL);"
	"INSERT INTO nodetool_assets (id, created_at) VALUES ('a1', '2025-05-01T10:00:00')",
	"CREATE TABLE nodetool_threads (id TEXT PRIMARY KEY, user_id TEXT, title TEXT, created_at TEXT, updated_at TEXT)",
	"CREATE TABLE nodetool_messages (id TEXT PRIMARY KEY, user_id TEXT DEFAULT '', workflow_id TEXT, graph TEXT,"
	"thread_id TEXT, tools TEXT, tool_call_id TEXT, role TEXT, name TEXT, content TEXT, tool_calls TEXT, collections TEXT,"
	"input_files TEXT, output_files TEXT, created_at TEXT, provider TEXT, model TEXT, cost REAL, agent_mode INTEGER,"
	"help_mode INTEGER, workflow_target TEXT)",
	"CREATE TABLE nodetool_jobs (id TEXT PRIMARY KEY, user_id TEXT, job_type TEXT, status TEXT, workflow_id TEXT,"
	"started_at TEXT, finished_at TEXT, graph TEXT, error TEXT, cost REAL)",
	"CREATE TABLE nodetool_predictions (id TEXT PRIMARY KEY, user_id TEXT, node_id TEXT, provider TEXT, model TEXT,"
	"workflow_id TEXT, error TEXT, logs TEXT, status TEXT, created_at TEXT, started_at TEXT, completed_at TEXT, cost REAL,"
	"duration REAL, hardware TEXT, input_tokens INTEGER, output_tokens INTEGER)",
	"ALTER TABLE nodetool_workflows ADD COLUMN run_mode TEXT",
	"ALTER TABLE nodetool_workflows ADD COLUMN package_name TEXT;"
	"ALTER TABLE nodetool_workflows ADD COLUMN thumbnail_url TEXT",
	"ALTER TABLE nodetool_assets ADD COLUMN size INTEGER",
	"ALTER TABLE nodetool_workflows ADD COLUMN tool_name TEXT",
	"ALTER TABLE nodetool_jobs ADD COLUMN params TEXT",
	"ALTER TABLE nodetool_jobs ADD COLUMN logs TEXT",
	"ALTER TABLE nodetool_messages ADD COLUMN agent_execution_id TEXT;"
	"ALTER TABLE nodetool_messages ADD COLUMN execution_event_type TEXT",
	"CREATE TABLE nodetool_secrets (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, key TEXT NOT NULL,"
	"encrypted_value TEXT NOT NULL, description TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL)",
	"ALTER TABLE nodetool_predictions ADD COLUMN total_tokens INTEGER;"
	"ALTER TABLE nodetool_predictions ADD COLUMN cached_tokens INTEGER",
	"CREATE TABLE nodetool_oauth_credentials (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, provider TEXT NOT NULL,"
	"account_id TEXT NOT NULL, username TEXT, encrypted_access_token TEXT NOT NULL, encrypted_refresh_token TEXT,"
	"token_type TEXT DEFAULT 'Bearer', scope TEXT, received_at TEXT NOT NULL, expires_at TEXT, created_at TEXT NOT NULL,"
	"updated_at TEXT NOT NULL)",
	"CREATE TABLE run_state (run_id TEXT PRIMARY KEY, status TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT "
	"NULL, suspended_node_id TEXT, suspension_reason TEXT, suspension_state_json TEXT, suspension_metadata_json TEXT,"
	"completed_at TEXT, failed_at TEXT, error_message TEXT, version INTEGER NOT NULL DEFAULT 0)",
	"CREATE TABLE run_node_state (id TEXT PRIMARY KEY, run_id TEXT NOT NULL, node_id TEXT NOT NULL, status TEXT NOT NULL,"
	"attempt INTEGER NOT NULL DEFAULT 1, scheduled_at TEXT, started_at TEXT, completed_at TEXT, failed_at TEXT,"
	"suspended_at TEXT, updated_at TEXT NOT NULL, last_error TEXT, retryable INTEGER NOT NULL DEFAULT 0,"
	"suspension_reason TEXT, resume_state_json TEXT, outputs_json TEXT)",
	"",
	"",
	"ALTER TABLE run_state ADD COLUMN execution_strategy TEXT",
	"CREATE TABLE nodetool_workflow_versions (id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL, user_id TEXT NOT NULL,"
	"version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, name TEXT DEFAULT '', description TEXT DEFAULT '',"
	"graph TEXT DEFAULT '{}');"
	"INSERT INTO nodetool_workflow_versions (id, workflow_id, user_id, created_at) VALUES ('v1', 'w1', '1', 'x')",
	"",
	"",
	"ALTER TABLE nodetool_workflow_versions ADD COLUMN save_type TEXT DEFAULT 'manual'",
	"",
	"ALTER TABLE nodetool_assets ADD COLUMN node_id TEXT DEFAULT NULL;"
	"ALTER TABLE nodetool_assets ADD COLUMN job_id TEXT DEFAULT NULL",
	"ALTER TABLE nodetool_jobs ADD COLUMN updated_at TEXT",
	"ALTER TABLE nodetool_workflows ADD COLUMN html_app TEXT",
	"ALTER TABLE nodetool_assets ADD COLUMN updated_at TEXT; UPDATE nodetool_assets SET updated_at = created_at",
};

static void raw(const char *sql)
{
	char name[160];
	char *slash;
	sqlite3 *conn;

	snprintf(name, sizeof(name), "%s", file);
	for (slash = name + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(name, 0700);
		*slash = '/';
	}
	assert_int_equal(sqlite3_open(file, &conn), SQLITE_OK);
	if (sqlite3_exec(conn, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s at %s", sqlite3_errmsg(conn), sql);
	sqlite3_close(conn);
}

static void old_state(size_t count, bool recorded)
{
	char sql[512];

	for (size_t i = 0; i < count; i++)
		raw(steps[i]);
	if (!recorded)
		return;
	raw("CREATE TABLE _nodetool_migrations (version TEXT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
	    "applied_at TEXT NOT NULL, execution_time_ms INTEGER NOT NULL, baselined INTEGER DEFAULT 0);"
	    "CREATE TABLE _nodetool_migration_lock (id INTEGER PRIMARY KEY CHECK (id = 1), locked_at TEXT, locked_by TEXT);"
	    "INSERT INTO _nodetool_migration_lock (id) VALUES (1);"
	    "INSERT INTO _nodetool_migrations VALUES ('20990101_000000', 'later', 'x', 'x', 1, 0)");
	for (size_t i = 0; i < count; i++) {
		snprintf(sql, sizeof(sql), "INSERT INTO _nodetool_migrations VALUES ('%s', 'n', 'c', 'then', 1, 0)",
			 schema_migrations[i].version);
		raw(sql);
	}
}

/* The names of all columns of all tables, sorted: what a program that names its columns depends on. */
static char *shape(struct db *db)
{
	static const char sql[] = "SELECT group_concat(x, ' ') FROM (SELECT m.name || '.' || c.name AS x FROM sqlite_schema m, "
				  "pragma_table_info(m.name) c WHERE m.type = 'table' UNION ALL "
				  "SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY 1)";
	struct db_stmt *st = db_prepare(db, sql, NULL);
	char *text;

	assert_int_equal(db_step(st, NULL), 1);
	text = xstrdup(db_col_text(st, 0));
	db_release(st);
	return text;
}

static void test_old_files(void **state)
{
	struct db *db = open_ok();
	char *want = shape(db);

	db_close(db);
	for (size_t i = 0; i < 2 * (ARRAY_LEN(steps) + 1); i++) {
		size_t count = i / 2;
		bool recorded = i % 2;
		char *got;

		teardown(state);
		setup(state);
		old_state(count, recorded);
		db = open_ok();
		got = shape(db);
		assert_string_equal(got, want);
		free(got);
		assert_int_equal(number(db, "SELECT count(*) FROM _nodetool_migrations WHERE version < '2099'"), 30);
		if (recorded && count)
			assert_int_equal(number(db, "SELECT count(*) FROM _nodetool_migrations WHERE applied_at = 'then'"),
					 count);
		if (count > 0)
			assert_int_equal(number(db, "SELECT count(*) FROM nodetool_workflows WHERE name = 'old'"), 1);
		if (count > 1)
			assert_int_equal(number(db, "SELECT count(*) FROM nodetool_assets WHERE updated_at = created_at"), 1);
		if (count > 21)
			assert_int_equal(number(db, "SELECT count(*) FROM nodetool_workflow_versions "
						    "WHERE save_type = 'manual'"),
					 1);
		db_close(db);
	}
	free(want);
}

static void test_unique_index_over_doubles(void **state)
{
	struct db *db;

	(void)state;
	old_state(14, true);
	raw("INSERT INTO nodetool_secrets VALUES ('1', 'u', 'k', 'v', NULL, 'c', 'u'), ('2', 'u', 'k', 'v', NULL, 'c', 'u')");
	db = open_ok();
	assert_int_equal(number(db, "SELECT count(*) FROM nodetool_secrets"), 2);
	db_close(db);
}

static void test_foreign_migration_lock(void **state)
{
	char sql[200];
	char now[TIME_TEXT_MAX];
	struct db *db;
	pid_t child;
	int status;

	(void)state;
	old_state(10, true);
	snprintf(sql, sizeof(sql), "UPDATE _nodetool_migration_lock SET locked_at = '%s', locked_by = 'x'",
		 time_utc(time_now_us(), "+00:00", now));
	raw(sql);
	child = fork();
	if (child == 0) {
		usleep(300000);
		raw("UPDATE _nodetool_migration_lock SET locked_at = NULL");
		_exit(0);
	}
	int64_t start = time_mono_us();
	db = open_ok();
	assert_true(time_mono_us() - start > 250000);
	waitpid(child, &status, 0);
	db_close(db);
	/* A lock older than five minutes is nobody's. */
	raw("UPDATE _nodetool_migration_lock SET locked_at = '2026-01-01T00:00:00+00:00'; DELETE FROM nodetool_c_meta");
	db = open_ok();
	db_close(db);
}

#define WRITERS 10
#define ROUNDS 40

static int writer(int n)
{
	struct err err = { 0 };
	struct db *db;
	char id[32];

	if (db_open(&db, file, 0, &err))
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		struct db_stmt *st;
		int64_t count;

		snprintf(id, sizeof(id), "%d-%d", n, i);
		if (db_begin(db, &err) || db_query_int(db, "SELECT count(*) FROM nodetool_threads", 0, &count, &err))
			return 2;
		st = db_prepare(db, "INSERT INTO nodetool_threads (id, title) VALUES (?1, ?2)", &err);
		if (!st)
			return 3;
		db_bind_text(st, 1, id);
		db_bind_int(st, 2, count);
		if (db_run(st, &err) != 1 || db_commit(db, &err))
			return 4;
	}
	db_close(db);
	return 0;
}

/* Ten processes open a file that is not there yet, and write; the checkpointer works meanwhile and gets its turns. */
static void test_processes(void **state)
{
	pid_t children[WRITERS];
	struct db *db;
	int status;
	int left;

	(void)state;
	for (int i = 0; i < WRITERS; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(writer(i));
	}
	db = open_ok();
	for (int i = 0; i < 20; i++) {
		struct err err;

		assert_int_equal(db_checkpoint(db, &left, &err), 0);
		usleep(5000);
	}
	for (int i = 0; i < WRITERS; i++) {
		waitpid(children[i], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(number(db, "SELECT count(*) FROM nodetool_threads"), WRITERS * ROUNDS);
	assert_int_equal(number(db, "SELECT count(DISTINCT title) FROM nodetool_threads"), WRITERS * ROUNDS);
	assert_int_equal(db_checkpoint(db, &left, NULL), 0);
	assert_int_equal(left, 0);
	assert_int_equal(db_wal_bytes(db), 0);
	assert_int_equal(db_check(db, NULL), 0);
	db_close(db);
}

static void test_statements(void **state)
{
	static const char sql[] = "SELECT ?1, ?2, ?3, ?4, ?5";
	struct db *db = open_ok();
	struct err err;
	struct db_stmt *a = db_prepare(db, sql, &err);
	struct db_stmt *b = db_prepare(db, sql, &err);

	(void)state;
	assert_ptr_not_equal(a, b);
	db_bind_text(a, 1, "x");
	db_bind_int(a, 2, INT64_MIN);
	db_bind_real(a, 3, 0.1);
	db_bind_text(a, 4, NULL);
	db_bind_sv(a, 5, (struct sv){ "a\0b", 3 });
	assert_int_equal(db_step(a, &err), 1);
	assert_string_equal(db_col_text(a, 0), "x");
	assert_true(db_col_int(a, 1) == INT64_MIN);
	assert_true(db_col_real(a, 2) == 0.1);
	assert_true(db_col_null(a, 3) && !db_col_text(a, 3) && !db_col_sv(a, 3).p);
	assert_int_equal(db_col_sv(a, 4).n, 3);
	assert_int_equal(db_step(b, &err), 1);
	assert_true(db_col_null(b, 0));
	assert_int_equal(db_step(a, &err), 0);
	db_release(b);
	db_release(a);
	b = db_prepare(db, sql, &err);
	assert_ptr_equal(a, b);
	assert_int_equal(db_step(b, &err), 1);
	assert_true(db_col_null(b, 0)); /* the old parameters are forgotten */
	db_release(b);
	db_close(db);
}

static void test_transactions(void **state)
{
	static const char insert[] = "INSERT INTO nodetool_threads (id) VALUES ('t')";
	struct db *db = open_ok();
	struct db *other = open_ok();
	int64_t version = db_data_version(other);
	struct err err;

	(void)state;
	assert_int_equal(db_run(db_prepare(db, insert, &err), &err), -1); /* outside of a transaction */
	assert_int_equal(err.status, 500);
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(db_begin(db, &err), -1);
	assert_int_equal(db_run(db_prepare(db, insert, &err), &err), 1);
	db_rollback(db);
	db_rollback(db);
	assert_int_equal(number(db, "SELECT count(*) FROM nodetool_threads"), 0);
	assert_true(db_data_version(other) == version);
	assert_int_equal(db_begin_durable(db, &err), 0);
	assert_int_equal(number(db, "PRAGMA synchronous"), 2);
	assert_int_equal(db_run(db_prepare(db, insert, &err), &err), 1);
	assert_int_equal(db_run(db_prepare(db, insert, &err), &err), -1);
	assert_int_equal(err.status, 409);
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(db_commit(db, &err), -1);
	assert_true(db_data_version(other) != version);
	write_ok(db, "DELETE FROM nodetool_threads");
	assert_int_equal(number(db, "PRAGMA synchronous"), 1);
	db_close(other);
	db_close(db);
}

static void test_busy(void **state)
{
	struct db *db = open_ok();
	struct db *other = open_ok();
	struct err err;
	int64_t start;

	(void)state;
	db_set_busy_ms(other, 60);
	assert_int_equal(db_begin(db, &err), 0);
	start = time_mono_us();
	assert_int_equal(db_begin(other, &err), -1);
	assert_int_equal(err.status, 503);
	assert_true(time_mono_us() - start >= 60000);
	assert_int_equal(db_checkpoint(other, NULL, &err), -1); /* never beside a writer */
	assert_int_equal(err.status, 503);
	db_rollback(db);
	assert_int_equal(db_begin(other, &err), 0);
	db_rollback(other);
	db_close(other);
	db_close(db);
}

static void test_read_only_and_full(void **state)
{
	static const char fill[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
				   "INSERT INTO nodetool_threads (id, title) SELECT i, hex(zeroblob(500)) FROM n";
	struct db *db = open_ok();
	struct err err;

	(void)state;
	assert_int_equal(db_exec(db, "PRAGMA query_only=1", &err), 0);
	assert_int_equal(db_begin(db, &err), -1);
	assert_int_equal(err.status, 503);
	assert_int_equal(db_exec(db, "PRAGMA query_only=0", &err), 0);
	number(db, "PRAGMA max_page_count=100");
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(db_run(db_prepare(db, fill, &err), &err), -1);
	assert_int_equal(err.status, 507);
	db_rollback(db);
	write_ok(db, "INSERT INTO nodetool_threads (id) VALUES ('fits')");
	db_close(db);
}

static void test_damaged_and_missing(void **state)
{
	struct db *db;
	struct err err;
	FILE *f;

	(void)state;
	assert_int_equal(db_open(&db, file, DB_NO_MIGRATE, &err), -1);
	assert_int_equal(err.status, 503);
	assert_null(db);
	raw("CREATE TABLE x (y)");
	f = fopen(file, "r+");
	fputs("this is no database at all, it only looks like a file", f);
	fclose(f);
	assert_int_equal(db_open(&db, file, 0, &err), -1);
	assert_int_equal(err.status, 500);
	assert_string_equal(err.detail, "The database is damaged");
	assert_int_equal(db_open(&db, "/proc/version/x.sqlite3", 0, &err), -1);
	assert_int_equal(err.status, 503);
}

static void test_backup(void **state)
{
	char copy[160];
	struct db *db = open_ok();
	struct err err;

	(void)state;
	snprintf(copy, sizeof(copy), "%s/copy", folder);
	write_ok(db, "INSERT INTO nodetool_threads (id) VALUES ('kept')");
	assert_int_equal(db_backup(db, copy, &err), 0);
	assert_int_equal(db_backup(db, copy, &err), -1);
	db_close(db);
	assert_int_equal(db_open(&db, copy, DB_NO_MIGRATE, &err), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM nodetool_threads"), 1);
	db_close(db);
}

static void test_default(void **state)
{
	struct err err;

	(void)state;
	setenv("DB_PATH", file, 1);
	assert_non_null(db_default(&err));
	assert_ptr_equal(db_default(&err), db_default(&err));
	assert_string_equal(db_path(db_default(&err)), file);
	db_default_close();
	unsetenv("DB_PATH");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_new_file),	  CASE(test_old_files),	    CASE(test_unique_index_over_doubles),
		CASE(test_foreign_migration_lock), CASE(test_processes), CASE(test_statements),
		CASE(test_transactions),  CASE(test_busy),	    CASE(test_read_only_and_full),
		CASE(test_damaged_and_missing), CASE(test_backup), CASE(test_default),
	};

	log_init("test_db");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
