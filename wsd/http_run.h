/*
 * HTTP requests to the daemon: POST /api/workflows/{id}/run, plain and as a stream, GET /api/jobs/{id}/trace. Everything that is not about the run
 * itself (routing, authentication, validation, CORS, errors) is done by shared/http, from memory to memory.
 *
 * Source: notes-workflows sections "Running over HTTP" and 7; cases/workflows/run-*.
 */
#ifndef WSD_HTTP_RUN_H
#define WSD_HTTP_RUN_H

#include <libwebsockets.h>

struct http_run;

/* The HTTP part of the protocol's callback; `*run` belongs to the connection. 0, or -1 to close the connection. */
int http_run_callback(struct lws *wsi, enum lws_callback_reasons reason, struct http_run **run, void *in, size_t len);
/* How many requests have not got their whole answer. */
int http_run_count(void);

#endif
