/* Asking the daemon, which runs workflows, in the name of whoever asks here. */
#ifndef FCGI_DAEMON_H
#define FCGI_DAEMON_H

#include "http/http.h"

/* Runs a workflow (whose id is safe) with values of its inputs by name, and waits for its end: its outputs by name (new
 * reference), or NULL with req->err: what the daemon said, 503 when it is not there, 504 after 300 s. */
struct value *daemon_run_workflow(struct request *req, const char *id, struct value *params);

#endif
