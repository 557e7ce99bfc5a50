/*
 * http: what a resource router is made of. A router program is one file:
 *
 *	static const struct field list_query[] = {
 *		{ "limit", FIELD_INT, FIELD_MIN, "100", .min = 1, .description = "How many at most." },
 *		{ "cursor", FIELD_STR, FIELD_NULLABLE },
 *		{ 0 }
 *	};
 *	static int list_threads(struct request *req, struct response *res)
 *	{
 *		int64_t limit = map_int(req->query, "limit", 0);
 *		…
 *		return res_json(res, value);
 *	}
 *	static const struct route routes[] = {
 *		{ "GET", "/api/threads/", list_threads, .query = list_query, .summary = "List threads." },
 *		{ "POST", "/api/threads/", create_thread, .body = BODY(thread_create), .summary = "Make a thread." },
 *		{ "GET", "/api/threads/{thread_id}", get_thread, .summary = "One thread." },
 *	};
 *	int main(int argc, char **argv)
 *	{
 *		return router_main(argc, argv, "thread", routes, ARRAY_LEN(routes));
 *	}
 *
 * Before a handler runs, the dispatcher has answered everything that is wrong with the request itself: unknown paths (404),
 * methods (405 with Allow), final slashes (307), CORS, authentication (401), admin rights (403), bodies that are too long
 * (413) or no JSON, and every field that does not fit its declaration (422, all errors at once, in pydantic's form).
 * A handler returns 0 after filling the response, or -1 after filling req->err: the answer is then {"detail": …}.
 *
 * The same tables give the OpenAPI document (`NAME --describe`).
 * Sources: notes-rest "Authentication", "Modes"; notes-workflows section 6; notes-clients section 9; cases/server.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <sys/types.h>

#include "auth/auth.h"
#include "base/base.h"
#include "value/value.h"

/* ---- fields: declared validation ----------------------------------------------------------------------- */

enum field_kind {
	FIELD_ANY,      /* any JSON value */
	FIELD_STR,      /* strict: a number is no string */
	FIELD_INT,      /* takes 3, 3.0, "3", true as pydantic's lax mode does */
	FIELD_FLOAT,
	FIELD_BOOL,     /* takes true, 1, 1.0, "yes" … */
	FIELD_OBJECT,   /* a map; its values are `item`, or anything */
	FIELD_LIST,     /* its items are `item`, or anything; in a query: all values of a repeated parameter */
	FIELD_MODEL,    /* a map with the fields of `model`; unknown keys are dropped */
	FIELD_CHOICE,   /* a text out of `choices` ("a|b|c"): literal_error otherwise */
	FIELD_ENUM,     /* the same with the error type "enum" */
	FIELD_DATETIME, /* ISO text (kept as it is) or a number of seconds (becomes ISO text in UTC): time_parse reads both */
	FIELD_UNION,    /* the first of `options` that fits exactly, else the first that fits */
	FIELD_FILE      /* multipart only: an uploaded file, see req_upload */
};

enum field_flags {
	FIELD_REQUIRED = 1 << 0, /* "missing" when absent */
	FIELD_NULLABLE = 1 << 1, /* takes null */
	FIELD_MIN = 1 << 2,      /* `min` counts (greater_than_equal) */
	FIELD_MAX = 1 << 3,      /* `max` counts (less_than_equal) */
	FIELD_EXTRA = 1 << 4,    /* MODEL: unknown keys are kept */
	FIELD_SPARSE = 1 << 5,   /* absent stays absent in the result: to tell "not given" from null */
	FIELD_HIDDEN = 1 << 6    /* not shown in the OpenAPI document */
};

/* One field. A table of them ends with { 0 }. */
struct field {
	const char *name; /* of an option of a union: its label in "loc" ("str", "list[…]") */
	enum field_kind kind;
	unsigned flags;
	const char *def; /* default as JSON text, taken as it is; NULL: null */
	const struct field *item;    /* of a LIST or OBJECT */
	const struct field *model;   /* of a MODEL: table */
	const struct field *options; /* of a UNION: table */
	const char *choices;         /* of a CHOICE or ENUM: words with "|" between them */
	int64_t min;
	int64_t max;
	size_t min_len; /* characters of a STR (string_too_short), items of a LIST; 0: no bound */
	size_t max_len; /* characters of a STR (string_too_long), items of a LIST (too_long); 0: no bound */
	const char *description; /* one line for the OpenAPI document */
	const char *model_name;  /* MODEL: name in the OpenAPI document; NULL: shown in place */
};

/* The body of a route: a model of these fields; a list of models. (Like ITEM below: in tables outside of functions only.) */
#define BODY(fields) (&(const struct field){ .kind = FIELD_MODEL, .model = (fields) })
#define BODY_LIST(fields) \
	(&(const struct field){ .kind = FIELD_LIST, .item = &(const struct field){ .kind = FIELD_MODEL, .model = (fields) } })
/* Items of a list or object that are plain: .item = ITEM(FIELD_STR). */
#define ITEM(k) (&(const struct field){ .kind = (k) })
#define ITEM_MODEL(fields) (&(const struct field){ .kind = FIELD_MODEL, .model = (fields) })

/* Validates `in` (lent; NULL: absent) against one field. `loc` is where it stands: "body". Appends to `errors` (a list)
 * one map {type, loc, msg, input, ctx?} per fault. Returns the completed value (new reference) or NULL after a fault.
 * For callers outside of the dispatcher (the daemon's commands). */
struct value *field_validate(const struct field *field, struct value *in, const char *loc, struct value *errors);
/* The same for a whole table, loc without a first part when `loc` is NULL. Always returns a map, possibly with gaps. */
struct value *fields_validate(const struct field *fields, struct value *in, const char *loc, struct value *errors);

/* ---- routes -------------------------------------------------------------------------------------------- */

struct request;
struct response;

enum route_flags {
	ROUTE_OPEN = 1 << 0,          /* no authentication: /health, /ping, what a login itself needs */
	ROUTE_ADMIN = 1 << 1,         /* auth_admin() must agree */
	ROUTE_BODY_OPTIONAL = 1 << 2, /* an absent body is no error: req->body is NULL then */
	ROUTE_RAW = 1 << 3,           /* the handler reads the body itself (req_read) */
	ROUTE_MULTIPART = 1 << 4,     /* `form` describes the fields of a multipart or urlencoded body */
	ROUTE_NO_PUBLIC = 1 << 5,     /* absent in mode public */
	ROUTE_NO_PRODUCTION = 1 << 6, /* absent when ENV=production */
	ROUTE_HIDDEN = 1 << 7         /* not in the OpenAPI document */
};

struct route {
	const char *method;
	/* Segments in braces are parameters: {id} is one segment, decoded ("%2F" in it is refused with 404);
	 * {key:path} is the rest of the path, slashes included. A pattern without parameters in a place wins over one with;
	 * otherwise the order of the table decides. */
	const char *pattern;
	int (*handler)(struct request *req, struct response *res);
	unsigned flags;
	const struct field *path;  /* parameters that are more than text; the others need no entry */
	const struct field *query;
	const struct field *body;  /* one field: BODY(table) */
	const struct field *form;  /* table, with ROUTE_MULTIPART */
	size_t max_body;           /* bytes; 0: NODETOOL_MAX_BODY (default BUF_MAX_BODY) */
	const char *type;          /* content type of the answer for the OpenAPI document; NULL: application/json */
	const char *summary;       /* one line for the OpenAPI document */
	const struct field *answer; /* shape of a 200 for the OpenAPI document; NULL: any */
};

/* The whole life of a router program: settings, hardening (umask, no new privileges, no core files), then requests until
 * SIGTERM (the request in flight is finished). FastCGI when started with a listening socket as descriptor 0, else one
 * plain CGI request from the environment and standard input. `--describe` prints the OpenAPI fragment instead.
 * Returns the exit status for main. */
int router_main(int argc, char **argv, const char *name, const struct route *routes, size_t count);
/* Called once before the first request when set (opening the database). -1 ends the program with the reason. */
extern int (*router_setup)(struct err *err);
/* Called after each request, even a failed one (resetting statements); and once at the end. */
extern void (*router_after)(void);
extern void (*router_teardown)(void);

/* ---- request ------------------------------------------------------------------------------------------- */

struct request {
	struct arena *arena;   /* dies with the request */
	struct err err;        /* filled by whoever fails */
	const char *method;
	const char *path;      /* as sent (still encoded), without base path and query */
	const char *query_string; /* as sent; "" when there is none */
	const char *id;        /* X-Request-Id when it is id_safe, else a new one; stands in every log line */
	const char *remote_addr;
	struct auth_user user;
	const struct route *route;
	struct value *params;  /* decoded path parameters, converted as `path` says */
	struct value *query;   /* one entry per declared field */
	struct value *body;    /* validated and completed; NULL when there is none */
	struct request_state *state; /* of the library */
};

/* A decoded path parameter; never NULL for a name that stands in the pattern. */
const char *req_param(const struct request *req, const char *name);
/* A header by its usual name in any case ("If-None-Match"), NULL when absent. */
const char *req_header(const struct request *req, const char *name);
/* A CGI variable ("SERVER_NAME"), NULL when absent. */
const char *req_cgi(const struct request *req, const char *name);
/* "http://host:port" as the client sees this server: scheme from HTTPS or REQUEST_SCHEME, Host header. Arena. */
const char *req_origin(struct request *req);
/* Parses and validates a JSON text that came inside of a request (in a field of a form) as if it were the body. *out belongs
 * to the request. 1: it does not fit, and the 422 is the answer. */
int req_parse(struct request *req, struct response *res, const char *text, size_t len, const struct field *field,
	      struct value **out) MUST_CHECK;
/* Fails the request: fills req->err and returns -1. */
int req_fail(struct request *req, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Raw bodies: reads up to `len` bytes; 0 at the end, -1 when the limit is passed (413) or the client is gone (400). */
ssize_t req_read(struct request *req, void *data, size_t len) MUST_CHECK;
/* Reads the rest of a raw body into memory of the arena. */
int req_read_all(struct request *req, char **data, size_t *len) MUST_CHECK;
/* Writes the rest of a raw body to a descriptor. */
int req_read_to_fd(struct request *req, int fd, int64_t *len) MUST_CHECK;

/* A file that came in a multipart body. It exists only because our parser wrote it: nothing in a JSON body or a query can
 * name one. It is removed with the request unless it was renamed or linked elsewhere before. */
struct upload {
	const char *field;
	const char *filename;     /* as the client called it: for display only, never a name on disk; "" when not given */
	const char *content_type; /* as the client said; "application/octet-stream" when it did not */
	const char *path;         /* temporary file, mode 0600, in config_run_dir()/tmp */
	int64_t size;
	char sha256[65];
};
/* The last file of that field; NULL when there is none. */
const struct upload *req_upload(const struct request *req, const char *field);
/* All files in the order they came. */
const struct upload *req_upload_at(const struct request *req, size_t i);

/* ---- response ------------------------------------------------------------------------------------------ */

struct response {
	int status;      /* 200 */
	const char *type; /* "application/json" */
	struct buf body; /* may be written to directly */
	struct request *req;
	struct response_state *state;
};

/* All of these return 0, or -1 with req->err filled (an answer that is too long). */

/* The value as compact JSON; takes the reference. */
int res_json(struct response *res, struct value *v);
int res_json_status(struct response *res, int status, struct value *v);
/* A text with its type ("text/html; charset=utf-8"). */
int res_text(struct response *res, const char *type, const char *text);
int res_bytes(struct response *res, const char *type, const void *data, size_t len);
/* A status without a body (204, 304), a redirect. */
int res_empty(struct response *res, int status);
int res_redirect(struct response *res, int status, const char *location);
/* Adds a header. Control characters are refused (500): no header can be smuggled in. */
int res_header(struct response *res, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Sets ETag ("…", quoted here). True when If-None-Match names it and the answer is now a bodiless 304: return 0 then. */
bool res_etag(struct response *res, const char *etag);

/* Sends a stored file. `area` names the folder to nginx, `folder` is the same on disk, `relative` the path below it (checked:
 * it cannot leave the folder, symbolic links are not followed). Behind nginx (parameter NODETOOL_ACCEL) this is an
 * X-Accel-Redirect to <NODETOOL_ACCEL>/<area>/<relative>; otherwise the program sends it itself, with Last-Modified, ETag,
 * Range and conditional requests. 404 when it is not there. */
int res_file(struct response *res, const char *area, const char *folder, const char *relative);
/* The same for an open regular file, which is taken over: for files that nginx cannot reach. */
int res_fd(struct response *res, int fd);
/* Content-Disposition: the name in ASCII, and in UTF-8 beside it where that changed it (RFC 6266); `kind` is "inline" or "attachment". */
int res_disposition(struct response *res, const char *kind, const char *filename);

/* Streams (NDJSON, server-sent events, archives): res_stream sends the headers, then each res_write goes out at once or is
 * gathered until res_flush. -1 when the client is gone: stop then and return 0. After res_stream the handler's return
 * value can no longer change the status. */
int res_stream(struct response *res, const char *type);
int res_write(struct response *res, const void *data, size_t len);
int res_flush(struct response *res);

#endif
