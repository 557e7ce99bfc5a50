/* Lists of models: what services tell, and fixed lists where the original has them (cases/models). */
#include "provider/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_SECONDS 5

/* ---- fixed lists --------------------------------------------------------------------------------------- */

struct fixed {
	const char *service;
	enum model_kind kind;
	const char *id;
	const char *name;
	const char *more; /* tasks or voices with "|" between them */
	int dimensions;
};

#define OPENAI_VOICES "alloy|echo|fable|onyx|nova|shimmer"

static const struct fixed fixed_models[] = {
	{ "fake", MODELS_LLM, "fake-model-v1", "Fake Model v1" },
	{ "fake", MODELS_LLM, "fake-model-v2", "Fake Model v2" },
	{ "fake", MODELS_LLM, "fake-fast-model", "Fake Fast Model" },
	{ "fake", MODELS_IMAGE, "fake-image-model", "Fake Image Model", "text_to_image|image_to_image" },
	{ "fake", MODELS_IMAGE, "fake-image-hd", "Fake HD Image Model", "text_to_image|image_to_image" },
	{ "fake", MODELS_TTS, "fake-tts", "Fake TTS Model", "default|female|male" },
	{ "fake", MODELS_TTS, "fake-tts-hd", "Fake HD TTS Model", "alloy|echo|nova" },
	{ "fake", MODELS_ASR, "fake-asr", "Fake ASR Model" },
	{ "fake", MODELS_ASR, "fake-whisper", "Fake Whisper Model" },
	{ "fake", MODELS_VIDEO, "fake-video-model", "Fake Video Model", "text_to_video|image_to_video" },
	{ "fake", MODELS_VIDEO, "fake-video-hd", "Fake HD Video Model", "text_to_video|image_to_video" },
	{ "fake", MODELS_EMBEDDING, "fake-embedding", "Fake Embedding Model", .dimensions = 1536 },
	{ "fake", MODELS_EMBEDDING, "fake-embedding-small", "Fake Small Embedding Model", .dimensions = 512 },
	{ "openai", MODELS_IMAGE, "gpt-image-1.5", "GPT Image 1.5", "text_to_image|image_to_image" },
	{ "openai", MODELS_IMAGE, "gpt-image-1", "GPT Image 1", "text_to_image|image_to_image" },
	{ "openai", MODELS_IMAGE, "gpt-image-1-mini", "GPT Image 1 Mini", "text_to_image|image_to_image" },
	{ "openai", MODELS_TTS, "tts-1", "TTS 1", OPENAI_VOICES },
	{ "openai", MODELS_TTS, "tts-1-hd", "TTS 1 HD", OPENAI_VOICES },
	{ "openai", MODELS_ASR, "whisper-1", "Whisper" },
	{ "openai", MODELS_VIDEO, "sora-2", "Sora 2", "text_to_video" },
	{ "openai", MODELS_VIDEO, "sora-2-pro", "Sora 2 Pro", "text_to_video" },
	{ "openai", MODELS_EMBEDDING, "text-embedding-3-small", "Text Embedding 3 Small", .dimensions = 1536 },
	{ "openai", MODELS_EMBEDDING, "text-embedding-3-large", "Text Embedding 3 Large", .dimensions = 3072 },
	{ "openai", MODELS_EMBEDDING, "text-embedding-ada-002", "Text Embedding Ada 002", .dimensions = 1536 },
};

/* The type word of each kind, and the key that holds `more`. */
static const struct {
	const char *type;
	const char *more;
	bool path; /* has a key "path" (always null for services) */
} kinds[MODELS_KINDS] = {
	[MODELS_LLM] = { "language_model", "supported_tasks", true },
	[MODELS_IMAGE] = { "image_model", "supported_tasks", true },
	[MODELS_TTS] = { "tts_model", "voices", true },
	[MODELS_ASR] = { "asr_model", NULL, true },
	[MODELS_VIDEO] = { "video_model", "supported_tasks", true },
	[MODELS_EMBEDDING] = { "embedding_model", NULL, false },
};

static struct value *words(const char *text)
{
	struct value *list = value_list();
	struct sv rest = sv_of(text ? text : "");
	struct sv word;

	while (text && sv_split(&rest, '|', &word))
		list_push(list, value_strn(word.p, word.n));
	return list;
}

static struct value *model(const struct fixed *m)
{
	struct value *map = value_map();

	map_set_str(map, "type", kinds[m->kind].type);
	map_set_str(map, "provider", m->service);
	map_set_str(map, "id", m->id);
	map_set_str(map, "name", m->name);
	if (kinds[m->kind].path)
		map_set(map, "path", value_null());
	if (kinds[m->kind].more)
		map_set(map, kinds[m->kind].more, words(m->more));
	if (m->kind == MODELS_TTS) {
		/* The built-in voices of the test service begin with the one that is selected. */
		struct value *voices = map_get(map, "voices");

		map_set_str(map, "selected_voice",
			    strcmp(m->service, "fake") == 0 && value_len(voices) ? value_text(list_at(voices, 0)) : "");
	}
	if (m->kind == MODELS_EMBEDDING)
		map_set_int(map, "dimensions", m->dimensions);
	return map;
}

static void add_fixed(const struct service *service, enum model_kind kind, struct value *list)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed_models); i++)
		if (fixed_models[i].kind == kind && !strcmp(fixed_models[i].service, service->name))
			list_push(list, model(&fixed_models[i]));
}

/* ---- what services tell -------------------------------------------------------------------------------- */

static const char *list_path(const struct service *service)
{
	switch (service->dialect) {
	case DIALECT_OPENAI:
		return "/models";
	case DIALECT_ANTHROPIC:
		return "/v1/models?limit=1000";
	case DIALECT_OLLAMA:
		return "/api/tags";
	case DIALECT_GEMINI:
		return "/models?pageSize=1000";
	default:
		return NULL;
	}
}

/* Hugging Face's router lists the models of all services behind it, each with those that serve it. */
static bool served_by(const struct value *entry, const char *suffix)
{
	const struct value *by = map_get(entry, "providers");

	for (size_t i = 0; value_is(by, VALUE_LIST) && i < value_len(by); i++)
		if (!strcmp(map_str(list_at(by, i), "provider", ""), suffix + 1))
			return true;
	return false;
}

/* Gemini lists models of all kinds, each with what it can do. */
static bool chats(const struct value *entry)
{
	const struct value *methods = map_get(entry, "supportedGenerationMethods");

	for (size_t i = 0; value_is(methods, VALUE_LIST) && i < value_len(methods); i++)
		if (value_is(list_at(methods, i), VALUE_STR) && !strcmp(value_text(list_at(methods, i)), "generateContent"))
			return true;
	return !methods;
}

static void add_told(const struct service *service, const struct value *answer, struct value *list)
{
	bool gemini = service->dialect == DIALECT_GEMINI;
	bool named = gemini || service->dialect == DIALECT_OLLAMA;
	const struct value *entries =
		value_is(answer, VALUE_LIST) ? answer : map_get(answer, named ? "models" : "data");

	for (size_t i = 0; value_is(entries, VALUE_LIST) && i < value_len(entries); i++) {
		const struct value *entry = list_at(entries, i);
		const char *id = map_str(entry, named ? "name" : "id", NULL);
		struct fixed m = { service->name, MODELS_LLM, id, map_str(entry, gemini ? "displayName" : "display_name", id) };

		if (!id || (service->model_suffix && !served_by(entry, service->model_suffix)) || (gemini && !chats(entry)))
			continue;
		if (gemini && str_starts(id, "models/"))
			m.id = id + strlen("models/");
		list_push(list, model(&m));
	}
}

/* One service that is being asked. */
struct question {
	const struct service *service;
	struct provider *provider;
	struct provider_call *call;
	char *path; /* where its list is kept; NULL: nowhere */
	struct value *kept;
};

static void ask(struct provider_client *client, const char *user_id, const struct service *service, struct question *q)
{
	struct provider_request_spec spec = { .method = "GET", .path = list_path(service), .seconds = LIST_SECONDS };
	struct err err = { 0 };
	bool old;

	*q = (struct question){ .service = service };
	if (!spec.path || !service_available(service, user_id))
		return;
	q->provider = provider_open(user_id, service->name, &err);
	if (!q->provider) {
		log_warn("models of %s: %s", service->name, err.detail);
		return;
	}
	q->path = models_cache_path(user_id, q->provider);
	q->kept = q->path ? models_cache_read(q->path, &old) : NULL;
	if (!q->kept)
		q->call = request_at(client, q->provider, q->provider->models_url, &spec);
	else if (old)
		models_cache_refresh(q->provider, q->path, &spec);
}

static void take_answer(struct question *q, struct value *list)
{
	struct err err = { 0 };

	if (q->call && provider_wait(q->call, &err))
		log_warn("models of %s: %s", q->service->name, err.detail);
	else if (q->call || q->kept)
		add_told(q->service, q->kept ? q->kept : provider_result(q->call)->json, list);
	if (q->call && q->path && provider_result(q->call)->json && !provider_call_error(q->call, NULL))
		models_cache_write(q->path, provider_result(q->call)->json);
	free(q->path);
	value_unref(q->kept);
	provider_call_free(q->call);
	provider_free(q->provider);
}

static void collect(const char *user_id, const struct service *const *asked, size_t count, enum model_kind kind,
		    struct value *list)
{
	struct provider_client *client = provider_client_new();
	struct question *questions = xcalloc(count + 1, sizeof(*questions));

	for (size_t i = 0; kind == MODELS_LLM && i < count; i++)
		ask(client, user_id, asked[i], &questions[i]);
	for (size_t i = 0; i < count; i++) {
		if (service_available(asked[i], user_id))
			add_fixed(asked[i], kind, list);
		if (kind == MODELS_LLM)
			take_answer(&questions[i], list);
	}
	free(questions);
	provider_client_free(client);
}

void provider_models(const char *user_id, const struct service *service, enum model_kind kind, struct value *list)
{
	collect(user_id, &service, 1, kind, list);
}

void provider_models_all(const char *user_id, enum model_kind kind, struct value *list)
{
	const struct service **asked = xcalloc(service_count(), sizeof(*asked));

	for (size_t i = 0; i < service_count(); i++)
		asked[i] = service_at(i);
	collect(user_id, asked, service_count(), kind, list);
	free(asked);
}
