/* Runs of the past, in slices: see replay.h. */
#include "wsd/replay.h"

#include <stdlib.h>
#include <string.h>

struct replay {
	lws_dll2_t link;
	struct ticket ticket;
	char *job_id;
	char *workflow_id; /* what the client wants to see; NULL: the run's own */
	uint32_t last_seq; /* what the client said */
	struct value *end;
	struct journal_cursor cursor;
	bool resumed; /* job_resumed was sent */
	bool ended;   /* the log says how the run ended */
	bool waiting; /* for the client to catch up; no read is on its way */
};

static lws_dll2_owner_t replays;

static void free_replay(struct replay *r)
{
	lws_dll2_remove(&r->link);
	ticket_drop(&r->ticket);
	value_unref(r->end);
	free(r->job_id);
	free(r->workflow_id);
	free(r);
}

static void slice_read(struct journal_op *op);

static void read_more(struct replay *r)
{
	struct journal_op *op = journal_op_new(JOURNAL_READ, slice_read, r);

	r->waiting = false;
	op->id = arena_strdup(op->arena, r->job_id);
	op->cursor = r->cursor;
	op->want_log = !r->resumed;
	journal_submit(op);
}

static void resumed(struct replay *r, struct job *job, const struct journal_logged *logged)
{
	uint32_t last = job ? job->announced : logged->last;
	uint32_t first = logged->first;
	uint32_t from = r->last_seq + 1;
	const char *workflow = r->workflow_id;

	if (!workflow)
		workflow = job ? job->workflow_id : map_str(r->end, "workflow_id", "");
	if (!first)
		first = job ? history_first_seq(&job->history) : last + 1;
	from = first > from ? first : from;
	send_resumed(r->ticket.session, r->job_id, workflow, job && job_is_active(job) ? "running" : "finished", r->last_seq,
		     last >= from ? last - from + 1 : 0, first > r->last_seq + 1);
	r->resumed = true;
	r->ended = logged->ended;
}

static void send_slice(struct replay *r, struct journal_op *op)
{
	for (size_t i = 0; i < op->blob_count; i++) {
		if (r->ticket.session) {
			session_send_as(r->ticket.session, op->blobs[i], r->workflow_id);
			r->cursor.after = op->blobs[i]->seq;
		}
		blob_unref(op->blobs[i]);
	}
	free(op->blobs);
}

static void finish(struct replay *r, struct job *job)
{
	struct session *s = r->ticket.session;

	if (job)
		join_after(s, job, r->workflow_id, r->cursor.after);
	else if (r->end && !r->ended)
		session_send(s, value_ref(r->end));
	free_replay(r);
}

static void slice_read(struct journal_op *op)
{
	struct replay *r = op->arg;
	struct session *s = r->ticket.session;
	struct job *job = s ? job_find(r->job_id, s->user) : NULL;
	struct watch *watch = job ? session_watch(s, r->job_id) : NULL;

	if (s && !r->resumed)
		resumed(r, job, &op->logged);
	if (watch) /* what is live would come between what is past */
		job_unwatch(watch);
	r->cursor = op->cursor;
	send_slice(r, op);
	if (!s)
		free_replay(r);
	else if (op->cursor.over || (job && history_first_seq(&job->history) <= r->cursor.after + 1))
		finish(r, job);
	else if (s->paused)
		r->waiting = true;
	else
		read_more(r);
}

void replay_start(struct session *s, const char *job_id, const char *workflow_id, uint32_t last_seq, struct value *end)
{
	struct replay *r = xcalloc(1, sizeof(*r));

	ticket_take(&r->ticket, s);
	lws_dll2_add_tail(&r->link, &replays);
	r->job_id = xstrdup(job_id);
	r->workflow_id = workflow_id ? xstrdup(workflow_id) : NULL;
	r->last_seq = r->cursor.after = last_seq;
	r->end = end;
	read_more(r);
}

void replay_relieved(struct session *s)
{
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&replays)) {
		struct replay *r = lws_container_of(d, struct replay, link);

		if (r->waiting && r->ticket.session == s)
			read_more(r);
	} lws_end_foreach_dll_safe(d, next);
}

void replay_session_over(struct session *s)
{
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&replays)) {
		struct replay *r = lws_container_of(d, struct replay, link);

		if (r->waiting && r->ticket.session == s)
			free_replay(r);
	} lws_end_foreach_dll_safe(d, next);
}
