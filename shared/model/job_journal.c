/* The daemon's own statements on jobs: see job_journal.h. */
#include "model/job_journal.h"

static const char sql_exists[] = "SELECT 1 FROM nodetool_jobs WHERE id = ?1";

static const char sql_start[] =
	"INSERT INTO nodetool_jobs (id, user_id, job_type, status, workflow_id, started_at, graph, params, updated_at,"
	" execution_strategy, worker_id, retry_count, max_retries, version, metadata_json)"
	" VALUES (?1, ?2, ?3, ?10, ?4, ?5, ?6, ?7, ?5, ?8, ?9, 0, 3, 1,"
	" CASE WHEN ?11 IS NULL THEN NULL ELSE json_object('options', json(?11)) END)";

static const char sql_running[] =
	"UPDATE nodetool_jobs SET status = 'running', updated_at = ?2, version = version + 1"
	" WHERE id = ?1 AND status = 'scheduled'";

static const char sql_end[] =
	"UPDATE nodetool_jobs SET status = ?2, updated_at = ?3, version = version + 1,"
	" finished_at = CASE WHEN ?4 THEN finished_at WHEN ?2 = 'suspended' THEN NULL ELSE ?3 END,"
	" completed_at = CASE WHEN ?2 = 'completed' THEN ?3 ELSE completed_at END,"
	" failed_at = CASE WHEN ?2 = 'failed' THEN ?3 ELSE failed_at END,"
	" error = CASE WHEN ?4 THEN error ELSE ?5 END, error_message = ?5,"
	" suspended_node_id = ?6, suspension_reason = ?7, suspension_state_json = ?8,"
	" suspension_metadata_json = CASE WHEN ?10 IS NULL THEN suspension_metadata_json"
	" ELSE json_object('completed', json(?10)) END,"
	" metadata_json = CASE WHEN ?9 IS NULL THEN metadata_json ELSE json_object('result', json(?9)) END"
	" WHERE id = ?1";

static const char sql_resume[] =
	"UPDATE nodetool_jobs SET status = 'running', worker_id = ?3, updated_at = ?4, version = version + 1,"
	" suspended_node_id = NULL, suspension_reason = NULL"
	" WHERE id = ?1 AND user_id = ?2 AND status = 'suspended'";

static const char sql_forget[] = "DELETE FROM nodetool_jobs WHERE id = ?1";

static const char sql_settle_one[] =
	"UPDATE nodetool_jobs SET status = 'failed', error = ?2, error_message = ?2, failed_at = ?3, finished_at = ?3,"
	" updated_at = ?3, version = version + 1 WHERE id = ?1 AND status IN ('scheduled', 'running', 'recovering')";

static const char sql_unfinished[] =
	"SELECT id, user_id FROM nodetool_jobs WHERE status IN ('scheduled', 'running', 'recovering') AND worker_id <> ?1"
	" AND error IS NULL AND finished_at IS NULL AND id > ?2 ORDER BY id LIMIT 1";

static const char sql_adopt[] =
	"UPDATE nodetool_jobs SET status = CASE WHEN ?4 THEN status ELSE 'running' END, worker_id = ?2,"
	" retry_count = coalesce(retry_count, 0) + NOT ?4, updated_at = ?3, version = version + 1 WHERE id = ?1";

static const char sql_find[] =
	"SELECT status, workflow_id, coalesce(error_message, error), json_extract(metadata_json, '$.result'), graph, params,"
	" suspended_node_id, suspension_reason, suspension_state_json, json_extract(suspension_metadata_json, '$.completed'),"
	" job_type, json_extract(metadata_json, '$.options'), coalesce(retry_count, 0), started_at"
	" FROM nodetool_jobs WHERE id = ?1 AND user_id = ?2";

static const char sql_workflow[] =
	"SELECT w.graph, s.path, CASE WHEN json_valid(w.settings) THEN json_extract(w.settings, '$.use_cache') END FROM nodetool_workflows w"
	" LEFT JOIN nodetool_workspaces s ON s.id = w.workspace_id AND s.user_id = ?2"
	" WHERE w.id = ?1 AND (w.user_id = ?2 OR w.access = 'public')";

int job_journal_start(struct db *db, const struct job_start *job, struct err *err)
{
	char now[TIME_TEXT_MAX];
	struct db_stmt *st = db_prepare(db, sql_exists, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, job->id);
	rc = db_step(st, err);
	db_release(st);
	if (rc < 0)
		return -1;
	if (rc > 0)
		return err_set(err, 409, "There is a job of that id already");
	st = db_prepare(db, sql_start, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, job->id);
	db_bind_text(st, 2, job->user_id);
	db_bind_text(st, 3, job->job_type);
	db_bind_text(st, 4, job->workflow_id);
	db_bind_text(st, 5, time_stamp(now));
	db_bind_text(st, 6, job->graph);
	db_bind_text(st, 7, job->params);
	db_bind_text(st, 8, job->execution_strategy);
	db_bind_text(st, 9, job->worker_id);
	db_bind_text(st, 10, job->status);
	db_bind_text(st, 11, job->options);
	return db_run(st, err) < 0 ? -1 : 0;
}

int job_journal_running(struct db *db, const char *id, struct err *err)
{
	char now[TIME_TEXT_MAX];
	struct db_stmt *st = db_prepare(db, sql_running, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, time_stamp(now));
	return db_run(st, err) < 0 ? -1 : 0;
}

int job_journal_end(struct db *db, const struct job_end *end, struct err *err)
{
	char now[TIME_TEXT_MAX];
	struct db_stmt *st = db_prepare(db, sql_end, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, end->id);
	db_bind_text(st, 2, end->status);
	db_bind_text(st, 3, time_stamp(now));
	db_bind_int(st, 4, end->http);
	db_bind_text(st, 5, end->error);
	db_bind_text(st, 6, end->node_id);
	db_bind_text(st, 7, end->reason);
	db_bind_text(st, 8, end->state);
	db_bind_text(st, 9, end->result);
	db_bind_text(st, 10, end->completed);
	return db_run(st, err) < 0 ? -1 : 0;
}

int job_journal_resume(struct db *db, const char *id, const char *user_id, const char *worker_id, struct err *err)
{
	char now[TIME_TEXT_MAX];
	struct db_stmt *st = db_prepare(db, sql_resume, err);
	int64_t rows;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	db_bind_text(st, 3, worker_id);
	db_bind_text(st, 4, time_stamp(now));
	rows = db_run(st, err);
	return rows < 0 ? -1 : rows == 0;
}

int job_journal_forget(struct db *db, const char *id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, sql_forget, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	return db_run(st, err) < 0 ? -1 : 0;
}

int job_journal_settle_one(struct db *db, const char *id, const char *reason, struct err *err)
{
	char now[TIME_TEXT_MAX];
	struct db_stmt *st = db_prepare(db, sql_settle_one, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, reason);
	db_bind_text(st, 3, time_stamp(now));
	return (int)db_run(st, err);
}

int job_journal_unfinished(struct db *db, const char *worker_id, const char *after, struct arena *arena, const char **id,
			   const char **user_id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, sql_unfinished, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, worker_id);
	db_bind_text(st, 2, after);
	rc = db_step(st, err);
	if (rc > 0) {
		*id = db_col_dup(st, 0, arena);
		*user_id = db_col_dup(st, 1, arena);
	}
	db_release(st);
	return rc < 0 ? -1 : rc == 0;
}

int job_journal_adopt(struct db *db, const char *id, const char *worker_id, bool as_before, struct err *err)
{
	char now[TIME_TEXT_MAX];
	struct db_stmt *st = db_prepare(db, sql_adopt, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, worker_id);
	db_bind_text(st, 3, time_stamp(now));
	db_bind_int(st, 4, as_before);
	return db_run(st, err) < 0 ? -1 : 0;
}

int job_journal_find(struct db *db, const char *id, const char *user_id, struct arena *arena, struct job_found *out,
		     struct err *err)
{
	struct db_stmt *st = db_prepare(db, sql_find, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	rc = db_step(st, err);
	if (rc > 0) {
		out->status = db_col_dup(st, 0, arena);
		out->workflow_id = db_col_dup(st, 1, arena);
		out->error = db_col_dup(st, 2, arena);
		out->result = db_col_dup(st, 3, arena);
		out->graph = db_col_dup(st, 4, arena);
		out->params = db_col_dup(st, 5, arena);
		out->node_id = db_col_dup(st, 6, arena);
		out->reason = db_col_dup(st, 7, arena);
		out->state = db_col_dup(st, 8, arena);
		out->completed = db_col_dup(st, 9, arena);
		out->job_type = db_col_dup(st, 10, arena);
		out->options = db_col_dup(st, 11, arena);
		out->attempts = db_col_int(st, 12);
		out->started_at = db_col_dup(st, 13, arena);
	}
	db_release(st);
	return rc < 0 ? -1 : rc == 0;
}

int job_journal_workflow(struct db *db, const char *workflow_id, const char *user_id, struct arena *arena,
			 const char **graph, const char **workspace, bool *use_cache, struct err *err)
{
	struct db_stmt *st = db_prepare(db, sql_workflow, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	db_bind_text(st, 2, user_id);
	rc = db_step(st, err);
	if (rc > 0) {
		*graph = db_col_dup(st, 0, arena);
		*workspace = db_col_dup(st, 1, arena);
		*use_cache = db_col_int(st, 2) == 1;
	}
	db_release(st);
	return rc < 0 ? -1 : rc == 0;
}
