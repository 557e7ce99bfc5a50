/* Whole rows of the tables that an administrator may read and write (/admin/db). The SQL of each table stands here as one
 * constant per operation; the columns are those of the table's own file. */
#include "model/model.h"

#include <string.h>

#define WORKFLOW_NAMES                                                                                             \
	"access, created_at, description, graph, html_app, id, name, package_name, receive_clipboard, run_mode, " \
	"settings, tags, thumbnail, thumbnail_url, tool_name, updated_at, user_id, workspace_id"
#define ASSET_NAMES                                                                                             \
	"content_type, created_at, duration, file_id, id, job_id, metadata, name, node_id, parent_id, size, type, " \
	"updated_at, user_id, workflow_id"

static const struct row_table tables[] = {
	{ "workflows", "workflow", workflow_columns, WORKFLOW_COLUMNS, WORKFLOW_ID, WORKFLOW_USER_ID,
	  "SELECT " WORKFLOW_NAMES " FROM nodetool_workflows WHERE id = ?",
	  "INSERT OR REPLACE INTO nodetool_workflows (" WORKFLOW_NAMES
	  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	  "DELETE FROM nodetool_workflows WHERE id = ?" },
	{ "assets", "asset", asset_columns, ASSET_COLUMNS, ASSET_ID, ASSET_USER_ID,
	  "SELECT " ASSET_NAMES " FROM nodetool_assets WHERE id = ?",
	  "INSERT OR REPLACE INTO nodetool_assets (" ASSET_NAMES ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	  "DELETE FROM nodetool_assets WHERE id = ?" },
};

const struct row_table *row_table_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		if (strcmp(tables[i].name, name) == 0)
			return &tables[i];
	}
	return NULL;
}

int row_any_get(struct db *db, struct arena *arena, const struct row_table *table, const char *id, struct sv *row,
		struct err *err)
{
	struct db_stmt *st = db_prepare(db, table->get_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	found = db_step(st, err);
	if (found > 0)
		row_read(st, table->columns, table->count, arena, row);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int row_any_put(struct db *db, const struct row_table *table, const struct sv *row, struct err *err)
{
	struct db_stmt *st = db_prepare(db, table->put_sql, err);

	if (!st)
		return -1;
	row_bind(st, table->columns, table->count, row);
	return db_run(st, err) < 0 ? -1 : 0;
}

int row_any_delete(struct db *db, const struct row_table *table, const char *id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, table->delete_sql, err);
	int64_t rows;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	rows = db_run(st, err);
	return rows < 0 ? -1 : rows == 0;
}
