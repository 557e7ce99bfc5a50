/* nodetool_assets: files and folders of users. The files themselves are shared/storage's. */
#include "model/model.h"
#include "storage/storage.h"

#include <string.h>

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

#define COLUMNS                                                                                                             \
	"content_type, created_at, duration, file_id, id, job_id, metadata, name, node_id, parent_id, size, type, updated_at, " \
	"user_id, workflow_id"

static const char get_sql[] = "SELECT " COLUMNS " FROM nodetool_assets WHERE id = ?1 AND user_id = ?2";
static const char get_any_sql[] = "SELECT " COLUMNS " FROM nodetool_assets WHERE id = ?1";
static const char owner_sql[] = "SELECT user_id FROM nodetool_assets WHERE id = ?";
static const char put_sql[] = "INSERT OR REPLACE INTO nodetool_assets (" COLUMNS ") VALUES "
			      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char delete_sql[] = "DELETE FROM nodetool_assets WHERE id = ? AND user_id = ?";

/* One text per filter that an index serves; the others are checked row by row. */
#define LIST(first)                                                                                                     \
	"SELECT " COLUMNS " FROM nodetool_assets WHERE user_id = ?1 AND id > ?2 " first                                  \
	"AND (?3 IS NULL OR parent_id = ?3) AND (?4 IS NULL OR content_type LIKE ?4) AND (?5 IS NULL OR workflow_id = ?5) " \
	"AND (?6 IS NULL OR node_id = ?6) AND (?7 IS NULL OR job_id = ?7) ORDER BY id LIMIT ?8"

static const char list_sql[] = LIST("");
static const char list_parent_sql[] = LIST("AND parent_id = ?3 ");
static const char list_workflow_sql[] = LIST("AND workflow_id = ?5 ");
static const char list_node_sql[] = LIST("AND node_id = ?6 ");
static const char list_job_sql[] = LIST("AND job_id = ?7 ");

/* The names stand in the index: of the table only what is shown is read. */
static const char search_sql[] =
	"SELECT " COLUMNS " FROM nodetool_assets WHERE id IN (SELECT id FROM nodetool_assets INDEXED BY nodetool_c_assets_user "
	"WHERE user_id = ?1 AND id > ?2 AND name LIKE ?3 ORDER BY id LIMIT ?4) ORDER BY id";
static const char search_type_sql[] =
	"SELECT " COLUMNS " FROM nodetool_assets INDEXED BY nodetool_c_assets_user WHERE user_id = ?1 AND id > ?2 "
	"AND name LIKE ?3 AND content_type LIKE ?5 ORDER BY id LIMIT ?4";

static int get_row(struct db *db, const char *sql, struct arena *arena, const char *user_id, const char *id,
		   struct asset *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	if (user_id)
		db_bind_text(st, 2, user_id);
	found = db_step(st, err);
	if (found > 0)
		row_read(st, asset_columns, ASSET_COLUMNS, arena, out->c);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int asset_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct asset *out, struct err *err)
{
	return get_row(db, get_sql, arena, user_id, id, out, err);
}

int asset_get_any(struct db *db, struct arena *arena, const char *id, struct asset *out, struct err *err)
{
	return get_row(db, get_any_sql, arena, NULL, id, out, err);
}

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

int asset_put(struct db *db, const struct asset *a, struct err *err)
{
	struct db_stmt *st = db_prepare(db, put_sql, err);

	if (!st)
		return -1;
	row_bind(st, asset_columns, ASSET_COLUMNS, a->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

void asset_init(struct arena *arena, const char *user_id, const char *parent_id, struct asset *out)
{
	char made[ID_SIZE];

	*out = (struct asset){ 0 };
	id_new(made);
	out->c[ASSET_ID] = sv_of(arena_strdup(arena, made));
	out->c[ASSET_USER_ID] = sv_of(user_id);
	out->c[ASSET_PARENT_ID] = sv_of(parent_id && *parent_id ? parent_id : user_id);
	out->c[ASSET_FILE_ID] = SV_LIT("");
	out->c[ASSET_CREATED_AT] = row_now(arena);
	out->c[ASSET_UPDATED_AT] = out->c[ASSET_CREATED_AT];
}

int asset_delete(struct db *db, const char *user_id, const char *id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, delete_sql, err);
	int64_t rows;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	rows = db_run(st, err);
	return rows < 0 ? -1 : rows == 0;
}

/* Gives the rows to `each`, at most `limit`; releases the statement. */
static int each_row(struct db_stmt *st, struct arena *arena, int64_t limit, int (*each)(const struct asset *a, void *arg),
		    void *arg, bool *more, struct err *err)
{
	struct asset row;
	int64_t count = 0;
	int found;

	*more = false;
	while ((found = db_step(st, err)) > 0) {
		if (count++ == limit) {
			*more = true;
			found = 0;
			break;
		}
		row_lend(st, asset_columns, ASSET_COLUMNS, arena, row.c);
		if (each(&row, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

static const char *like_prefix(struct arena *arena, const char *text)
{
	return text ? arena_printf(arena, "%s%%", text) : NULL;
}

static const char *list_text(const struct asset_filter *filter)
{
	return filter->job_id	   ? list_job_sql
	       : filter->node_id	   ? list_node_sql
	       : filter->parent_id   ? list_parent_sql
	       : filter->workflow_id ? list_workflow_sql
				     : list_sql;
}

static int64_t one_more(int64_t limit)
{
	return limit < INT64_MAX ? limit + 1 : limit;
}

int asset_list(struct db *db, struct arena *arena, const char *user_id, const struct asset_filter *filter,
	       int (*each)(const struct asset *a, void *arg), void *arg, bool *more, struct err *err)
{
	struct db_stmt *st = db_prepare(db, list_text(filter), err);

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, filter->after ? filter->after : "");
	db_bind_text(st, 3, filter->parent_id);
	db_bind_text(st, 4, like_prefix(arena, filter->content_type));
	db_bind_text(st, 5, filter->workflow_id);
	db_bind_text(st, 6, filter->node_id);
	db_bind_text(st, 7, filter->job_id);
	db_bind_int(st, 8, one_more(filter->limit));
	return each_row(st, arena, filter->limit, each, arg, more, err);
}

int asset_search(struct db *db, struct arena *arena, const char *user_id, const char *query, const struct asset_filter *filter,
		 int (*each)(const struct asset *a, void *arg), void *arg, bool *more, struct err *err)
{
	struct db_stmt *st = db_prepare(db, filter->content_type ? search_type_sql : search_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, filter->after ? filter->after : "");
	db_bind_text(st, 3, arena_printf(arena, "%%%s%%", query));
	db_bind_int(st, 4, one_more(filter->limit));
	if (filter->content_type)
		db_bind_text(st, 5, like_prefix(arena, filter->content_type));
	return each_row(st, arena, filter->limit, each, arg, more, err);
}

bool asset_is_folder(const struct asset *a)
{
	return sv_eq(a->c[ASSET_CONTENT_TYPE], ASSET_FOLDER);
}

static const char *text_of(struct arena *arena, struct sv text)
{
	return arena_strndup(arena, text.p ? text.p : "", text.n);
}

const char *asset_key(struct arena *arena, const struct asset *a)
{
	const char *id = text_of(arena, a->c[ASSET_ID]);

	if (asset_is_folder(a) || !id_safe(id))
		return NULL;
	return arena_printf(arena, "%s.%s", id, content_type_extension(text_of(arena, a->c[ASSET_CONTENT_TYPE])));
}

const char *asset_thumbnail_key(struct arena *arena, const struct asset *a)
{
	const char *id = text_of(arena, a->c[ASSET_ID]);

	return asset_is_folder(a) || !id_safe(id) ? NULL : arena_printf(arena, "%s_thumb.jpg", id);
}

void asset_etag(const struct asset *a, char out[ETAG_SIZE])
{
	struct asset shown = *a;

	shown.c[ASSET_TYPE] = SV_LIT("asset");
	row_etag(asset_columns, ASSET_COLUMNS, shown.c, NULL, out);
}
