/* Ollama's chat: NDJSON, arguments of tools as values, images as base64 beside the text. */
#include "provider/internal.h"

#include <string.h>

/* ---- the request --------------------------------------------------------------------------------------- */

/* -1 when an image is an address elsewhere: Ollama takes bytes only. */
static int add_images(struct value *out, const struct value *content, struct err *err)
{
	struct value *images = value_list();
	int rc = 0;

	for (size_t i = 0; value_is(content, VALUE_LIST) && i < value_len(content); i++) {
		const struct value *image = map_get(list_at(content, i), "image");
		char type[64];
		struct buf data;

		buf_init(&data, PROVIDER_BODY_MAX);
		if (value_is(image, VALUE_MAP) && content_base64(image, &data, type, "image/png"))
			list_push(images, value_strn(data.data ? data.data : "", data.len));
		else if (value_is(image, VALUE_MAP))
			rc = err_set(err, 422,
				     "Ollama needs the bytes of an image or a data URI, not the address %.200s",
				     map_str(image, "uri", ""));
		buf_free(&data);
	}
	if (value_len(images))
		map_set(out, "images", images);
	else
		value_unref(images);
	return rc;
}

static struct value *tool_calls(const struct value *calls)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(calls); i++) {
		const struct value *args = map_get(list_at(calls, i), "args");
		struct value *function = value_map();
		struct value *out = value_map();

		map_set_str(function, "name", map_str(list_at(calls, i), "name", ""));
		map_set(function, "arguments", value_is(args, VALUE_MAP) ? value_copy(args) : value_map());
		map_set(out, "function", function);
		list_push(list, out);
	}
	return list;
}

/* Fills `out`. */
static int message(struct value *out, const struct value *in, struct err *err)
{
	const char *role = map_str(in, "role", "user");
	const struct value *calls = map_get(in, "tool_calls");

	map_set_str(out, "role", role);
	map_set(out, "content", content_text(map_get(in, "content")));
	if (!strcmp(role, "user") && add_images(out, map_get(in, "content"), err))
		return -1;
	if (!strcmp(role, "assistant") && value_len(calls))
		map_set(out, "tool_calls", tool_calls(calls));
	if (!strcmp(role, "tool") && map_str(in, "name", NULL))
		map_set_str(out, "tool_name", map_str(in, "name", NULL));
	return 0;
}

static struct value *tools(const struct value *in)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(in); i++) {
		struct value *tool = value_map();

		map_set_str(tool, "type", "function");
		map_set(tool, "function", value_ref(list_at(in, i)));
		list_push(list, tool);
	}
	return list;
}

/* {"type":"json_schema","json_schema":{"schema":…}} and {"type":"json_object"}. */
static struct value *format(const struct value *wanted)
{
	const struct value *schema = map_get(map_get(wanted, "json_schema"), "schema");

	if (value_is(schema, VALUE_MAP))
		return value_copy(schema);
	return !strcmp(map_str(wanted, "type", ""), "json_object") ? value_str("json") : NULL;
}

static struct value *options(const struct provider_chat *chat)
{
	int64_t context = chat->context_window > 0 ? chat->context_window
						   : config_int("OLLAMA_CONTEXT_LENGTH", 1, INT64_MAX, 0);
	struct value *map = value_map();

	if (context)
		map_set_int(map, "num_ctx", context);
	if (chat->max_tokens > 0)
		map_set_int(map, "num_predict", chat->max_tokens);
	if (value_is_number(chat->temperature))
		map_set(map, "temperature", value_copy(chat->temperature));
	return map;
}

static struct value *body(const struct provider *p, const struct provider_chat *chat, struct err *err)
{
	struct value *map = value_map();
	struct value *messages = value_list();
	struct value *wanted = format(chat->response_format);

	(void)p;
	map_set_str(map, "model", chat->model);
	map_set(map, "messages", messages);
	for (size_t i = 0; i < value_len(chat->messages); i++) {
		list_push(messages, value_map());
		if (message(list_at(messages, i), list_at(chat->messages, i), err)) {
			value_unref(wanted);
			value_unref(map);
			return NULL;
		}
	}
	if (value_len(chat->tools))
		map_set(map, "tools", tools(chat->tools));
	if (wanted)
		map_set(map, "format", wanted);
	map_set(map, "options", options(chat));
	map_set_bool(map, "stream", true);
	return map;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static int take_calls(struct answer *a, const struct value *calls)
{
	for (size_t i = 0; value_is(calls, VALUE_LIST) && i < value_len(calls); i++) {
		const struct value *function = map_get(list_at(calls, i), "function");
		struct tool_part *part = answer_part(a, (int64_t)a->part_count);

		if (!part)
			return err_set(&a->err, 502, "The answer has more than %d tool calls", PROVIDER_TOOL_CALLS_MAX);
		part_set(&part->id, map_str(list_at(calls, i), "id", NULL));
		part_set(&part->name, map_str(function, "name", NULL));
		if (value_is(map_get(function, "arguments"), VALUE_MAP))
			part->whole = value_copy(map_get(function, "arguments"));
	}
	return 0;
}

static void take_end(struct answer *a, const struct value *v)
{
	a->result.has_usage = map_get(v, "eval_count") != NULL;
	a->result.prompt_tokens = map_int(v, "prompt_eval_count", 0);
	a->result.completion_tokens = map_int(v, "eval_count", 0);
	a->result.cut = !strcmp(map_str(v, "done_reason", ""), "length");
	answer_finish(a);
}

static int take_event(struct answer *a, const struct value *v)
{
	const struct value *message_in = map_get(v, "message");
	const struct value *text = map_get(message_in, "content");
	const struct value *thought = map_get(message_in, "thinking");
	int rc = 0;

	if (map_get(v, "error"))
		rc = err_set(&a->err, 502, "%.900s", answer_error_text(v));
	if (!rc && value_is(thought, VALUE_STR))
		answer_text(a, value_text(thought), value_len(thought), true);
	if (!rc && value_is(text, VALUE_STR))
		answer_text(a, value_text(text), value_len(text), false);
	if (!rc)
		rc = take_calls(a, map_get(message_in, "tool_calls"));
	if (!rc && map_bool(v, "done", false))
		take_end(a, v);
	return rc || a->err.status ? -1 : 0;
}

const struct dialect ollama_dialect = { STREAM_NDJSON, "/api/chat", body, take_event };
