/* The queue of waiting runs in table nodetool_jobs: see job_queue.h. */
#include "model/job_queue.h"

#include <stdlib.h>
#include <string.h>

#define OPTION(name) "CASE WHEN json_valid(metadata_json) THEN json_extract(metadata_json, '$.options." name "') END"

/* A row of the original that failed says scheduled too, with an error. */
static const char list_sql[] = "SELECT id, workflow_id, started_at, " OPTION("priority") ", " OPTION(
	"place") " FROM nodetool_jobs WHERE user_id = ?1 AND status = 'scheduled' AND error IS NULL AND finished_at IS NULL";

static const char store_sql[] =
	"UPDATE nodetool_jobs SET metadata_json = json_set(CASE WHEN json_valid(metadata_json) THEN metadata_json ELSE '{}' END,"
	" '$.options.priority', ?3, '$.options.place', ?4) WHERE id = ?1 AND user_id = ?2 AND status = 'scheduled'";

static int compare(const void *one, const void *other)
{
	const struct queued_job *a = one;
	const struct queued_job *b = other;
	int rc;

	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->place != b->place)
		return b->place == 0 || (a->place != 0 && a->place < b->place) ? -1 : 1;
	rc = strcmp(a->queued_at, b->queued_at);
	return rc ? rc : strcmp(a->id, b->id);
}

void job_queue_sort(struct queued_job *list, size_t count)
{
	if (count)
		qsort(list, count, sizeof(*list), compare);
}

static const char *text(struct db_stmt *st, int column, struct arena *arena)
{
	const char *found = db_col_dup(st, column, arena);

	return found ? found : "";
}

int job_queue_list(struct db *db, struct arena *arena, const char *user_id, struct queued_job **out, size_t *count,
		   struct err *err)
{
	struct db_stmt *st = db_prepare(db, list_sql, err);
	struct queued_job *list = NULL;
	struct queued_job *more;
	size_t cap = 0;
	size_t n = 0;
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	while ((rc = db_step(st, err)) == 1) {
		if (n == cap) {
			cap = cap ? cap * 2 : 16;
			more = arena_alloc(arena, cap * sizeof(*list));
			if (n)
				memcpy(more, list, n * sizeof(*list));
			list = more;
		}
		list[n++] = (struct queued_job){ text(st, 0, arena), text(st, 1, arena), text(st, 2, arena),
						 db_col_int(st, 3), db_col_int(st, 4) };
	}
	db_release(st);
	if (rc < 0)
		return -1;
	job_queue_sort(list, n);
	*out = list;
	*count = n;
	return 0;
}

void job_queue_settle(struct queued_job *list, size_t count)
{
	for (size_t i = count; i-- > 0;) {
		list[i].place = (int64_t)i + 1;
		if (i + 1 < count && list[i].priority < list[i + 1].priority)
			list[i].priority = list[i + 1].priority;
	}
}

int job_queue_store(struct db *db, const char *user_id, const struct queued_job *list, size_t count, struct err *err)
{
	struct db_stmt *st;

	for (size_t i = 0; i < count; i++) {
		st = db_prepare(db, store_sql, err);
		if (!st)
			return -1;
		db_bind_text(st, 1, list[i].id);
		db_bind_text(st, 2, user_id);
		db_bind_int(st, 3, list[i].priority);
		db_bind_int(st, 4, list[i].place);
		if (db_run(st, err) < 0)
			return -1;
	}
	return 0;
}
