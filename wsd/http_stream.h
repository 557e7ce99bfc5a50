/* What a run over HTTP sends back: see http_run.h. */
#ifndef WSD_HTTP_STREAM_H
#define WSD_HTTP_STREAM_H

#include <libwebsockets.h>

#include "value/value.h"

struct watch;

struct http_run {
	struct lws *wsi;
	struct arena *arena; /* the variables */
	char *env[64];
	size_t env_count;
	int64_t declared; /* bytes of the body */
	struct buf body;
	struct buf reply; /* of shared/http */

	/* What is asked for, once it is accepted. */
	bool accepted;
	bool stream;
	char *user;
	char *workflow_id;
	struct value *params;
	struct watch *watch;
	char *traced_job; /* the trace of that job is asked for, not a run */
	struct http_question *question; /* is with the journal */

	/* How the run ended. */
	bool ended;
	int status;
	char *error;
	struct value *answer;
	struct buf text; /* of an answer that is JSON already */

	struct buf out; /* for the client */
	size_t out_at;
	bool answered; /* nothing follows behind `out` */
};

/* Turns `reply` (a CGI response) into an HTTP response for the client; `last`: nothing follows. */
void http_answer(struct http_run *run, bool last);
/* Starts the run that was asked for. */
void http_start(struct http_run *run);
/* http_trace.c: asks for the trace of run->traced_job; http_finish_plain follows. */
void http_trace_ask(struct http_run *run);
/* The connection is gone before the answer came. */
void http_trace_forget(struct http_run *run);
/* Asks shared/http for the answer of a run that has ended (http_run.c). */
void http_finish_plain(struct http_run *run);
/* The connection takes more: 0, or -1 when all is said. */
int http_write(struct http_run *run);

#endif
