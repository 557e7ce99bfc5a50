/* Who gets the messages of runs, and what is kept of them: see jobs.h. */
#include <stdlib.h>

#include "wsd/jobs.h"

#define UNWRITTEN_MAX ((size_t)256 << 10) /* when more than this waits for the disk, the runner has to wait */
#define STALL_US ((int64_t)10000000) /* that a run waits for watchers who are all behind */

static struct history_limits limits;

void jobs_init(void)
{
	limits.count = (size_t)config_int("NODETOOL_JOB_MESSAGES_MAX", 100, 1000000, 20000);
	limits.bytes = (size_t)config_int("NODETOOL_JOB_MESSAGES_MB", 1, 4096, 32) << 20;
}

struct watch *job_watch(struct job *job, const struct watch *model, lws_dll2_owner_t *list)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->job = job;
	w->owner = model->owner;
	w->message = model->message;
	w->behind = model->behind;
	w->ended = model->ended;
	lws_dll2_add_tail(&w->in_job, &job->watchers);
	if (list)
		lws_dll2_add_tail(&w->in_owner, list);
	return w;
}

void job_unwatch(struct watch *watch)
{
	lws_dll2_remove(&watch->in_job);
	lws_dll2_remove(&watch->in_owner);
	job_relieved(watch->job);
	free(watch->workflow_id);
	free(watch);
}

void job_relieved(struct job *job)
{
	if (!job->stalled)
		return;
	job->stalled = false;
	loop_timer_stop(&job->stall);
	job_pressure(job);
}

void job_pressure(struct job *job)
{
	bool pause = job->stalled || job->unwritten.bytes > UNWRITTEN_MAX;

	if (pause == job->paused)
		return;
	job->paused = pause;
	pool_pause(&job->run, pause);
}

/* Nobody caught up in all that time: whoever does not read is closed as soon as his queue is full. */
static void stall_over(struct loop_timer *timer)
{
	struct job *job = lws_container_of(timer, struct job, stall);

	job->stalled = false;
	job->patience_over = true;
	job_pressure(job);
}

/* Lets the run wait when every watcher is behind. */
static void check_pressure(struct job *job)
{
	if (!job->watchers.count || job->stalled || job->patience_over)
		return;
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&job->watchers)) {
		const struct watch *w = lws_container_of(d, struct watch, in_job);

		if (!w->behind(w))
			return;
	} lws_end_foreach_dll(d);
	job->stalled = true;
	job_pressure(job);
	loop_timer_set(&job->stall, STALL_US, stall_over);
}

void job_remember(struct job *job, struct blob *blob)
{
	history_add(&job->history, blob, &limits);
}

void job_broadcast(struct job *job, struct blob *blob)
{
	job->announced = blob->seq;
	if (job->watchers.count)
		job->delivered = blob->seq;
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&job->watchers)) {
		struct watch *w = lws_container_of(d, struct watch, in_job);

		w->message(w, blob);
	} lws_end_foreach_dll_safe(d, next);
	check_pressure(job);
}
