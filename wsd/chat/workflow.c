/* Chat with a workflow: the message becomes a parameter, its outputs the answer (notes-ws section 9). */
#include "wsd/chat/internal.h"

#include <stdlib.h>
#include <string.h>

#include "model/model.h"

#define STEPS_PER_LOOK 128

/* ---- what the run gets --------------------------------------------------------------------------------- */

/* run_mode chat: who said what when. */
static struct value *short_history(const struct value *history)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(history); i++) {
		const struct value *in = list_at(history, i);
		struct value *m = value_map();

		map_set_str(m, "role", map_str(in, "role", ""));
		map_set(m, "content", turn_plain_text(map_get(in, "content")));
		map_set_str(m, "created_at", map_str(in, "created_at", NULL));
		list_push(list, m);
	}
	return list;
}

static struct value *copy_entry(const struct value *m, const char *key)
{
	struct value *v = map_get(m, key);

	return v ? value_ref(v) : value_null();
}

static struct value *long_history(const struct turn *turn, const struct value *history)
{
	static const char *const copied[] = { "id", "content", "created_at", "name", "tool_call_id", "tool_calls" };
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(history); i++) {
		struct value *m = turn_message(turn, map_str(list_at(history, i), "role", ""));

		for (size_t k = 0; k < ARRAY_LEN(copied); k++)
			map_set(m, copied[k], copy_entry(list_at(history, i), copied[k]));
		list_push(list, m);
	}
	return list;
}

static struct value *the_message(const struct turn *turn)
{
	struct value *m = turn_message(turn, map_str(turn->message, "role", "user"));

	map_set_str(m, "id", turn->message_id);
	map_set(m, "content", copy_entry(turn->message, "content"));
	map_set(m, "created_at", copy_entry(turn->message, "created_at"));
	return m;
}

static struct value *make_params(const struct turn *turn, const struct value *history)
{
	struct value *params = value_map();
	struct value *messages = turn->chat_mode ? short_history(history) : long_history(turn, history);

	map_set(params, "message", the_message(turn));
	if (turn->chat_mode)
		map_set(params, "chat_input", value_ref(messages));
	map_set(params, "messages", messages);
	return params;
}

/* ---- events -------------------------------------------------------------------------------------------- */

static void on_run_message(void *ctx, const struct run_message *m)
{
	struct turn *turn = ctx;

	turn->options.send_raw(turn->options.ctx, m->data, m->len, m->has_bigint);
}

static char *find_secret(void *ctx, const char *name)
{
	struct turn *turn = ctx;

	return turn->options.secret(turn->options.ctx, name);
}

static struct value *job_update(const struct turn *turn, const char *status)
{
	static const char *const empty[] = { "message", "result", "error", "traceback", "run_state", "duration" };
	struct value *m = value_map();

	map_set_str(m, "type", "job_update");
	map_set_str(m, "status", status);
	map_set_str(m, "job_id", turn->job_id);
	map_set_str(m, "workflow_id", turn->workflow_id);
	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		map_set(m, empty[i], value_null());
	return m;
}

static void tell_completed(struct turn *turn, const struct run_end *end)
{
	struct value *m = job_update(turn, "completed");

	map_set(m, "message", value_strf("Workflow %s completed", turn->job_id));
	map_set(m, "result", end->result ? value_ref(end->result) : value_map());
	map_set_float(m, "duration", end->duration);
	turn_send(turn, m);
}

static void tell_failed(struct turn *turn, const struct run_end *end)
{
	struct value *m = job_update(turn, "error");
	const char *error = end->error ? end->error : "The workflow did not run to its end";

	map_set_str(m, "error", error);
	turn_send(turn, m);
	m = job_update(turn, "failed");
	map_set(m, "error", end->error_kind ? value_strf("%s: %s", end->error_kind, error) : value_str(error));
	turn_send(turn, m);
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static const struct {
	const char *type;      /* of the value */
	const char *part_type; /* of the part; the value stands under the value's type */
} media[] = {
	{ "image", "image_url" },
	{ "audio", "audio" },
	{ "video", "video" },
	{ "document", "document" },
};

static void add_as_text(struct buf *out, const struct value *v)
{
	if (value_is(v, VALUE_STR))
		buf_add(out, value_text(v), value_len(v));
	else
		json_write(out, v, JSON_SPACED);
}

static struct value *media_part(struct value *v)
{
	for (size_t i = 0; value_is(v, VALUE_MAP) && i < ARRAY_LEN(media); i++) {
		if (strcmp(map_str(v, "type", ""), media[i].type) == 0) {
			struct value *part = value_map();

			map_set_str(part, "type", media[i].part_type);
			map_set(part, media[i].type, value_ref(v));
			return part;
		}
	}
	return NULL;
}

static struct value *text_part(const char *text, size_t len)
{
	struct value *part = value_map();

	map_set_str(part, "type", "text");
	map_set(part, "text", value_strn(text, len));
	return part;
}

/* One output: its media each as a part, everything else joined by blanks to one text. */
static void add_output(struct value *content, const struct value *values)
{
	struct value *part;
	struct buf text;
	bool any = false;

	buf_init(&text, BUF_MAX_BODY);
	for (size_t i = 0; i < value_len(values); i++) {
		part = media_part(list_at(values, i));
		if (part) {
			list_push(content, part);
			continue;
		}
		if (any)
			buf_addc(&text, ' ');
		any = true;
		add_as_text(&text, list_at(values, i));
	}
	if (any)
		list_push(content, text_part(text.data ? text.data : "", text.len));
	buf_free(&text);
}

static struct value *answer_content(const struct turn *turn, const struct run_end *end)
{
	static const char done[] = "Workflow completed successfully.";
	struct value *content = value_list();
	struct value *values;
	struct sv name;

	for (size_t i = 0; end->result && map_entry(end->result, i, &name, &values); i++)
		add_output(content, values);
	if (end->status == RUN_COMPLETED && turn->chat_mode && !value_len(content))
		list_push(content, text_part(done, sizeof(done) - 1));
	return content;
}

static void tell_end(struct turn *turn, const struct run_end *end)
{
	struct value *m;

	if (end->status == RUN_COMPLETED)
		tell_completed(turn, end);
	else
		tell_failed(turn, end);
	m = value_map();
	map_set_str(m, "type", "chunk");
	map_set_str(m, "content", "");
	map_set_bool(m, "done", true);
	map_set_str(m, "job_id", turn->job_id);
	map_set_str(m, "workflow_id", turn->workflow_id);
	map_set_str(m, "thread_id", turn->thread_id);
	turn_send(turn, m);
	m = turn_message(turn, "assistant");
	map_set_bool(m, "agent_mode", false);
	map_set(m, "content", answer_content(turn, end));
	map_set_str(m, "job_id", turn->job_id);
	turn_say(turn, m);
	turn->end = end->status == RUN_COMPLETED ? "completed" : "failed";
}

/* ---- the run ------------------------------------------------------------------------------------------- */

static void start(struct turn *turn)
{
	struct run_options options = {
		.job_id = turn->job_id,
		.workflow_id = turn->workflow_id,
		.user_id = turn->user_id,
		.workspace = turn->workspace,
		.graph = turn->graph,
		.params = turn->params,
		.binary = map_bool(turn->options.order, "binary", false),
		.message = on_run_message,
		.secret = find_secret,
		.ctx = turn,
	};

	turn_make_uuid(turn->job_id);
	turn_send(turn, job_update(turn, "running"));
	turn->run = run_new(&options);
}

static int load(struct turn *turn, struct db *db, struct arena *arena, struct err *err)
{
	struct workflow w;
	struct json_error why;
	struct value *history;
	int rc = db ? workflow_get(db, arena, turn->user_id, turn->workflow_id, true, &w, err) : -1;

	if (rc > 0)
		return err_set(err, 404, "Workflow %.200s not found", turn->workflow_id);
	if (rc < 0)
		return -1;
	turn->chat_mode = sv_eq(w.c[WORKFLOW_RUN_MODE], "chat");
	turn->graph = w.c[WORKFLOW_GRAPH].p ? json_parse(w.c[WORKFLOW_GRAPH].p, w.c[WORKFLOW_GRAPH].n, &why) : NULL;
	if (!turn->graph)
		return err_set(err, 422, "The graph of workflow %.200s cannot be read", turn->workflow_id);
	history = turn_history(turn, err);
	if (!history)
		return -1;
	turn->params = make_params(turn, history);
	value_unref(history);
	return 0;
}

void workflow_begin(struct turn *turn)
{
	struct arena *arena;
	struct err err = { 0 };

	if (!turn->workflow_id) {
		turn_fail(turn, NULL, "Workflow ID is required for workflow processing");
		return;
	}
	arena = arena_new();
	if (load(turn, db_default(&err), arena, &err))
		turn_fail(turn, NULL, err.detail);
	else
		start(turn);
	arena_free(arena);
}

bool workflow_step(struct turn *turn, const struct pollfd *fds, size_t count)
{
	bool busy;

	run_wake(turn->run, fds, count);
	busy = run_step(turn->run, STEPS_PER_LOOK);
	if (run_end(turn->run))
		tell_end(turn, run_end(turn->run));
	return busy && !turn->end;
}
