/* Embeddings: OpenAI's form, which Mistral understands too, Ollama's and Gemini's. */
#include "provider/internal.h"

#include <stdlib.h>
#include <string.h>

#define FAKE_DIMENSIONS 16

/* ---- the built-in test service ------------------------------------------------------------------------- */

/* Numbers that depend on the text alone, equal for equal texts. */
static struct value *fake_vector(const struct value *text, int64_t dimensions)
{
	struct value *list = value_list();
	uint64_t x = value_hash(text) | 1;

	for (int64_t i = 0; i < dimensions; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		list_push(list, value_float((double)(x >> 48) / 65536.0));
	}
	return list;
}

static struct value *fake_answer(const struct value *texts, int64_t dimensions)
{
	struct value *answer = value_map();
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(texts); i++)
		list_push(list, fake_vector(list_at(texts, i), dimensions > 0 ? dimensions : FAKE_DIMENSIONS));
	map_set(answer, "embeddings", list);
	return answer;
}

/* ---- calls --------------------------------------------------------------------------------------------- */

static struct value *plain_body(const char *model, const struct value *texts, int64_t dimensions)
{
	struct value *body = value_map();

	map_set_str(body, "model", model);
	map_set(body, "input", value_copy(texts));
	if (dimensions > 0)
		map_set_int(body, "dimensions", dimensions);
	return body;
}

struct provider_call *provider_embed(struct provider_client *client, struct provider *provider, const char *model,
				     const struct value *texts, int64_t dimensions)
{
	enum provider_dialect dialect = provider->service->dialect;
	struct provider_request_spec spec = { .method = "POST",
					      .path = dialect == DIALECT_OLLAMA ? "/api/embed" : "/embeddings" };
	char *path = dialect == DIALECT_GEMINI ? gemini_path(model, ":batchEmbedContents") : NULL;
	struct provider_call *call;
	struct value *body;
	struct err err;

	if (dialect == DIALECT_FAKE)
		return call_answered(client, fake_answer(texts, dimensions));
	if (dialect != DIALECT_OPENAI && dialect != DIALECT_OLLAMA && dialect != DIALECT_GEMINI) {
		err_set(&err, 422, "The provider %s has no embeddings", provider->service->name);
		return call_failed(client, &err);
	}
	body = path ? gemini_embed_body(model, texts, dimensions) : plain_body(model, texts, dimensions);
	spec.body = body;
	if (path)
		spec.path = path;
	call = provider_request(client, provider, &spec);
	free(path);
	value_unref(body);
	return call;
}

static bool is_vector(const struct value *v)
{
	for (size_t i = 0; value_is(v, VALUE_LIST) && i < value_len(v); i++)
		if (!value_is_number(list_at(v, i)))
			return false;
	return value_is(v, VALUE_LIST) && value_len(v) > 0;
}

/* The vector of text i: by its place, or by the index that OpenAI's entries have. */
static struct value *vector_at(const struct value *json, size_t i)
{
	const struct value *data = map_get(json, "data");
	const struct value *entry = list_at(data, i);

	if (!value_is(data, VALUE_LIST)) {
		struct value *v = list_at(map_get(json, "embeddings"), i);

		return value_is(v, VALUE_MAP) ? map_get(v, "values") : v;
	}
	for (size_t k = 0; map_int(entry, "index", (int64_t)i) != (int64_t)i && k < value_len(data); k++)
		if (map_int(list_at(data, k), "index", -1) == (int64_t)i)
			entry = list_at(data, k);
	return map_get(entry, "embedding");
}

struct value *provider_embeddings(const struct provider_call *call, size_t count, struct err *err)
{
	const struct value *json = provider_result(call)->json;
	struct value *list;

	if (provider_call_error(call, err))
		return NULL;
	list = value_list();
	for (size_t i = 0; i < count; i++) {
		struct value *v = vector_at(json, i);

		if (!is_vector(v) || value_len(v) != value_len(vector_at(json, 0))) {
			err_set(err, 502, "The provider gave no embedding for text %zu of %zu", i + 1, count);
			value_unref(list);
			return NULL;
		}
		list_push(list, value_ref(v));
	}
	return list;
}

struct value *provider_embed_wait(const struct provider_use *use, const struct value *texts, int64_t dimensions,
				  int64_t *tokens, struct err *err)
{
	struct provider *provider = provider_open(use->user_id, use->service, err);
	struct provider_client *client;
	struct provider_call *call;
	struct value *vectors = NULL;

	if (!provider)
		return NULL;
	client = provider_client_new();
	call = provider_embed(client, provider, use->model, texts, dimensions);
	if (provider_wait(call, err) == 0)
		vectors = provider_embeddings(call, value_len(texts), err);
	if (tokens)
		*tokens = provider_result(call)->has_usage ? provider_result(call)->prompt_tokens : 0;
	provider_record(use, call);
	provider_call_free(call);
	provider_client_free(client);
	provider_free(provider);
	return vectors;
}
