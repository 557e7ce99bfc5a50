/* http, for its own files and its tests: where bytes come from and go to, and the steps of a request. */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include "http/http.h"

#define HTTP_MAX_PARAMS 512     /* CGI variables of one request, headers among them */
#define HTTP_MAX_QUERY 1000     /* parameters of one query or form */
#define HTTP_MAX_PATH 8192      /* bytes of a path */
#define HTTP_MAX_SEGMENTS 32    /* of a path that can match */
#define HTTP_STREAM_CHUNK 16384 /* a stream gathers this much before it sends */

/* A connection: FastCGI, plain CGI, or a test's memory. */
struct http_io {
	ssize_t (*read)(struct http_io *io, void *data, size_t len); /* 0 at the end, -1 when the client is gone */
	int (*write)(struct http_io *io, const void *data, size_t len);
	int (*flush)(struct http_io *io);
	char **env; /* "NAME=value", NULL behind the last */
};

struct header {
	const char *name;
	const char *value;
	struct header *next;
};

struct response_state {
	struct header *headers;
	struct header **last;
	bool sent;    /* the headers are out: no other answer is possible */
	bool gone;    /* the client is */
	bool bodiless; /* 204, 304, redirects: no type, no body */
	bool no_cors;
	int file;     /* a file to send, -1 for none */
	int64_t file_start;
	int64_t file_len;
};

struct request_state {
	struct http_io *io;
	const struct router *router;
	struct value *texts;    /* path parameters as decoded texts */
	struct value *raw_body; /* parsed JSON before validation; form fields for ROUTE_MULTIPART */
	int64_t declared;       /* CONTENT_LENGTH, -1 when absent */
	int64_t received;
	int64_t max_body;
	struct upload *uploads;
	size_t upload_count;
};

struct router {
	const char *name;
	const struct route *routes;
	size_t count;
};

/* One request from reading to the last byte. `arena` is reset by the caller afterwards. */
void http_serve(const struct router *router, struct http_io *io, struct arena *arena);

/* path.c: percent decoding in place of the arena; NULL for a bad escape, a NUL or invalid UTF-8. */
char *path_decode(struct arena *arena, const char *text, size_t len);

enum match_result { MATCH_NONE, MATCH_METHOD, MATCH_FULL };
/* Finds the route; on MATCH_METHOD `*route` is the first whose path fits. With `flip` the path's final slash is added or
 * taken away first. */
enum match_result route_match(const struct router *router, const char *method, const char *path, bool flip,
			      const struct route **route, struct arena *arena, struct value *params);
bool route_mounted(const struct route *route);

/* query.c: application/x-www-form-urlencoded into a map of lists of texts. -1 (400) for too many parameters. */
int query_parse(const char *text, size_t len, struct value *into, struct err *err);
/* Validates such a map against declared fields (text in, lax conversions); `place` is "query" or "body". `skip_empty`:
 * "" counts as absent (forms). */
struct value *query_validate(const struct field *fields, const struct value *given, const char *place, bool skip_empty,
			     struct value *errors);

/* validate.c */
struct loc {
	const struct loc *up;
	const char *key; /* NULL: an index */
	size_t len;
	int64_t index;
};
struct check {
	struct value *errors; /* NULL: only yes or no is asked */
	bool strict;          /* exact kinds only (first pass of a union) */
};
void field_error(struct check *check, const char *type, const struct loc *at, const char *msg, struct value *input,
		 struct value *ctx);
struct value *field_check(struct check *check, const struct field *field, struct value *in, const struct loc *at);
/* scalar.c: the plain kinds of field_check. */
struct value *scalar_check(struct check *check, const struct field *field, struct value *in, const struct loc *at);

/* body.c: reads and parses what the route declares, before validation: into state->raw_body. 0, or -1 with req->err, or
 * -1 after adding to `errors` (a body that is no JSON). */
int body_read(struct request *req, struct value *errors);

/* The entry of a text that is no JSON. */
void body_json_error(struct value *errors, const struct json_error *error);

/* multipart.c */
int multipart_read(struct request *req, const char *content_type, struct value *fields);
void uploads_remove(void *state);

/* cors.c: true when the request was a preflight and is answered. */
bool cors_preflight(struct request *req, struct response *res);
void cors_headers(struct request *req, struct response *res);

/* response.c */
void res_init(struct response *res, struct request *req);
int res_error(struct response *res, const struct err *err);
int res_send(struct response *res);
void res_drop_file(struct response *res);
void res_header_plain(struct response *res, const char *name, const char *value);

/* openapi.c */
int openapi_describe(const struct router *router);

#endif
