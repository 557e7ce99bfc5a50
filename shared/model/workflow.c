/* Table nodetool_workflows. */
#include "model/model.h"

#include <string.h>

const struct column workflow_columns[WORKFLOW_COLUMNS] = {
	[WORKFLOW_ACCESS] = { "access", COLUMN_TEXT },
	[WORKFLOW_CREATED_AT] = { "created_at", COLUMN_TIME },
	[WORKFLOW_DESCRIPTION] = { "description", COLUMN_TEXT },
	[WORKFLOW_GRAPH] = { "graph", COLUMN_JSON },
	[WORKFLOW_HTML_APP] = { "html_app", COLUMN_TEXT },
	[WORKFLOW_ID] = { "id", COLUMN_TEXT },
	[WORKFLOW_NAME] = { "name", COLUMN_TEXT },
	[WORKFLOW_PACKAGE_NAME] = { "package_name", COLUMN_TEXT },
	[WORKFLOW_RECEIVE_CLIPBOARD] = { "receive_clipboard", COLUMN_BOOL },
	[WORKFLOW_RUN_MODE] = { "run_mode", COLUMN_TEXT },
	[WORKFLOW_SETTINGS] = { "settings", COLUMN_JSON },
	[WORKFLOW_TAGS] = { "tags", COLUMN_JSON },
	[WORKFLOW_THUMBNAIL] = { "thumbnail", COLUMN_TEXT },
	[WORKFLOW_THUMBNAIL_URL] = { "thumbnail_url", COLUMN_TEXT },
	[WORKFLOW_TOOL_NAME] = { "tool_name", COLUMN_TEXT },
	[WORKFLOW_UPDATED_AT] = { "updated_at", COLUMN_TIME },
	[WORKFLOW_USER_ID] = { "user_id", COLUMN_TEXT },
	[WORKFLOW_WORKSPACE_ID] = { "workspace_id", COLUMN_TEXT },
};

#define NAMES                                                                                              \
	"access, created_at, description, graph, html_app, id, name, package_name, receive_clipboard, run_mode, " \
	"settings, tags, thumbnail, thumbnail_url, tool_name, updated_at, user_id, workspace_id"

/* A column of a list is read only when its bit is asked for: a graph or page that is not shown is not loaded. */
#define IF(bit, name) "CASE WHEN ?1 & (1 << " #bit ") THEN " name " END"
#define LIST_COLUMNS                                                                                        \
	IF(0, "access") ", " IF(1, "created_at") ", " IF(2, "description") ", " IF(3, "graph") ", "          \
	IF(4, "html_app") ", id, " IF(6, "name") ", " IF(7, "package_name") ", "                             \
	IF(8, "receive_clipboard") ", " IF(9, "run_mode") ", " IF(10, "settings") ", " IF(11, "tags") ", "   \
	IF(12, "thumbnail") ", " IF(13, "thumbnail_url") ", " IF(14, "tool_name") ", updated_at, "           \
	IF(16, "user_id") ", " IF(17, "workspace_id")
_Static_assert(WORKFLOW_GRAPH == 3 && WORKFLOW_RUN_MODE == 9 && WORKFLOW_WORKSPACE_ID == 17,
	       "the bits of LIST_COLUMNS");

#define BEHIND " AND (updated_at, id) < (?4, ?5) "
#define NEWEST_FIRST "ORDER BY updated_at DESC, id DESC LIMIT ?2"

static const char get_own_sql[] = "SELECT " NAMES " FROM nodetool_workflows WHERE id = ?1 AND user_id = ?2";
static const char get_public_sql[] = "SELECT " NAMES " FROM nodetool_workflows "
				     "WHERE id = ?1 AND (user_id = ?2 OR access = 'public')";
static const char owner_sql[] = "SELECT user_id FROM nodetool_workflows WHERE id = ?1";
static const char put_sql[] = "INSERT OR REPLACE INTO nodetool_workflows (" NAMES ") VALUES "
			      "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
static const char delete_sql[] = "DELETE FROM nodetool_workflows WHERE id = ?1 AND user_id = ?2";
static const char list_own_sql[] =
	"SELECT " LIST_COLUMNS " FROM nodetool_workflows WHERE user_id = ?3" BEHIND NEWEST_FIRST;
static const char list_mode_sql[] = "SELECT " LIST_COLUMNS " FROM nodetool_workflows "
				    "WHERE user_id = ?3 AND run_mode = ?6" BEHIND NEWEST_FIRST;
static const char list_public_sql[] = "SELECT " LIST_COLUMNS " FROM nodetool_workflows "
				      "WHERE access = 'public' AND ?3 IS NULL" BEHIND NEWEST_FIRST;
static const char cursor_sql[] = "SELECT updated_at FROM nodetool_workflows WHERE id = ?1";

int workflow_get(struct db *db, struct arena *arena, const char *user_id, const char *id, bool or_public,
		 struct workflow *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, or_public ? get_public_sql : get_own_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	rc = db_step(st, err);
	if (rc == 1)
		row_read(st, workflow_columns, WORKFLOW_COLUMNS, arena, out->c);
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int workflow_owner(struct db *db, struct arena *arena, const char *id, const char **user_id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, owner_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	rc = db_step(st, err);
	if (rc == 1)
		*user_id = db_col_dup(st, 0, arena);
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int workflow_put(struct db *db, const struct workflow *w, struct err *err)
{
	struct db_stmt *st = db_prepare(db, put_sql, err);

	if (!st)
		return -1;
	row_bind(st, workflow_columns, WORKFLOW_COLUMNS, w->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

int workflow_delete(struct db *db, const char *user_id, const char *id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, delete_sql, err);
	int64_t changed;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	changed = db_run(st, err);
	return changed < 0 ? -1 : changed == 0;
}

void workflow_etag(const struct workflow *w, struct value *graph, char out[ETAG_SIZE])
{
	struct value *parsed[WORKFLOW_COLUMNS] = { [WORKFLOW_GRAPH] = graph };

	row_etag(workflow_columns, WORKFLOW_COLUMNS, w->c, parsed, out);
}

/* Where a page begins: a cursor is "updated_at~id" (it holds its place even when that workflow is saved or deleted
 * meanwhile), or an id alone. 1: there is no such place. */
static int page_start(struct db *db, struct arena *arena, const char *cursor, const char **time, const char **id,
		      struct err *err)
{
	const char *mark = cursor ? strchr(cursor, '~') : NULL;
	struct db_stmt *st;
	int rc;

	*time = "~"; /* above every time */
	*id = "";
	if (!cursor)
		return 0;
	if (mark) {
		*time = arena_strndup(arena, cursor, (size_t)(mark - cursor));
		*id = mark + 1;
		return 0;
	}
	st = db_prepare(db, cursor_sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, cursor);
	rc = db_step(st, err);
	if (rc == 1 && !db_col_null(st, 0))
		*time = db_col_dup(st, 0, arena);
	*id = cursor;
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int workflow_list(struct db *db, struct arena *arena, const struct workflow_page *page,
		  int (*each)(const struct workflow *w, void *arg), void *arg, bool *more, struct err *err)
{
	const char *sql = !page->user_id ? list_public_sql : page->run_mode ? list_mode_sql : list_own_sql;
	struct workflow w;
	struct db_stmt *st;
	const char *time;
	const char *id;
	int64_t shown = 0;
	int rc = page_start(db, arena, page->after, &time, &id, err);

	*more = false;
	if (rc)
		return rc < 0 ? -1 : 0;
	st = db_prepare(db, sql, err);
	if (!st)
		return -1;
	db_bind_int(st, 1, page->columns);
	db_bind_int(st, 2, page->limit < INT64_MAX ? page->limit + 1 : page->limit);
	db_bind_text(st, 3, page->user_id);
	db_bind_text(st, 4, time);
	db_bind_text(st, 5, id);
	if (sql == list_mode_sql)
		db_bind_text(st, 6, page->run_mode);
	while ((rc = db_step(st, err)) == 1) {
		if (shown++ == page->limit) {
			*more = true;
			break;
		}
		row_lend(st, workflow_columns, WORKFLOW_COLUMNS, arena, w.c);
		if (each(&w, arg)) {
			rc = -1;
			break;
		}
	}
	db_release(st);
	return rc < 0 ? -1 : 0;
}
