/* Tables nodetool_c_job_commands and nodetool_c_triggers: what REST wants of runs, and which triggers were started. */
#include "model/model.h"

#include <string.h>

#define ACTIVE "('scheduled', 'running', 'suspended', 'paused', 'recovering')"

static const char add_sql[] = "INSERT INTO nodetool_c_job_commands (user_id, command, job_id, workflow_id, created_at) "
			      "VALUES (?1, ?2, ?3, ?4, ?5)";
static const char next_sql[] = "SELECT id, user_id, command, job_id, workflow_id FROM nodetool_c_job_commands "
			       "WHERE id > ?1 ORDER BY id LIMIT 1";
static const char done_sql[] = "DELETE FROM nodetool_c_job_commands WHERE id = ?1";

/* A trigger whose start is still a wish has no row of its job yet: it counts as running. */
#define TRIGGERS                                                                                                  \
	"SELECT t.workflow_id, t.job_id, coalesce(j.status, 'running') FROM nodetool_c_triggers t "               \
	"LEFT JOIN nodetool_jobs j ON j.id = t.job_id "                                                           \
	"WHERE t.user_id = ?1 AND (j.id IS NULL OR j.status IN " ACTIVE ")"
static const char trigger_sql[] = TRIGGERS " AND t.workflow_id = ?2";
static const char triggers_sql[] = TRIGGERS;
static const char trigger_set_sql[] = "INSERT OR REPLACE INTO nodetool_c_triggers (user_id, workflow_id, job_id) "
				      "VALUES (?1, ?2, ?3)";
static const char trigger_clear_sql[] = "DELETE FROM nodetool_c_triggers WHERE user_id = ?1 AND workflow_id = ?2";

int job_command_add(struct db *db, const struct job_command *command, struct err *err)
{
	struct db_stmt *st = db_prepare(db, add_sql, err);
	char now[TIME_TEXT_MAX];

	if (!st)
		return -1;
	db_bind_text(st, 1, command->user_id);
	db_bind_text(st, 2, command->command);
	db_bind_text(st, 3, command->job_id);
	db_bind_text(st, 4, command->workflow_id);
	db_bind_text(st, 5, time_stamp(now));
	return db_run(st, err) < 0 ? -1 : 0;
}

int job_command_next(struct db *db, struct arena *arena, int64_t after, struct job_command *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, next_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_int(st, 1, after);
	rc = db_step(st, err);
	if (rc == 1) {
		*out = (struct job_command){ .number = db_col_int(st, 0),
					     .user_id = db_col_dup(st, 1, arena),
					     .command = db_col_dup(st, 2, arena),
					     .job_id = db_col_dup(st, 3, arena),
					     .workflow_id = db_col_dup(st, 4, arena) };
	}
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int job_command_done(struct db *db, int64_t number, struct err *err)
{
	struct db_stmt *st = db_prepare(db, done_sql, err);

	if (!st)
		return -1;
	db_bind_int(st, 1, number);
	return db_run(st, err) < 0 ? -1 : 0;
}

int trigger_running(struct db *db, struct arena *arena, const char *user_id, const char *workflow_id,
		    const char **job_id, const char **status, struct err *err)
{
	struct db_stmt *st = db_prepare(db, trigger_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, workflow_id);
	rc = db_step(st, err);
	if (rc == 1) {
		*job_id = db_col_dup(st, 1, arena);
		*status = db_col_dup(st, 2, arena);
	}
	db_release(st);
	return rc < 0 ? -1 : !rc;
}

int trigger_set(struct db *db, const char *user_id, const char *workflow_id, const char *job_id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, trigger_set_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, workflow_id);
	db_bind_text(st, 3, job_id);
	return db_run(st, err) < 0 ? -1 : 0;
}

int trigger_clear(struct db *db, const char *user_id, const char *workflow_id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, trigger_clear_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, workflow_id);
	return db_run(st, err) < 0 ? -1 : 0;
}

int trigger_list(struct db *db, const char *user_id,
		 int (*each)(const char *workflow_id, const char *job_id, const char *status, void *arg), void *arg,
		 struct err *err)
{
	struct db_stmt *st = db_prepare(db, triggers_sql, err);
	int rc;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	while ((rc = db_step(st, err)) == 1) {
		if (each(db_col_text(st, 0), db_col_text(st, 1), db_col_text(st, 2), arg)) {
			rc = -1;
			break;
		}
	}
	db_release(st);
	return rc < 0 ? -1 : 0;
}
