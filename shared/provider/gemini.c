/* Gemini's generateContent: the system text apart, contents of parts, calls of functions and their results as parts
 * too. Source: the service's public reference of models.streamGenerateContent and models.batchEmbedContents (v1beta).
 */
#include "provider/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- the request --------------------------------------------------------------------------------------- */

static struct value *wrapped(const char *key, struct value *v)
{
	struct value *map = value_map();

	map_set(map, key, v);
	return map;
}

/* Empty texts are refused by the service. */
static void add_text(struct value *parts, struct value *text)
{
	if (value_len(text))
		list_push(parts, wrapped("text", text));
	else
		value_unref(text);
}

/* Bytes travel inside of the request; an address is only told. */
static void add_media(struct value *parts, const struct value *media, const char *fallback)
{
	const char *uri = map_str(media, "uri", map_str(media, "url", ""));
	struct value *map = value_map();
	char type[64];
	struct buf data;
	bool inside;

	buf_init(&data, PROVIDER_BODY_MAX);
	inside = content_base64(media, &data, type, fallback);
	map_set_str(map, "mimeType", type);
	if (inside)
		map_set(map, "data", value_strn(data.data ? data.data : "", data.len));
	else
		map_set_str(map, "fileUri", uri);
	buf_free(&data);
	if (inside || *uri)
		list_push(parts, wrapped(inside ? "inlineData" : "fileData", map));
	else
		value_unref(map);
}

static void add_content(struct value *parts, const struct value *content)
{
	static const struct {
		const char *key;
		const char *type;
	} media[] = {
		{ "image", "image/png" }, { "image_url", "image/png" },      { "audio", "audio/mp3" },
		{ "video", "video/mp4" }, { "document", "application/pdf" },
	};

	if (!value_is(content, VALUE_LIST)) {
		add_text(parts, content_text(content));
		return;
	}
	for (size_t i = 0; i < value_len(content); i++) {
		const struct value *part = list_at(content, i);

		if (!strcmp(map_str(part, "type", ""), "text"))
			add_text(parts, value_str(map_str(part, "text", "")));
		for (size_t k = 0; k < ARRAY_LEN(media); k++)
			if (value_is(map_get(part, media[k].key), VALUE_MAP))
				add_media(parts, map_get(part, media[k].key), media[k].type);
	}
}

/* Later models want the signature back that came with a call. */
static void add_tool_calls(struct value *parts, const struct value *calls)
{
	for (size_t i = 0; value_is(calls, VALUE_LIST) && i < value_len(calls); i++) {
		const struct value *call = list_at(calls, i);
		const struct value *args = map_get(call, "args");
		const char *signature = map_str(call, "thought_signature", NULL);
		struct value *function = value_map();
		struct value *part = wrapped("functionCall", function);

		map_set_str(function, "name", map_str(call, "name", ""));
		map_set(function, "args", value_is(args, VALUE_MAP) ? value_copy(args) : value_map());
		if (signature)
			map_set_str(part, "thoughtSignature", signature);
		list_push(parts, part);
	}
}

/* The service tells calls apart by their order, and knows results by the function's name. */
static const char *name_of_call(const struct value *messages, const char *id)
{
	for (size_t i = value_len(messages); i-- > 0;) {
		const struct value *calls = map_get(list_at(messages, i), "tool_calls");

		for (size_t k = 0; value_is(calls, VALUE_LIST) && k < value_len(calls); k++)
			if (!strcmp(map_str(list_at(calls, k), "id", ""), id))
				return map_str(list_at(calls, k), "name", "");
	}
	return "";
}

static void add_tool_result(struct value *parts, const struct value *in, const struct value *messages)
{
	struct value *text = content_text(map_get(in, "content"));
	struct json_error why;
	struct value *given = json_parse(value_text(text), value_len(text), &why);
	struct value *function = value_map();

	map_set_str(function, "name", name_of_call(messages, map_str(in, "tool_call_id", "")));
	map_set(function, "response",
		value_is(given, VALUE_MAP) ? value_ref(given) : wrapped("result", value_ref(text)));
	value_unref(given);
	value_unref(text);
	list_push(parts, wrapped("functionResponse", function));
}

/* The parts of the last content when it has this role, else of a new one: roles must alternate. */
static struct value *parts_of(struct value *contents, const char *role)
{
	struct value *last = value_len(contents) ? list_at(contents, value_len(contents) - 1) : NULL;
	struct value *out;

	if (last && !strcmp(map_str(last, "role", ""), role))
		return map_get(last, "parts");
	out = value_map();
	map_set_str(out, "role", role);
	map_set(out, "parts", value_list());
	list_push(contents, out);
	return map_get(out, "parts");
}

static void add_message(struct value *contents, struct value *system, const struct value *in, const struct value *all)
{
	const char *role = map_str(in, "role", "user");

	if (!strcmp(role, "system")) {
		add_text(system, content_text(map_get(in, "content")));
	} else if (!strcmp(role, "tool")) {
		add_tool_result(parts_of(contents, "user"), in, all);
	} else if (!strcmp(role, "assistant")) {
		if (!value_is_null(map_get(in, "content")))
			add_content(parts_of(contents, "model"), map_get(in, "content"));
		if (value_len(map_get(in, "tool_calls")))
			add_tool_calls(parts_of(contents, "model"), map_get(in, "tool_calls"));
	} else {
		add_content(parts_of(contents, "user"), map_get(in, "content"));
	}
}

static struct value *tools(const struct value *in)
{
	struct value *list = value_list();
	struct value *all = value_list();

	for (size_t i = 0; i < value_len(in); i++) {
		const struct value *parameters = map_get(list_at(in, i), "parameters");
		struct value *tool = value_map();

		map_set_str(tool, "name", map_str(list_at(in, i), "name", ""));
		map_set_str(tool, "description", map_str(list_at(in, i), "description", ""));
		if (parameters)
			map_set(tool, "parametersJsonSchema", value_copy(parameters));
		list_push(list, tool);
	}
	list_push(all, wrapped("functionDeclarations", list));
	return all;
}

static struct value *config(const struct provider_chat *chat)
{
	const struct value *format = chat->response_format;
	const struct value *schema = map_get(map_get(format, "json_schema"), "schema");
	struct value *map = value_map();

	if (chat->max_tokens > 0)
		map_set_int(map, "maxOutputTokens", chat->max_tokens);
	if (value_is_number(chat->temperature))
		map_set(map, "temperature", value_copy(chat->temperature));
	if (str_starts(map_str(format, "type", ""), "json"))
		map_set_str(map, "responseMimeType", "application/json");
	if (value_is(schema, VALUE_MAP))
		map_set(map, "responseJsonSchema", value_copy(schema));
	return map;
}

static struct value *body(const struct provider *p, const struct provider_chat *chat, struct err *err)
{
	struct value *map = value_map();
	struct value *contents = value_list();
	struct value *system = value_list();

	(void)p;
	(void)err;
	for (size_t i = 0; i < value_len(chat->messages); i++)
		add_message(contents, system, list_at(chat->messages, i), chat->messages);
	map_set(map, "contents", contents);
	if (value_len(system))
		map_set(map, "systemInstruction", wrapped("parts", system));
	else
		value_unref(system);
	if (value_len(chat->tools))
		map_set(map, "tools", tools(chat->tools));
	map_set(map, "generationConfig", config(chat));
	return map;
}

char *gemini_path(const char *model, const char *method)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	struct buf out;

	buf_init(&out, 4096);
	buf_adds(&out, "/models/");
	for (const char *c = str_starts(model, "models/") ? model + strlen("models/") : model; *c; c++)
		buf_printf(&out, strchr(plain, *c) ? "%c" : "%%%02X", (unsigned char)*c);
	buf_adds(&out, method);
	return buf_take(&out);
}

static char *path(const struct provider_chat *chat)
{
	return gemini_path(chat->model, ":streamGenerateContent?alt=sse");
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static int take_function_call(struct answer *a, const struct value *in, const char *signature)
{
	struct tool_part *part = answer_part(a, (int64_t)a->part_count);

	if (!part)
		return err_set(&a->err, 502, "The answer has more than %d tool calls", PROVIDER_TOOL_CALLS_MAX);
	part_set(&part->id, map_str(in, "id", NULL));
	part_set(&part->name, map_str(in, "name", NULL));
	part_set(&part->signature, signature);
	if (value_is(map_get(in, "args"), VALUE_MAP))
		part->whole = value_copy(map_get(in, "args"));
	return 0;
}

static int take_part(struct answer *a, const struct value *part)
{
	const struct value *text = map_get(part, "text");
	const struct value *call = map_get(part, "functionCall");

	if (value_is(text, VALUE_STR))
		answer_text(a, value_text(text), value_len(text), map_bool(part, "thought", false));
	if (value_is(call, VALUE_MAP) && take_function_call(a, call, map_str(part, "thoughtSignature", NULL)))
		return -1;
	return a->err.status ? -1 : 0;
}

static int take_candidate(struct answer *a, const struct value *candidate)
{
	const struct value *parts = map_get(map_get(candidate, "content"), "parts");
	const char *reason = map_str(candidate, "finishReason", "");

	for (size_t i = 0; value_is(parts, VALUE_LIST) && i < value_len(parts); i++)
		if (take_part(a, list_at(parts, i)))
			return -1;
	if (!strcmp(reason, "MAX_TOKENS"))
		a->result.cut = true;
	else if (*reason && strcmp(reason, "STOP") != 0)
		return err_set(&a->err, 502, "The service ended the answer: %.100s", reason);
	return 0;
}

void gemini_usage(struct provider_result *result, const struct value *v)
{
	const struct value *usage = map_get(v, "usageMetadata");

	if (!value_is(usage, VALUE_MAP))
		return;
	result->has_usage = true;
	result->prompt_tokens = map_int(usage, "promptTokenCount", 0);
	result->completion_tokens = map_int(usage, "candidatesTokenCount", 0) + map_int(usage, "thoughtsTokenCount", 0);
}

static int take_event(struct answer *a, const struct value *v)
{
	const char *blocked = map_str(map_get(v, "promptFeedback"), "blockReason", NULL);
	const struct value *candidates = map_get(v, "candidates");

	gemini_usage(&a->result, v);
	if (blocked)
		return err_set(&a->err, 502, "The service refuses this request: %.100s", blocked);
	if (value_is(candidates, VALUE_LIST) && value_len(candidates))
		return take_candidate(a, list_at(candidates, 0));
	if (answer_error_text(v))
		return err_set(&a->err, 502, "%.900s", answer_error_text(v));
	return 0;
}

const struct dialect gemini_dialect = { STREAM_SSE, NULL, body, take_event, path };

/* ---- embeddings ---------------------------------------------------------------------------------------- */

struct value *gemini_embed_body(const char *model, const struct value *texts, int64_t dimensions)
{
	struct value *requests = value_list();

	for (size_t i = 0; i < value_len(texts); i++) {
		struct value *request = value_map();
		struct value *parts = value_list();

		list_push(parts, wrapped("text", value_copy(list_at(texts, i))));
		map_set(request, "model", value_strf("%s%s", str_starts(model, "models/") ? "" : "models/", model));
		map_set(request, "content", wrapped("parts", parts));
		if (dimensions > 0)
			map_set_int(request, "outputDimensionality", dimensions);
		list_push(requests, request);
	}
	return wrapped("requests", requests);
}
