/* Anthropic's messages: the system text apart, content in blocks, tool results inside of user messages. */
#include "provider/internal.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX_TOKENS 8192 /* the service wants a number */

/* ---- the request --------------------------------------------------------------------------------------- */

static struct value *block(const char *type)
{
	struct value *map = value_map();

	map_set_str(map, "type", type);
	return map;
}

/* Empty texts are refused by the service. */
static void add_text(struct value *blocks, struct value *text)
{
	struct value *b;

	if (!value_len(text)) {
		value_unref(text);
		return;
	}
	b = block("text");
	map_set(b, "text", text);
	list_push(blocks, b);
}

static void add_image(struct value *blocks, const struct value *image)
{
	struct value *source = value_map();
	struct value *b = block("image");
	char type[64];
	struct buf data;

	buf_init(&data, PROVIDER_BODY_MAX);
	if (content_base64(image, &data, type, "image/png")) {
		map_set_str(source, "type", "base64");
		map_set_str(source, "media_type", type);
		map_set(source, "data", value_strn(data.data ? data.data : "", data.len));
	} else {
		map_set_str(source, "type", "url");
		map_set_str(source, "url", map_str(image, "uri", ""));
	}
	buf_free(&data);
	map_set(b, "source", source);
	list_push(blocks, b);
}

static void add_content(struct value *blocks, const struct value *content)
{
	if (!value_is(content, VALUE_LIST)) {
		add_text(blocks, content_text(content));
		return;
	}
	for (size_t i = 0; i < value_len(content); i++) {
		const struct value *part = list_at(content, i);

		if (!strcmp(map_str(part, "type", ""), "text"))
			add_text(blocks, value_str(map_str(part, "text", "")));
		else if (value_is(map_get(part, "image"), VALUE_MAP))
			add_image(blocks, map_get(part, "image"));
	}
}

static void add_tool_calls(struct value *blocks, const struct value *calls)
{
	for (size_t i = 0; value_is(calls, VALUE_LIST) && i < value_len(calls); i++) {
		const struct value *args = map_get(list_at(calls, i), "args");
		struct value *b = block("tool_use");

		map_set_str(b, "id", map_str(list_at(calls, i), "id", ""));
		map_set_str(b, "name", map_str(list_at(calls, i), "name", ""));
		map_set(b, "input", value_is(args, VALUE_MAP) ? value_copy(args) : value_map());
		list_push(blocks, b);
	}
}

static void add_tool_result(struct value *blocks, const struct value *in)
{
	struct value *b = block("tool_result");

	map_set_str(b, "tool_use_id", map_str(in, "tool_call_id", ""));
	map_set(b, "content", content_text(map_get(in, "content")));
	list_push(blocks, b);
}

/* The blocks of the last message when it has this role, else of a new one: roles must alternate. */
static struct value *blocks_of(struct value *messages, const char *role)
{
	struct value *last = value_len(messages) ? list_at(messages, value_len(messages) - 1) : NULL;
	struct value *out;

	if (last && !strcmp(map_str(last, "role", ""), role))
		return map_get(last, "content");
	out = value_map();
	map_set_str(out, "role", role);
	map_set(out, "content", value_list());
	list_push(messages, out);
	return map_get(out, "content");
}

static void add_message(struct value *messages, struct buf *system, const struct value *in)
{
	const char *role = map_str(in, "role", "user");
	struct value *text;

	if (!strcmp(role, "system")) {
		text = content_text(map_get(in, "content"));
		if (system->len)
			buf_adds(system, "\n\n");
		buf_add(system, value_text(text), value_len(text));
		value_unref(text);
	} else if (!strcmp(role, "tool")) {
		add_tool_result(blocks_of(messages, "user"), in);
	} else if (!strcmp(role, "assistant")) {
		add_content(blocks_of(messages, "assistant"), map_get(in, "content"));
		add_tool_calls(blocks_of(messages, "assistant"), map_get(in, "tool_calls"));
	} else {
		add_content(blocks_of(messages, "user"), map_get(in, "content"));
	}
}

static struct value *tools(const struct value *in)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(in); i++) {
		const struct value *parameters = map_get(list_at(in, i), "parameters");
		struct value *tool = value_map();

		map_set_str(tool, "name", map_str(list_at(in, i), "name", ""));
		map_set_str(tool, "description", map_str(list_at(in, i), "description", ""));
		map_set(tool, "input_schema", parameters ? value_copy(parameters) : block("object"));
		list_push(list, tool);
	}
	return list;
}

static struct value *body(const struct provider *p, const struct provider_chat *chat, struct err *err)
{
	struct value *map = value_map();
	struct value *messages = value_list();
	struct buf system;

	(void)p;
	(void)err;
	buf_init(&system, PROVIDER_BODY_MAX);
	for (size_t i = 0; i < value_len(chat->messages); i++)
		add_message(messages, &system, list_at(chat->messages, i));
	map_set_str(map, "model", chat->model);
	map_set(map, "messages", messages);
	if (system.len)
		map_set(map, "system", value_strn(system.data, system.len));
	buf_free(&system);
	map_set_int(map, "max_tokens", chat->max_tokens > 0 ? chat->max_tokens : DEFAULT_MAX_TOKENS);
	if (value_is_number(chat->temperature))
		map_set(map, "temperature", value_copy(chat->temperature));
	if (value_len(chat->tools))
		map_set(map, "tools", tools(chat->tools));
	map_set_bool(map, "stream", true);
	return map;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static int start_block(struct answer *a, const struct value *v)
{
	const struct value *b = map_get(v, "content_block");
	struct tool_part *part;

	if (strcmp(map_str(b, "type", ""), "tool_use") != 0)
		return 0;
	part = answer_part(a, map_int(v, "index", 0));
	if (!part)
		return err_set(&a->err, 502, "The answer has more than %d tool calls", PROVIDER_TOOL_CALLS_MAX);
	part_set(&part->id, map_str(b, "id", NULL));
	part_set(&part->name, map_str(b, "name", NULL));
	return 0;
}

static int take_delta(struct answer *a, const struct value *v)
{
	const struct value *delta = map_get(v, "delta");
	const struct value *text = map_get(delta, "text");
	const struct value *thought = map_get(delta, "thinking");
	const struct value *json = map_get(delta, "partial_json");
	struct tool_part *part;

	if (value_is(thought, VALUE_STR))
		answer_text(a, value_text(thought), value_len(thought), true);
	if (value_is(text, VALUE_STR))
		answer_text(a, value_text(text), value_len(text), false);
	if (value_is(json, VALUE_STR)) {
		part = answer_part(a, map_int(v, "index", 0));
		if (!part || buf_add(&part->args, value_text(json), value_len(json)))
			return err_set(&a->err, 502, "The arguments of a tool call are too long");
	}
	return a->err.status ? -1 : 0;
}

static int take_usage(struct answer *a, const struct value *usage)
{
	if (value_is(usage, VALUE_MAP)) {
		a->result.has_usage = true;
		a->result.prompt_tokens = map_int(usage, "input_tokens", a->result.prompt_tokens);
		a->result.completion_tokens = map_int(usage, "output_tokens", a->result.completion_tokens);
	}
	return 0;
}

static int take_event(struct answer *a, const struct value *v)
{
	const char *type = map_str(v, "type", "");

	if (!strcmp(type, "content_block_start"))
		return start_block(a, v);
	if (!strcmp(type, "content_block_delta"))
		return take_delta(a, v);
	if (!strcmp(type, "message_start"))
		return take_usage(a, map_get(map_get(v, "message"), "usage"));
	if (!strcmp(type, "error"))
		return err_set(&a->err, 502, "%.900s",
			       answer_error_text(v) ? answer_error_text(v) : "The service failed");
	if (!strcmp(type, "message_delta")) {
		if (!strcmp(map_str(map_get(v, "delta"), "stop_reason", ""), "max_tokens"))
			a->result.cut = true;
		return take_usage(a, map_get(v, "usage"));
	}
	if (!strcmp(type, "message_stop"))
		answer_finish(a);
	return 0;
}

const struct dialect anthropic_dialect = { STREAM_SSE, "/v1/messages", body, take_event };
