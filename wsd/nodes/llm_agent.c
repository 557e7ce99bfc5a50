/* nodetool.agents: nodes that ask a language model for a text, a category, or fields. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/llm.h"

#include "model/model.h"
#include "notify/notify.h"

#include <string.h>

#define HISTORY_MAX 200 /* messages of a thread that the model is shown */

#define SUMMARIZER_PROMPT                                                                                              \
	"You summarise what you are given. Keep names, numbers and conclusions, leave out what is repeated, add "      \
	"nothing of "                                                                                                  \
	"your own, and write in the language of the source."
#define CLASSIFIER_PROMPT                                                                                              \
	"You put what you are given into exactly one of the listed categories: the one that fits best. Answer with "   \
	"the "                                                                                                         \
	"category as it is written, and with nothing else."
#define EXTRACTOR_PROMPT                                                                                               \
	"You find facts in what you are given. Fill the fields that are asked for with what stands there, word for "   \
	"word where "                                                                                                  \
	"possible; what is not said stays empty. Never guess."

/* Begins a chat about text, image and audio of the node; takes messages and format. */
static struct llm *ask(struct node_ctx *ctx, struct value *messages, struct value *format, const char *text,
		       bool chunks)
{
	struct llm_ask question = { .messages = messages, .format = format, .chunks = chunks };

	if (llm_model(ctx, "model", &question.service, &question.model) &&
	    llm_say(ctx, messages, text, "image", "audio") == 0)
		return llm_chat(ctx, &question);
	value_unref(messages);
	value_unref(format);
	return NULL;
}

/* The streaming nodes end alike: the whole text, after its chunks. */
static enum node_result text_next(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result = llm_step(s->llm, ctx);
	struct sv text;

	if (result != NODE_DONE)
		return result;
	text = llm_text(s->llm);
	node_emit(ctx, "text", value_strn(text.p, text.n));
	llm_reset(s);
	return NODE_DONE;
}

static enum node_result summarizer(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);

	llm_reset(s);
	s->llm = ask(ctx, llm_messages(node_text(ctx, "system_prompt")), NULL, node_text(ctx, "text"), true);
	return s->llm ? NODE_DONE : NODE_FAILED;
}

/* ---- classifier ---------------------------------------------------------------------------------------- */

static struct value *category_schema(struct value *categories)
{
	struct value *field = value_map();
	struct value *fields = value_map();

	map_set_str(field, "type", "string");
	map_set(field, "enum", value_ref(categories));
	map_set(fields, "category", field);
	return llm_object_schema(fields);
}

/* The category that the answer names: as its field, as its whole text, or as the first that stands in it. NULL for
 * none. */
static struct value *category_of(struct sv answer, const struct value *categories)
{
	struct value *fields = llm_json(answer);
	struct value *field = map_get(fields, "category");
	struct sv said = value_is(field, VALUE_STR) ? value_sv(field) : sv_trim(answer);
	struct value *found = NULL;

	for (size_t i = 0; !found && i < value_len(categories); i++) {
		struct sv name = value_sv(list_at(categories, i));

		if (name.n == said.n && strncasecmp(name.p, said.p, said.n) == 0)
			found = list_at(categories, i);
	}
	for (size_t i = 0; !found && i < value_len(categories); i++) {
		struct sv name = value_sv(list_at(categories, i));

		if (name.n && memmem(said.p, said.n, name.p, name.n))
			found = list_at(categories, i);
	}
	value_unref(fields);
	return found;
}

static struct llm *ask_category(struct node_ctx *ctx, struct value *categories)
{
	struct value *schema = category_schema(categories);
	struct value *messages = llm_messages_json(node_text(ctx, "system_prompt"), schema);

	return ask(ctx, messages, llm_format("category", schema), node_text(ctx, "text"), false);
}

static enum node_result classifier(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	struct value *categories = node_get(ctx, "categories");
	enum node_result result;
	struct value *category;

	if (value_len(categories) < 2)
		return node_fail(ctx, "categories: at least two are needed");
	if (!s->llm && !(s->llm = ask_category(ctx, categories)))
		return NODE_FAILED;
	result = llm_step(s->llm, ctx);
	if (result != NODE_DONE)
		return result;
	category = category_of(llm_text(s->llm), categories);
	llm_reset(s);
	return category ? done(ctx, value_ref(category))
			: node_fail(ctx, "The model's answer is none of the categories");
}

/* ---- extractor ----------------------------------------------------------------------------------------- */

static struct llm *ask_fields(struct node_ctx *ctx)
{
	struct value *slots = node_slots(ctx);
	struct value *schema;
	struct llm *llm = NULL;

	if (value_len(slots)) {
		schema = llm_slots_schema(slots);
		llm = ask(ctx, llm_messages_json(node_text(ctx, "system_prompt"), schema), llm_format("fields", schema),
			  node_text(ctx, "text"), false);
	} else {
		node_fail(ctx, "The node declares no outputs: add one for every field that is looked for");
	}
	value_unref(slots);
	return llm;
}

static enum node_result extractor(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);

	if (!s->llm && !(s->llm = ask_fields(ctx)))
		return NODE_FAILED;
	return llm_end_fields(s, ctx);
}

/* ---- agent --------------------------------------------------------------------------------------------- */

static void add_message(struct value *messages, const char *role, struct value *content)
{
	struct value *m = value_map();

	map_set_str(m, "role", role);
	map_set(m, "content", content);
	list_push(messages, m);
}

/* Texts of users and assistants, out of messages or rows. */
static bool is_said(const char *role)
{
	return strcmp(role, "user") == 0 || strcmp(role, "assistant") == 0;
}

static void add_history(struct value *messages, const struct value *history)
{
	for (size_t i = 0; i < value_len(history); i++) {
		const struct value *m = list_at(history, i);
		struct value *content = map_get(m, "content");

		if (is_said(map_str(m, "role", "")) && !value_is_null(content))
			add_message(messages, map_str(m, "role", ""), value_ref(content));
	}
}

/* What the rows of a thread are gathered for. */
struct thread_read {
	const char *user;
	struct value *messages;
};

static int add_row(const struct message *row, void *arg)
{
	struct thread_read *read = arg;
	struct sv role = row->c[MESSAGE_ROLE];
	struct sv content = row->c[MESSAGE_CONTENT];
	struct json_error why;
	struct value *v;

	if (!sv_eq(row->c[MESSAGE_USER_ID], read->user) || !content.p)
		return 0;
	v = json_parse(content.p, content.n, &why);
	if (!v)
		v = value_strn(content.p, content.n);
	if (!value_is_null(v) && (sv_eq(role, "user") || sv_eq(role, "assistant")))
		add_message(read->messages, sv_eq(role, "user") ? "user" : "assistant", value_ref(v));
	value_unref(v);
	return 0;
}

static int add_thread(struct node_ctx *ctx, struct value *messages, const char *thread_id)
{
	struct thread_read read = { node_user(ctx), messages };
	struct err err = { 0 };
	struct db *db;
	bool more;

	if (!*thread_id)
		return 0;
	db = id_safe(thread_id) ? db_default(&err) : NULL;
	if (!db)
		err_set(&err, 422, "thread_id: there is no such thread");
	if (!db ||
	    message_list(db, node_arena(ctx), thread_id, NULL, HISTORY_MAX, false, add_row, &read, &more, &err)) {
		fail_err(ctx, &err);
		return -1;
	}
	return 0;
}

static enum node_result agent(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	struct value *messages = llm_messages(node_text(ctx, "system"));

	llm_reset(s);
	if (add_thread(ctx, messages, node_text(ctx, "thread_id"))) {
		value_unref(messages);
		return NODE_FAILED;
	}
	add_history(messages, node_get(ctx, "history"));
	s->llm = ask(ctx, messages, NULL, node_text(ctx, "prompt"), true);
	return s->llm ? NODE_DONE : NODE_FAILED;
}

/* ---- threads ------------------------------------------------------------------------------------------- */

/* 0 when the thread is there or has been made. */
static int make_thread(struct node_ctx *ctx, struct db *db, const char *id, struct err *err)
{
	const char *user = node_user(ctx);
	struct arena *arena = node_arena(ctx);
	struct thread t = { 0 };
	char etag[ETAG_SIZE];
	int missing = thread_get(db, arena, user, id, &t, err);

	if (missing <= 0)
		return missing;
	thread_init(arena, user, id, node_sv(ctx, "title"), &t);
	if (db_begin(db, err) || thread_put(db, &t, err) || db_commit(db, err)) {
		db_rollback(db);
		return -1;
	}
	thread_etag(&t, etag);
	notify_change(user, "created", "thread", id, etag);
	return 0;
}

static enum node_result create_thread(struct node_ctx *ctx)
{
	const char *wanted = node_text(ctx, "thread_id");
	struct err err = { 0 };
	struct db *db = db_default(&err);
	char made[ID_SIZE];

	id_new(made);
	if (*wanted && !id_safe(wanted))
		return node_fail(ctx, "thread_id: 1 to 128 letters, digits, \"-\" and \"_\" are possible");
	if (!db || make_thread(ctx, db, *wanted ? wanted : made, &err))
		return fail_err(ctx, &err);
	node_emit(ctx, "thread_id", value_str(*wanted ? wanted : made));
	return NODE_DONE;
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop summarizer_props[] = {
	{ .name = "system_prompt", .type = "str", .def = "\"" SUMMARIZER_PROMPT "\"" },
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	LLM_CONTEXT_WINDOW,
	{ 0 },
};

static const struct node_slot summarizer_outputs[] = {
	{ .name = "text", .type = "str" },
	{ .name = "chunk", .type = "chunk" },
	{ 0 },
};

static const struct node_prop classifier_props[] = {
	{ .name = "system_prompt", .type = "str", .def = "\"" CLASSIFIER_PROMPT "\"" },
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	{ .name = "categories", .type = "list[str]", .def = "[]" },
	LLM_CONTEXT_WINDOW,
	{ 0 },
};

static const struct node_slot classifier_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop extractor_props[] = {
	{ .name = "system_prompt", .type = "str", .def = "\"" EXTRACTOR_PROMPT "\"" },
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	LLM_CONTEXT_WINDOW,
	{ 0 },
};

static const struct node_slot extractor_outputs[] = {
	{ 0 },
};

static const struct node_prop agent_props[] = {
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "system", .type = "str", .def = "\"You are a friendly assistant\"" },
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "tools",
	  .type = "list[tool_name]",
	  .def = "[{\"name\": \"google_search\"}, {\"name\": \"browser\"}]" },
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	{ .name = "history", .type = "list[message]", .def = "[]", .title = "Messages" },
	{ .name = "thread_id", .type = "str?", .def = "\"\"", .title = "Thread ID" },
	{ .name = "max_tokens", .type = "int", .def = "8192", .min = "1.0", .max = "100000.0" },
	LLM_CONTEXT_WINDOW,
	{ 0 },
};

static const struct node_slot agent_outputs[] = {
	{ .name = "text", .type = "str" },
	{ .name = "chunk", .type = "chunk" },
	{ .name = "thinking", .type = "chunk" },
	{ .name = "audio", .type = "audio" },
	{ 0 },
};

static const struct node_prop create_thread_props[] = {
	{ .name = "title", .type = "str?", .def = "\"Agent Conversation\"" },
	{ .name = "thread_id", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot create_thread_outputs[] = {
	{ .name = "thread_id", .type = "str" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.agents.Summarizer",
		.title = "Summarizer",
		.description = "Summarises text, an image or sound by a language model.",
		.props = summarizer_props,
		.outputs = summarizer_outputs,
		.basic_fields = "text model image audio",
		.flags = NODE_STREAMS_OUTPUT | NODE_NOT_CACHEABLE,
		LLM_STATE,
		.process = summarizer,
		.next = text_next,
	},
	{
		.type = "nodetool.agents.Classifier",
		.title = "Classifier",
		.description = "Puts text, an image or sound into one of several categories by a language model.",
		.props = classifier_props,
		.outputs = classifier_outputs,
		.basic_fields = "text categories model image audio",
		LLM_STATE,
		.process = classifier,
	},
	{
		.type = "nodetool.agents.Extractor",
		.title = "Extractor",
		.description = "Finds the fields that the outputs declare in text, an image or sound.",
		.props = extractor_props,
		.outputs = extractor_outputs,
		.basic_fields = "text model image audio",
		.flags = NODE_DYNAMIC_OUTPUTS,
		LLM_STATE,
		.process = extractor,
	},
	{
		.type = "nodetool.agents.Agent",
		.title = "Agent",
		.description =
			"Answers a prompt by a language model, with the messages of a thread or a list before it.",
		.props = agent_props,
		.outputs = agent_outputs,
		.basic_fields = "prompt model tools image audio",
		.flags = NODE_STREAMS_OUTPUT | NODE_DYNAMIC_OUTPUTS | NODE_NOT_CACHEABLE,
		LLM_STATE,
		.process = agent,
		.next = text_next,
	},
	{
		.type = "nodetool.agents.CreateThread",
		.title = "Create Thread",
		.description = "Makes a thread of messages, or gives the one of that id.",
		.props = create_thread_props,
		.outputs = create_thread_outputs,
		.process = create_thread,
	},
};

NODE_TABLE(nodes_llm_agent, types);
