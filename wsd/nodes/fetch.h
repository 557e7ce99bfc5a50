/*
 * fetch: HTTP requests of nodes, on libcurl's multi interface, so that the other nodes of a run go on meanwhile.
 *
 * Only http and https. Where authentication is on, or the mode is private or public, addresses of this machine and of
 * private, link-local and other special networks are refused after the name is resolved, unless NODETOOL_ALLOWED_HOSTS
 * lists the host (names or addresses, separated by commas or blanks), and no proxy is used. Redirects are followed here
 * and every hop is checked again. Reasons name the host of a URL only, never its user, path or query.
 */
#ifndef NODES_FETCH_H
#define NODES_FETCH_H

#include "nodes/node.h"

#define FETCH_MAX_BODY ((size_t)256 << 20)
#define FETCH_MAX_REDIRECTS 20
/* Transfers at the same time in one node. */
#define FETCH_MAX_PARALLEL 6

struct fetch;

enum fetch_flags {
	FETCH_RETRY = 1, /* 408, 425, 429, 500, 502, 503, 504 and broken connections: three attempts, 0.5 s and 1 s apart */
	FETCH_2XX = 2    /* any other status is an error */
};

struct fetch_request {
	const char *method; /* "GET", "HEAD", "POST" … */
	const char *url;
	const char *accept;       /* NULL: any */
	const char *content_type; /* NULL: none is sent */
	struct sv body;           /* p is NULL for none; copied */
	int flags;
};

/* What came of one request. `error` is "" when there is an answer (with FETCH_2XX: a good one). */
struct fetch_result {
	int status;
	struct buf body;
	struct value *headers; /* map of lower-case names; repeated ones joined by ", " */
	char *url;             /* where the answer came from */
	char error[300];
};

/* A group of requests, of which at most `parallel` run at the same time. Free with fetch_free (takes NULL), which also
 * breaks off what still runs. */
struct fetch *fetch_new(int parallel);
void fetch_free(struct fetch *fetch);
void fetch_add(struct fetch *fetch, const struct fetch_request *request);
/* Drives the group. True when every request has its result; else what to wait for was asked of node_wait_*, and the node
 * returns NODE_WAIT. */
bool fetch_step(struct fetch *fetch, struct node_ctx *ctx);
struct fetch_result *fetch_result(struct fetch *fetch, size_t i);

/* True when nodes may connect to this address (a struct sockaddr) for a URL of this host. */
bool fetch_address_allowed(const void *address, const char *host);
/* The charset of the Content-Type header, or `fallback`. In memory of the arena. */
const char *fetch_charset(struct arena *arena, const struct fetch_result *result, const char *fallback);

#endif
