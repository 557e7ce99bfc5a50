/*
 * nodetool-client: a small client of the server, for the command line, quickstart and tests: stores workflows over REST
 * and runs them over the WebSocket /ws, printing what the server says as it comes.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "base/base.h"
#include "value/value.h"

struct client {
	const char *url;   /* http://host:port, without a slash at the end */
	const char *token; /* for servers that ask for one; or NULL */
	bool json;         /* print the messages as JSON lines instead of a table */
	bool quiet;        /* print the outputs alone */
	int timeout;       /* seconds without a message before a run is given up */
};

/* Sends one REST request with a JSON body (NULL: none). *answer is the parsed body (new reference, never NULL on success).
 * -1 with the server's detail in the error when the status is not 2xx. */
int rest_request(const struct client *client, const char *method, const char *path, const struct value *body,
		 struct value **answer, struct err *err) MUST_CHECK;

/* Runs the job that `data` (of a run_job command; lent) describes. 0 when it completed, 1 when it ended otherwise, -1 with
 * the reason when the server could not be talked to. SIGINT asks the server to cancel it. */
int run_job(const struct client *client, struct value *data, struct err *err) MUST_CHECK;

/* Prints one message of a run; `elapsed_us` since the command was sent. */
void show_message(const struct client *client, const struct value *message, int64_t elapsed_us);
/* Prints the outputs of a completed run (name: list of values). */
void show_outputs(const struct value *result);

#endif
