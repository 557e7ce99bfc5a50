/* What handlers of several routers share. */
#ifndef FCGI_HANDLER_H
#define FCGI_HANDLER_H

#include <stdio.h>
#include <string.h>

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

/* A name out of a body; "" when it is absent, or no C string: what is cut at a zero byte is another name. */
static inline const char *field_name(const struct value *fields, const char *name)
{
	struct sv text = field_text(fields, name);

	return text.p && strlen(text.p) == text.n ? text.p : "";
}

/* A page of a list while its rows come: {"NAME":[row,row…],"next":"id of the last row shown, or nothing"}. */
struct page {
	struct response *res;
	struct buf *out;
	char last[160]; /* id of the last row, for the cursor */
	size_t count;
};

static inline void page_begin(struct page *page, struct response *res, const char *name)
{
	*page = (struct page){ .res = res, .out = &res->body };
	buf_printf(page->out, "{\"%s\":[", name);
}

/* Before each row: the comma, and its id for the cursor. */
static inline int page_add(struct page *page, struct sv id)
{
	snprintf(page->last, sizeof(page->last), "%.*s", (int)id.n, id.p ? id.p : "");
	return page->count++ ? buf_addc(page->out, ',') : 0;
}

/* The cursor is "" when no rows follow. */
static inline int page_end(struct page *page, const char *cursor, bool more)
{
	buf_printf(page->out, "],\"%s\":", cursor);
	json_write_str(page->out, page->last, more ? strlen(page->last) : 0, JSON_COMPACT);
	return buf_addc(page->out, '}');
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
