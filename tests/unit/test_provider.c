/* provider: streams, dialects, titles, the table of services. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "provider/internal.h"

/* ---- streams ------------------------------------------------------------------------------------------- */

static int join(void *ctx, const char *data, size_t len)
{
	struct buf *out = ctx;

	assert_int_equal(strlen(data), len);
	buf_add(out, data, len);
	return buf_addc(out, '|');
}

static const struct {
	enum stream_kind kind;
	const char *in;
	const char *out;
} stream_rows[] = {
	{ STREAM_SSE, "data: a\n\ndata: b\n\n", "a|b|" },
	{ STREAM_SSE, "data: a\r\n\r\ndata: b\r\n\r\n", "a|b|" },
	{ STREAM_SSE, "data: a\r\rdata: b\r\r", "a|b|" },
	{ STREAM_SSE, "data:a\ndata: b\ndata:  c\n\n", "a\nb\n c|" },
	{ STREAM_SSE, ": comment\nevent: x\nid: 1\ndata: a\n\n: ping\n\n", "a|" },
	{ STREAM_SSE, "data\n\ndata: \n\n", "||" },
	{ STREAM_SSE, "dat: a\n\n\n\ndatax: b\n\n", "" },
	{ STREAM_SSE, "data: cut", "cut|" },
	{ STREAM_SSE, "data: cut\n", "cut|" },
	{ STREAM_SSE, "", "" },
	{ STREAM_NDJSON, "{\"a\":1}\n{\"b\":2}\r\n\n  \n{\"c\":3}", "{\"a\":1}|{\"b\":2}\r|{\"c\":3}|" },
	{ STREAM_NDJSON, "\n\n", "" },
};

/* Every row in pieces of every size gives the same events. */
static void test_streams(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stream_rows); i++) {
		size_t len = strlen(stream_rows[i].in);

		for (size_t step = 1; step <= len + 1; step++) {
			struct stream s;
			struct buf out;

			buf_init(&out, 1000);
			stream_init(&s, stream_rows[i].kind, join, &out);
			for (size_t at = 0; at < len; at += step)
				assert_int_equal(stream_feed(&s, stream_rows[i].in + at, len - at < step ? len - at : step), 0);
			assert_int_equal(stream_end(&s), 0);
			assert_string_equal(out.data ? out.data : "", stream_rows[i].out);
			stream_free(&s);
			buf_free(&out);
		}
	}
}

static void test_stream_too_long(void **state)
{
	char *piece = xmalloc(1 << 20);
	struct stream s;
	struct buf out;
	int rc = 0;

	(void)state;
	memset(piece, 'x', 1 << 20);
	buf_init(&out, 1000);
	stream_init(&s, STREAM_NDJSON, join, &out);
	for (int i = 0; i < 20 && !rc; i++)
		rc = stream_feed(&s, piece, 1 << 20);
	assert_int_equal(rc, -1);
	stream_free(&s);
	buf_free(&out);
	free(piece);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static void show_piece(void *ctx, const struct provider_piece *piece)
{
	struct buf *out = ctx;

	if (piece->tool_call) {
		buf_adds(out, "<");
		json_write(out, map_get(piece->tool_call, "args"), JSON_COMPACT);
		buf_printf(out, " %s %s>", map_str(piece->tool_call, "id", ""), map_str(piece->tool_call, "name", ""));
		return;
	}
	buf_printf(out, "%s%.*s%s", piece->thinking ? "?" : "", (int)piece->len, piece->text, piece->done ? "." : "|");
}

static const struct {
	const struct dialect *dialect;
	const char *events[8];
	const char *pieces;
	int64_t prompt;
	int64_t completion;
	const char *error;
} answer_rows[] = {
	{ &openai_dialect,
	  { "{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}",
	    "{\"choices\":[{\"delta\":{\"content\":\"a \"}}]}", "{\"choices\":[{\"delta\":{\"content\":\"b\"}}]}",
	    "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}", "[DONE]" },
	  "a |b|.", 3, 2 },
	{ &openai_dialect,
	  { "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\"\"}}]}}]}",
	    "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":\"no\"}}]}}]}",
	    "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]}}]}", "[DONE]", "[DONE]" },
	  "<{\"x\":1} c1 f><{} c2 g>." },
	{ &openai_dialect, { "{\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}", "[DONE]" }, "?hm|." },
	{ &openai_dialect, { "{\"error\":{\"message\":\"too much\",\"code\":429}}" }, "", 0, 0, "too much" },
	{ &openai_dialect, { "{" }, "", 0, 0, "no JSON" },
	{ &ollama_dialect,
	  { "{\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":false}",
	    "{\"message\":{\"thinking\":\"t\",\"content\":\"\"},\"done\":false}",
	    "{\"message\":{\"content\":\"\"},\"done\":true,\"prompt_eval_count\":5,\"eval_count\":1}" },
	  "a|?t|.", 5, 1 },
	{ &ollama_dialect,
	  { "{\"message\":{\"content\":\"\",\"tool_calls\":[{\"id\":\"i\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":[1]}}}]},"
	    "\"done\":true,\"eval_count\":1}" },
	  "<{\"x\":[1]} i f>.", 0, 1 },
	{ &ollama_dialect, { "{\"error\":\"model not found\"}" }, "", 0, 0, "model not found" },
	{ &anthropic_dialect,
	  { "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":4,\"output_tokens\":0}}}",
	    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
	    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}",
	    "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}",
	    "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"y\\\":2}\"}}",
	    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":7}}",
	    "{\"type\":\"message_stop\"}" },
	  "hi|<{\"y\":2} t f>.", 4, 7 },
	{ &gemini_dialect,
	  { "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true},{\"text\":\"a\"}]}}]}",
	    "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"id\":\"i\",\"name\":\"f\",\"args\":{\"x\":1}}},"
	    "{\"functionCall\":{\"id\":\"j\",\"name\":\"g\"}}]},\"finishReason\":\"STOP\"}],"
	    "\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":2,\"thoughtsTokenCount\":3}}" },
	  "?hm|a|<{\"x\":1} i f><{} j g>.", 5, 5 },
	{ &gemini_dialect, { "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}" }, "", 0, 0, "SAFETY" },
	{ &gemini_dialect, { "{\"candidates\":[{\"finishReason\":\"RECITATION\"}]}" }, "", 0, 0, "RECITATION" },
	{ &gemini_dialect, { "{\"error\":{\"code\":503,\"message\":\"overloaded\"}}" }, "", 0, 0, "overloaded" },
	{ &anthropic_dialect, { "{\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"overloaded\"}}" }, "", 0, 0, "overloaded" },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answer_rows); i++) {
		struct answer a;
		struct buf out;
		int rc = 0;

		buf_init(&out, 4000);
		answer_init(&a, show_piece, &out);
		for (size_t k = 0; k < 8 && answer_rows[i].events[k] && !rc; k++)
			rc = answer_event(&a, answer_rows[i].dialect, answer_rows[i].events[k],
					  strlen(answer_rows[i].events[k]));
		if (!rc && !a.finished) /* the end of the stream is the end of the answer */
			answer_finish(&a);
		assert_string_equal(out.data ? out.data : "", answer_rows[i].pieces);
		assert_int_equal(rc, answer_rows[i].error ? -1 : 0);
		if (answer_rows[i].error)
			assert_non_null(strstr(a.err.detail, answer_rows[i].error));
		assert_int_equal(a.result.prompt_tokens, answer_rows[i].prompt);
		assert_int_equal(a.result.completion_tokens, answer_rows[i].completion);
		answer_free(&a);
		buf_free(&out);
	}
}

/* ---- requests ------------------------------------------------------------------------------------------ */

#define HISTORY                                                                                                    \
	"[{\"role\":\"system\",\"content\":\"S\"},"                                                               \
	"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"},"  \
	"{\"type\":\"image\",\"image\":{\"type\":\"image\",\"uri\":\"data:image/jpeg;base64,QUJD\"}}]},"           \
	"{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"name\":\"f\",\"args\":{\"x\":1}}]},"  \
	"{\"role\":\"tool\",\"content\":\"7\",\"tool_call_id\":\"c\",\"name\":\"f\"}]"

static const struct {
	const char *service;
	const struct dialect *dialect;
	const char *messages; /* of the body */
} body_rows[] = {
	{ "groq", &openai_dialect,
	  "[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
	  "{\"type\":\"text\",\"text\":\"b\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/jpeg;base64,QUJD\"}}]},"
	  "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
	  "\"arguments\":\"{\\\"x\\\":1}\"},\"id\":\"c\"}]},{\"role\":\"tool\",\"content\":\"7\",\"tool_call_id\":\"c\"}]" },
	{ "ollama", &ollama_dialect,
	  "[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"a\\nb\",\"images\":[\"QUJD\"]},"
	  "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1}}}]},"
	  "{\"role\":\"tool\",\"content\":\"7\",\"tool_name\":\"f\"}]" },
	{ "anthropic", &anthropic_dialect,
	  "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"},"
	  "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/jpeg\",\"data\":\"QUJD\"}}]},"
	  "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\",\"name\":\"f\",\"input\":{\"x\":1}}]},"
	  "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c\",\"content\":\"7\"}]}]" },
};

static void test_bodies(void **state)
{
	struct json_error why;
	struct value *history = json_parse(HISTORY, strlen(HISTORY), &why);

	(void)state;
	assert_non_null(history);
	for (size_t i = 0; i < ARRAY_LEN(body_rows); i++) {
		struct provider p = { .service = service_find(body_rows[i].service) };
		struct provider_chat chat = { .model = "m", .messages = history };
		struct err err;
		struct value *body = body_rows[i].dialect->body(&p, &chat, &err);
		struct buf out;

		buf_init(&out, 10000);
		json_write(&out, map_get(body, "messages"), JSON_COMPACT);
		assert_string_equal(out.data, body_rows[i].messages);
		assert_true(map_bool(body, "stream", false));
		assert_string_equal(map_str(body, "model", ""), "m");
		buf_free(&out);
		value_unref(body);
	}
	value_unref(history);
}

#define GEMINI_BODY                                                                                                \
	"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},{\"text\":\"b\"},"                              \
	"{\"inlineData\":{\"mimeType\":\"image/jpeg\",\"data\":\"QUJD\"}}]},"                                        \
	"{\"role\":\"model\",\"parts\":[{\"functionCall\":{\"name\":\"f\",\"args\":{\"x\":1}}}]},"                     \
	"{\"role\":\"user\",\"parts\":[{\"functionResponse\":{\"name\":\"f\",\"response\":{\"result\":\"7\"}}}]}],"    \
	"\"systemInstruction\":{\"parts\":[{\"text\":\"S\"}]},"                                                      \
	"\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\",\"description\":\"d\",\"parametersJsonSchema\":{}}]}],"   \
	"\"generationConfig\":{\"maxOutputTokens\":9,\"responseMimeType\":\"application/json\",\"responseJsonSchema\":{}}}"

static struct value *parsed(const char *text)
{
	struct json_error why;

	return json_parse(text, strlen(text), &why);
}

static void test_gemini_body(void **state)
{
	struct value *history = parsed(HISTORY);
	struct value *tools = parsed("[{\"name\":\"f\",\"description\":\"d\",\"parameters\":{}}]");
	struct value *format = parsed("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{}}}");
	struct provider p = { .service = service_find("gemini") };
	struct provider_chat chat = {
		.model = "models/a b", .messages = history, .tools = tools, .response_format = format, .max_tokens = 9
	};
	struct err err;
	struct value *body = gemini_dialect.body(&p, &chat, &err);
	char *path = gemini_dialect.path(&chat);
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	json_write(&out, body, JSON_COMPACT);
	assert_string_equal(out.data, GEMINI_BODY);
	assert_string_equal(path, "/models/a%20b:streamGenerateContent?alt=sse");
	free(path);
	buf_free(&out);
	value_unref(body);
	value_unref(format);
	value_unref(tools);
	value_unref(history);
}

static void test_ollama_image_elsewhere(void **state)
{
	static const char text[] = "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image\":{\"uri\":\"http://x/y.png\"}}]}]";
	struct json_error why;
	struct value *messages = json_parse(text, sizeof(text) - 1, &why);
	struct provider p = { .service = service_find("ollama") };
	struct provider_chat chat = { .model = "m", .messages = messages };
	struct err err = { 0 };

	(void)state;
	assert_null(ollama_dialect.body(&p, &chat, &err));
	assert_int_equal(err.status, 422);
	value_unref(messages);
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

static const struct {
	const char *answer;
	const char *title;
} title_rows[] = {
	{ "\"Quoted title\"", "Quoted title" },
	{ "'x'", "x" },
	{ "Plain", "Plain" },
	{ "\n\n  A title \nmore", "A title" },
	{ "", "" },
	{ "\"\"", "" },
	{ "It's \"fine\" so", "It's \"fine\" so" },
	{ "ääääääääääää", "ääääääääää" },
};

static void test_titles(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(title_rows); i++)
		assert_string_equal(provider_title(arena, title_rows[i].answer, strlen(title_rows[i].answer) > 20 ? 10 : 60),
				    title_rows[i].title);
	arena_free(arena);
}

/* The words of the 422 are those of the table. */
static void test_services(void **state)
{
	struct sv rest = sv_of(service_words);
	struct sv word;
	size_t i = 0;

	(void)state;
	while (sv_split(&rest, '|', &word)) {
		assert_true(i < service_count());
		assert_true(sv_eq(word, service_at(i)->name));
		assert_ptr_equal(service_find(service_at(i)->name), service_at(i));
		i++;
	}
	assert_int_equal(i, service_count());
	assert_null(service_find("nope"));
}

static void test_refusals(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_null(provider_open("1", "nope", &err));
	assert_int_equal(err.status, 422);
	assert_null(provider_open("1", "empty", &err));
	assert_int_equal(err.status, 422);
	assert_null(provider_open("1", "rodin", &err));
	assert_int_equal(err.status, 422);
}

static void test_fake(void **state)
{
	struct value *messages = value_list();
	struct provider_chat chat = { .model = "fake-model-v1", .messages = messages };
	struct provider_client *client = provider_client_new();
	struct err err = { 0 };
	struct provider *p = provider_open("1", "fake", &err);
	struct provider_call *call;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	call = provider_chat(client, p, &chat, show_piece, &out);
	assert_int_equal(provider_wait(call, &err), 0);
	assert_string_equal(out.data, "Hello, thi|s is a fak|e response|!.");
	assert_string_equal(provider_result(call)->text.data, "Hello, this is a fake response!");
	provider_call_free(call);
	provider_free(p);
	provider_client_free(client);
	buf_free(&out);
	value_unref(messages);
}

/* ---- forms --------------------------------------------------------------------------------------------- */

static void test_form(void **state)
{
	static const struct provider_part parts[] = {
		{ .name = "model", .data = { "m", 1 } },
		{ .name = "file", .data = { "a\0b", 3 }, .filename = "x\"\r\ny", .type = "audio/wav" },
	};
	static const char wanted[] = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n"
				     "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x___y\"\r\n"
				     "Content-Type: audio/wav\r\n\r\na\0b\r\n--B--\r\n";
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	form_write(&out, parts, ARRAY_LEN(parts), "B");
	assert_int_equal(out.len, sizeof(wanted) - 1);
	assert_memory_equal(out.data, wanted, out.len);
	buf_free(&out);
}

/* ---- embeddings ---------------------------------------------------------------------------------------- */

static const struct {
	const char *json;
	const char *out; /* NULL: refused */
} embedding_rows[] = {
	{ "{\"embeddings\":[{\"values\":[1,2]},{\"values\":[3,4]}]}", "[[1,2],[3,4]]" },
	{ "{\"data\":[{\"index\":0,\"embedding\":[1,2]},{\"index\":1,\"embedding\":[3,4]}]}", "[[1,2],[3,4]]" },
	{ "{\"data\":[{\"index\":1,\"embedding\":[3,4]},{\"index\":0,\"embedding\":[1,2]}]}", "[[1,2],[3,4]]" },
	{ "{\"embeddings\":[[1.5],[2]]}", "[[1.5],[2]]" },
	{ "{\"embeddings\":[[1.5]]}", NULL },
	{ "{\"embeddings\":[[1,2],[1]]}", NULL },
	{ "{\"embeddings\":[[1],[\"x\"]]}", NULL },
	{ "{\"embeddings\":[[],[]]}", NULL },
	{ "{\"data\":3}", NULL },
	{ "[]", NULL },
};

static void test_embeddings(void **state)
{
	struct provider_client *client = provider_client_new();
	struct json_error why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(embedding_rows); i++) {
		struct value *json = json_parse(embedding_rows[i].json, strlen(embedding_rows[i].json), &why);
		struct provider_call *call = call_answered(client, json);
		struct err err = { 0 };
		struct value *list = provider_embeddings(call, 2, &err);
		struct buf text;

		buf_init(&text, 1000);
		if (list) {
			json_write(&text, list, JSON_COMPACT);
			assert_string_equal(text.data, embedding_rows[i].out);
		} else {
			assert_null(embedding_rows[i].out);
			assert_int_equal(err.status, 502);
		}
		buf_free(&text);
		value_unref(list);
		provider_call_free(call);
	}
	provider_client_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_embeddings),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_gemini_body),
		cmocka_unit_test(test_streams),	 cmocka_unit_test(test_stream_too_long), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_bodies),	 cmocka_unit_test(test_titles),		 cmocka_unit_test(test_services),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_fake),	 cmocka_unit_test(test_ollama_image_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
