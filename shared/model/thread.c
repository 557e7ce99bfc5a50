/* nodetool_threads: conversations. */
#include "model/model.h"

const struct column thread_columns[THREAD_COLUMNS] = {
	[THREAD_CREATED_AT] = { "created_at", COLUMN_TIME },
	[THREAD_ID] = { "id", COLUMN_TEXT },
	[THREAD_TITLE] = { "title", COLUMN_TEXT },
	[THREAD_UPDATED_AT] = { "updated_at", COLUMN_TIME },
	[THREAD_USER_ID] = { "user_id", COLUMN_TEXT },
};

#define COLUMNS "created_at, id, title, updated_at, user_id"

static const char get_sql[] = "SELECT " COLUMNS " FROM nodetool_threads WHERE id = ? AND user_id = ?";
static const char owner_sql[] = "SELECT user_id FROM nodetool_threads WHERE id = ?";
static const char put_sql[] = "INSERT OR REPLACE INTO nodetool_threads (" COLUMNS ") VALUES (?, ?, ?, ?, ?)";
static const char delete_sql[] = "DELETE FROM nodetool_threads WHERE id = ? AND user_id = ?";
static const char list_sql[] = "SELECT " COLUMNS " FROM nodetool_threads WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?";
static const char list_first_down_sql[] =
	"SELECT " COLUMNS " FROM nodetool_threads WHERE user_id = ? ORDER BY id DESC LIMIT ?";
static const char list_down_sql[] =
	"SELECT " COLUMNS " FROM nodetool_threads WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?";

int thread_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct thread *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	found = db_step(st, err);
	if (found > 0)
		row_read(st, thread_columns, THREAD_COLUMNS, arena, out->c);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int thread_owner(struct db *db, struct arena *arena, const char *id, const char **user_id, struct err *err)
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

int thread_put(struct db *db, const struct thread *t, struct err *err)
{
	struct db_stmt *st = db_prepare(db, put_sql, err);

	if (!st)
		return -1;
	row_bind(st, thread_columns, THREAD_COLUMNS, t->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

void thread_init(struct arena *arena, const char *user_id, const char *id, struct sv title, struct thread *out)
{
	char made[ID_SIZE];

	id_new(made);
	out->c[THREAD_ID] = sv_of(id ? id : arena_strdup(arena, made));
	out->c[THREAD_USER_ID] = sv_of(user_id);
	out->c[THREAD_TITLE] = title;
	out->c[THREAD_CREATED_AT] = row_now(arena);
	out->c[THREAD_UPDATED_AT] = out->c[THREAD_CREATED_AT];
}

int thread_delete(struct db *db, const char *user_id, const char *id, struct err *err)
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

int thread_list(struct db *db, struct arena *arena, const char *user_id, const char *after, int64_t limit, bool reverse,
		int (*each)(const struct thread *t, void *arg), void *arg, bool *more, struct err *err)
{
	bool keyed = !reverse || after;
	struct db_stmt *st = db_prepare(db, !reverse ? list_sql : after ? list_down_sql : list_first_down_sql, err);
	struct thread row;
	int64_t count = 0;
	int found;

	*more = false;
	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	if (keyed)
		db_bind_text(st, 2, after ? after : "");
	db_bind_int(st, keyed ? 3 : 2, limit < INT64_MAX ? limit + 1 : limit);
	while ((found = db_step(st, err)) > 0) {
		if (count++ == limit) {
			*more = true;
			found = 0;
			break;
		}
		row_lend(st, thread_columns, THREAD_COLUMNS, arena, row.c);
		if (each(&row, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

int thread_json(struct buf *out, const struct thread *t)
{
	char etag[ETAG_SIZE];

	thread_etag(t, etag);
	buf_addc(out, '{');
	row_json(out, "id", COLUMN_TEXT, t->c[THREAD_ID], "null");
	buf_addc(out, ',');
	row_json(out, "user_id", COLUMN_TEXT, t->c[THREAD_USER_ID], "null");
	buf_addc(out, ',');
	row_json(out, "title", COLUMN_TEXT, t->c[THREAD_TITLE], "null");
	buf_addc(out, ',');
	row_json(out, "created_at", COLUMN_TIME, t->c[THREAD_CREATED_AT], "null");
	buf_addc(out, ',');
	row_json(out, "updated_at", COLUMN_TIME, t->c[THREAD_UPDATED_AT], "null");
	return buf_printf(out, ",\"etag\":\"%s\"}", etag);
}

void thread_etag(const struct thread *t, char out[ETAG_SIZE])
{
	row_etag(thread_columns, THREAD_COLUMNS, t->c, NULL, out);
}
