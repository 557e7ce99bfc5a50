/* Runs that wait: see job_queue.h. */
#include "wsd/job_queue.h"

#include <string.h>

#include "model/job_queue.h"
#include "wsd/job_log.h"
#include "wsd/job_message.h"

#define ACTIVE_MAX 10000 /* runs that wait or run */

struct value *job_queued_update(const struct job *job)
{
	struct value *m = job_update(job->id, job->workflow_id, "queued", NULL);
	int position = fair_position(&job->run.turn);

	map_set(m, "message", value_strf("Waiting for a runner, number %d of your queue", position));
	map_set_int(m, "queue_position", position);
	return m;
}

/* Written before it is told: a client that was told of a number finds it after a restart. */
static void say_queued(struct job *job)
{
	job->queued = true;
	job_say(job, job_queued_update(job));
	job_flush(job);
}

void job_wait(struct job *job, bool told)
{
	job->state = JOB_WAITING;
	job->run.turn.priority = job->priority;
	job->run.turn.place = job->place;
	job->run.turn.arrived = job->arrived;
	job->run.turn.rank = job->begun || !strcmp(job->status, "running") ? FAIR_GOES_ON : FAIR_RUN;
	pool_enqueue(&job->run);
	if (job->http || told)
		return;
	if (job->run.turn.rank == FAIR_RUN && pool_must_wait(&job->run))
		say_queued(job);
	else
		job_say_now(job, job_running_update(job));
}

void job_waited(struct job *job)
{
	if (!job->queued)
		return;
	job->queued = false;
	job_say(job, job_running_update(job));
	job_flush(job);
}

const char *job_shown_status(const struct job *job)
{
	return job->queued && job->state == JOB_WAITING ? "queued" : job->status;
}

bool jobs_full(const char *user_id)
{
	int64_t most = config_int("NODETOOL_QUEUE_MAX", 1, 1000000, ACTIVE_MAX);
	struct jobs_stats stats;
	struct fair_user *user;
	bool full;

	jobs_get_stats(&stats);
	if (stats.active >= most)
		return true;
	user = pool_user(user_id);
	full = user->active >= config_int("NODETOOL_QUEUE_PER_USER", 1, 1000000, most);
	fair_release(user);
	return full;
}

/* ---- another order -------------------------------------------------------------------------------------- */

struct order {
	struct queued_job *list;
	size_t count;
};

static int read_order(struct db *db, struct journal_op *op)
{
	struct order *order = op->data;

	return job_queue_list(db, op->arena, op->user_id, &order->list, &order->count, &op->err);
}

static struct job *waiting_job(const char *id, const char *user_id)
{
	struct job *job = job_find(id, user_id);

	return job && job->state == JOB_WAITING ? job : NULL;
}

/* Those who watch a run hear of its new place. */
static void order_read(struct journal_op *op)
{
	const struct order *order = op->data;
	int *before = arena_alloc(op->arena, (order->count + 1) * sizeof(int));
	struct job *job;

	if (op->rc < 0) {
		log_error("the order of waiting runs could not be read: %s", op->err.detail);
		return;
	}
	for (size_t i = 0; i < order->count; i++) {
		job = waiting_job(order->list[i].id, op->user_id);
		before[i] = job && job->queued && job->watchers.count ? fair_position(&job->run.turn) : 0;
	}
	for (size_t i = 0; i < order->count; i++) {
		job = waiting_job(order->list[i].id, op->user_id);
		if (job)
			fair_move(&job->run.turn, order->list[i].priority, order->list[i].place);
	}
	for (size_t i = 0; i < order->count; i++) {
		job = before[i] ? waiting_job(order->list[i].id, op->user_id) : NULL;
		if (job && fair_position(&job->run.turn) != before[i])
			say_queued(job);
	}
}

void jobs_reordered(const char *user_id)
{
	struct journal_op *op = journal_op_new(JOURNAL_CALL, order_read, NULL);

	op->call = read_order;
	op->user_id = arena_strdup(op->arena, user_id);
	op->data = arena_alloc(op->arena, sizeof(struct order));
	journal_submit(op);
}
