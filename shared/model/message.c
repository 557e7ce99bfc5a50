/* nodetool_messages: what was said in a thread. */
#include "model/model.h"

const struct column message_columns[MESSAGE_COLUMNS] = {
	[MESSAGE_AGENT_EXECUTION_ID] = { "agent_execution_id", COLUMN_TEXT },
	[MESSAGE_AGENT_MODE] = { "agent_mode", COLUMN_BOOL },
	[MESSAGE_COLLECTIONS] = { "collections", COLUMN_JSON },
	[MESSAGE_CONTENT] = { "content", COLUMN_JSON },
	[MESSAGE_COST] = { "cost", COLUMN_REAL },
	[MESSAGE_CREATED_AT] = { "created_at", COLUMN_TIME },
	[MESSAGE_EXECUTION_EVENT_TYPE] = { "execution_event_type", COLUMN_TEXT },
	[MESSAGE_GRAPH] = { "graph", COLUMN_JSON },
	[MESSAGE_HELP_MODE] = { "help_mode", COLUMN_BOOL },
	[MESSAGE_ID] = { "id", COLUMN_TEXT },
	[MESSAGE_INPUT_FILES] = { "input_files", COLUMN_JSON },
	[MESSAGE_MODEL] = { "model", COLUMN_TEXT },
	[MESSAGE_NAME] = { "name", COLUMN_TEXT },
	[MESSAGE_OUTPUT_FILES] = { "output_files", COLUMN_JSON },
	[MESSAGE_PROVIDER] = { "provider", COLUMN_TEXT },
	[MESSAGE_ROLE] = { "role", COLUMN_TEXT },
	[MESSAGE_THREAD_ID] = { "thread_id", COLUMN_TEXT },
	[MESSAGE_TOOL_CALL_ID] = { "tool_call_id", COLUMN_TEXT },
	[MESSAGE_TOOL_CALLS] = { "tool_calls", COLUMN_JSON },
	[MESSAGE_TOOLS] = { "tools", COLUMN_JSON },
	[MESSAGE_USER_ID] = { "user_id", COLUMN_TEXT },
	[MESSAGE_WORKFLOW_ID] = { "workflow_id", COLUMN_TEXT },
	[MESSAGE_WORKFLOW_TARGET] = { "workflow_target", COLUMN_TEXT },
};

#define COLUMNS                                                                                                   \
	"agent_execution_id, agent_mode, collections, content, cost, created_at, execution_event_type, graph, "   \
	"help_mode, id, input_files, model, name, output_files, provider, role, thread_id, tool_call_id, "        \
	"tool_calls, tools, user_id, workflow_id, workflow_target"

static const char get_sql[] = "SELECT " COLUMNS " FROM nodetool_messages WHERE id = ? AND user_id = ?";
static const char put_sql[] = "INSERT OR REPLACE INTO nodetool_messages (" COLUMNS
			      ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char list_sql[] =
	"SELECT " COLUMNS " FROM nodetool_messages WHERE thread_id = ? AND id > ? ORDER BY id LIMIT ?";
static const char list_first_down_sql[] =
	"SELECT " COLUMNS " FROM nodetool_messages WHERE thread_id = ? ORDER BY id DESC LIMIT ?";
static const char list_down_sql[] =
	"SELECT " COLUMNS " FROM nodetool_messages WHERE thread_id = ? AND id < ? ORDER BY id DESC LIMIT ?";
static const char delete_thread_sql[] = "DELETE FROM nodetool_messages WHERE thread_id = ? AND user_id = ?";

int message_get(struct db *db, struct arena *arena, const char *user_id, const char *id, struct message *out,
		struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	found = db_step(st, err);
	if (found > 0)
		row_read(st, message_columns, MESSAGE_COLUMNS, arena, out->c);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int message_put(struct db *db, const struct message *m, struct err *err)
{
	struct db_stmt *st = db_prepare(db, put_sql, err);

	if (!st)
		return -1;
	row_bind(st, message_columns, MESSAGE_COLUMNS, m->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

int message_list(struct db *db, struct arena *arena, const char *thread_id, const char *after, int64_t limit, bool reverse,
		 int (*each)(const struct message *m, void *arg), void *arg, bool *more, struct err *err)
{
	bool keyed = !reverse || after;
	struct db_stmt *st = db_prepare(db, !reverse ? list_sql : after ? list_down_sql : list_first_down_sql, err);
	struct message row;
	int64_t count = 0;
	int found;

	*more = false;
	if (!st)
		return -1;
	db_bind_text(st, 1, thread_id);
	if (keyed)
		db_bind_text(st, 2, after ? after : "");
	db_bind_int(st, keyed ? 3 : 2, limit < INT64_MAX ? limit + 1 : limit);
	while ((found = db_step(st, err)) > 0) {
		if (count++ == limit) {
			*more = true;
			found = 0;
			break;
		}
		row_lend(st, message_columns, MESSAGE_COLUMNS, arena, row.c);
		if (each(&row, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

int message_delete_thread(struct db *db, const char *user_id, const char *thread_id, struct err *err)
{
	struct db_stmt *st = db_prepare(db, delete_thread_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, thread_id);
	db_bind_text(st, 2, user_id);
	return db_run(st, err) < 0 ? -1 : 0;
}

/* The keys of an answer; those without a column are always null. */
static const struct {
	const char *name;
	int column; /* -1: null */
} shown[] = {
	{ "id", MESSAGE_ID },
	{ "workflow_id", -1 },
	{ "graph", MESSAGE_GRAPH },
	{ "thread_id", MESSAGE_THREAD_ID },
	{ "tools", -1 },
	{ "tool_call_id", MESSAGE_TOOL_CALL_ID },
	{ "role", MESSAGE_ROLE },
	{ "name", MESSAGE_NAME },
	{ "content", MESSAGE_CONTENT },
	{ "collections", -1 },
	{ "input_files", MESSAGE_INPUT_FILES },
	{ "created_at", MESSAGE_CREATED_AT },
	{ "provider", MESSAGE_PROVIDER },
	{ "model", MESSAGE_MODEL },
	{ "agent_mode", MESSAGE_AGENT_MODE },
	{ "help_mode", MESSAGE_HELP_MODE },
	{ "agent_execution_id", MESSAGE_AGENT_EXECUTION_ID },
	{ "execution_event_type", MESSAGE_EXECUTION_EVENT_TYPE },
	{ "workflow_target", -1 },
};

/* Tool calls as the answer's model has them: the keys it knows, with their defaults. */
static void tool_calls_json(struct buf *out, struct sv text)
{
	static const char *const keys[] = { "id", "name", "args", "result", "step_id", "message" };
	static const char *const defaults[] = { "\"\"", "\"\"", "{}", "null", "null", "null" };
	struct json_error error;
	struct value *calls = text.p ? json_parse(text.p, text.n, &error) : NULL;

	if (!value_is(calls, VALUE_LIST)) {
		buf_adds(out, "null");
		value_unref(calls);
		return;
	}
	buf_addc(out, '[');
	for (size_t i = 0; i < value_len(calls); i++) {
		for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
			const struct value *v = map_get(list_at(calls, i), keys[k]);

			buf_printf(out, "%s\"%s\":", k ? "," : i ? ",{" : "{", keys[k]);
			if (v)
				json_write(out, v, JSON_COMPACT);
			else
				buf_adds(out, defaults[k]);
		}
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
	value_unref(calls);
}

int message_json(struct buf *out, const struct message *m)
{
	buf_adds(out, "{\"type\":\"message\",");
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		if (shown[i].column < 0)
			buf_printf(out, "\"%s\":null", shown[i].name);
		else
			row_json(out, shown[i].name, message_columns[shown[i].column].kind, m->c[shown[i].column], "null");
		buf_addc(out, ',');
	}
	buf_adds(out, "\"tool_calls\":");
	tool_calls_json(out, m->c[MESSAGE_TOOL_CALLS]);
	return buf_addc(out, '}');
}

void message_etag(const struct message *m, char out[ETAG_SIZE])
{
	row_etag(message_columns, MESSAGE_COLUMNS, m->c, NULL, out);
}
