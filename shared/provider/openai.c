/* OpenAI's chat completions, which most services understand. */
#include "provider/internal.h"

#include <string.h>

/* ---- the request --------------------------------------------------------------------------------------- */

static struct value *typed(const char *type, const char *key, struct value *v)
{
	struct value *map = value_map();

	map_set_str(map, "type", type);
	map_set(map, key, v);
	return map;
}

static struct value *image_part(const struct value *image)
{
	const char *uri = map_str(image, "uri", "");
	struct value *url = value_map();
	char type[64];
	struct buf data;

	buf_init(&data, PROVIDER_BODY_MAX);
	if (content_base64(image, &data, type, "image/png"))
		map_set(url, "url", value_strf("data:%s;base64,%s", type, data.data ? data.data : ""));
	else
		map_set_str(url, "url", uri);
	buf_free(&data);
	return typed("image_url", "image_url", url);
}

static struct value *audio_part(const struct value *audio)
{
	struct value *input;
	char type[64];
	struct buf data;

	buf_init(&data, PROVIDER_BODY_MAX);
	if (!content_base64(audio, &data, type, "audio/mp3")) {
		buf_free(&data);
		return NULL;
	}
	input = value_map();
	map_set(input, "data", value_strn(data.data ? data.data : "", data.len));
	map_set_str(input, "format", strstr(type, "wav") ? "wav" : "mp3");
	buf_free(&data);
	return typed("input_audio", "input_audio", input);
}

/* Parts that the service could not read are left out. */
static struct value *parts(const struct value *content)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(content); i++) {
		struct value *in = list_at(content, i);
		const char *type = map_str(in, "type", "");
		struct value *out = NULL;

		if (!strcmp(type, "text"))
			out = typed("text", "text", value_str(map_str(in, "text", "")));
		else if (!strcmp(type, "image") || !strcmp(type, "image_url"))
			out = value_is(map_get(in, "image_url"), VALUE_MAP) ? value_ref(in)
									    : image_part(map_get(in, "image"));
		else if (!strcmp(type, "audio"))
			out = audio_part(map_get(in, "audio"));
		else if (!strcmp(type, "input_audio"))
			out = value_ref(in);
		if (out)
			list_push(list, out);
	}
	return list;
}

static struct value *tool_calls(const struct value *calls)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(calls); i++) {
		const struct value *call = list_at(calls, i);
		const struct value *args = map_get(call, "args");
		struct value *function = value_map();
		struct value *out;
		struct buf text;

		buf_init(&text, PROVIDER_BODY_MAX);
		if (args)
			json_write(&text, args, JSON_COMPACT);
		else
			buf_adds(&text, "{}");
		map_set_str(function, "name", map_str(call, "name", ""));
		map_set(function, "arguments", value_strn(text.data, text.len));
		buf_free(&text);
		out = typed("function", "function", function);
		map_set_str(out, "id", map_str(call, "id", ""));
		list_push(list, out);
	}
	return list;
}

static struct value *message(const struct value *in)
{
	const char *role = map_str(in, "role", "user");
	const struct value *content = map_get(in, "content");
	const struct value *calls = map_get(in, "tool_calls");
	struct value *out = value_map();

	map_set_str(out, "role", role);
	if (value_is(content, VALUE_LIST) && !strcmp(role, "user"))
		map_set(out, "content", parts(content));
	else if (value_is_null(content))
		map_set(out, "content", value_is(calls, VALUE_LIST) ? value_null() : value_str(""));
	else
		map_set(out, "content", content_text(content));
	if (!strcmp(role, "assistant") && value_len(calls))
		map_set(out, "tool_calls", tool_calls(calls));
	if (!strcmp(role, "tool"))
		map_set_str(out, "tool_call_id", map_str(in, "tool_call_id", ""));
	return out;
}

static struct value *tools(const struct value *in)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(in); i++)
		list_push(list, typed("function", "function", value_ref(list_at(in, i))));
	return list;
}

static void set_options(struct value *body, const struct provider *p, const struct provider_chat *chat)
{
	if (chat->max_tokens > 0)
		map_set_int(body, p->service->flags & PROVIDER_NEW_MAX_TOKENS ? "max_completion_tokens" : "max_tokens",
			    chat->max_tokens);
	if (value_is_number(chat->temperature))
		map_set(body, "temperature", value_copy(chat->temperature));
	if (value_is(chat->response_format, VALUE_MAP))
		map_set(body, "response_format", value_copy(chat->response_format));
	map_set_bool(body, "stream", true);
	if (!(p->service->flags & PROVIDER_NO_USAGE_OPTION)) {
		struct value *options = value_map();

		map_set_bool(options, "include_usage", true);
		map_set(body, "stream_options", options);
	}
}

static struct value *body(const struct provider *p, const struct provider_chat *chat, struct err *err)
{
	const char *suffix = p->service->model_suffix;
	struct value *map = value_map();
	struct value *messages = value_list();

	(void)err;
	for (size_t i = 0; i < value_len(chat->messages); i++)
		list_push(messages, message(list_at(chat->messages, i)));
	map_set(map, "model", value_strf("%s%s", chat->model, suffix && !strchr(chat->model, ':') ? suffix : ""));
	map_set(map, "messages", messages);
	if (value_len(chat->tools))
		map_set(map, "tools", tools(chat->tools));
	set_options(map, p, chat);
	return map;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static void take_usage(struct answer *a, const struct value *usage)
{
	if (!value_is(usage, VALUE_MAP))
		return;
	a->result.has_usage = true;
	a->result.prompt_tokens = map_int(usage, "prompt_tokens", 0);
	a->result.completion_tokens = map_int(usage, "completion_tokens", 0);
}

static int take_tool_call(struct answer *a, const struct value *in, size_t position)
{
	const struct value *function = map_get(in, "function");
	const struct value *args = map_get(function, "arguments");
	struct tool_part *part = answer_part(a, map_int(in, "index", (int64_t)position));

	if (!part)
		return err_set(&a->err, 502, "The answer has more than %d tool calls", PROVIDER_TOOL_CALLS_MAX);
	part_set(&part->id, map_str(in, "id", NULL));
	part_set(&part->name, map_str(function, "name", NULL));
	if (value_is(args, VALUE_MAP) && !part->whole)
		part->whole = value_copy(args);
	else if (value_is(args, VALUE_STR) && buf_add(&part->args, value_text(args), value_len(args)))
		return err_set(&a->err, 502, "The arguments of a tool call are too long");
	return 0;
}

static int take_choice(struct answer *a, const struct value *choice)
{
	const struct value *delta = map_get(choice, "delta");
	const struct value *text = map_get(delta, "content");
	const struct value *thought = map_get(delta, "reasoning_content");
	const struct value *calls = map_get(delta, "tool_calls");

	if (!value_is(thought, VALUE_STR))
		thought = map_get(delta, "reasoning");
	if (value_is(thought, VALUE_STR))
		answer_text(a, value_text(thought), value_len(thought), true);
	if (value_is(text, VALUE_STR))
		answer_text(a, value_text(text), value_len(text), false);
	for (size_t i = 0; value_is(calls, VALUE_LIST) && i < value_len(calls); i++)
		if (take_tool_call(a, list_at(calls, i), i))
			return -1;
	if (!strcmp(map_str(choice, "finish_reason", ""), "length"))
		a->result.cut = true;
	return a->err.status ? -1 : 0;
}

static int take_event(struct answer *a, const struct value *v)
{
	int rc = 0;

	if (answer_error_text(v) && !map_get(v, "choices"))
		rc = err_set(&a->err, 502, "%.900s", answer_error_text(v));
	else if (value_len(map_get(v, "choices")))
		rc = take_choice(a, list_at(map_get(v, "choices"), 0));
	take_usage(a, map_get(v, "usage"));
	return rc;
}

const struct dialect openai_dialect = { STREAM_SSE, "/chat/completions", body, take_event };
