/* Asking models from nodes: see llm.h. */
#include "wsd/nodes/llm.h"

#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_FDS 8

struct llm {
	struct provider *provider;
	struct provider_client *client;
	struct provider_call *call;
	struct node_ctx *ctx; /* while llm_step runs */
	char *model;
	int64_t asked_us;
	bool chunks;
	bool sent; /* pieces went out in this step */
	bool over; /* recorded */
};

void llm_free(struct llm *llm)
{
	if (!llm)
		return;
	provider_call_free(llm->call);
	provider_client_free(llm->client);
	provider_free(llm->provider);
	free(llm->model);
	free(llm);
}

void llm_state_destroy(void *state)
{
	llm_free(((struct llm_state *)state)->llm);
}

void llm_reset(struct llm_state *s)
{
	llm_free(s->llm);
	s->llm = NULL;
}

bool llm_model(struct node_ctx *ctx, const char *property, const char **service, const char **model)
{
	const struct value *v = node_get(ctx, property);

	*service = map_str(v, "provider", "empty");
	*model = map_str(v, "id", "");
	if (**model && strcmp(*service, "empty") != 0)
		return true;
	node_fail(ctx, "%s: no model is selected", property);
	return false;
}

/* ---- calls --------------------------------------------------------------------------------------------- */

static struct value *chunk(const struct provider_piece *piece)
{
	struct value *m = value_map();

	map_set_str(m, "type", "chunk");
	map_set(m, "node_id", value_null());
	map_set(m, "thread_id", value_null());
	map_set(m, "workflow_id", value_null());
	map_set_str(m, "content_type", "text");
	map_set(m, "content", value_strn(piece->text, piece->len));
	map_set(m, "content_metadata", value_map());
	map_set_bool(m, "done", piece->done);
	map_set_bool(m, "thinking", piece->thinking);
	map_mark_typed(m);
	return m;
}

static void on_piece(void *arg, const struct provider_piece *piece)
{
	struct llm *llm = arg;
	const char *slot = piece->thinking && llm->ctx && node_has_slot(llm->ctx, "thinking") ? "thinking" : "chunk";

	if (!llm->chunks || piece->tool_call)
		return;
	node_emit(llm->ctx, slot, chunk(piece));
	llm->sent = true;
}

static struct llm *open_at(struct node_ctx *ctx, const char *service, const char *model)
{
	const char *user = node_user(ctx);
	struct err err = { 0 };
	struct provider *provider = provider_open(user ? user : "1", service, &err);
	struct llm *llm;

	if (!provider) {
		fail_err(ctx, &err);
		return NULL;
	}
	llm = xcalloc(1, sizeof(*llm));
	llm->provider = provider;
	llm->client = provider_client_new();
	llm->model = xstrdup(model);
	llm->asked_us = time_now_us();
	return llm;
}

struct llm *llm_chat(struct node_ctx *ctx, const struct llm_ask *ask)
{
	struct llm *llm = open_at(ctx, ask->service, ask->model);
	const struct provider_chat chat = { .model = ask->model,
					    .messages = ask->messages,
					    .response_format = ask->format,
					    .max_tokens = node_int(ctx, "max_tokens"),
					    .context_window = node_int(ctx, "context_window"),
					    .temperature = node_get(ctx, "temperature") };

	if (llm) {
		llm->ctx = ctx;
		llm->chunks = ask->chunks;
		llm->call = provider_chat(llm->client, llm->provider, &chat, on_piece, llm);
	}
	value_unref(ask->messages);
	value_unref(ask->format);
	return llm;
}

struct llm *llm_embed(struct node_ctx *ctx, const char *service, const char *model, const struct value *texts)
{
	struct llm *llm = open_at(ctx, service, model);

	if (llm)
		llm->call = provider_embed(llm->client, llm->provider, model, texts, 0);
	return llm;
}

struct llm *llm_request(struct node_ctx *ctx, const char *service, const char *model,
			const struct provider_request_spec *spec)
{
	struct llm *llm = open_at(ctx, service, model);

	if (llm)
		llm->call = provider_request(llm->client, llm->provider, spec);
	return llm;
}

struct llm *llm_post(struct node_ctx *ctx, const char *service, const char *model, const char *path,
		     const struct value *body)
{
	return llm_request(ctx, service, model,
			   &(struct provider_request_spec){ .method = "POST", .path = path, .body = body });
}

static void record(struct llm *llm, struct node_ctx *ctx)
{
	const char *user = node_user(ctx);
	const struct provider_use use = {
		user ? user : "1",       provider_service(llm->provider)->name, llm->model,
		.node_id = node_id(ctx), .workflow_id = node_workflow(ctx),     .started_us = llm->asked_us
	};

	if (!llm->over)
		provider_record(&use, llm->call);
	llm->over = true;
}

static void ask_to_wait(struct llm *llm, struct node_ctx *ctx)
{
	struct pollfd fds[CALL_FDS];
	int timeout;
	size_t n = provider_client_poll(llm->client, fds, CALL_FDS, &timeout);

	for (size_t i = 0; i < n; i++)
		node_wait_fd(ctx, fds[i].fd, fds[i].events);
	if (timeout >= 0)
		node_wait_ms(ctx, timeout);
}

enum node_result llm_step(struct llm *llm, struct node_ctx *ctx)
{
	struct err err = { 0 };

	llm->ctx = ctx;
	if (!provider_call_done(llm->call))
		provider_client_step(llm->client);
	if (provider_call_done(llm->call)) {
		record(llm, ctx);
		return provider_call_error(llm->call, &err) ? fail_err(ctx, &err) : NODE_DONE;
	}
	if (llm->sent) {
		llm->sent = false;
		return NODE_MORE;
	}
	ask_to_wait(llm, ctx);
	return NODE_WAIT;
}

struct sv llm_text(const struct llm *llm)
{
	const struct buf *text = &provider_result(llm->call)->text;

	return (struct sv){ text->data ? text->data : "", text->len };
}

struct value *llm_value(const struct llm *llm)
{
	return provider_result(llm->call)->json;
}

int llm_embeddings(const struct llm *llm, struct node_ctx *ctx, size_t count, struct value **out)
{
	struct err err = { 0 };

	*out = provider_embeddings(llm->call, count, &err);
	if (*out)
		return 0;
	fail_err(ctx, &err);
	return -1;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static struct value *said(const char *role, struct value *content)
{
	struct value *m = value_map();

	map_set_str(m, "role", role);
	map_set(m, "content", content);
	return m;
}

struct value *llm_messages(const char *system)
{
	struct value *list = value_list();

	if (*system)
		list_push(list, said("system", value_str(system)));
	return list;
}

struct value *llm_messages_json(const char *system, const struct value *schema)
{
	struct value *list = value_list();
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	buf_printf(&text, "%s%sAnswer with JSON alone, of this schema: ", system, *system ? "\n\n" : "");
	json_write(&text, schema, JSON_COMPACT);
	list_push(list, said("system", value_strn(text.data, text.len)));
	buf_free(&text);
	return list;
}

/* How the formats that models read begin. */
static const struct {
	const char *magic;
	size_t len;
	const char *type;
} formats[] = {
	{ "\x89PNG", 4, "image/png" },  { "\xff\xd8\xff", 3, "image/jpeg" }, { "GIF8", 4, "image/gif" },
	{ "OggS", 4, "audio/ogg" },     { "fLaC", 4, "audio/flac" },         { "ID3", 3, "audio/mp3" },
	{ "\xff\xfb", 2, "audio/mp3" },
};

static const char *media_type(const struct buf *bytes, const char *fallback)
{
	if (bytes->len > 12 && memcmp(bytes->data, "RIFF", 4) == 0)
		return memcmp(bytes->data + 8, "WAVE", 4) == 0 ? "audio/wav" : "image/webp";
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (bytes->len > formats[i].len && memcmp(bytes->data, formats[i].magic, formats[i].len) == 0)
			return formats[i].type;
	return fallback;
}

const char *llm_media_name(struct sv bytes)
{
	static const char *const names[][2] = {
		{ "audio/wav", "audio.wav" },  { "audio/ogg", "audio.ogg" }, { "audio/flac", "audio.flac" },
		{ "image/jpeg", "image.jpg" }, { "image/png", "image.png" }, { "image/webp", "image.webp" },
	};
	const struct buf view = { .data = (char *)(uintptr_t)bytes.p, .len = bytes.n };
	const char *type = media_type(&view, "");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(type, names[i][0]) == 0)
			return names[i][1];
	return "audio.mp3";
}

/* {type: kind, image|audio: {uri: "data:…"}} appended to the parts; nothing for an empty reference. */
static int add_media(struct node_ctx *ctx, struct value *parts, const char *property, const char *type, const char *key,
		     const char *fallback)
{
	const struct value *ref = property ? node_get(ctx, property) : NULL;
	struct err err = { 0 };
	struct buf bytes;
	struct buf uri;
	struct value *media;
	struct value *part;
	int rc = -1;

	if (value_is_null(ref) || asset_empty(ref))
		return 0;
	buf_init(&bytes, ASSET_MAX);
	buf_init(&uri, ASSET_MAX * 2);
	if (asset_read(ref, node_workspace(ctx), &bytes, &err) == 0) {
		buf_printf(&uri, "data:%s;base64,", media_type(&bytes, fallback));
		base64_encode(&uri, bytes.data ? bytes.data : "", bytes.len, false);
		media = value_map();
		map_set_str(media, "type", key);
		map_set(media, "uri", value_strn(uri.data, uri.len));
		part = value_map();
		map_set_str(part, "type", type);
		map_set(part, key, media);
		list_push(parts, part);
		rc = 0;
	} else {
		node_fail(ctx, "%s: %s", property, err.detail);
	}
	buf_free(&bytes);
	buf_free(&uri);
	return rc;
}

int llm_say(struct node_ctx *ctx, struct value *messages, const char *text, const char *image, const char *audio)
{
	struct value *parts = value_list();
	struct value *part = value_map();

	map_set_str(part, "type", "text");
	map_set_str(part, "text", text);
	list_push(parts, part);
	if (add_media(ctx, parts, image, "image_url", "image", "image/png") ||
	    add_media(ctx, parts, audio, "audio", "audio", "audio/mp3")) {
		value_unref(parts);
		return -1;
	}
	if (value_len(parts) > 1) {
		list_push(messages, said("user", parts));
		return 0;
	}
	value_unref(parts);
	list_push(messages, said("user", value_str(text)));
	return 0;
}

/* ---- structured answers -------------------------------------------------------------------------------- */

struct value *llm_format(const char *name, struct value *schema)
{
	struct value *inner = value_map();
	struct value *format = value_map();

	map_set_str(inner, "name", name);
	map_set(inner, "schema", schema);
	map_set_str(format, "type", "json_schema");
	map_set(format, "json_schema", inner);
	return format;
}

struct value *llm_object_schema(struct value *properties)
{
	struct value *schema = value_map();
	struct value *required = value_list();
	struct sv name;

	for (size_t i = 0; map_entry(properties, i, &name, NULL); i++)
		list_push(required, value_strn(name.p, name.n));
	map_set_str(schema, "type", "object");
	map_set(schema, "properties", properties);
	map_set(schema, "required", required);
	map_set_bool(schema, "additionalProperties", false);
	return schema;
}

struct value *llm_type_schema(const struct value *type)
{
	static const char *const words[][2] = {
		{ "int", "integer" }, { "float", "number" }, { "bool", "boolean" },
		{ "list", "array" },  { "dict", "object" },
	};
	const char *name = map_str(type, "type", "str");
	struct value *schema = value_map();
	const char *word = "string";

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(name, words[i][0]) == 0)
			word = words[i][1];
	map_set_str(schema, "type", word);
	if (strcmp(name, "list") == 0)
		map_set(schema, "items", llm_type_schema(list_at(map_get(type, "type_args"), 0)));
	if (value_len(map_get(type, "values")))
		map_set(schema, "enum", value_ref(map_get(type, "values")));
	return schema;
}

struct value *llm_json(struct sv text)
{
	static const char *const brackets[] = { "{}", "[]" };
	struct sv whole = sv_trim(text);
	struct json_error why;
	struct value *v = json_parse(whole.p, whole.n, &why);

	for (size_t i = 0; !v && i < ARRAY_LEN(brackets); i++) {
		const char *from = memchr(whole.p, brackets[i][0], whole.n);
		const char *to = memrchr(whole.p, brackets[i][1], whole.n);

		if (from && to && to > from)
			v = json_parse(from, (size_t)(to - from) + 1, &why);
	}
	if (!value_is(v, VALUE_MAP) && !value_is(v, VALUE_LIST)) {
		value_unref(v);
		return NULL;
	}
	return v;
}

struct value *llm_slots_schema(const struct value *slots)
{
	struct value *properties = value_map();
	struct value *type;
	struct sv name;

	for (size_t i = 0; map_entry(slots, i, &name, &type); i++)
		map_setn(properties, name.p, name.n, llm_type_schema(type));
	return llm_object_schema(properties);
}

enum node_result llm_end_fields(struct llm_state *s, struct node_ctx *ctx)
{
	enum node_result result = llm_step(s->llm, ctx);
	struct value *answer;
	struct value *slots;
	struct sv name;

	if (result != NODE_DONE)
		return result;
	answer = llm_json(llm_text(s->llm));
	llm_reset(s);
	slots = node_slots(ctx);
	for (size_t i = 0; result == NODE_DONE && map_entry(slots, i, &name, NULL); i++) {
		struct value *field = map_getn(answer, name.p, name.n);
		char *slot = arena_strndup(node_arena(ctx), name.p, name.n);

		if (field)
			node_emit(ctx, slot, value_ref(field));
		else
			result = node_fail(ctx, "The model's answer has no field %s", slot);
	}
	value_unref(answer);
	value_unref(slots);
	return result;
}
