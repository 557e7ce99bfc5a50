/* nodetool_workspaces: folders of this machine that workflows may use. */
#include "model/model.h"

#include <string.h>

const struct column workspace_columns[WORKSPACE_COLUMNS] = {
	[WORKSPACE_CREATED_AT] = { "created_at", COLUMN_TIME },
	[WORKSPACE_ID] = { "id", COLUMN_TEXT },
	[WORKSPACE_IS_DEFAULT] = { "is_default", COLUMN_BOOL },
	[WORKSPACE_NAME] = { "name", COLUMN_TEXT },
	[WORKSPACE_PATH] = { "path", COLUMN_TEXT },
	[WORKSPACE_UPDATED_AT] = { "updated_at", COLUMN_TIME },
	[WORKSPACE_USER_ID] = { "user_id", COLUMN_TEXT },
};

#define COLUMNS "created_at, id, is_default, name, path, updated_at, user_id"

static const char get_sql[] = "SELECT " COLUMNS " FROM nodetool_workspaces WHERE user_id = ?1 AND id = ?2";
static const char default_sql[] = "SELECT " COLUMNS " FROM nodetool_workspaces WHERE user_id = ?1 AND is_default = 1 LIMIT 1";
static const char put_sql[] = "INSERT OR REPLACE INTO nodetool_workspaces (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char demote_sql[] = "UPDATE nodetool_workspaces SET is_default = 0, updated_at = ?3 "
				 "WHERE user_id = ?1 AND is_default = 1 AND id <> ?2";
static const char delete_sql[] = "DELETE FROM nodetool_workspaces WHERE user_id = ?1 AND id = ?2";
static const char used_sql[] = "SELECT 1 FROM nodetool_workflows WHERE workspace_id = ?1 LIMIT 1";
static const char list_sql[] = "SELECT " COLUMNS " FROM nodetool_workspaces WHERE user_id = ?1 "
			       "ORDER BY updated_at DESC, id DESC LIMIT ?2";
static const char list_after_sql[] = "SELECT " COLUMNS " FROM nodetool_workspaces WHERE user_id = ?1 "
				     "AND (updated_at, id) < (?3, ?4) ORDER BY updated_at DESC, id DESC LIMIT ?2";

static int get_row(struct db *db, const char *sql, struct arena *arena, const char *user_id, const char *id,
		   struct workspace *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	if (id)
		db_bind_text(st, 2, id);
	found = db_step(st, err);
	if (found > 0)
		row_read(st, workspace_columns, WORKSPACE_COLUMNS, arena, out->c);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int workspace_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct workspace *out,
		  struct err *err)
{
	return get_row(db, get_sql, arena, user_id, id, out, err);
}

int workspace_get_default(struct db *db, struct arena *arena, const char *user_id, struct workspace *out, struct err *err)
{
	return get_row(db, default_sql, arena, user_id, NULL, out, err);
}

static int demote_others(struct db *db, struct arena *arena, const struct workspace *w, struct err *err)
{
	struct db_stmt *st = db_prepare(db, demote_sql, err);

	if (!st)
		return -1;
	db_bind_sv(st, 1, w->c[WORKSPACE_USER_ID]);
	db_bind_sv(st, 2, w->c[WORKSPACE_ID]);
	db_bind_sv(st, 3, row_now(arena));
	return db_run(st, err) < 0 ? -1 : 0;
}

int workspace_put(struct db *db, struct arena *arena, const struct workspace *w, struct err *err)
{
	struct db_stmt *st;

	if (sv_eq(w->c[WORKSPACE_IS_DEFAULT], "true") && demote_others(db, arena, w, err))
		return -1;
	st = db_prepare(db, put_sql, err);
	if (!st)
		return -1;
	row_bind(st, workspace_columns, WORKSPACE_COLUMNS, w->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

void workspace_init(struct arena *arena, const char *user_id, struct workspace *out)
{
	char made[ID_SIZE];

	*out = (struct workspace){ 0 };
	id_new(made);
	out->c[WORKSPACE_ID] = sv_of(arena_strdup(arena, made));
	out->c[WORKSPACE_USER_ID] = sv_of(user_id);
	out->c[WORKSPACE_IS_DEFAULT] = SV_LIT("false");
	out->c[WORKSPACE_CREATED_AT] = row_now(arena);
	out->c[WORKSPACE_UPDATED_AT] = out->c[WORKSPACE_CREATED_AT];
}

int workspace_delete(struct db *db, const char *user_id, const char *id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, delete_sql, err);
	int64_t rows;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, id);
	rows = db_run(st, err);
	return rows < 0 ? -1 : rows == 0;
}

int workspace_is_used(struct db *db, const char *id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, used_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	found = db_step(st, err);
	db_release(st);
	return found;
}

/* A cursor is "TIME|ID" of the last row. */
const char *workspace_cursor(struct arena *arena, const struct workspace *w)
{
	return arena_printf(arena, "%.*s|%.*s", (int)w->c[WORKSPACE_UPDATED_AT].n, w->c[WORKSPACE_UPDATED_AT].p,
			    (int)w->c[WORKSPACE_ID].n, w->c[WORKSPACE_ID].p);
}

int workspace_list(struct db *db, struct arena *arena, const char *user_id, const char *cursor, int64_t limit,
		   int (*each)(const struct workspace *w, void *arg), void *arg, bool *more, struct err *err)
{
	struct db_stmt *st = db_prepare(db, cursor ? list_after_sql : list_sql, err);
	struct sv rest = sv_of(cursor);
	struct sv time = { 0 };
	struct workspace row;
	int64_t count = 0;
	int found;

	*more = false;
	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_int(st, 2, limit < INT64_MAX ? limit + 1 : limit);
	if (cursor) {
		sv_split(&rest, '|', &time);
		db_bind_sv(st, 3, time);
		db_bind_sv(st, 4, rest.p ? rest : SV_LIT(""));
	}
	while ((found = db_step(st, err)) > 0) {
		if (count++ == limit) {
			*more = true;
			found = 0;
			break;
		}
		row_lend(st, workspace_columns, WORKSPACE_COLUMNS, arena, row.c);
		if (each(&row, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

int workspace_json(struct buf *out, const struct workspace *w, bool accessible)
{
	static const enum workspace_column order[] = { WORKSPACE_ID, WORKSPACE_USER_ID, WORKSPACE_NAME, WORKSPACE_PATH,
						       WORKSPACE_IS_DEFAULT };
	static const enum workspace_column times[] = { WORKSPACE_CREATED_AT, WORKSPACE_UPDATED_AT };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		buf_addc(out, i ? ',' : '{');
		row_json(out, workspace_columns[order[i]].name, workspace_columns[order[i]].kind, w->c[order[i]],
			 order[i] == WORKSPACE_IS_DEFAULT ? "false" : "null");
	}
	buf_printf(out, ",\"is_accessible\":%s", accessible ? "true" : "false");
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		buf_addc(out, ',');
		row_json(out, workspace_columns[times[i]].name, COLUMN_TIME, w->c[times[i]], "null");
	}
	return buf_addc(out, '}');
}

void workspace_etag(const struct workspace *w, char out[ETAG_SIZE])
{
	row_etag(workspace_columns, WORKSPACE_COLUMNS, w->c, NULL, out);
}
