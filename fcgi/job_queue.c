/* /api/jobs/queue: jobs that wait for a runner. Their rows are the queue: a restart of the daemon keeps it. */
#include "job_queue.h"

#include "handler.h"
#include "model/job_queue.h"
#include "model/model.h"
#include "notify/notify.h"

#define NAMED_MAX 10000

const struct field queue_order_body[] = {
	{ "job_ids", FIELD_LIST, FIELD_NULLABLE, .item = &(const struct field){ .kind = FIELD_STR }, .description = "These come first, in this order." },
	{ "job_id", FIELD_STR, FIELD_NULLABLE, .description = "Or one job alone, which gets" },
	{ "position", FIELD_INT, FIELD_NULLABLE | FIELD_MIN, .min = 1, .description = "this position (1 is next), or" },
	{ "priority", FIELD_INT, FIELD_NULLABLE | FIELD_MIN | FIELD_MAX, .min = -QUEUE_PRIORITY_MAX, .max = QUEUE_PRIORITY_MAX,
	  .description = "this priority." },
	{ 0 },
};

/* The user's queue, as long as a request lasts. */
struct queue {
	struct queued_job *list;
	size_t count;
};

static int read_queue(struct request *req, struct db *db, struct queue *queue)
{
	return job_queue_list(db, req->arena, req->user.id, &queue->list, &queue->count, &req->err);
}

static int send_queue(struct response *res, const struct queue *queue)
{
	struct value *answer = value_map();
	struct value *jobs = value_list();

	for (size_t i = 0; i < queue->count; i++) {
		const struct queued_job *job = &queue->list[i];
		struct value *v = value_map();

		map_set_str(v, "job_id", job->id);
		map_set_str(v, "workflow_id", job->workflow_id);
		map_set_str(v, "queued_at", job->queued_at);
		map_set_int(v, "position", (int64_t)i + 1);
		map_set_int(v, "priority", job->priority);
		list_push(jobs, v);
	}
	map_set(answer, "jobs", jobs);
	return res_json(res, answer);
}

int queue_list(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct queue queue;

	return !db || read_queue(req, db, &queue) ? -1 : send_queue(res, &queue);
}

/* ---- another order ----------------------------------------------------------------------------------------- */

/* Where the job stands in the queue; -1 with the reason why it does not. */
static int find(struct request *req, struct db *db, const struct queue *queue, const char *id, size_t *at)
{
	struct job job;
	int rc;

	for (*at = 0; *at < queue->count; ++*at)
		if (!strcmp(queue->list[*at].id, id))
			return 0;
	rc = job_get(db, req->arena, req->user.id, id, &job, &req->err);
	if (rc)
		return rc == 1 ? req_fail(req, 404, "Job not found") : -1;
	return req_fail(req, 409, "The job does not wait any more");
}

static void move(struct queue *queue, size_t from, size_t to)
{
	struct queued_job job = queue->list[from];

	if (from < to)
		memmove(queue->list + from, queue->list + from + 1, (to - from) * sizeof(job));
	else
		memmove(queue->list + to + 1, queue->list + to, (from - to) * sizeof(job));
	queue->list[to] = job;
}

static int put_first(struct request *req, struct db *db, struct queue *queue, const struct value *ids)
{
	size_t at;
	size_t i;

	if (value_len(ids) > NAMED_MAX)
		return req_fail(req, 422, "job_ids: at most %d", NAMED_MAX);
	for (i = 0; i < value_len(ids); i++) {
		if (find(req, db, queue, value_text(list_at(ids, i)), &at))
			return -1;
		if (at < i)
			return req_fail(req, 422, "job_ids: a job is named twice");
		move(queue, at, i);
	}
	job_queue_settle(queue->list, queue->count);
	return 0;
}

static int put_one(struct request *req, struct db *db, struct queue *queue)
{
	struct value *position = map_get(req->body, "position");
	struct value *priority = map_get(req->body, "priority");
	int64_t to;
	size_t at;

	if (value_is_null(position) == value_is_null(priority))
		return req_fail(req, 422, "job_id needs either position or priority");
	if (find(req, db, queue, map_str(req->body, "job_id", ""), &at))
		return -1;
	if (!value_is_null(priority)) {
		queue->list[at].priority = value_as_int(priority);
		queue->list[at].place = 0;
		job_queue_sort(queue->list, queue->count);
		return 0;
	}
	to = value_as_int(position) - 1;
	move(queue, at, to < (int64_t)queue->count ? (size_t)to : queue->count - 1);
	job_queue_settle(queue->list, queue->count);
	return 0;
}

static int reorder_in(struct request *req, struct response *res, struct db *db)
{
	struct job_command command = { .user_id = req->user.id, .command = NOTIFY_REORDER_QUEUE };
	struct value *ids = map_get(req->body, "job_ids");
	bool many = !value_is_null(ids);
	struct queue queue;

	if (many == !value_is_null(map_get(req->body, "job_id")))
		return req_fail(req, 422, "Either job_ids or job_id is needed");
	if (read_queue(req, db, &queue) || (many ? put_first(req, db, &queue, ids) : put_one(req, db, &queue)))
		return -1;
	if (job_queue_store(db, req->user.id, queue.list, queue.count, &req->err) ||
	    job_command_add(db, &command, &req->err) || db_commit(db, &req->err))
		return -1;
	notify_command(req->user.id, NOTIFY_REORDER_QUEUE, req->user.id);
	return send_queue(res, &queue);
}

int queue_reorder(struct request *req, struct response *res)
{
	return handle_write(req, res, reorder_in);
}

/* ---- dropping ---------------------------------------------------------------------------------------------- */

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
