/* nodetool_assets: files and folders of users. The files themselves are shared/storage's. */
#include "model/model.h"

const struct column asset_columns[ASSET_COLUMNS] = {
	[ASSET_CONTENT_TYPE] = { "content_type", COLUMN_TEXT },
	[ASSET_CREATED_AT] = { "created_at", COLUMN_TIME },
	[ASSET_DURATION] = { "duration", COLUMN_REAL },
	[ASSET_FILE_ID] = { "file_id", COLUMN_TEXT },
	[ASSET_ID] = { "id", COLUMN_TEXT },
	[ASSET_JOB_ID] = { "job_id", COLUMN_TEXT },
	[ASSET_METADATA] = { "metadata", COLUMN_JSON },
	[ASSET_NAME] = { "name", COLUMN_TEXT },
	[ASSET_NODE_ID] = { "node_id", COLUMN_TEXT },
	[ASSET_PARENT_ID] = { "parent_id", COLUMN_TEXT },
	[ASSET_SIZE] = { "size", COLUMN_INT },
	[ASSET_TYPE] = { "type", COLUMN_TEXT },
	[ASSET_UPDATED_AT] = { "updated_at", COLUMN_TIME },
	[ASSET_USER_ID] = { "user_id", COLUMN_TEXT },
	[ASSET_WORKFLOW_ID] = { "workflow_id", COLUMN_TEXT },
};

static const char owner_sql[] = "SELECT user_id FROM nodetool_assets WHERE id = ?";

int asset_owner(struct db *db, struct arena *arena, const char *id, const char **user_id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, owner_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	found = db_step(st, err);
	if (found > 0) {
		const char *owner = db_col_dup(st, 0, arena);

		*user_id = owner ? owner : "";
	}
	db_release(st);
	return found < 0 ? -1 : !found;
}
