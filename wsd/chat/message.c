/* The messages of a turn: as clients get them, and in the database. */
#include "wsd/chat/internal.h"

#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "notify/notify.h"

static const char *const keys[] = {
	"id",
	"workflow_id",
	"graph",
	"thread_id",
	"tools",
	"tool_call_id",
	"role",
	"name",
	"content",
	"tool_calls",
	"collections",
	"input_files",
	"created_at",
	"provider",
	"model",
	"agent_mode",
	"help_mode",
	"agent_execution_id",
	"execution_event_type",
	"workflow_target",
};

struct value *turn_message(const struct turn *turn, const char *role)
{
	struct value *m = value_map();

	map_set_str(m, "type", "message");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		map_set(m, keys[i], value_null());
	map_set_str(m, "workflow_id", turn->workflow_id);
	map_set_str(m, "thread_id", turn->thread_id);
	map_set_str(m, "role", role);
	map_set_str(m, "provider", turn->provider_name);
	map_set_str(m, "model", turn->model);
	return m;
}

bool turn_content_valid(const struct value *content)
{
	if (!value_is(content, VALUE_LIST))
		return value_is_null(content) || value_is(content, VALUE_STR) || value_is(content, VALUE_MAP);
	for (size_t i = 0; i < value_len(content); i++)
		if (!value_is(list_at(content, i), VALUE_MAP))
			return false;
	return true;
}

struct value *turn_plain_text(const struct value *content)
{
	struct value *v;
	struct buf out;
	bool any = false;

	if (value_is(content, VALUE_STR))
		return value_strn(value_text(content), value_len(content));
	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; value_is(content, VALUE_LIST) && i < value_len(content); i++) {
		const char *text = map_str(list_at(content, i), "text", NULL);

		if (text)
			buf_printf(&out, "%s%s", any ? " " : "", text);
		any = any || text;
	}
	v = value_strn(out.data ? out.data : "", out.len);
	buf_free(&out);
	return v;
}

void turn_make_uuid(char out[ID_SIZE])
{
	char plain[ID_SIZE];

	id_random(plain);
	snprintf(out, ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", plain, plain + 8, plain + 12, plain + 16, plain + 20);
}

/* ---- storing ------------------------------------------------------------------------------------------- */

static void fill(struct arena *arena, const struct value *m, struct message *row)
{
	for (size_t i = 0; i < MESSAGE_COLUMNS; i++) {
		const struct value *v = map_get(m, message_columns[i].name);
		enum column_kind kind = message_columns[i].kind;

		if (value_is_null(v))
			continue;
		if (kind == COLUMN_JSON || kind == COLUMN_JSON_MAP)
			row->c[i] = sv_of(json_text(arena, v, JSON_COLUMN));
		else if (kind == COLUMN_BOOL)
			row->c[i] = value_truthy(v) ? SV_LIT("true") : SV_LIT("false");
		else if (value_is(v, VALUE_STR))
			row->c[i] = value_sv(v);
	}
}

static int store_in(struct db *db, const struct message *row, struct err *err)
{
	int rc = -1;

	if (db_begin(db, err) == 0 && message_put(db, row, err) == 0 && db_commit(db, err) == 0)
		rc = 0;
	db_rollback(db);
	return rc;
}

int turn_store(const struct turn *turn, const struct value *message, char *id, struct err *err)
{
	struct arena *arena = arena_new();
	struct db *db = db_default(err);
	struct message row = { 0 };
	char own[ID_SIZE];
	char etag[ETAG_SIZE];
	int rc = -1;

	id_new(own);
	fill(arena, message, &row);
	row.c[MESSAGE_ID] = sv_of(own);
	row.c[MESSAGE_USER_ID] = sv_of(turn->user_id);
	row.c[MESSAGE_THREAD_ID] = sv_of(turn->thread_id);
	if (!row.c[MESSAGE_CREATED_AT].n)
		row.c[MESSAGE_CREATED_AT] = row_now(arena);
	if (db && store_in(db, &row, err) == 0) {
		message_etag(&row, etag);
		notify_change(turn->user_id, "updated", "message", own, etag);
		notify_change(turn->user_id, "created", "message", own, etag);
		if (id)
			memcpy(id, own, sizeof(own));
		rc = 0;
	}
	arena_free(arena);
	return rc;
}

void turn_say(struct turn *turn, struct value *message)
{
	struct err err = { 0 };

	if (turn_store(turn, message, NULL, &err))
		log_error("a message of thread %s cannot be stored: %s", turn->thread_id, err.detail);
	turn_send(turn, message);
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static int make_thread(struct db *db, struct arena *arena, const struct turn *turn, struct err *err)
{
	struct thread t;
	char etag[ETAG_SIZE];

	thread_init(arena, turn->user_id, turn->thread_id, (struct sv){ 0 }, &t);
	if (thread_put(db, &t, err) || db_commit(db, err))
		return -1;
	thread_etag(&t, etag);
	notify_change(turn->user_id, "updated", "thread", turn->thread_id, etag);
	notify_change(turn->user_id, "created", "thread", turn->thread_id, etag);
	return 0;
}

int turn_thread(const struct turn *turn, struct err *err)
{
	struct arena *arena = arena_new();
	struct db *db = db_default(err);
	const char *owner;
	int rc = -1;

	if (db && db_begin(db, err) == 0) {
		rc = thread_owner(db, arena, turn->thread_id, &owner, err);
		if (rc > 0)
			rc = make_thread(db, arena, turn, err);
		else if (rc == 0 && strcmp(owner, turn->user_id) != 0)
			rc = err_set(err, 404, "Thread not found");
		db_rollback(db);
	}
	arena_free(arena);
	return rc;
}

/* ---- history ------------------------------------------------------------------------------------------- */

struct reading {
	const struct turn *turn;
	struct value *list; /* the newest first */
};

static void set_json(struct value *m, const char *key, struct sv text)
{
	struct json_error why;
	struct value *v = text.p ? json_parse(text.p, text.n, &why) : NULL;

	map_set(m, key, v ? v : value_null());
}

static void set_text(struct value *m, const char *key, struct sv text)
{
	map_set(m, key, text.p ? value_strn(text.p, text.n) : value_null());
}

static int read_row(const struct message *row, void *arg)
{
	struct reading *reading = arg;
	struct value *m;

	if (!sv_eq(row->c[MESSAGE_USER_ID], reading->turn->user_id) || sv_eq(row->c[MESSAGE_ROLE], "agent_execution"))
		return 0;
	m = value_map();
	set_text(m, "id", row->c[MESSAGE_ID]);
	set_text(m, "role", row->c[MESSAGE_ROLE]);
	set_json(m, "content", row->c[MESSAGE_CONTENT]);
	set_text(m, "created_at", row->c[MESSAGE_CREATED_AT]);
	set_text(m, "name", row->c[MESSAGE_NAME]);
	set_text(m, "tool_call_id", row->c[MESSAGE_TOOL_CALL_ID]);
	set_json(m, "tool_calls", row->c[MESSAGE_TOOL_CALLS]);
	list_push(reading->list, m);
	return 0;
}

static bool is_role(const struct value *m, const char *role)
{
	return strcmp(map_str(m, "role", ""), role) == 0;
}

/* How many tool messages behind the calls at `i` (in a list with the oldest last) answer them, all of them answered; 0
 * when one is missing. */
static size_t answers_behind(const struct value *list, size_t i)
{
	size_t wanted = value_len(map_get(list_at(list, i), "tool_calls"));
	size_t n = 0;

	while (n < wanted && n < i && is_role(list_at(list, i - 1 - n), "tool"))
		n++;
	return n == wanted ? n : 0;
}

/* A turn that was broken off between a tool call and its result leaves a call that every service refuses: left out, as
 * are results without a call. */
static struct value *in_order(const struct value *newest_first)
{
	struct value *out = value_list();
	size_t open = 0; /* results that are due */

	for (size_t i = value_len(newest_first); i-- > 0;) {
		struct value *m = list_at(newest_first, i);

		if (is_role(m, "tool")) {
			if (!open)
				continue;
			open--;
		} else if (value_len(map_get(m, "tool_calls"))) {
			open = answers_behind(newest_first, i);
			if (!open)
				continue;
		}
		list_push(out, value_ref(m));
	}
	return out;
}

struct value *turn_history(const struct turn *turn, struct err *err)
{
	struct reading reading = { turn, value_list() };
	struct arena *arena = arena_new();
	struct db *db = db_default(err);
	struct value *out = NULL;
	bool more;

	if (db &&
	    message_list(db, arena, turn->thread_id, NULL, HISTORY_MAX, true, read_row, &reading, &more, err) == 0)
		out = in_order(reading.list);
	value_unref(reading.list);
	arena_free(arena);
	return out;
}
