/* Conversations: /api/threads. */
#include "http/http.h"

#include "handler.h"
#include "model/model.h"
#include "notify/notify.h"
#include "provider/provider.h"

#define TITLE_MAX_CHARS 60

static void announce(const struct request *req, const char *event, const struct thread *t)
{
	char etag[ETAG_SIZE];

	thread_etag(t, etag);
	notify_change(req->user.id, event, "thread", t->c[THREAD_ID].p, etag);
}

static int find_thread(struct request *req, struct db *db, struct thread *out)
{
	int missing = db ? thread_get(db, req->arena, req->user.id, req_param(req, "thread_id"), out, &req->err) : -1;

	return missing > 0 ? req_fail(req, 404, "Thread not found") : missing;
}

static int add_thread(const struct thread *t, void *arg)
{
	struct page *page = arg;

	return page_add(page, t->c[THREAD_ID]) || thread_json(page->out, t) ? -1 : 0;
}

static int list_threads(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct page page;
	bool more;

	page_begin(&page, res, "threads");
	if (!db || thread_list(db, req->arena, req->user.id, field_filter(req->query, "cursor"), map_int(req->query, "limit", 0),
			       map_bool(req->query, "reverse", false), add_thread, &page, &more, &req->err))
		return -1;
	return page_end(&page, "next", more);
}

static int create_in(struct request *req, struct response *res, struct db *db)
{
	struct sv title = field_text(req->body, "title");
	struct thread t;

	thread_init(req->arena, req->user.id, NULL, title.n ? title : SV_LIT("New Thread"), &t);
	if (thread_put(db, &t, &req->err) || db_commit(db, &req->err))
		return -1;
	announce(req, "updated", &t);
	announce(req, "created", &t);
	return thread_json(&res->body, &t);
}

static int create_thread(struct request *req, struct response *res)
{
	return handle_write(req, res, create_in);
}

static int get_thread(struct request *req, struct response *res)
{
	struct thread t;

	return find_thread(req, db_default(&req->err), &t) ? -1 : thread_json(&res->body, &t);
}

static int update_in(struct request *req, struct response *res, struct db *db)
{
	struct thread t;

	if (find_thread(req, db, &t))
		return -1;
	t.c[THREAD_TITLE] = field_text(req->body, "title");
	t.c[THREAD_UPDATED_AT] = row_now(req->arena);
	if (thread_put(db, &t, &req->err) || db_commit(db, &req->err))
		return -1;
	announce(req, "updated", &t);
	return thread_json(&res->body, &t);
}

static int update_thread(struct request *req, struct response *res)
{
	return handle_write(req, res, update_in);
}

/* What is announced of each message that goes with its thread. */
static int remember_message(const struct message *m, void *arg)
{
	char etag[ETAG_SIZE];
	struct value *gone;

	if (!m->c[MESSAGE_ID].p)
		return 0;
	message_etag(m, etag);
	gone = value_list();
	list_push(gone, value_strn(m->c[MESSAGE_ID].p, m->c[MESSAGE_ID].n));
	list_push(gone, value_str(etag));
	list_push(arg, gone);
	return 0;
}

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	struct value *gone = value_list();
	struct thread t;
	bool more;

	arena_defer(req->arena, value_unref_ptr, gone);
	if (find_thread(req, db, &t) ||
	    message_list(db, req->arena, t.c[THREAD_ID].p, NULL, INT64_MAX, false, remember_message, gone, &more, &req->err) ||
	    message_delete_thread(db, req->user.id, t.c[THREAD_ID].p, &req->err) ||
	    thread_delete(db, req->user.id, t.c[THREAD_ID].p, &req->err) || db_commit(db, &req->err))
		return -1;
	for (size_t i = 0; i < value_len(gone); i++)
		notify_change(req->user.id, "deleted", "message", value_text(list_at(list_at(gone, i), 0)),
			      value_text(list_at(list_at(gone, i), 1)));
	announce(req, "deleted", &t);
	return res_json(res, value_null());
}

static int delete_thread(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}

static int retitle_in(struct request *req, struct response *res, struct db *db, const char *title)
{
	struct thread t;

	if (find_thread(req, db, &t))
		return -1;
	t.c[THREAD_TITLE] = sv_of(title);
	t.c[THREAD_UPDATED_AT] = row_now(req->arena);
	if (thread_put(db, &t, &req->err) || db_commit(db, &req->err))
		return -1;
	announce(req, "updated", &t);
	return thread_json(&res->body, &t);
}

/* Asks the model first, so that no transaction waits for it. */
static int summarize_thread(struct request *req, struct response *res)
{
	static const char system_text[] = "Answer with a title of at most six words for the conversation that the user "
					  "shows you: the title only, without quotes, in the language of the conversation.";
	struct db *db = db_default(&req->err);
	struct thread t;
	char *answer;
	char *title;
	int rc;

	if (find_thread(req, db, &t) ||
	    provider_ask(req->user.id, map_str(req->body, "provider", ""), map_str(req->body, "model", ""), system_text,
			 map_str(req->body, "content", ""), 0, req->arena, &answer, &req->err))
		return -1;
	title = provider_title(req->arena, answer, TITLE_MAX_CHARS);
	if (!*title)
		return req_fail(req, 502, "The model gave no title");
	if (db_begin(db, &req->err))
		return -1;
	rc = retitle_in(req, res, db, title);
	db_rollback(db);
	return rc;
}

static const struct field title_optional[] = {
	{ "title", FIELD_STR, FIELD_NULLABLE, .description = "\"New Thread\" when empty." },
	{ 0 },
};

static const struct field title_required[] = {
	{ "title", FIELD_STR, FIELD_REQUIRED },
	{ 0 },
};

static const struct field summarize_body[] = {
	{ "provider", FIELD_STR, FIELD_REQUIRED },
	{ "model", FIELD_STR, FIELD_REQUIRED },
	{ "content", FIELD_STR, FIELD_REQUIRED, .description = "The conversation as text." },
	{ 0 },
};

static const struct field list_query[] = {
	{ "cursor", FIELD_STR, FIELD_NULLABLE, .description = "Id of the last thread of the page before." },
	{ "limit", FIELD_INT, FIELD_MIN, "10", .min = 1, .description = "How many at most." },
	{ "reverse", FIELD_BOOL, 0, "false", .description = "Newest first." },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/threads/", list_threads, .query = list_query, .summary = "List threads." },
	{ "POST", "/api/threads/", create_thread, .body = BODY(title_optional), .summary = "Begin a thread." },
	{ "GET", "/api/threads/{thread_id}", get_thread, .summary = "One thread." },
	{ "PUT", "/api/threads/{thread_id}", update_thread, .body = BODY(title_required), .summary = "Rename a thread." },
	{ "DELETE", "/api/threads/{thread_id}", delete_thread, .summary = "Delete a thread and its messages." },
	{ "POST", "/api/threads/{thread_id}/summarize", summarize_thread, .body = BODY(summarize_body),
	  .summary = "Give a thread a title by a language model." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "thread", routes, ARRAY_LEN(routes));
}
