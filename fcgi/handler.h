/* What handlers of several routers share. */
#ifndef FCGI_HANDLER_H
#define FCGI_HANDLER_H

#include "db/db.h"
#include "http/http.h"

/* Runs a handler that writes inside of a transaction. The handler commits before it announces and answers; when it
 * fails, everything is rolled back. */
static inline int handle_write(struct request *req, struct response *res,
			       int (*handler)(struct request *req, struct response *res, struct db *db))
{
	struct db *db = db_default(&req->err);
	int rc;

	if (!db || db_begin(db, &req->err))
		return -1;
	rc = handler(req, res, db);
	db_rollback(db);
	return rc;
}

/* The text of a body's or query's field; p == NULL when it is null. */
static inline struct sv field_text(const struct value *fields, const char *name)
{
	const struct value *v = map_get(fields, name);

	return value_is(v, VALUE_STR) ? value_sv(v) : (struct sv){ 0 };
}

/* A filter of a query: NULL when it is absent, and when it is "", which filters nothing. */
static inline const char *field_filter(const struct value *fields, const char *name)
{
	const char *text = map_str(fields, name, NULL);

	return text && *text ? text : NULL;
}

/* Opens the database before the first request, so that no client waits for that. A failure is no reason to end: each
 * request tries again and says what is wrong. */
static inline int open_database(struct err *err)
{
	if (!db_default(err))
		log_warn("%s", err->detail);
	return 0;
}

#endif
