/*
 * lib.sqlite: tables in database files of the workspace. Names and conditions go into the SQL as they are given; the
 * statement can reach nothing but this one file (no ATTACH, no extensions).
 */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"
#include "wsd/nodes/sqlite_value.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000
#define MAX_ROWS        1000000

/* ---- connection --------------------------------------------------------------------------------------- */

static void close_database(void *db)
{
	sqlite3_close(db);
}

/* The file of the database; false after node_fail. */
static bool database_path(struct node_ctx *ctx, struct path *path)
{
	struct err err;

	if (!path_workspace(ctx, node_text(ctx, "database_name"), path, &err))
		return true;
	node_fail(ctx, "database_name: %s", err.detail);
	return false;
}

/* The folder really lies in the workspace: no link on the way leads out of it. */
static bool folder_inside(struct node_ctx *ctx, const struct path *path)
{
	struct sv folder = posix_dirname(sv_of(path->below));
	struct path parent = { path->root, folder.n ? arena_strndup(node_arena(ctx), folder.p, folder.n) : ".",
			       path->full };

	return path_is_dir(&parent);
}

/* Opens (makes) the file; NULL after node_fail. The arena closes it. */
static sqlite3 *open_database(struct node_ctx *ctx, const struct path *path)
{
	sqlite3 *db = NULL;

	if (!folder_inside(ctx, path)) {
		node_fail(ctx, "database_name: its folder does not exist: %.200s", path->below);
		return NULL;
	}
	if (sqlite3_open_v2(path->full, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL)) {
		node_fail(ctx, "the database %.200s cannot be opened: %s", path->below, sqlite3_errmsg(db));
		sqlite3_close(db);
		return NULL;
	}
	arena_defer(node_arena(ctx), close_database, db);
	sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	return db;
}

static enum node_result fail_sql(struct node_ctx *ctx, sqlite3 *db)
{
	return node_fail(ctx, "SQLite: %s", sqlite3_errmsg(db));
}

/* ---- statements --------------------------------------------------------------------------------------- */

/* Nothing but blanks and comments. */
static bool blank_sql(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	const char *tail = sql;
	bool blank = true;

	while (blank && *tail) {
		blank = sqlite3_prepare_v2(db, tail, -1, &stmt, &tail) == SQLITE_OK && !stmt;
		sqlite3_finalize(stmt);
	}
	return blank;
}

/* Prepares the one statement of the text, NULL for a text without any. -1 after node_fail. */
static int prepare(struct node_ctx *ctx, sqlite3 *db, const char *sql, size_t len, sqlite3_stmt **stmt)
{
	const char *tail = "";

	*stmt = NULL;
	if (sqlite3_prepare_v2(db, sql, (int)len, stmt, &tail)) {
		fail_sql(ctx, db);
		return -1;
	}
	if (blank_sql(db, arena_strndup(node_arena(ctx), tail, len - (size_t)(tail - sql))))
		return 0;
	sqlite3_finalize(*stmt);
	node_fail(ctx, "only one SQL statement can be executed at a time");
	return -1;
}

/* Binds the values (a list, or the values of a map) to the statement's parameters; false after node_fail. */
static bool bind_all(struct node_ctx *ctx, sqlite3 *db, sqlite3_stmt *stmt, const struct value *values, bool as_json)
{
	struct err err = { 0 };
	int count = sqlite3_bind_parameter_count(stmt);

	if ((size_t)count != value_len(values)) {
		node_fail(ctx, "the SQL has %d parameters, but %zu values are given", count, value_len(values));
		return false;
	}
	for (int i = 0; i < count; i++) {
		struct value *v = list_at(values, (size_t)i);

		if (value_kind(values) == VALUE_MAP)
			map_entry(values, (size_t)i, NULL, &v);
		if (sqlite_bind_value(stmt, i + 1, v, as_json, &err)) {
			if (err.status)
				fail_err(ctx, &err);
			else
				fail_sql(ctx, db);
			return false;
		}
	}
	return true;
}

/* Runs the statement and finalizes it. The rows as maps, or NULL after node_fail. */
static struct value *run(struct node_ctx *ctx, sqlite3 *db, sqlite3_stmt *stmt)
{
	struct value *rows = value_list();
	int code;

	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct value *row = value_map();

		list_push(rows, row);
		if (value_len(rows) > MAX_ROWS || !sqlite_valid_texts(stmt)) {
			node_fail(ctx,
				  value_len(rows) > MAX_ROWS ? "the result has more than %d rows"
							     : "a text in the result is no UTF-8",
				  MAX_ROWS);
			break;
		}
		for (int i = 0; i < sqlite3_column_count(stmt); i++)
			map_set(row, sqlite3_column_name(stmt, i), sqlite_column_value(stmt, i));
	}
	if (code != SQLITE_DONE) {
		if (code != SQLITE_ROW)
			fail_sql(ctx, db);
		value_unref(rows);
		rows = NULL;
	}
	sqlite3_finalize(stmt);
	return rows;
}

/* Prepares, binds and runs. */
static struct value *execute(struct node_ctx *ctx, sqlite3 *db, const char *sql, size_t len, const struct value *values,
			     bool as_json)
{
	sqlite3_stmt *stmt;

	if (prepare(ctx, db, sql, len, &stmt))
		return NULL;
	if (!stmt)
		return value_list();
	if (values && !bind_all(ctx, db, stmt, values, as_json)) {
		sqlite3_finalize(stmt);
		return NULL;
	}
	return run(ctx, db, stmt);
}

/* The same for SQL made here; frees the buffer. */
static struct value *execute_buf(struct node_ctx *ctx, sqlite3 *db, struct buf *sql, const struct value *values)
{
	struct value *rows = NULL;

	if (sql->failed)
		node_fail(ctx, "the SQL statement is too long");
	else
		rows = execute(ctx, db, sql->data, sql->len, values, true);
	buf_free(sql);
	return rows;
}

/* ---- nodes -------------------------------------------------------------------------------------------- */

/* Opens the database of the node; NULL after node_fail. */
static sqlite3 *open_own(struct node_ctx *ctx)
{
	struct path path;

	return database_path(ctx, &path) ? open_database(ctx, &path) : NULL;
}

static const char *column_type(const struct value *column)
{
	const char *type = map_str(column, "data_type", "");

	if (strcmp(type, "int") == 0)
		return "INTEGER";
	return strcmp(type, "float") == 0 ? "REAL" : "TEXT";
}

static void table_sql(struct node_ctx *ctx, struct buf *sql)
{
	const struct value *columns = map_get(node_get(ctx, "columns"), "columns");

	buf_printf(sql, "CREATE TABLE %s%s (", node_bool(ctx, "if_not_exists") ? "IF NOT EXISTS " : "",
		   node_text(ctx, "table_name"));
	for (size_t i = 0; i < value_len(columns); i++) {
		const struct value *column = list_at(columns, i);
		const char *type = column_type(column);

		if (i == 0 && node_bool(ctx, "add_primary_key") && strcmp(type, "INTEGER") == 0)
			type = "INTEGER PRIMARY KEY AUTOINCREMENT";
		buf_printf(sql, "%s%s %s", i ? ", " : "", map_str(column, "name", ""), type);
	}
	buf_addc(sql, ')');
}

/* 1 when the table is there, 0 when not, -1 after node_fail. */
static int table_exists(struct node_ctx *ctx, sqlite3 *db)
{
	static const char sql[] = "SELECT name FROM sqlite_master WHERE type='table' AND name=?";
	struct value *names = value_list();
	struct value *rows;
	int found;

	list_push(names, value_ref(node_get(ctx, "table_name")));
	rows = execute(ctx, db, sql, sizeof(sql) - 1, names, false);
	value_unref(names);
	found = rows ? value_len(rows) > 0 : -1;
	value_unref(rows);
	return found;
}

static enum node_result create_table(struct node_ctx *ctx)
{
	sqlite3 *db = open_own(ctx);
	int exists = db ? table_exists(ctx, db) : -1;
	struct buf sql;

	if (exists < 0)
		return NODE_FAILED;
	if (!exists) {
		struct value *rows;

		buf_init(&sql, BUF_MAX_BODY);
		table_sql(ctx, &sql);
		rows = execute_buf(ctx, db, &sql, NULL);
		if (!rows)
			return NODE_FAILED;
		value_unref(rows);
	}
	node_emit(ctx, "database_name", value_ref(node_get(ctx, "database_name")));
	node_emit(ctx, "table_name", value_ref(node_get(ctx, "table_name")));
	node_emit(ctx, "columns", value_ref(node_get(ctx, "columns")));
	return NODE_DONE;
}

static enum node_result insert(struct node_ctx *ctx)
{
	const struct value *data = node_get(ctx, "data");
	sqlite3 *db = open_own(ctx);
	struct value *result;
	struct value *rows;
	struct buf sql;
	struct sv key;

	if (!db)
		return NODE_FAILED;
	buf_init(&sql, BUF_MAX_BODY);
	buf_printf(&sql, "INSERT INTO %s (", node_text(ctx, "table_name"));
	for (size_t i = 0; map_entry(data, i, &key, NULL); i++)
		buf_printf(&sql, "%s%s", i ? ", " : "", key.p);
	buf_adds(&sql, ") VALUES (");
	for (size_t i = 0; i < value_len(data); i++)
		buf_adds(&sql, i ? ", ?" : "?");
	buf_addc(&sql, ')');
	rows = execute_buf(ctx, db, &sql, data);
	if (!rows)
		return NODE_FAILED;
	value_unref(rows);
	result = value_map();
	map_set_int(result, "row_id", sqlite3_last_insert_rowid(db));
	map_set_int(result, "rows_affected", sqlite3_changes64(db));
	map_set(result, "message",
		value_strf("Inserted record with ID %lld", (long long)sqlite3_last_insert_rowid(db)));
	return done(ctx, result);
}

static enum node_result query(struct node_ctx *ctx)
{
	const struct value *columns = map_get(node_get(ctx, "columns"), "columns");
	int64_t limit = node_int(ctx, "limit");
	struct path path;
	struct value *rows;
	struct buf sql;
	sqlite3 *db;

	if (!database_path(ctx, &path))
		return NODE_FAILED;
	if (!path_exists(&path))
		return done(ctx, value_list());
	db = open_database(ctx, &path);
	if (!db)
		return NODE_FAILED;
	buf_init(&sql, BUF_MAX_BODY);
	buf_adds(&sql, value_len(columns) ? "SELECT " : "SELECT *");
	for (size_t i = 0; i < value_len(columns); i++)
		buf_printf(&sql, "%s%s", i ? ", " : "", map_str(list_at(columns, i), "name", ""));
	buf_printf(&sql, " FROM %s", node_text(ctx, "table_name"));
	if (*node_text(ctx, "where"))
		buf_printf(&sql, " WHERE %s", node_text(ctx, "where"));
	if (*node_text(ctx, "order_by"))
		buf_printf(&sql, " ORDER BY %s", node_text(ctx, "order_by"));
	if (limit > 0)
		buf_printf(&sql, " LIMIT %lld", (long long)limit);
	rows = execute_buf(ctx, db, &sql, NULL);
	return rows ? done(ctx, rows) : NODE_FAILED;
}

/* The answer of an update or a deletion: how many rows it met. */
static enum node_result done_changes(struct node_ctx *ctx, sqlite3 *db, struct value *rows, const char *verb)
{
	struct value *result;

	if (!rows)
		return NODE_FAILED;
	value_unref(rows);
	result = value_map();
	map_set_int(result, "rows_affected", sqlite3_changes64(db));
	map_set(result, "message", value_strf("%s %lld record(s)", verb, (long long)sqlite3_changes64(db)));
	return done(ctx, result);
}

static enum node_result update(struct node_ctx *ctx)
{
	const struct value *data = node_get(ctx, "data");
	sqlite3 *db = open_own(ctx);
	struct buf sql;
	struct sv key;

	if (!db)
		return NODE_FAILED;
	buf_init(&sql, BUF_MAX_BODY);
	buf_printf(&sql, "UPDATE %s SET ", node_text(ctx, "table_name"));
	for (size_t i = 0; map_entry(data, i, &key, NULL); i++)
		buf_printf(&sql, "%s%s = ?", i ? ", " : "", key.p);
	if (*node_text(ctx, "where"))
		buf_printf(&sql, " WHERE %s", node_text(ctx, "where"));
	return done_changes(ctx, db, execute_buf(ctx, db, &sql, data), "Updated");
}

static enum node_result delete_rows(struct node_ctx *ctx)
{
	struct buf sql;
	sqlite3 *db;

	if (!*node_text(ctx, "where"))
		return node_fail(ctx, "where must not be empty: a deletion needs a condition");
	db = open_own(ctx);
	if (!db)
		return NODE_FAILED;
	buf_init(&sql, BUF_MAX_BODY);
	buf_printf(&sql, "DELETE FROM %s WHERE %s", node_text(ctx, "table_name"), node_text(ctx, "where"));
	return done_changes(ctx, db, execute_buf(ctx, db, &sql, NULL), "Deleted");
}

static bool begins_with(const char *sql, const char *const words[])
{
	for (; *words; words++) {
		if (strncasecmp(sql, *words, strlen(*words)) == 0)
			return true;
	}
	return false;
}

static enum node_result execute_sql(struct node_ctx *ctx)
{
	static const char *const changes[] = { "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", NULL };
	static const char *const counted[] = { "INSERT", "UPDATE", "DELETE", NULL };
	struct sv sql = strip(node_sv(ctx, "sql"));
	sqlite3 *db = open_own(ctx);
	struct value *rows = db ? execute(ctx, db, sql.p, sql.n, node_get(ctx, "parameters"), false) : NULL;
	struct value *result;

	if (!rows)
		return NODE_FAILED;
	result = value_map();
	if (begins_with(sql.p, changes)) {
		value_unref(rows);
		map_set_int(result, "rows_affected", begins_with(sql.p, counted) ? sqlite3_changes64(db) : -1);
		map_set_int(result, "last_row_id", sqlite3_last_insert_rowid(db));
		map_set_str(result, "message", "SQL executed successfully");
	} else {
		map_set(result, "rows", rows);
		map_set_int(result, "count", (int64_t)value_len(rows));
		map_set(result, "message", value_strf("Query returned %zu row(s)", value_len(rows)));
	}
	return done(ctx, result);
}

static enum node_result get_database_path(struct node_ctx *ctx)
{
	struct path path;

	return database_path(ctx, &path) ? done(ctx, value_str(path.full)) : NODE_FAILED;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop create_table_props[] = {
	{ .name = "database_name", .type = "str", .def = "\"memory.db\"" },
	{ .name = "table_name", .type = "str", .def = "\"flashcards\"" },
	{ .name = "columns", .type = "record_type", .def = "{\"type\": \"record_type\", \"columns\": []}" },
	{ .name = "add_primary_key", .type = "bool", .def = "true" },
	{ .name = "if_not_exists", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_slot create_table_outputs[] = {
	{ .name = "database_name", .type = "str" },
	{ .name = "table_name", .type = "str" },
	{ .name = "columns", .type = "record_type" },
	{ 0 },
};

static const struct node_prop insert_props[] = {
	{ .name = "database_name", .type = "str", .def = "\"memory.db\"" },
	{ .name = "table_name", .type = "str", .def = "\"flashcards\"" },
	{ .name = "data", .type = "dict[str,any]", .def = "{\"content\": \"example\"}" },
	{ 0 },
};

static const struct node_slot insert_outputs[] = {
	{ .name = "output", .type = "dict[str,any]" },
	{ 0 },
};

static const struct node_prop query_props[] = {
	{ .name = "database_name", .type = "str", .def = "\"memory.db\"" },
	{ .name = "table_name", .type = "str", .def = "\"flashcards\"" },
	{ .name = "where", .type = "str", .def = "\"\"" },
	{ .name = "columns", .type = "record_type", .def = "{\"type\": \"record_type\", \"columns\": []}" },
	{ .name = "order_by", .type = "str", .def = "\"\"" },
	{ .name = "limit", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_slot query_outputs[] = {
	{ .name = "output", .type = "list[dict[str,any]]" },
	{ 0 },
};

static const struct node_prop update_props[] = {
	{ .name = "database_name", .type = "str", .def = "\"memory.db\"" },
	{ .name = "table_name", .type = "str", .def = "\"flashcards\"" },
	{ .name = "data", .type = "dict[str,any]", .def = "{\"content\": \"updated\"}" },
	{ .name = "where", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop delete_props[] = {
	{ .name = "database_name", .type = "str", .def = "\"memory.db\"" },
	{ .name = "table_name", .type = "str", .def = "\"flashcards\"" },
	{ .name = "where", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop execute_sql_props[] = {
	{ .name = "database_name", .type = "str", .def = "\"memory.db\"" },
	{ .name = "sql", .type = "str", .def = "\"SELECT * FROM flashcards\"" },
	{ .name = "parameters", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_prop get_database_path_props[] = {
	{ .name = "database_name", .type = "str", .def = "\"memory.db\"" },
	{ 0 },
};

static const struct node_slot get_database_path_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.sqlite.CreateTable",
		.title = "Create Table",
		.description = "Makes a table in a database file of the workspace.",
		.props = create_table_props,
		.outputs = create_table_outputs,
		.flags = NODE_TOOL | NODE_ONCE | NODE_BLOCKING,
		.process = create_table,
	},
	{
		.type = "lib.sqlite.Insert",
		.title = "Insert",
		.description = "Adds a row to a table.",
		.props = insert_props,
		.outputs = insert_outputs,
		.flags = NODE_TOOL | NODE_ONCE | NODE_BLOCKING,
		.process = insert,
	},
	{
		.type = "lib.sqlite.Query",
		.title = "Query",
		.description = "Reads rows of a table.",
		.props = query_props,
		.outputs = query_outputs,
		.flags = NODE_TOOL | NODE_BLOCKING,
		.process = query,
	},
	{
		.type = "lib.sqlite.Update",
		.title = "Update",
		.description = "Changes rows of a table.",
		.props = update_props,
		.outputs = insert_outputs,
		.flags = NODE_TOOL | NODE_ONCE | NODE_BLOCKING,
		.process = update,
	},
	{
		.type = "lib.sqlite.Delete",
		.title = "Delete",
		.description = "Deletes the rows of a table that meet a condition.",
		.props = delete_props,
		.outputs = insert_outputs,
		.flags = NODE_TOOL | NODE_ONCE | NODE_BLOCKING,
		.process = delete_rows,
	},
	{
		.type = "lib.sqlite.ExecuteSQL",
		.title = "Execute SQL",
		.description = "Executes one SQL statement.",
		.props = execute_sql_props,
		.outputs = insert_outputs,
		.flags = NODE_TOOL | NODE_ONCE | NODE_BLOCKING,
		.process = execute_sql,
	},
	{
		.type = "lib.sqlite.GetDatabasePath",
		.title = "Get Database Path",
		.description = "Gives the path of a database file.",
		.props = get_database_path_props,
		.outputs = get_database_path_outputs,
		.flags = NODE_TOOL,
		.process = get_database_path,
	},
};

NODE_TABLE(nodes_lib_sqlite, types);
