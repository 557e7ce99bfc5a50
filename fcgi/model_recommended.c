/* Models that the nodes of the packages recommend: each once, in the order of the nodes. The kinds go by Hugging Face's types
 * alone (cases/models/recommended_kinds). */
#include "model.h"

#include <string.h>

#include "package/package.h"

/* Types of a kind; a star at the end stands for any rest. */
struct kind {
	const char *path; /* end of the route's pattern */
	const char *types[8];
};

static const struct kind kinds[] = {
	{ "/recommended/image/text-to-image",
	  { "hf.text_to_image", "hf.stable_diffusion*", "hf.flux*", "hf.qwen_image", "hf.qwen_image_checkpoint" } },
	{ "/recommended/image/image-to-image",
	  { "hf.image_to_image", "hf.stable_diffusion*", "hf.flux_kontext*", "hf.qwen_image_edit*" } },
	{ "/recommended/image",
	  { "hf.text_to_image", "hf.image_to_image", "hf.stable_diffusion*", "hf.flux*", "hf.qwen_image*" } },
	{ "/recommended/language/text-generation", { "hf.text_generation", "hf.text2text_generation" } },
	{ "/recommended/language/embedding", { "hf.feature_extraction", "hf.sentence_similarity" } },
	{ "/recommended/language",
	  { "hf.text_generation", "hf.text2text_generation", "hf.feature_extraction", "hf.sentence_similarity" } },
	{ "/recommended/asr", { "hf.automatic_speech_recognition" } },
	{ "/recommended/tts", { "hf.text_to_speech" } },
	{ "/recommended/video/text-to-video", { "hf.text_to_video" } },
	{ "/recommended/video/image-to-video", { "hf.image_to_video" } },
};

static bool type_fits(const char *const *types, const char *type)
{
	for (size_t i = 0; types[i]; i++) {
		size_t n = strlen(types[i]);

		if (types[i][n - 1] == '*' ? strncmp(type, types[i], n - 1) == 0 : strcmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

/* Appends what one package's nodes recommend; `types` NULL: all of it. */
static void add_package(const struct value *nodes, const char *const *types, struct value *seen, struct value *list)
{
	for (size_t i = 0; i < value_len(nodes); i++) {
		const struct value *models = map_get(list_at(nodes, i), "recommended_models");

		for (size_t j = 0; j < value_len(models); j++) {
			const struct value *m = list_at(models, j);
			const char *id = map_str(m, "id", NULL);

			if (!id || map_get(seen, id))
				continue;
			map_set(seen, id, value_bool(true));
			if (!types || type_fits(types, map_str(m, "type", "")))
				list_push(list, model_shown(m));
		}
	}
}

static int answer(struct response *res, const char *const *types)
{
	const struct value *packages = package_nodes();
	struct value *seen = value_map();
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(packages); i++)
		add_package(list_at(packages, i), types, seen, list);
	value_unref(seen);
	return res_json(res, list);
}

int list_all_models(struct request *req, struct response *res)
{
	const struct value *packages = package_nodes();
	struct value *seen = value_map();
	struct value *list = value_list();

	hub_add_all(req->arena, list);
	for (size_t i = 0; i < value_len(list); i++)
		map_set(seen, map_str(list_at(list, i), "id", ""), value_bool(true));
	for (size_t i = 0; i < value_len(packages); i++)
		add_package(list_at(packages, i), NULL, seen, list);
	value_unref(seen);
	return res_json(res, list);
}

int list_recommended(struct request *req, struct response *res)
{
	(void)req;
	return answer(res, NULL);
}

int list_recommended_kind(struct request *req, struct response *res)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_ends(req->route->pattern, kinds[i].path))
			return answer(res, kinds[i].types);
	}
	return req_fail(req, 404, "Not Found");
}
