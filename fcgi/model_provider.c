/* Providers and their models, as this user has them (notes-rest "Providers"). */
#include "model.h"

const struct field provider_path[] = {
	{ "provider", FIELD_ENUM, .choices = service_words },
	{ 0 },
};

static struct value *capabilities(const struct service *service)
{
	struct value *list = value_list();

	for (unsigned i = 0; i < PROVIDER_CAPABILITIES; i++)
		if (service->capabilities & 1u << i)
			list_push(list, value_str(service_capability_name(1u << i)));
	return list;
}

int list_providers(struct request *req, struct response *res)
{
	struct value *list = value_list();

	for (size_t i = 0; i < service_count(); i++) {
		struct value *m;

		if (!service_available(service_at(i), req->user.id))
			continue;
		m = value_map();
		map_set_str(m, "provider", service_at(i)->name);
		map_set(m, "capabilities", capabilities(service_at(i)));
		list_push(list, m);
	}
	return res_json(res, list);
}

static int list_kind(struct request *req, struct response *res, enum model_kind kind)
{
	struct value *list = value_list();

	provider_models(req->user.id, service_find(req_param(req, "provider")), kind, list);
	return res_json(res, list);
}

int list_llm(struct request *req, struct response *res)
{
	return list_kind(req, res, MODELS_LLM);
}

int list_image(struct request *req, struct response *res)
{
	return list_kind(req, res, MODELS_IMAGE);
}

int list_tts(struct request *req, struct response *res)
{
	return list_kind(req, res, MODELS_TTS);
}

int list_all_tts(struct request *req, struct response *res)
{
	struct value *list = value_list();

	provider_models_all(req->user.id, MODELS_TTS, list);
	return res_json(res, list);
}

int list_asr(struct request *req, struct response *res)
{
	return list_kind(req, res, MODELS_ASR);
}

int list_video(struct request *req, struct response *res)
{
	return list_kind(req, res, MODELS_VIDEO);
}

int list_embedding(struct request *req, struct response *res)
{
	return list_kind(req, res, MODELS_EMBEDDING);
}
