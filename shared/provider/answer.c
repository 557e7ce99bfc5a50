/* The answer of a chat while it comes in. */
#include "provider/internal.h"

#include <stdlib.h>
#include <string.h>

void answer_init(struct answer *a, void (*piece)(void *, const struct provider_piece *), void *ctx)
{
	*a = (struct answer){ .piece = piece, .ctx = ctx };
	buf_init(&a->result.text, PROVIDER_TEXT_MAX);
	a->result.tool_calls = value_list();
}

void answer_free(struct answer *a)
{
	for (size_t i = 0; i < a->part_count; i++) {
		free(a->parts[i].id);
		free(a->parts[i].name);
		free(a->parts[i].signature);
		buf_free(&a->parts[i].args);
		value_unref(a->parts[i].whole);
	}
	free(a->parts);
	buf_free(&a->result.text);
	value_unref(a->result.tool_calls);
	value_unref(a->result.json);
}

void answer_text(struct answer *a, const char *text, size_t len, bool thinking)
{
	struct provider_piece piece = { .text = text, .len = len, .thinking = thinking };

	if (!len)
		return;
	if (!thinking && buf_add(&a->result.text, text, len))
		err_set(&a->err, 502, "The answer is longer than %zu MiB", PROVIDER_TEXT_MAX >> 20);
	else if (a->piece)
		a->piece(a->ctx, &piece);
}

struct tool_part *answer_part(struct answer *a, int64_t index)
{
	struct tool_part *part;

	for (size_t i = 0; i < a->part_count; i++)
		if (a->parts[i].index == index)
			return &a->parts[i];
	if (a->part_count == PROVIDER_TOOL_CALLS_MAX)
		return NULL;
	a->parts = xrealloc(a->parts, (a->part_count + 1) * sizeof(*a->parts));
	part = &a->parts[a->part_count++];
	*part = (struct tool_part){ .index = index };
	buf_init(&part->args, PROVIDER_LINE_MAX);
	return part;
}

void part_set(char **field, const char *text)
{
	if (!text || !*text)
		return;
	free(*field);
	*field = xstrdup(text);
}

/* Arguments that are no JSON object count as none: the tool then says what it misses. */
static struct value *part_args(const struct tool_part *part)
{
	struct json_error error;
	struct value *v;

	if (value_is(part->whole, VALUE_MAP))
		return value_ref(part->whole);
	v = part->args.len ? json_parse(part->args.data, part->args.len, &error) : NULL;
	if (value_is(v, VALUE_MAP))
		return v;
	value_unref(v);
	return value_map();
}

static void deliver_call(struct answer *a, const struct tool_part *part)
{
	struct provider_piece piece = { .text = "" };
	struct value *call = value_map();
	char made[ID_SIZE];

	id_random(made);
	map_set(call, "id", part->id ? value_str(part->id) : value_strf("call_%s", made));
	map_set_str(call, "name", part->name ? part->name : "");
	map_set(call, "args", part_args(part));
	if (part->signature)
		map_set_str(call, "thought_signature", part->signature);
	list_push(a->result.tool_calls, call);
	piece.tool_call = call;
	if (a->piece)
		a->piece(a->ctx, &piece);
}

void answer_finish(struct answer *a)
{
	struct provider_piece last = { .text = "", .done = true };

	if (a->finished)
		return;
	a->finished = true;
	for (size_t i = 0; i < a->part_count; i++)
		deliver_call(a, &a->parts[i]);
	if (a->piece)
		a->piece(a->ctx, &last);
}

const char *answer_error_text(const struct value *v)
{
	const struct value *error = map_get(v, "error");
	const char *text;

	if (value_is(v, VALUE_LIST))
		return answer_error_text(list_at(v, 0));
	if (value_is(error, VALUE_STR))
		return value_text(error);
	text = map_str(error, "message", NULL);
	if (!text && error && !value_is_null(error))
		return "The service reports an error";
	if (!text)
		text = map_str(v, "message", NULL);
	return text ? text : map_str(v, "detail", NULL);
}

int answer_event(struct answer *a, const struct dialect *dialect, const char *data, size_t len)
{
	struct json_error why;
	struct value *v;
	int rc;

	if (len == 6 && !memcmp(data, "[DONE]", 6)) {
		answer_finish(a);
		return 0;
	}
	v = json_parse(data, len, &why);
	if (!v)
		return err_set(&a->err, 502, "The service sent an event that is no JSON: %s", why.message);
	rc = dialect->event(a, v);
	value_unref(v);
	return rc;
}

void fake_chat(struct answer *a)
{
	static const char text[] = "Hello, this is a fake response!";
	const size_t step = 10;

	for (size_t i = 0; i < sizeof(text) - 1; i += step) {
		size_t left = sizeof(text) - 1 - i;
		struct provider_piece piece = { .text = text + i,
						.len = left < step ? left : step,
						.done = left <= step };

		buf_add(&a->result.text, piece.text, piece.len);
		if (a->piece)
			a->piece(a->ctx, &piece);
	}
	a->finished = true;
}
