/* What goes to the runner of a run: see jobs.h. */
#include "wsd/jobs.h"

#include <string.h>

#include "wsd/job_log.h"

#define EARLY_MAX ((size_t)64 << 20)       /* input for a run that has no runner yet */

/* Each as kind, length, payload, one behind the other. */
void job_keep_early(struct job *job, enum runner_frame kind, const void *payload, size_t size)
{
	uint32_t len = (uint32_t)size;

	if (!job->early_frames.max)
		buf_init(&job->early_frames, EARLY_MAX);
	if (job->early_frames.len + len + 5 > EARLY_MAX) {
		log_job(LOG_LVL_WARN, job->id, "too much input before it began");
		return;
	}
	buf_addc(&job->early_frames, (char)kind);
	buf_add(&job->early_frames, &len, sizeof(len));
	buf_add(&job->early_frames, payload, len);
}

void job_send_early(struct job *job)
{
	const struct buf *b = &job->early_frames;
	uint32_t len;
	size_t at;

	for (at = 0; at + 5 <= b->len; at += 5 + len) {
		memcpy(&len, b->data + at + 1, sizeof(len));
		pool_send(&job->run, (enum runner_frame)b->data[at], b->data + at + 5, len);
	}
	buf_free(&job->early_frames);
}

void job_send(struct job *job, enum runner_frame kind, const struct value *payload)
{
	struct buf out;

	if (job->state >= JOB_ENDING)
		return;
	buf_init(&out, RUNNER_FRAME_MAX);
	if (msgpack_write(&out, payload, true) < 0)
		log_job(LOG_LVL_ERROR, job->id, "a message for its runner is too long");
	else if (job->run.runner)
		pool_send(&job->run, kind, out.data, out.len);
	else
		job_keep_early(job, kind, out.data, out.len);
	if (kind == RUNNER_INPUT || kind == RUNNER_END_INPUT)
		job_record_input(job, kind, &out);
	buf_free(&out);
}
