/* Workflows as models: see openai_workflow.h. What a run gets is what a chat with a workflow gives it (wsd/chat/workflow.c). */
#include "openai_workflow.h"

#include <string.h>

#include "daemon.h"
#include "db/db.h"
#include "model/model.h"

#define WORKFLOWS_MAX 1000

/* ---- finding ------------------------------------------------------------------------------------------- */

static int each_workflow(struct request *req, int (*each)(const struct workflow *w, void *arg), void *arg)
{
	struct workflow_page page = { .user_id = req->user.id,
				      .run_mode = "chat",
				      .limit = WORKFLOWS_MAX,
				      .columns = 1u << WORKFLOW_NAME };
	struct db *db = db_default(&req->err);
	bool more;

	return db ? workflow_list(db, req->arena, &page, each, arg, &more, &req->err) : -1;
}

static int add_model(const struct workflow *w, void *arg)
{
	struct value *m = value_map();

	map_set(m, "id", value_strf(OPENAI_WORKFLOW "%.*s", (int)w->c[WORKFLOW_NAME].n, w->c[WORKFLOW_NAME].p));
	map_set_str(m, "object", "model");
	map_set_int(m, "created", 0);
	map_set_str(m, "owned_by", "workflow");
	list_push(arg, m);
	return 0;
}

int openai_workflow_models(struct request *req, struct value *data)
{
	return each_workflow(req, add_model, data);
}

struct looking {
	struct arena *arena;
	const char *name;
	const char *id; /* NULL until it is found */
};

/* The last changed one of that name; an id is exact. */
static int look_at(const struct workflow *w, void *arg)
{
	struct looking *looking = arg;

	if (sv_eq(w->c[WORKFLOW_ID], looking->name) || (!looking->id && sv_eq(w->c[WORKFLOW_NAME], looking->name)))
		looking->id = arena_strndup(looking->arena, w->c[WORKFLOW_ID].p, w->c[WORKFLOW_ID].n);
	return 0;
}

/* ---- what the run gets --------------------------------------------------------------------------------- */

static struct value *text_of(const struct value *content)
{
	struct value *v;
	struct buf out;

	if (value_is(content, VALUE_STR))
		return value_strn(value_text(content), value_len(content));
	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; value_is(content, VALUE_LIST) && i < value_len(content); i++) {
		const char *text = map_str(list_at(content, i), "text", NULL);

		if (text)
			buf_printf(&out, "%s%s", out.len ? " " : "", text);
	}
	v = value_strn(out.data ? out.data : "", out.len);
	buf_free(&out);
	return v;
}

static struct value *make_params(const struct value *messages)
{
	struct value *last = list_at(messages, value_len(messages) - 1);
	struct value *params = value_map();
	struct value *history = value_list();
	struct value *message = value_map();

	for (size_t i = 0; i < value_len(messages); i++) {
		struct value *m = value_map();

		map_set_str(m, "role", map_str(list_at(messages, i), "role", ""));
		map_set(m, "content", text_of(map_get(list_at(messages, i), "content")));
		map_set(m, "created_at", value_null());
		list_push(history, m);
	}
	map_set_str(message, "type", "message");
	map_set_str(message, "role", map_str(last, "role", "user"));
	map_set(message, "content", value_ref(map_get(last, "content")));
	map_set(params, "message", message);
	map_set(params, "chat_input", value_ref(history));
	map_set(params, "messages", history);
	return params;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static int add_output(struct buf *text, const struct value *v)
{
	if (value_is_null(v))
		return 0;
	if (text->len && buf_addc(text, ' '))
		return -1;
	return value_is(v, VALUE_STR) ? buf_add(text, value_text(v), value_len(v)) : json_write(text, v, JSON_COMPACT);
}

int openai_workflow_answer(struct request *req, const char *model, const struct value *messages, struct buf *text)
{
	struct looking looking = { .arena = req->arena, .name = model + strlen(OPENAI_WORKFLOW) };
	struct value *outputs;
	struct value *params;
	struct value *v;
	struct sv name;
	int rc = 0;

	if (each_workflow(req, look_at, &looking))
		return -1;
	if (!looking.id || !id_safe(looking.id))
		return req_fail(req, 404, "The model `%.200s` does not exist or you do not have access to it.", model);
	params = make_params(messages);
	outputs = daemon_run_workflow(req, looking.id, params);
	value_unref(params);
	if (!outputs)
		return -1;
	for (size_t i = 0; rc == 0 && map_entry(outputs, i, &name, &v); i++)
		rc = add_output(text, v);
	value_unref(outputs);
	return rc ? req_fail(req, 500, "The answer is too long") : 0;
}

struct value *openai_error(const struct request *req)
{
	struct value *m = value_map();
	struct value *error = value_map();
	bool missing = req->err.status == 404;

	map_set_str(error, "message", req->err.detail);
	map_set_str(error, "type", req->err.status < 500 ? "invalid_request_error" : "server_error");
	map_set_str(error, "param", missing ? "model" : NULL);
	map_set_str(error, "code", missing ? "model_not_found" : NULL);
	map_set(m, "error", error);
	return m;
}
