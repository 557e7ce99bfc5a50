/* /api/jobs/queue: jobs that wait for a runner. Their rows are the queue: a restart of the daemon keeps it. */
#include "job_queue.h"

#include "handler.h"
#include "model/model.h"
#include "notify/notify.h"

struct queue {
	struct value *list;
	int64_t position;
};

static int add_job(const struct job *job, void *arg)
{
	static const struct {
		enum job_column column;
		const char *name;
	} fields[] = { { JOB_ID, "job_id" }, { JOB_WORKFLOW_ID, "workflow_id" }, { JOB_STARTED_AT, "queued_at" } };
	struct queue *queue = arg;
	struct value *v = value_map();
	size_t i;

	for (i = 0; i < ARRAY_LEN(fields); i++) {
		struct sv text = job->c[fields[i].column];

		map_set(v, fields[i].name, value_strn(text.p ? text.p : "", text.n));
	}
	map_set_int(v, "position", ++queue->position);
	list_push(queue->list, v);
	return 0;
}

int queue_list(struct request *req, struct response *res)
{
	struct queue queue = { .list = value_list() };
	struct db *db = db_default(&req->err);
	struct value *v = value_map();

	map_set(v, "jobs", queue.list);
	if (!db || job_list_queued(db, req->arena, req->user.id, add_job, &queue, &req->err)) {
		value_unref(v);
		return -1;
	}
	return res_json(res, v);
}

int queue_reorder(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 501, "Jobs run in the order in which they came; that cannot be changed yet");
}

static int drop_in(struct request *req, struct response *res, struct db *db)
{
	struct job_command command = { .user_id = req->user.id,
				       .command = NOTIFY_CANCEL_JOB,
				       .job_id = req_param(req, "job_id") };
	struct value *v;
	struct job job;
	int rc = job_get(db, req->arena, req->user.id, command.job_id, &job, &req->err);

	if (rc)
		return rc == 1 ? req_fail(req, 404, "Job not found") : -1;
	if (!sv_eq(job.c[JOB_STATUS], "scheduled"))
		return req_fail(req, 409, "The job does not wait any more");
	if (job_command_add(db, &command, &req->err) || db_commit(db, &req->err))
		return -1;
	notify_command(req->user.id, NOTIFY_CANCEL_JOB, command.job_id);
	v = value_map();
	map_set_str(v, "job_id", command.job_id);
	map_set_str(v, "status", "cancelled");
	return res_json(res, v);
}

int queue_drop(struct request *req, struct response *res)
{
	return handle_write(req, res, drop_in);
}
