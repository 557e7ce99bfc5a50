/* Table nodetool_jobs, as REST reads it. */
#include "model/model.h"

#include <string.h>

const struct column job_columns[JOB_COLUMNS] = {
	[JOB_COMPLETED_AT] = { "completed_at", COLUMN_TIME },
	[JOB_COST] = { "cost", COLUMN_REAL },
	[JOB_ERROR] = { "error", COLUMN_TEXT },
	[JOB_ERROR_MESSAGE] = { "error_message", COLUMN_TEXT },
	[JOB_EXECUTION_ID] = { "execution_id", COLUMN_TEXT },
	[JOB_EXECUTION_STRATEGY] = { "execution_strategy", COLUMN_TEXT },
	[JOB_FAILED_AT] = { "failed_at", COLUMN_TIME },
	[JOB_FINISHED_AT] = { "finished_at", COLUMN_TIME },
	[JOB_GRAPH] = { "graph", COLUMN_JSON },
	[JOB_HEARTBEAT_AT] = { "heartbeat_at", COLUMN_TIME },
	[JOB_ID] = { "id", COLUMN_TEXT },
	[JOB_JOB_TYPE] = { "job_type", COLUMN_TEXT },
	[JOB_LOGS] = { "logs", COLUMN_JSON },
	[JOB_MAX_RETRIES] = { "max_retries", COLUMN_INT },
	[JOB_METADATA_JSON] = { "metadata_json", COLUMN_JSON_MAP },
	[JOB_PARAMS] = { "params", COLUMN_JSON },
	[JOB_RETRY_COUNT] = { "retry_count", COLUMN_INT },
	[JOB_STARTED_AT] = { "started_at", COLUMN_TIME },
	[JOB_STATUS] = { "status", COLUMN_TEXT },
	[JOB_SUSPENDED_NODE_ID] = { "suspended_node_id", COLUMN_TEXT },
	[JOB_SUSPENSION_METADATA_JSON] = { "suspension_metadata_json", COLUMN_JSON_MAP },
	[JOB_SUSPENSION_REASON] = { "suspension_reason", COLUMN_TEXT },
	[JOB_SUSPENSION_STATE_JSON] = { "suspension_state_json", COLUMN_JSON_MAP },
	[JOB_UPDATED_AT] = { "updated_at", COLUMN_TIME },
	[JOB_USER_ID] = { "user_id", COLUMN_TEXT },
	[JOB_VERSION] = { "version", COLUMN_INT },
	[JOB_WORKER_ID] = { "worker_id", COLUMN_TEXT },
	[JOB_WORKFLOW_ID] = { "workflow_id", COLUMN_TEXT },
};

/* A row without the columns that lists never show (graph, logs, params and the states can be large). */
#define NARROW                                                                                                       \
	"NULL, cost, error, NULL, NULL, NULL, NULL, finished_at, NULL, NULL, id, job_type, NULL, NULL, NULL, NULL, " \
	"NULL, started_at, status, NULL, NULL, NULL, NULL, NULL, user_id, NULL, NULL, workflow_id"
#define BEHIND " AND (started_at, id) < (?3, ?4) ORDER BY started_at DESC, id DESC LIMIT ?2"
#define ACTIVE "('scheduled', 'running', 'suspended', 'paused', 'recovering')"

static const char get_sql[] =
	"SELECT completed_at, cost, error, error_message, execution_id, execution_strategy, failed_at, finished_at, graph, "
	"heartbeat_at, id, job_type, logs, max_retries, metadata_json, params, retry_count, started_at, status, "
	"suspended_node_id, suspension_metadata_json, suspension_reason, suspension_state_json, updated_at, user_id, "
	"version, worker_id, workflow_id FROM nodetool_jobs WHERE id = ?1 AND user_id = ?2";
static const char delete_sql[] = "DELETE FROM nodetool_jobs WHERE id = ?1 AND user_id = ?2 AND "
				 "coalesce(status, '') NOT IN " ACTIVE;
static const char list_sql[] = "SELECT " NARROW " FROM nodetool_jobs WHERE user_id = ?1" BEHIND;
static const char list_workflow_sql[] =
	"SELECT " NARROW " FROM nodetool_jobs WHERE user_id = ?1 AND workflow_id = ?5" BEHIND;
static const char cursor_sql[] = "SELECT started_at FROM nodetool_jobs WHERE id = ?1 AND user_id = ?2";
static const char ended_sql[] = "SELECT " NARROW " FROM nodetool_jobs INDEXED BY idx_job_updated WHERE user_id = ?1 AND "
				"updated_at >= ?2 AND status NOT IN " ACTIVE " AND "
				"coalesce(completed_at, failed_at, finished_at, updated_at) >= ?2 ORDER BY updated_at DESC LIMIT ?3";
static const char active_sql[] = "SELECT " NARROW " FROM nodetool_jobs WHERE user_id = ?1 AND status IN " ACTIVE;

static int read_one(struct db_stmt *st, struct arena *arena, struct job *out, struct err *err)
{
	int rc = db_step(st, err);

	if (rc == 1)
		row_read(st, job_columns, JOB_COLUMNS, arena, out->c);
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int job_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct job *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	return read_one(st, arena, out, err);
}

int job_delete(struct db *db, const char *user_id, const char *id, struct err *err)
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

/* Where the page begins: 0, 1 when the cursor names no job of the user, -1. */
static int page_start(struct db *db, struct arena *arena, const char *user_id, const char *after, const char **time,
		      struct err *err)
{
	struct db_stmt *st;
	int rc;

	*time = "~"; /* above every time */
	if (!after)
		return 0;
	st = db_prepare(db, cursor_sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, after);
	db_bind_text(st, 2, user_id);
	rc = db_step(st, err);
	if (rc == 1 && !db_col_null(st, 0))
		*time = db_col_dup(st, 0, arena);
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

/* Steps through a bound statement and releases it. */
static int each_row(struct db_stmt *st, struct arena *arena, int64_t limit,
		    int (*each)(const struct job *job, void *arg), void *arg, bool *more, struct err *err)
{
	struct job job;
	int64_t shown = 0;
	int rc;

	while ((rc = db_step(st, err)) == 1) {
		if (shown++ == limit) {
			*more = true;
			break;
		}
		row_lend(st, job_columns, JOB_COLUMNS, arena, job.c);
		if (each(&job, arg)) {
			rc = -1;
			break;
		}
	}
	db_release(st);
	return rc < 0 ? -1 : 0;
}

int job_list(struct db *db, struct arena *arena, const char *user_id, const char *workflow_id, const char *after,
	     int64_t limit, int (*each)(const struct job *job, void *arg), void *arg, bool *more, struct err *err)
{
	struct db_stmt *st;
	const char *time;
	int rc = page_start(db, arena, user_id, after, &time, err);

	*more = false;
	if (rc)
		return rc < 0 ? -1 : 0;
	st = db_prepare(db, workflow_id ? list_workflow_sql : list_sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_int(st, 2, limit < INT64_MAX ? limit + 1 : limit);
	db_bind_text(st, 3, time);
	db_bind_text(st, 4, after ? after : "");
	if (workflow_id)
		db_bind_text(st, 5, workflow_id);
	return each_row(st, arena, limit, each, arg, more, err);
}

int job_list_active(struct db *db, struct arena *arena, const char *user_id,
		    int (*each)(const struct job *job, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, active_sql, err);
	bool more;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	return each_row(st, arena, INT64_MAX, each, arg, &more, err);
}

int job_list_ended(struct db *db, struct arena *arena, const char *user_id, const char *since, int64_t limit,
		   int (*each)(const struct job *job, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, ended_sql, err);
	bool more;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, since);
	db_bind_int(st, 3, limit);
	return each_row(st, arena, INT64_MAX, each, arg, &more, err);
}

void job_etag(const struct job *job, char out[ETAG_SIZE])
{
	row_etag(job_columns, JOB_COLUMNS, job->c, NULL, out);
}

bool job_status_active(struct sv status)
{
	static const char *const active[] = { "scheduled", "running", "suspended", "paused", "recovering" };

	for (size_t i = 0; i < ARRAY_LEN(active); i++) {
		if (sv_eq(status, active[i]))
			return true;
	}
	return false;
}
