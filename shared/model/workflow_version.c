/* Table nodetool_workflow_versions. */
#include "model/model.h"

#include <string.h>

#include "graph/graph.h"

const struct column version_columns[VERSION_COLUMNS] = {
	[VERSION_AUTOSAVE_METADATA] = { "autosave_metadata", COLUMN_JSON_MAP },
	[VERSION_CREATED_AT] = { "created_at", COLUMN_TIME },
	[VERSION_DESCRIPTION] = { "description", COLUMN_TEXT },
	[VERSION_GRAPH] = { "graph", COLUMN_JSON_MAP },
	[VERSION_ID] = { "id", COLUMN_TEXT },
	[VERSION_NAME] = { "name", COLUMN_TEXT },
	[VERSION_SAVE_TYPE] = { "save_type", COLUMN_TEXT },
	[VERSION_USER_ID] = { "user_id", COLUMN_TEXT },
	[VERSION_NUMBER] = { "version", COLUMN_INT },
	[VERSION_WORKFLOW_ID] = { "workflow_id", COLUMN_TEXT },
};

#define NAMES "autosave_metadata, created_at, description, graph, id, name, save_type, user_id, version, workflow_id"
#define TABLE "nodetool_workflow_versions"

static const char get_sql[] = "SELECT " NAMES " FROM " TABLE " WHERE workflow_id = ?1 AND version = ?2";
static const char highest_sql[] = "SELECT max(version) FROM " TABLE " WHERE workflow_id = ?1";
static const char put_sql[] = "INSERT INTO " TABLE " (" NAMES ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
static const char delete_sql[] = "DELETE FROM " TABLE " WHERE id = ?1 AND workflow_id = ?2";
static const char list_sql[] = "SELECT " NAMES " FROM " TABLE " WHERE workflow_id = ?1 AND version < ?2 "
			       "ORDER BY version DESC LIMIT ?3";
static const char newest_sql[] = "SELECT created_at FROM " TABLE " WHERE workflow_id = ?1 AND save_type = 'autosave' "
				 "ORDER BY created_at DESC LIMIT 1";
static const char spare_sql[] = "SELECT id FROM " TABLE " WHERE workflow_id = ?1 AND save_type = 'autosave' AND "
				"created_at < ?2 ORDER BY created_at DESC LIMIT -1 OFFSET ?3";
static const char count_sql[] = "SELECT count(*) FROM " TABLE " WHERE workflow_id = ?1 AND save_type = 'autosave' AND "
				"created_at >= ?2";

int version_get(struct db *db, struct arena *arena, const char *workflow_id, int64_t number,
		struct workflow_version *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	db_bind_int(st, 2, number);
	rc = db_step(st, err);
	if (rc == 1)
		row_read(st, version_columns, VERSION_COLUMNS, arena, out->c);
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int version_highest(struct db *db, const char *workflow_id, int64_t *number, struct err *err)
{
	struct db_stmt *st = db_prepare(db, highest_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	rc = db_step(st, err);
	*number = rc == 1 ? db_col_int(st, 0) : 0;
	db_release(st);
	return rc < 0 ? -1 : 0;
}

int version_put(struct db *db, const struct workflow_version *v, struct err *err)
{
	struct db_stmt *st = db_prepare(db, put_sql, err);

	if (!st)
		return -1;
	row_bind(st, version_columns, VERSION_COLUMNS, v->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

int version_delete(struct db *db, const char *workflow_id, const char *id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, delete_sql, err);
	int64_t changed;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, workflow_id);
	changed = db_run(st, err);
	return changed < 0 ? -1 : changed == 0;
}

int version_list(struct db *db, struct arena *arena, const char *workflow_id, int64_t before, int64_t limit,
		 int (*each)(const struct workflow_version *v, void *arg), void *arg, bool *more, struct err *err)
{
	struct db_stmt *st = db_prepare(db, list_sql, err);
	struct workflow_version v;
	int64_t shown = 0;
	int rc;

	*more = false;
	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	db_bind_int(st, 2, before ? before : INT64_MAX);
	db_bind_int(st, 3, limit < INT64_MAX ? limit + 1 : limit);
	while ((rc = db_step(st, err)) == 1) {
		if (shown++ == limit) {
			*more = true;
			break;
		}
		row_lend(st, version_columns, VERSION_COLUMNS, arena, v.c);
		if (each(&v, arg)) {
			rc = -1;
			break;
		}
	}
	db_release(st);
	return rc < 0 ? -1 : 0;
}

int version_newest_autosave(struct db *db, struct arena *arena, const char *workflow_id, const char **created_at,
			    struct err *err)
{
	struct db_stmt *st = db_prepare(db, newest_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	rc = db_step(st, err);
	if (rc == 1)
		*created_at = db_col_dup(st, 0, arena);
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

/* How many autosaves were made since a time: so many of those to keep are not among the older ones. */
static int count_since(struct db *db, const char *workflow_id, const char *since, int64_t *count, struct err *err)
{
	struct db_stmt *st = db_prepare(db, count_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	db_bind_text(st, 2, since);
	rc = db_step(st, err);
	*count = rc == 1 ? db_col_int(st, 0) : 0;
	db_release(st);
	return rc < 0 ? -1 : 0;
}

int version_trim_autosaves(struct db *db, struct arena *arena, const char *workflow_id, int64_t keep,
			   const char *older_than, void (*each)(const char *id, void *arg), void *arg, struct err *err)
{
	const char *limit = older_than ? older_than : "~"; /* above every time */
	struct value *spare = value_list();
	int64_t newer = 0;
	struct db_stmt *st;
	int rc = 0;

	arena_defer(arena, value_unref_ptr, spare);
	if (older_than && count_since(db, workflow_id, older_than, &newer, err))
		return -1;
	st = db_prepare(db, spare_sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	db_bind_text(st, 2, limit);
	db_bind_int(st, 3, keep > newer ? keep - newer : 0);
	while ((rc = db_step(st, err)) == 1)
		list_push(spare, value_str(db_col_text(st, 0)));
	db_release(st);
	for (size_t i = 0; rc == 0 && i < value_len(spare); i++) {
		rc = version_delete(db, workflow_id, value_text(list_at(spare, i)), err) < 0 ? -1 : 0;
		if (rc == 0 && each)
			each(value_text(list_at(spare, i)), arg);
	}
	return rc;
}

/* The stored graph as the model shows it: completed when it fits, as it is otherwise. */
static void graph_json(struct buf *out, struct sv text)
{
	struct json_error error;
	struct value *stored = text.p ? json_parse(text.p, text.n, &error) : NULL;
	struct value *complete = stored ? graph_complete(stored) : NULL;

	buf_adds(out, ",\"graph\":");
	if (complete)
		json_write(out, complete, JSON_COMPACT);
	else
		buf_adds(out, "{\"nodes\":[],\"edges\":[]}");
	value_unref(complete);
	value_unref(stored);
}

int version_json(struct buf *out, const struct workflow_version *v)
{
	static const struct {
		enum version_column column;
		const char *if_null;
	} shown[] = {
		{ VERSION_ID, "null" },		 { VERSION_WORKFLOW_ID, "null" }, { VERSION_NUMBER, "0" },
		{ VERSION_CREATED_AT, "null" },	 { VERSION_NAME, "\"\"" },	  { VERSION_DESCRIPTION, "\"\"" },
		{ VERSION_SAVE_TYPE, "\"manual\"" }, { VERSION_AUTOSAVE_METADATA, "{}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		const struct column *column = &version_columns[shown[i].column];

		buf_addc(out, i ? ',' : '{');
		row_json(out, column->name, column->kind, v->c[shown[i].column], shown[i].if_null);
	}
	graph_json(out, v->c[VERSION_GRAPH]);
	return buf_addc(out, '}');
}

void version_etag(const struct workflow_version *v, char out[ETAG_SIZE])
{
	row_etag(version_columns, VERSION_COLUMNS, v->c, NULL, out);
}
