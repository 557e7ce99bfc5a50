/* Runs go from one program of the daemon to the next one: see handover.h. */
#include "wsd/job_handover.h"

#include "wsd/handover.h"
#include "wsd/job_log.h"
#include "wsd/triggers.h"

/* What it has said is written, and nothing more is read from its runner. */
static bool is_settled(struct job *job)
{
	if (job->http)
		return true;
	if (job->state == JOB_STORING || job->state == JOB_ENDING || job->cancelling || job->joined)
		return false;
	pool_pause(&job->run, true);
	job_flush(job);
	return !job->writing && !job->unwritten.count;
}

static void count_unsettled(struct job *job, void *arg)
{
	int *count = arg;

	*count += !is_settled(job);
}

int jobs_unsettled(void)
{
	int count = 0;

	jobs_each_active(count_unsettled, &count);
	return count;
}

static void count_http(struct job *job, void *arg)
{
	int *count = arg;

	*count += job->http;
}

int jobs_over_http(void)
{
	int count = 0;

	jobs_each_active(count_http, &count);
	return count;
}

static void hand_over(struct job *job, void *arg)
{
	struct value *list = arg;
	struct value *v;

	if (job->http || job->state != JOB_RUNNING || job->cancelling || job->unwritten.count)
		return;
	v = pool_hand_over_run(&job->run);
	if (!v)
		return;
	map_set_str(v, "job", job->id);
	map_set_int(v, "last_seq", job->history.last_seq);
	map_set_int(v, "delivered", job->delivered);
	map_set_bool(v, "begun", job->begun);
	triggers_hand_over(job, v);
	list_push(list, v);
}

struct value *jobs_hand_over(void)
{
	struct value *list = value_list();

	jobs_each_active(hand_over, list);
	return list;
}

bool job_take_over(struct job *job)
{
	const struct value *v = handover_run(job->id);

	if (!v || !pool_attach(&job->run, job->id))
		return false;
	job->state = JOB_RUNNING;
	job->status = "running";
	job->queued = false;
	job->begun |= map_bool(v, "begun", false);
	job->history.last_seq = (uint32_t)map_int(v, "last_seq", job->history.last_seq);
	job->announced = job->history.last_seq;
	job->delivered = (uint32_t)map_int(v, "delivered", job->announced);
	triggers_take_over(job, v);
	pool_attached(&job->run);
	return true;
}
