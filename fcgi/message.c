/* What is said in conversations: /api/messages. */
#include "http/http.h"

#include <string.h>

#include "handler.h"
#include "model/model.h"
#include "notify/notify.h"

#define PARTS                                                                                                  \
	"list[union[MessageTextContent,MessageImageContent,MessageAudioContent,MessageVideoContent,"           \
	"MessageDocumentContent,MessageThoughtContent]]"

/* ---- what a message may hold (notes-engine section 12) --------------------------------------------------- */

#define ASSET_FIELDS(type_name)                                              \
	{ "type", FIELD_CHOICE, 0, "\"" type_name "\"", .choices = type_name }, \
	{ "uri", FIELD_STR, 0, "\"\"" },                                     \
	{ "asset_id", FIELD_STR, FIELD_NULLABLE },                           \
	{ "data", FIELD_ANY, FIELD_NULLABLE },                               \
	{ "metadata", FIELD_OBJECT, FIELD_NULLABLE }
#define EMPTY_ASSET(type_name) \
	"{\"type\": \"" type_name "\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}"

static const struct field image_ref[] = { ASSET_FIELDS("image"), { 0 } };
static const struct field audio_ref[] = { ASSET_FIELDS("audio"), { 0 } };
static const struct field document_ref[] = { ASSET_FIELDS("document"), { 0 } };
static const struct field video_ref[] = {
	ASSET_FIELDS("video"),
	{ "duration", FIELD_FLOAT, FIELD_NULLABLE },
	{ "format", FIELD_STR, FIELD_NULLABLE },
	{ 0 },
};

static const struct field text_part[] = {
	{ "type", FIELD_CHOICE, 0, "\"text\"", .choices = "text" },
	{ "text", FIELD_STR, 0, "\"\"" },
	{ 0 },
};
static const struct field image_part[] = {
	{ "type", FIELD_CHOICE, 0, "\"image_url\"", .choices = "image_url" },
	{ "image", FIELD_MODEL, 0, EMPTY_ASSET("image"), .model = image_ref },
	{ 0 },
};
static const struct field audio_part[] = {
	{ "type", FIELD_CHOICE, 0, "\"audio\"", .choices = "audio" },
	{ "audio", FIELD_MODEL, 0, EMPTY_ASSET("audio"), .model = audio_ref },
	{ 0 },
};
static const struct field video_part[] = {
	{ "type", FIELD_CHOICE, 0, "\"video\"", .choices = "video" },
	{ "video", FIELD_MODEL, 0,
	  "{\"type\": \"video\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null, \"duration\": null, "
	  "\"format\": null}",
	  .model = video_ref },
	{ 0 },
};
static const struct field document_part[] = {
	{ "type", FIELD_CHOICE, 0, "\"document\"", .choices = "document" },
	{ "document", FIELD_MODEL, 0, EMPTY_ASSET("document"), .model = document_ref },
	{ 0 },
};
static const struct field thought_part[] = {
	{ "type", FIELD_CHOICE, 0, "\"thought\"", .choices = "thought" },
	{ "text", FIELD_STR, 0, "\"\"" },
	{ "thought_signature", FIELD_STR, FIELD_NULLABLE },
	{ 0 },
};

static const struct field part_kinds[] = {
	{ "MessageTextContent", FIELD_MODEL, .model = text_part },
	{ "MessageImageContent", FIELD_MODEL, .model = image_part },
	{ "MessageAudioContent", FIELD_MODEL, .model = audio_part },
	{ "MessageVideoContent", FIELD_MODEL, .model = video_part },
	{ "MessageDocumentContent", FIELD_MODEL, .model = document_part },
	{ "MessageThoughtContent", FIELD_MODEL, .model = thought_part },
	{ 0 },
};

static const struct field any_part = { .kind = FIELD_UNION, .options = part_kinds };

static const struct field content_kinds[] = {
	{ "str", FIELD_STR },
	{ "dict[str,any]", FIELD_OBJECT },
	{ PARTS, FIELD_LIST, .item = &any_part },
	{ 0 },
};

static const struct field tool_call[] = {
	{ "id", FIELD_STR, 0, "\"\"" },
	{ "name", FIELD_STR, 0, "\"\"" },
	{ "args", FIELD_OBJECT, 0, "{}" },
	{ "result", FIELD_ANY, FIELD_NULLABLE },
	{ "step_id", FIELD_STR, FIELD_NULLABLE },
	{ "message", FIELD_STR, FIELD_NULLABLE },
	{ 0 },
};

static const struct field message_create[] = {
	{ "thread_id", FIELD_STR, FIELD_NULLABLE, .description = "A new thread is made when it is null." },
	{ "user_id", FIELD_STR, FIELD_NULLABLE, .description = "Not used: the message is the asker's." },
	{ "tool_call_id", FIELD_STR, FIELD_NULLABLE },
	{ "role", FIELD_STR, 0, "\"\"" },
	{ "name", FIELD_STR, FIELD_NULLABLE },
	{ "content", FIELD_UNION, FIELD_NULLABLE, .options = content_kinds },
	{ "tool_calls", FIELD_LIST, FIELD_NULLABLE, .item = ITEM_MODEL(tool_call) },
	{ "created_at", FIELD_STR, FIELD_NULLABLE, .description = "Not used: the server's time counts." },
	{ 0 },
};

/* ---- handlers -------------------------------------------------------------------------------------------- */

static void announce_saved(const struct request *req, const char *type, const char *id, const char *etag)
{
	notify_change(req->user.id, "updated", type, id, etag);
	notify_change(req->user.id, "created", type, id, etag);
}

static struct sv json_column(struct request *req, const char *name)
{
	const struct value *v = map_get(req->body, name);

	return value_is_null(v) ? (struct sv){ 0 } : sv_of(json_text(req->arena, v, JSON_COLUMN));
}

/* The thread a new message goes to, made when it is not there. 404 for another user's: nothing is stored there. */
static int ensure_thread(struct request *req, struct db *db, struct sv wanted, struct thread *t, bool *made)
{
	const char *owner;
	int missing = 1;

	if (wanted.n)
		missing = thread_owner(db, req->arena, wanted.p, &owner, &req->err);
	if (missing < 0)
		return -1;
	*made = missing;
	if (!missing && strcmp(owner, req->user.id) != 0)
		return req_fail(req, 404, "Thread not found");
	thread_init(req->arena, req->user.id, wanted.n ? wanted.p : NULL, (struct sv){ 0 }, t);
	return missing ? thread_put(db, t, &req->err) : 0;
}

static int create_in(struct request *req, struct response *res, struct db *db)
{
	struct message m = { 0 };
	struct thread t;
	char id[ID_SIZE];
	char etag[ETAG_SIZE];
	bool made;

	if (ensure_thread(req, db, field_text(req->body, "thread_id"), &t, &made))
		return -1;
	id_new(id);
	m.c[MESSAGE_ID] = sv_of(id);
	m.c[MESSAGE_USER_ID] = sv_of(req->user.id);
	m.c[MESSAGE_THREAD_ID] = t.c[THREAD_ID];
	m.c[MESSAGE_ROLE] = field_text(req->body, "role");
	m.c[MESSAGE_NAME] = field_text(req->body, "name");
	m.c[MESSAGE_TOOL_CALL_ID] = field_text(req->body, "tool_call_id");
	m.c[MESSAGE_CONTENT] = json_column(req, "content");
	m.c[MESSAGE_TOOL_CALLS] = json_column(req, "tool_calls");
	m.c[MESSAGE_CREATED_AT] = row_now(req->arena);
	if (message_put(db, &m, &req->err) || db_commit(db, &req->err))
		return -1;
	if (made) {
		thread_etag(&t, etag);
		announce_saved(req, "thread", t.c[THREAD_ID].p, etag);
	}
	message_etag(&m, etag);
	announce_saved(req, "message", id, etag);
	return message_json(&res->body, &m);
}

static int create_message(struct request *req, struct response *res)
{
	return handle_write(req, res, create_in);
}

static int get_message(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct message m;
	int missing = db ? message_get(db, req->arena, req->user.id, req_param(req, "message_id"), &m, &req->err) : -1;

	if (missing)
		return missing > 0 ? req_fail(req, 404, "Message not found") : -1;
	return message_json(&res->body, &m);
}

struct listing {
	struct page page;
	struct request *req;
};

static int add_message(const struct message *m, void *arg)
{
	struct listing *l = arg;

	if (!sv_eq(m->c[MESSAGE_USER_ID], l->req->user.id))
		return req_fail(l->req, 404, "Message not found");
	return page_add(&l->page, m->c[MESSAGE_ID]) || message_json(l->page.out, m) ? -1 : 0;
}

static int list_messages(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct listing l = { .req = req };
	bool more;

	page_begin(&l.page, res, "messages");
	if (!db || message_list(db, req->arena, map_str(req->query, "thread_id", ""), field_filter(req->query, "cursor"),
				map_int(req->query, "limit", 0), map_bool(req->query, "reverse", false), add_message, &l, &more,
				&req->err))
		return -1;
	return page_end(&l.page, "next", more);
}

static const struct field list_query[] = {
	{ "thread_id", FIELD_STR, FIELD_REQUIRED },
	{ "reverse", FIELD_BOOL, 0, "false", .description = "Newest first." },
	{ "cursor", FIELD_STR, FIELD_NULLABLE, .description = "Id of the last message of the page before." },
	{ "limit", FIELD_INT, FIELD_MIN, "100", .min = 1, .description = "How many at most." },
	{ 0 },
};

static const struct route routes[] = {
	{ "POST", "/api/messages/", create_message, .body = BODY(message_create), .summary = "Add a message to a thread." },
	{ "GET", "/api/messages/", list_messages, .query = list_query, .summary = "The messages of a thread." },
	{ "GET", "/api/messages/{message_id}", get_message, .summary = "One message." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "message", routes, ARRAY_LEN(routes));
}
