/* nodetool_secrets: one encrypted value per user and key. */
#include "model/model.h"

const struct column stored_secret_columns[SECRET_COLUMNS] = {
	[SECRET_CREATED_AT] = { "created_at", COLUMN_TIME },
	[SECRET_DESCRIPTION] = { "description", COLUMN_TEXT },
	[SECRET_ENCRYPTED_VALUE] = { "encrypted_value", COLUMN_TEXT },
	[SECRET_ID] = { "id", COLUMN_TEXT },
	[SECRET_KEY] = { "key", COLUMN_TEXT },
	[SECRET_UPDATED_AT] = { "updated_at", COLUMN_TIME },
	[SECRET_USER_ID] = { "user_id", COLUMN_TEXT },
};

#define COLUMNS "created_at, description, encrypted_value, id, key, updated_at, user_id"

static const char get_sql[] = "SELECT " COLUMNS " FROM nodetool_secrets WHERE user_id = ? AND key = ?";
static const char list_sql[] = "SELECT " COLUMNS " FROM nodetool_secrets WHERE user_id = ? ORDER BY key";
static const char put_sql[] = "INSERT OR REPLACE INTO nodetool_secrets (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char delete_sql[] = "DELETE FROM nodetool_secrets WHERE user_id = ? AND key = ?";

int stored_secret_get(struct db *db, struct arena *arena, const char *user_id, const char *key, struct stored_secret *out,
		      struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, key);
	found = db_step(st, err);
	if (found > 0)
		row_read(st, stored_secret_columns, SECRET_COLUMNS, arena, out->c);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int stored_secret_set(struct db *db, struct arena *arena, const char *user_id, const char *key, const char *encrypted,
		      const char *description, struct stored_secret *out, bool *made, struct err *err)
{
	int missing = stored_secret_get(db, arena, user_id, key, out, err);
	struct db_stmt *st;
	char id[ID_SIZE];

	if (missing < 0)
		return -1;
	*made = missing;
	if (missing) {
		id_new(id);
		*out = (struct stored_secret){ 0 };
		out->c[SECRET_ID] = sv_of(arena_strdup(arena, id));
		out->c[SECRET_USER_ID] = sv_of(user_id);
		out->c[SECRET_KEY] = sv_of(key);
	}
	out->c[SECRET_UPDATED_AT] = row_now(arena);
	if (missing)
		out->c[SECRET_CREATED_AT] = out->c[SECRET_UPDATED_AT];
	out->c[SECRET_ENCRYPTED_VALUE] = sv_of(encrypted);
	if (description)
		out->c[SECRET_DESCRIPTION] = sv_of(description);
	st = db_prepare(db, put_sql, err);
	if (!st)
		return -1;
	row_bind(st, stored_secret_columns, SECRET_COLUMNS, out->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

int stored_secret_delete(struct db *db, const char *user_id, const char *key, struct err *err)
{
	struct db_stmt *st = db_prepare(db, delete_sql, err);
	int64_t rows;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, key);
	rows = db_run(st, err);
	return rows < 0 ? -1 : rows == 0;
}

int stored_secret_list(struct db *db, struct arena *arena, const char *user_id,
		       int (*each)(const struct stored_secret *s, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, list_sql, err);
	struct stored_secret row;
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	while ((found = db_step(st, err)) > 0) {
		row_lend(st, stored_secret_columns, SECRET_COLUMNS, arena, row.c);
		if (each(&row, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

void stored_secret_etag(const struct stored_secret *s, char out[ETAG_SIZE])
{
	row_etag(stored_secret_columns, SECRET_COLUMNS, s->c, NULL, out);
}
