/* GET /api/jobs/{id}/trace: the question to the journal (trace_read.c), and its answer. */
#include "wsd/http_stream.h"

#include <stdlib.h>

#include "wsd/journal.h"

/* Outlives a connection that is closed meanwhile. */
struct http_question {
	struct http_run *run; /* NULL: nobody waits any more */
};

static void answered(struct journal_op *op)
{
	struct http_question *question = op->arg;
	struct http_run *run = question->run;

	free(question);
	if (!run) {
		buf_free(&op->text);
		return;
	}
	run->question = NULL;
	run->ended = true;
	run->text = op->text;
	if (op->rc != 0) {
		run->status = op->rc > 0 ? 404 : 500;
		run->error = xstrdup(op->rc > 0 ? "Job not found" : op->err.detail);
	}
	http_finish_plain(run);
}

void http_trace_ask(struct http_run *run)
{
	struct http_question *question = xcalloc(1, sizeof(*question));
	struct journal_op *op = journal_op_new(JOURNAL_TRACE, answered, question);

	question->run = run;
	run->question = question;
	lws_set_timeout(run->wsi, NO_PENDING_TIMEOUT, 0);
	op->id = arena_strdup(op->arena, run->traced_job);
	op->user_id = arena_strdup(op->arena, run->user);
	journal_submit(op);
}

void http_trace_forget(struct http_run *run)
{
	if (run->question)
		run->question->run = NULL;
}
