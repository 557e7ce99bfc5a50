/* The models of all providers behind OpenAI's interface: /v1 (notes-rest "/v1", cases/openai). */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

#include "handler.h"
#include "openai_workflow.h"
#include "provider/provider.h"

#define BODY_MAX      ((size_t)64 << 20)
#define UNKNOWN_MODEL "unknown"

/* One answer while it comes. */
struct completion {
	struct response *res;
	const char *model;
	char id[48];
	int64_t created;
	bool stream;
	bool gone;     /* the client */
	int64_t calls; /* tool calls so far */
};

/* ---- models -------------------------------------------------------------------------------------------- */

static int list_models(struct request *req, struct response *res)
{
	struct value *found = value_list();
	struct value *data = value_list();
	struct value *answer = value_map();

	provider_models_all(req->user.id, MODELS_LLM, found);
	for (size_t i = 0; i < value_len(found); i++) {
		struct value *m = value_map();

		map_set(m, "id", value_ref(map_get(list_at(found, i), "id")));
		map_set_str(m, "object", "model");
		map_set_int(m, "created", 0);
		map_set(m, "owned_by", value_ref(map_get(list_at(found, i), "provider")));
		list_push(data, m);
	}
	value_unref(found);
	map_set_str(answer, "object", "list");
	map_set(answer, "data", data);
	if (openai_workflow_models(req, data)) {
		value_unref(answer);
		return -1;
	}
	return res_json(res, answer);
}

/* ---- requests in OpenAI's form ------------------------------------------------------------------------- */

static struct value *take_part(struct value *part)
{
	struct value *image;
	struct value *m;

	if (!value_is(map_get(part, "image_url"), VALUE_MAP))
		return value_ref(part);
	image = value_map();
	map_set_str(image, "type", "image");
	map_set_str(image, "uri", map_str(map_get(part, "image_url"), "url", ""));
	m = value_map();
	map_set_str(m, "type", "image_url");
	map_set(m, "image", image);
	return m;
}

static struct value *take_content(struct value *content)
{
	struct value *list;

	if (!value_is(content, VALUE_LIST))
		return content ? value_ref(content) : value_null();
	list = value_list();
	for (size_t i = 0; i < value_len(content); i++)
		list_push(list, take_part(list_at(content, i)));
	return list;
}

static struct value *take_calls(const struct value *calls)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(calls); i++) {
		const struct value *function = map_get(list_at(calls, i), "function");
		const char *text = map_str(function, "arguments", "{}");
		struct value *m = value_map();
		struct json_error why;
		struct value *args = json_parse(text, strlen(text), &why);

		map_set_str(m, "id", map_str(list_at(calls, i), "id", ""));
		map_set_str(m, "name", map_str(function, "name", ""));
		map_set(m, "args", args ? args : value_map());
		list_push(list, m);
	}
	return list;
}

static struct value *take_messages(const struct value *in)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(in); i++) {
		const struct value *said = list_at(in, i);
		const char *role = map_str(said, "role", "user");
		struct value *m = value_map();

		map_set_str(m, "role", strcmp(role, "developer") ? role : "system");
		map_set(m, "content", take_content(map_get(said, "content")));
		if (value_len(map_get(said, "tool_calls")))
			map_set(m, "tool_calls", take_calls(map_get(said, "tool_calls")));
		map_set_str(m, "tool_call_id", map_str(said, "tool_call_id", NULL));
		map_set_str(m, "name", map_str(said, "name", NULL));
		list_push(list, m);
	}
	return list;
}

static struct value *take_tools(const struct value *in)
{
	struct value *list = value_list();

	for (size_t i = 0; value_is(in, VALUE_LIST) && i < value_len(in); i++)
		if (value_is(map_get(list_at(in, i), "function"), VALUE_MAP))
			list_push(list, value_ref(map_get(list_at(in, i), "function")));
	return list;
}

/* ---- answers in OpenAI's form -------------------------------------------------------------------------- */

static struct value *envelope(const struct completion *c, const char *object)
{
	struct value *m = value_map();

	map_set_str(m, "id", c->id);
	map_set_str(m, "object", object);
	map_set_int(m, "created", c->created);
	map_set_str(m, "model", c->model);
	map_set(m, "choices", value_list());
	map_set(m, "service_tier", value_null());
	map_set(m, "system_fingerprint", value_null());
	map_set(m, "usage", value_null());
	return m;
}

static void add_choice(struct value *m, const char *key, struct value *said, const char *finish)
{
	struct value *choice = value_map();

	map_set_int(choice, "index", 0);
	map_set(choice, key, said);
	map_set_str(choice, "finish_reason", finish);
	map_set(choice, "logprobs", value_null());
	list_push(map_get(m, "choices"), choice);
}

/* Takes the references. */
static struct value *chunk(const struct completion *c, struct value *content, struct value *calls, const char *finish)
{
	struct value *m = envelope(c, "chat.completion.chunk");
	struct value *delta = value_map();

	map_set_str(delta, "role", "assistant");
	map_set(delta, "content", content);
	map_set(delta, "function_call", value_null());
	map_set(delta, "refusal", value_null());
	map_set(delta, "tool_calls", calls);
	add_choice(m, "delta", delta, finish);
	return m;
}

static struct value *call_value(const struct value *call, int64_t index)
{
	struct value *function = value_map();
	struct value *m = value_map();
	struct buf args;

	buf_init(&args, BODY_MAX);
	json_write(&args, map_get(call, "args"), JSON_COMPACT);
	map_set_str(function, "name", map_str(call, "name", ""));
	map_set(function, "arguments", value_strn(args.data ? args.data : "{}", args.data ? args.len : 2));
	buf_free(&args);
	if (index >= 0)
		map_set_int(m, "index", index);
	map_set_str(m, "id", map_str(call, "id", ""));
	map_set_str(m, "type", "function");
	map_set(m, "function", function);
	return m;
}

static struct value *usage(const struct provider_result *result)
{
	struct value *m = value_map();

	map_set_int(m, "prompt_tokens", result->prompt_tokens);
	map_set_int(m, "completion_tokens", result->completion_tokens);
	map_set_int(m, "total_tokens", result->prompt_tokens + result->completion_tokens);
	return m;
}

static const char *finish_word(const struct provider_result *result)
{
	return value_len(result->tool_calls) ? "tool_calls" : result->cut ? "length" : "stop";
}

/* `data: {…}`; takes the reference. */
static void write_event(struct completion *c, struct value *v)
{
	struct buf line;

	buf_init(&line, BODY_MAX);
	buf_adds(&line, "data: ");
	if (json_write(&line, v, JSON_COMPACT) || buf_adds(&line, "\n\n") || res_write(c->res, line.data, line.len) ||
	    res_flush(c->res))
		c->gone = true;
	buf_free(&line);
	value_unref(v);
}

static void write_done(struct completion *c)
{
	static const char done[] = "data: [DONE]\n\n";

	if (!c->gone && res_write(c->res, done, sizeof(done) - 1) == 0)
		res_flush(c->res);
}

static void on_piece(void *ctx, const struct provider_piece *piece)
{
	struct completion *c = ctx;
	struct value *calls;

	if (c->gone || piece->thinking)
		return;
	if (piece->tool_call) {
		calls = value_list();
		list_push(calls, call_value(piece->tool_call, c->calls++));
		write_event(c, chunk(c, value_null(), calls, NULL));
	} else if (piece->len) {
		write_event(c, chunk(c, value_strn(piece->text, piece->len), value_null(), NULL));
	}
}

static int answer_error(struct completion *c, const char *text)
{
	struct value *m = chunk(c, value_strf("Error: %s", text), value_null(), "stop");

	if (!c->stream)
		return res_json(c->res, m);
	write_event(c, m);
	write_done(c);
	return 0;
}

static int answer_whole(struct completion *c, const struct provider_result *result)
{
	struct value *m = envelope(c, "chat.completion");
	struct value *message = value_map();
	struct value *calls;

	map_set_str(message, "role", "assistant");
	map_set(message, "content",
		result->text.len || !value_len(result->tool_calls)
			? value_strn(result->text.data ? result->text.data : "", result->text.len)
			: value_null());
	map_set(message, "refusal", value_null());
	if (value_len(result->tool_calls)) {
		calls = value_list();
		for (size_t i = 0; i < value_len(result->tool_calls); i++)
			list_push(calls, call_value(list_at(result->tool_calls, i), -1));
		map_set(message, "tool_calls", calls);
	}
	add_choice(m, "message", message, finish_word(result));
	map_set(m, "usage", usage(result));
	return res_json(c->res, m);
}

static int end_stream(struct completion *c, const struct provider_result *result, bool with_usage)
{
	struct value *m;

	write_event(c, chunk(c, value_null(), value_null(), finish_word(result)));
	if (with_usage) {
		m = envelope(c, "chat.completion.chunk");
		map_set(m, "usage", usage(result));
		write_event(c, m);
	}
	write_done(c);
	return 0;
}

/* ---- the endpoint -------------------------------------------------------------------------------------- */

static const char *fault(const struct value *body)
{
	const struct value *messages = map_get(body, "messages");

	if (!messages)
		return "Chat Completions API requires 'messages' field";
	if (!map_get(body, "model"))
		return "Chat Completions API requires 'model' field";
	if (!value_is(messages, VALUE_LIST) || !value_len(messages))
		return "Messages must be a non-empty list";
	if (!value_is(map_get(body, "model"), VALUE_STR))
		return "The model must be a text";
	return NULL;
}

static int complete(struct request *req, struct completion *c, const struct value *body)
{
	const char *provider_name = config_get("CHAT_PROVIDER");
	struct provider *provider = provider_open(req->user.id, provider_name ? provider_name : "ollama", &req->err);
	struct value *messages = take_messages(map_get(body, "messages"));
	struct value *tools = take_tools(map_get(body, "tools"));
	struct provider_chat chat = {
		.model = c->model,
		.messages = messages,
		.tools = tools,
		.response_format = map_get(body, "response_format"),
		.max_tokens = map_int(body, "max_completion_tokens", map_int(body, "max_tokens", 0)),
		.temperature = map_get(body, "temperature"),
	};
	struct provider_client *client = provider_client_new();
	struct provider_use use = { req->user.id, provider_name ? provider_name : "ollama", c->model,
				    .started_us = time_now_us() };
	struct provider_call *call = NULL;
	int rc;

	if (provider)
		call = provider_chat(client, provider, &chat, c->stream ? on_piece : NULL, c);
	if (!provider || provider_wait_unless(call, &c->gone, &req->err))
		rc = c->gone ? 0 : answer_error(c, req->err.detail);
	else if (c->stream)
		rc = end_stream(c, provider_result(call),
				map_bool(map_get(body, "stream_options"), "include_usage", false));
	else
		rc = answer_whole(c, provider_result(call));
	if (call && provider_call_done(call))
		provider_record(&use, call);
	provider_call_free(call);
	provider_client_free(client);
	provider_free(provider);
	value_unref(messages);
	value_unref(tools);
	return rc;
}

static int begin_stream(struct response *res)
{
	res_header(res, "Cache-Control", "no-cache");
	res_header(res, "X-Accel-Buffering", "no");
	return res_stream(res, "text/event-stream");
}

/* Answers with the request's error in OpenAI's form. */
static int refuse(struct request *req, struct response *res)
{
	return res_json_status(res, req->err.status, openai_error(req));
}

/* A workflow as the model: it answers in one piece, and what goes wrong has its status. */
static int complete_workflow(struct request *req, struct completion *c, const struct value *body)
{
	struct provider_result result = { 0 };
	struct provider_piece piece = { 0 };
	struct value *messages = take_messages(map_get(body, "messages"));
	int rc;

	buf_init(&result.text, BODY_MAX);
	if (openai_workflow_answer(req, c->model, messages, &result.text)) {
		rc = refuse(req, c->res);
	} else if (!c->stream) {
		rc = answer_whole(c, &result);
	} else {
		rc = begin_stream(c->res);
		piece.text = result.text.data ? result.text.data : "";
		piece.len = result.text.len;
		if (rc == 0) {
			on_piece(c, &piece);
			rc = end_stream(c, &result, map_bool(map_get(body, "stream_options"), "include_usage", false));
		}
	}
	buf_free(&result.text);
	value_unref(messages);
	return rc;
}

/* The body's object, new; NULL once an answer was given (*rc then is the handler's result). */
static struct value *read_body(struct request *req, struct response *res, int *rc)
{
	struct json_error why;
	struct value *body;
	char *text;
	size_t len;

	*rc = req_read_all(req, &text, &len);
	if (*rc)
		return NULL;
	body = json_parse(text, len, &why);
	if (body && value_is(body, VALUE_MAP))
		return body;
	value_unref(body);
	req_fail(req, 400, "The body must be a JSON object%s%s", body ? "" : ": ", body ? "" : why.message);
	*rc = refuse(req, res);
	return NULL;
}

static int chat_completions(struct request *req, struct response *res)
{
	int rc;
	struct value *body = read_body(req, res, &rc);
	struct completion c = { .res = res, .created = time_now_us() / 1000000 };
	const char *text;

	if (!body)
		return rc;
	arena_defer(req->arena, value_unref_ptr, body);
	snprintf(c.id, sizeof(c.id), "chatcmpl-%lld", (long long)c.created);
	c.stream = map_bool(body, "stream", true);
	text = fault(body);
	c.model = text ? UNKNOWN_MODEL : map_str(body, "model", "");
	if (!text && str_starts(c.model, OPENAI_WORKFLOW))
		return complete_workflow(req, &c, body);
	if (c.stream && begin_stream(res))
		return -1;
	return text ? answer_error(&c, text) : complete(req, &c, body);
}

/* ---- embeddings ---------------------------------------------------------------------------------------- */

#define EMBEDDING_TEXTS_MAX 2048

/* The texts of "input", one or many; NULL when it is something else. New reference. */
static struct value *embedding_texts(struct value *input)
{
	struct value *list;

	if (value_is(input, VALUE_STR)) {
		list = value_list();
		list_push(list, value_ref(input));
		return list;
	}
	if (!value_is(input, VALUE_LIST) || !value_len(input) || value_len(input) > EMBEDDING_TEXTS_MAX)
		return NULL;
	for (size_t i = 0; i < value_len(input); i++)
		if (!value_is(list_at(input, i), VALUE_STR))
			return NULL;
	return value_ref(input);
}

/* A vector as numbers, or as the base64 of its little-endian floats. */
static struct value *embedding_shown(const struct value *vector, bool base64)
{
	struct value *out;
	struct buf bytes;
	struct buf text;

	if (!base64)
		return value_copy(vector);
	buf_init(&bytes, BUF_MAX_BODY);
	buf_init(&text, BUF_MAX_BODY);
	for (size_t i = 0; i < value_len(vector); i++) {
		float f = (float)value_as_float(list_at(vector, i));

		buf_add(&bytes, (const char *)&f, sizeof(f));
	}
	base64_encode(&text, bytes.data, bytes.len, false);
	out = value_strn(text.data, text.len);
	buf_free(&bytes);
	buf_free(&text);
	return out;
}

static int show_embeddings(struct response *res, const struct value *body, const struct value *vectors, int64_t tokens)
{
	bool base64 = strcmp(map_str(body, "encoding_format", "float"), "base64") == 0;
	struct value *answer = value_map();
	struct value *usage = value_map();
	struct value *data = value_list();

	for (size_t i = 0; i < value_len(vectors); i++) {
		struct value *m = value_map();

		map_set_str(m, "object", "embedding");
		map_set_int(m, "index", (int64_t)i);
		map_set(m, "embedding", embedding_shown(list_at(vectors, i), base64));
		list_push(data, m);
	}
	map_set_str(answer, "object", "list");
	map_set(answer, "data", data);
	map_set_str(answer, "model", map_str(body, "model", ""));
	map_set_int(usage, "prompt_tokens", tokens);
	map_set_int(usage, "total_tokens", tokens);
	map_set(answer, "usage", usage);
	return res_json(res, answer);
}

static int embed(struct request *req, struct response *res, const struct value *body, const struct value *texts)
{
	const char *set = config_get("CHAT_PROVIDER");
	struct provider_use use = { req->user.id, set ? set : "ollama", map_str(body, "model", ""),
				    .started_us = time_now_us() };
	struct value *vectors;
	int64_t tokens;
	int rc;

	vectors = provider_embed_wait(&use, texts, map_int(body, "dimensions", 0), &tokens, &req->err);
	rc = vectors ? show_embeddings(res, body, vectors, tokens) : refuse(req, res);
	value_unref(vectors);
	return rc;
}

static int embeddings(struct request *req, struct response *res)
{
	int rc;
	struct value *body = read_body(req, res, &rc);
	struct value *texts;

	if (!body)
		return rc;
	arena_defer(req->arena, value_unref_ptr, body);
	texts = embedding_texts(map_get(body, "input"));
	if (!texts) {
		req_fail(req, 400, "input must be a text or a list of 1 to 2048 texts");
		return refuse(req, res);
	}
	arena_defer(req->arena, value_unref_ptr, texts);
	if (!*map_str(body, "model", "")) {
		req_fail(req, 400, "The model must be a text");
		return refuse(req, res);
	}
	return embed(req, res, body, texts);
}

static const struct route routes[] = {
	{ "GET", "/v1/models", list_models, .summary = "Language models of all providers, in OpenAI's form." },
	{ "POST", "/v1/chat/completions", chat_completions, ROUTE_RAW, .max_body = BODY_MAX,
	  .type = "text/event-stream", .summary = "A chat in OpenAI's form, streamed unless \"stream\" is false." },
	{ "POST", "/v1/embeddings", embeddings, ROUTE_RAW, .max_body = BODY_MAX, .summary = "Embeddings in OpenAI's form." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "openai", routes, ARRAY_LEN(routes));
}
