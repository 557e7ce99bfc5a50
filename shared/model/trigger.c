/* Tables nodetool_c_trigger_events, _hooks and _schedules, and the daemon's view of nodetool_c_triggers: see trigger.h. */
#include "model/trigger.h"

#include "model/job_journal.h"
#include "model/model.h"

static const char count_sql[] = "SELECT count(*) FROM nodetool_c_trigger_events WHERE workflow_id = ?1 AND taken = 0";
static const char add_sql[] = "INSERT OR IGNORE INTO nodetool_c_trigger_events "
			      "(event_id, user_id, workflow_id, node_id, payload, created_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char list_sql[] = "SELECT number, event_id, user_id, workflow_id, node_id, payload "
			       "FROM nodetool_c_trigger_events WHERE workflow_id = ?1 AND taken = 0 AND number > ?2 "
			       "ORDER BY number LIMIT ?3";
static const char taken_sql[] = "UPDATE nodetool_c_trigger_events SET taken = 1, payload = NULL WHERE number = ?1";
static const char prune_sql[] = "DELETE FROM nodetool_c_trigger_events WHERE taken = 1 AND created_us < ?1";
static const char forget_sql[] = "DELETE FROM nodetool_c_trigger_events WHERE workflow_id = ?1 AND taken = 0";
static const char forget_schedule_sql[] = "DELETE FROM nodetool_c_trigger_schedules WHERE workflow_id = ?1";
static const char all_sql[] = "SELECT t.user_id, t.workflow_id, t.job_id, j.status FROM nodetool_c_triggers t "
			      "LEFT JOIN nodetool_jobs j ON j.id = t.job_id";
static const char ended_sql[] = "DELETE FROM nodetool_c_triggers WHERE job_id = ?1";
static const char schedule_get_sql[] = "SELECT fired_s FROM nodetool_c_trigger_schedules WHERE key = ?1";
static const char schedule_set_sql[] = "INSERT OR REPLACE INTO nodetool_c_trigger_schedules (key, workflow_id, fired_s) "
				       "VALUES (?1, ?2, ?3)";
static const char hook_clear_sql[] = "DELETE FROM nodetool_c_trigger_hooks WHERE workflow_id = ?1 AND user_id = ?2 "
				     "AND (?3 IS NULL OR node_id = ?3)";
static const char hook_set_sql[] = "INSERT INTO nodetool_c_trigger_hooks "
				   "(token_hash, user_id, workflow_id, node_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
#define HOOK "SELECT h.user_id, h.workflow_id, h.node_id, h.created_at, t.job_id IS NOT NULL FROM nodetool_c_trigger_hooks h " \
	     "LEFT JOIN nodetool_c_triggers t ON t.workflow_id = h.workflow_id AND t.user_id = h.user_id "
static const char hook_find_sql[] = HOOK "WHERE h.token_hash = ?1";
static const char hook_list_sql[] = HOOK "WHERE h.workflow_id = ?1 AND h.user_id = ?2 ORDER BY h.created_at, h.node_id";

/* Runs a statement with one number, or one text where `text` is given. */
static int run_one(struct db *db, const char *sql, const char *text, int64_t number, struct err *err)
{
	struct db_stmt *st = db_prepare(db, sql, err);

	if (!st)
		return -1;
	if (text)
		db_bind_text(st, 1, text);
	else
		db_bind_int(st, 1, number);
	return db_run(st, err) < 0 ? -1 : 0;
}

int trigger_event_add(struct db *db, const struct trigger_event *event, struct err *err)
{
	struct db_stmt *st = db_prepare(db, count_sql, err);
	int64_t waiting;
	int64_t added;
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, event->workflow_id);
	rc = db_step(st, err);
	waiting = rc == 1 ? db_col_int(st, 0) : 0;
	db_release(st);
	if (rc < 0)
		return -1;
	if (waiting >= TRIGGER_EVENTS_MAX)
		return err_set(err, 429, "Too many events wait for this workflow");
	st = db_prepare(db, add_sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, event->event_id);
	db_bind_text(st, 2, event->user_id);
	db_bind_text(st, 3, event->workflow_id);
	db_bind_text(st, 4, event->node_id);
	db_bind_text(st, 5, event->payload);
	db_bind_int(st, 6, time_now_us());
	added = db_run(st, err);
	return added < 0 ? -1 : added == 0;
}

int trigger_event_list(struct db *db, struct arena *arena, const char *workflow_id, int64_t after, size_t max,
		       struct trigger_event *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, list_sql, err);
	int count = 0;
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	db_bind_int(st, 2, after);
	db_bind_int(st, 3, (int64_t)max);
	while ((rc = db_step(st, err)) == 1)
		out[count++] = (struct trigger_event){ .number = db_col_int(st, 0),
						       .event_id = db_col_dup(st, 1, arena),
						       .user_id = db_col_dup(st, 2, arena),
						       .workflow_id = db_col_dup(st, 3, arena),
						       .node_id = db_col_dup(st, 4, arena),
						       .payload = db_col_dup(st, 5, arena) };
	db_release(st);
	return rc < 0 ? -1 : count;
}

int trigger_event_taken(struct db *db, int64_t number, struct err *err)
{
	if (run_one(db, prune_sql, NULL, time_now_us() - TRIGGER_KEEP_US, err) < 0)
		return -1;
	return run_one(db, taken_sql, NULL, number, err);
}

int trigger_forget(struct db *db, const char *workflow_id, struct err *err)
{
	if (run_one(db, forget_sql, workflow_id, 0, err) < 0)
		return -1;
	return run_one(db, forget_schedule_sql, workflow_id, 0, err);
}

int trigger_all(struct db *db, struct arena *arena, int (*each)(const struct trigger_start *start, void *arg), void *arg,
		struct err *err)
{
	struct db_stmt *st = db_prepare(db, all_sql, err);
	struct trigger_start start;
	int rc;

	if (!st)
		return -1;
	while ((rc = db_step(st, err)) == 1) {
		start = (struct trigger_start){ db_col_dup(st, 0, arena), db_col_dup(st, 1, arena), db_col_dup(st, 2, arena),
						db_col_dup(st, 3, arena) };
		if (each(&start, arg)) {
			rc = -1;
			break;
		}
	}
	db_release(st);
	return rc < 0 ? -1 : 0;
}

int trigger_renew(struct db *db, struct arena *arena, struct trigger_start *start, const char *reason, struct err *err)
{
	char id[ID_SIZE];

	if (start->status && job_status_active(sv_of(start->status)) &&
	    job_journal_settle_one(db, start->job_id, reason, err) < 0)
		return -1;
	id_new(id);
	start->job_id = arena_strdup(arena, id);
	return trigger_set(db, start->user_id, start->workflow_id, id, err);
}

int trigger_ended(struct db *db, const char *job_id, struct err *err)
{
	return run_one(db, ended_sql, job_id, 0, err);
}

int trigger_schedule_get(struct db *db, const char *key, int64_t *fired, struct err *err)
{
	struct db_stmt *st = db_prepare(db, schedule_get_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, key);
	rc = db_step(st, err);
	if (rc == 1)
		*fired = db_col_int(st, 0);
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int trigger_schedule_set(struct db *db, const char *key, const char *workflow_id, int64_t fired, struct err *err)
{
	struct db_stmt *st = db_prepare(db, schedule_set_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, key);
	db_bind_text(st, 2, workflow_id);
	db_bind_int(st, 3, fired);
	return db_run(st, err) < 0 ? -1 : 0;
}

static int64_t clear_hooks(struct db *db, const char *user_id, const char *workflow_id, const char *node_id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, hook_clear_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	db_bind_text(st, 2, user_id);
	db_bind_text(st, 3, node_id);
	return db_run(st, err);
}

int trigger_hook_set(struct db *db, const struct trigger_hook *hook, const char *token_hash, struct err *err)
{
	char now[TIME_TEXT_MAX];
	struct db_stmt *st;

	if (clear_hooks(db, hook->user_id, hook->workflow_id, hook->node_id, err) < 0)
		return -1;
	st = db_prepare(db, hook_set_sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, token_hash);
	db_bind_text(st, 2, hook->user_id);
	db_bind_text(st, 3, hook->workflow_id);
	db_bind_text(st, 4, hook->node_id);
	db_bind_text(st, 5, time_stamp(now));
	return db_run(st, err) < 0 ? -1 : 0;
}

int trigger_hook_find(struct db *db, struct arena *arena, const char *token_hash, struct trigger_hook *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, hook_find_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, token_hash);
	rc = db_step(st, err);
	if (rc == 1)
		*out = (struct trigger_hook){ db_col_dup(st, 0, arena), db_col_dup(st, 1, arena), db_col_dup(st, 2, arena),
					      db_col_dup(st, 3, arena), db_col_int(st, 4) != 0 };
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int trigger_hook_list(struct db *db, const char *user_id, const char *workflow_id,
		      int (*each)(const struct trigger_hook *hook, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, hook_list_sql, err);
	struct trigger_hook hook;
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, workflow_id);
	db_bind_text(st, 2, user_id);
	while ((rc = db_step(st, err)) == 1) {
		hook = (struct trigger_hook){ db_col_text(st, 0), db_col_text(st, 1), db_col_text(st, 2), db_col_text(st, 3),
					      db_col_int(st, 4) != 0 };
		if (each(&hook, arg)) {
			rc = -1;
			break;
		}
	}
	db_release(st);
	return rc < 0 ? -1 : 0;
}

int64_t trigger_hook_delete(struct db *db, const char *user_id, const char *workflow_id, struct err *err)
{
	return clear_hooks(db, user_id, workflow_id, NULL, err);
}
