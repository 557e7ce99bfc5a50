/* /api/jobs: runs as they are recorded, cancelling, trigger workflows (notes-workflows section 4). What runs is the
 * daemon's: a wish is written into the database and the daemon is told; nothing is lost while that one restarts. */
#include "http/http.h"

#include <string.h>

#include "handler.h"
#include "job_queue.h"
#include "job_trigger.h"
#include "model/model.h"
#include "notify/notify.h"

static const struct field list_query[] = {
	{ .name = "workflow_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .description = "Of that workflow only." },
	{ .name = "limit", .kind = FIELD_INT, .flags = FIELD_MIN, .def = "100", .min = 1 },
	{ .name = "start_key", .kind = FIELD_STR, .flags = FIELD_NULLABLE,
	  .description = "`next_start_key` of the page before." },
	{ 0 },
};

/* ---- showing ----------------------------------------------------------------------------------------------- */

static const struct {
	enum job_column column;
	const char *if_null;
} shown[] = {
	{ JOB_ID, "null" },
	{ JOB_USER_ID, "\"\"" },
	{ JOB_JOB_TYPE, "\"\"" },
	{ JOB_STATUS, "null" },
	{ JOB_WORKFLOW_ID, "\"\"" },
	{ JOB_STARTED_AT, "null" },
	{ JOB_FINISHED_AT, "null" },
	{ JOB_ERROR, "null" },
	{ JOB_COST, "null" },
	{ JOB_SUSPENDED_NODE_ID, "null" },
	{ JOB_SUSPENSION_REASON, "null" },
	{ JOB_ERROR_MESSAGE, "null" },
	{ JOB_EXECUTION_STRATEGY, "null" },
};

static bool resumable(struct sv status)
{
	static const char *const words[] = { "running", "suspended", "paused", "recovering", "failed" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (sv_eq(status, words[i]))
			return true;
	}
	return false;
}

static int job_json(struct buf *out, const struct job *job)
{
	char etag[ETAG_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		const struct column *column = &job_columns[shown[i].column];

		buf_addc(out, i ? ',' : '{');
		row_json(out, column->name, column->kind, job->c[shown[i].column], shown[i].if_null);
	}
	job_etag(job, etag);
	return buf_printf(out, ",\"is_resumable\":%s,\"etag\":\"%s\"}",
			  resumable(job->c[JOB_STATUS]) ? "true" : "false", etag);
}

struct list {
	struct response *res;
	int64_t count;
	const char *last; /* id */
};

static int list_item(const struct job *job, void *arg)
{
	struct list *list = arg;

	if (list->count++)
		buf_addc(&list->res->body, ',');
	list->last = arena_strndup(list->res->req->arena, job->c[JOB_ID].p, job->c[JOB_ID].n);
	return job_json(&list->res->body, job);
}

static int list_jobs(struct request *req, struct response *res)
{
	struct list list = { .res = res, .last = "" };
	struct db *db = db_default(&req->err);
	bool more;

	if (!db)
		return -1;
	buf_adds(&res->body, "{\"jobs\":[");
	if (job_list(db, req->arena, req->user.id, field_filter(req->query, "workflow_id"),
		     field_filter(req->query, "start_key"), map_int(req->query, "limit", 100), list_item, &list, &more,
		     &req->err))
		return res->body.failed ? req_fail(req, 500, "The list is too long: ask for less by limit") : -1;
	buf_adds(&res->body, "],\"next_start_key\":");
	json_write_str(&res->body, more ? list.last : "", more ? strlen(list.last) : 0, JSON_COMPACT);
	return buf_addc(&res->body, '}');
}

static int find_job(struct request *req, struct db *db, struct job *job)
{
	int rc = job_get(db, req->arena, req->user.id, req_param(req, "job_id"), job, &req->err);

	return rc == 1 ? req_fail(req, 404, "Job not found") : rc;
}

static int get_job(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct job job;

	if (!db || find_job(req, db, &job))
		return -1;
	return job_json(&res->body, &job);
}

/* ---- deleting ---------------------------------------------------------------------------------------------- */

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	const char *id = req_param(req, "job_id");
	struct job job;
	int rc = job_get(db, req->arena, req->user.id, id, &job, &req->err);

	if (rc < 0)
		return -1;
	/* The original has no such method, and says so (cases/jobs/methods); newer clients delete jobs that they see. */
	if (rc == 1) {
		res_header(res, "Allow", "GET");
		return req_fail(req, 405, "Method Not Allowed");
	}
	rc = job_delete(db, req->user.id, id, &req->err);
	if (rc)
		return rc == 1 ? req_fail(req, 409, "The job has not ended: cancel it first") : -1;
	if (db_commit(db, &req->err))
		return -1;
	notify_change(req->user.id, "deleted", "job", id, NULL);
	return res_json(res, value_null());
}

static int delete_job(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}

/* ---- running jobs ------------------------------------------------------------------------------------------ */

static int background_json(struct buf *out, const struct job *job, const char *status, bool running, bool completed)
{
	static const struct {
		enum job_column column;
		const char *name;
	} fields[] = {
		{ JOB_ID, "job_id" },
		{ JOB_WORKFLOW_ID, "workflow_id" },
		{ JOB_STARTED_AT, "created_at" },
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		buf_addc(out, i ? ',' : '{');
		row_json(out, fields[i].name, COLUMN_TEXT, job->c[fields[i].column],
			 fields[i].column == JOB_WORKFLOW_ID ? "\"\"" : "null");
	}
	buf_adds(out, ",\"status\":");
	json_write_str(out, status, strlen(status), JSON_COMPACT);
	return buf_printf(out, ",\"is_running\":%s,\"is_completed\":%s}", running ? "true" : "false",
			  completed ? "true" : "false");
}

static int running_item(const struct job *job, void *arg)
{
	struct list *list = arg;
	struct sv status = job->c[JOB_STATUS];

	if (list->count++)
		buf_addc(&list->res->body, ',');
	return background_json(&list->res->body, job,
			       arena_strndup(list->res->req->arena, status.p ? status.p : "", status.n),
			       sv_eq(status, "running"), !job_status_active(status));
}

/* What has not ended, then what ended within the last hour (notes-workflows section 4): the original forgets it then. */
#define REMEMBERED_US ((int64_t)3600 * 1000000)
#define REMEMBERED_MAX 1000

static int list_running(struct request *req, struct response *res)
{
	struct list list = { .res = res };
	struct db *db = db_default(&req->err);
	char since[TIME_TEXT_MAX];

	if (!db)
		return -1;
	time_local(time_now_us() - REMEMBERED_US, 'T', since);
	buf_addc(&res->body, '[');
	if (job_list_active(db, req->arena, req->user.id, running_item, &list, &req->err) ||
	    job_list_ended(db, req->arena, req->user.id, since, REMEMBERED_MAX, running_item, &list, &req->err))
		return -1;
	return buf_addc(&res->body, ']');
}

static int cancel_in(struct request *req, struct response *res, struct db *db)
{
	struct job_command command = { .user_id = req->user.id,
				       .command = NOTIFY_CANCEL_JOB,
				       .job_id = req_param(req, "job_id") };
	struct job job;

	if (find_job(req, db, &job))
		return -1;
	if (!job_status_active(job.c[JOB_STATUS]))
		return background_json(&res->body, &job, "not_found_or_completed", false, true);
	command.workflow_id = job.c[JOB_WORKFLOW_ID].p;
	if (job_command_add(db, &command, &req->err) || db_commit(db, &req->err))
		return -1;
	notify_command(req->user.id, NOTIFY_CANCEL_JOB, command.job_id);
	return background_json(&res->body, &job, "cancelled", false, false);
}

static int cancel_job(struct request *req, struct response *res)
{
	return handle_write(req, res, cancel_in);
}

/* ---- routes ------------------------------------------------------------------------------------------------ */

#define HOOK_ROUTE(method)                                                                                         \
	{ method, "/api/hooks/{token}", hook_receive, .flags = ROUTE_OPEN | ROUTE_RAW, .max_body = HOOK_BODY_MAX,  \
	  .summary = "An event of a webhook." }

static const struct route routes[] = {
	{ "GET", "/api/jobs/", list_jobs, .query = list_query, .summary = "One's own jobs, newest first." },
	{ "GET", "/api/jobs/running/all", list_running, .summary = "Jobs that have not ended, and those that ended within the last hour." },
	{ "GET", "/api/jobs/queue", queue_list, .summary = "One's own jobs that wait for a runner, in their order." },
	{ "POST", "/api/jobs/queue", queue_reorder, .body = BODY(queue_order_body),
	  .summary = "Change the order of waiting jobs." },
	{ "DELETE", "/api/jobs/queue/{job_id}", queue_drop, .summary = "Drop a job that waits." },
	{ "GET", "/api/jobs/triggers/running", trigger_list_started, .summary = "Trigger workflows that were started." },
	{ "POST", "/api/jobs/triggers/{workflow_id}/start", trigger_start, .summary = "Start a trigger workflow." },
	{ "POST", "/api/jobs/triggers/{workflow_id}/stop", trigger_stop, .summary = "Stop a trigger workflow." },
	{ "POST", "/api/jobs/triggers/{workflow_id}/fire", trigger_fire, .body = BODY(trigger_fire_body),
	  .summary = "Send an event to a node of a started trigger workflow." },
	{ "GET", "/api/jobs/triggers/{workflow_id}/hooks", trigger_hooks, .summary = "Addresses of its webhooks (not their tokens)." },
	{ "POST", "/api/jobs/triggers/{workflow_id}/hooks", trigger_hook_new, .body = BODY(trigger_hook_body),
	  .summary = "Give a webhook node a new address, shown once; the one before ends." },
	{ "DELETE", "/api/jobs/triggers/{workflow_id}/hooks", trigger_hooks_end, .summary = "End the addresses of its webhooks." },
	HOOK_ROUTE("GET"),
	HOOK_ROUTE("POST"),
	HOOK_ROUTE("PUT"),
	HOOK_ROUTE("PATCH"),
	HOOK_ROUTE("DELETE"),
	{ "GET", "/api/jobs/{job_id}", get_job, .summary = "One job." },
	{ "DELETE", "/api/jobs/{job_id}", delete_job, .summary = "Forget a job that has ended." },
	{ "POST", "/api/jobs/{job_id}/cancel", cancel_job, .summary = "Cancel a job." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "job", routes, ARRAY_LEN(routes));
}
