/* The table of services (notes-rest "Providers"). */
#include "provider/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secret/secret.h"

#define CHAT (CAN_GENERATE_MESSAGE | CAN_GENERATE_MESSAGES)
#define IMAGES (CAN_TEXT_TO_IMAGE | CAN_IMAGE_TO_IMAGE)
#define VIDEOS (CAN_TEXT_TO_VIDEO | CAN_IMAGE_TO_VIDEO)
#define ALL_NINE (CHAT | CAN_GENERATE_EMBEDDING | IMAGES | CAN_TEXT_TO_SPEECH | CAN_RECOGNIZE_SPEECH | VIDEOS)
#define SHAPES (CAN_TEXT_TO_3D | CAN_IMAGE_TO_3D)

/* Services behind Hugging Face's router: the model's name tells which of them is meant. */
#define HUGGINGFACE(word, suffix)                                                                                  \
	{                                                                                                          \
		"huggingface_" word, DIALECT_OPENAI, CHAT | IMAGES | CAN_TEXT_TO_SPEECH | CAN_TEXT_TO_VIDEO,       \
			"HF_TOKEN", .url = "https://router.huggingface.co/v1", .model_suffix = ":" suffix          \
	}

static const struct service services[] = {
	{ "fake", DIALECT_FAKE, ALL_NINE },
	{ "aime", DIALECT_NONE, CHAT, "AIME_API_KEY" },
	{ "anthropic", DIALECT_ANTHROPIC, CHAT, "ANTHROPIC_API_KEY", .url = "https://api.anthropic.com",
	  .url_setting = "ANTHROPIC_BASE_URL", .models_url = "https://api.anthropic.com" },
	{ "openai", DIALECT_OPENAI, ALL_NINE, "OPENAI_API_KEY", .url = "https://api.openai.com/v1",
	  .url_setting = "OPENAI_BASE_URL", .models_url = "https://api.openai.com/v1", .flags = PROVIDER_NEW_MAX_TOKENS },
	{ "cerebras", DIALECT_OPENAI, ALL_NINE, "CEREBRAS_API_KEY", .url = "https://api.cerebras.ai/v1" },
	{ "comfy_local", DIALECT_NONE, IMAGES },
	{ "comfy_runpod", DIALECT_NONE, IMAGES, "RUNPOD_API_KEY", "RUNPOD_COMFYUI_ENDPOINT_ID" },
	{ "gemini", DIALECT_GEMINI, ALL_NINE, "GEMINI_API_KEY", .url = "https://generativelanguage.googleapis.com",
	  .url_setting = "GEMINI_BASE_URL", .url_path = "/v1beta" },
	{ "groq", DIALECT_OPENAI, ALL_NINE, "GROQ_API_KEY", .url = "https://api.groq.com/openai/v1" },
	HUGGINGFACE("zai", "zai-org"),
	HUGGINGFACE("scaleway", "scaleway"),
	HUGGINGFACE("together", "together"),
	HUGGINGFACE("sambanova", "sambanova"),
	HUGGINGFACE("replicate", "replicate"),
	HUGGINGFACE("openai", "openai"),
	HUGGINGFACE("nscale", "nscale"),
	HUGGINGFACE("novita", "novita"),
	HUGGINGFACE("nebius", "nebius"),
	HUGGINGFACE("hyperbolic", "hyperbolic"),
	HUGGINGFACE("hf_inference", "hf-inference"),
	HUGGINGFACE("fireworks_ai", "fireworks-ai"),
	HUGGINGFACE("featherless_ai", "featherless-ai"),
	HUGGINGFACE("fal_ai", "fal-ai"),
	HUGGINGFACE("cohere", "cohere"),
	HUGGINGFACE("cerebras", "cerebras"),
	HUGGINGFACE("groq", "groq"),
	{ "kie", DIALECT_NONE, IMAGES | VIDEOS, "KIE_API_KEY" },
	{ "lmstudio", DIALECT_OPENAI, CHAT, .url = "http://127.0.0.1:1234", .url_setting = "LMSTUDIO_API_URL",
	  .url_path = "/v1", .optional_key = "LMSTUDIO_API_KEY" },
	{ "meshy", DIALECT_NONE, SHAPES, "MESHY_API_KEY" },
	{ "minimax", DIALECT_OPENAI, CHAT | CAN_TEXT_TO_IMAGE | CAN_TEXT_TO_SPEECH | VIDEOS, "MINIMAX_API_KEY",
	  .url = "https://api.minimax.io/v1" },
	{ "mistral", DIALECT_OPENAI, ALL_NINE, "MISTRAL_API_KEY", .url = "https://api.mistral.ai/v1",
	  .flags = PROVIDER_NO_USAGE_OPTION },
	{ "ollama", DIALECT_OLLAMA, CHAT | CAN_GENERATE_EMBEDDING, .url_setting = "OLLAMA_API_URL",
	  .optional_key = "OLLAMA_API_KEY", .flags = PROVIDER_WANTS_URL },
	{ "openrouter", DIALECT_OPENAI, ALL_NINE, "OPENROUTER_API_KEY", .url = "https://openrouter.ai/api/v1" },
	{ "rodin", DIALECT_NONE, SHAPES, "RODIN_API_KEY" },
	{ "together", DIALECT_OPENAI, ALL_NINE, "TOGETHER_API_KEY", .url = "https://api.together.xyz/v1" },
	{ "vllm", DIALECT_OPENAI, CHAT, .url_setting = "VLLM_BASE_URL", .url_path = "/v1", .optional_key = "VLLM_API_KEY",
	  .flags = PROVIDER_WANTS_URL },
	{ "zai", DIALECT_OPENAI, ALL_NINE, "ZHIPU_API_KEY", .url = "https://api.z.ai/api/paas/v4" },
	{ "llama_cpp", DIALECT_OPENAI, CHAT, .url_setting = "LLAMA_CPP_URL", .url_path = "/v1",
	  .flags = PROVIDER_WANTS_URL | PROVIDER_WANTS_BINARY },
	{ "replicate", .flags = PROVIDER_UNLISTED },
	{ "local", .flags = PROVIDER_UNLISTED },
	{ "empty", .flags = PROVIDER_UNLISTED },
	{ "mlx", .flags = PROVIDER_UNLISTED },
	{ "fal_ai", .flags = PROVIDER_UNLISTED },
	{ "huggingface", .flags = PROVIDER_UNLISTED },
};

const char service_words[] =
	"fake|aime|anthropic|openai|cerebras|comfy_local|comfy_runpod|gemini|groq|huggingface_zai|huggingface_scaleway|"
	"huggingface_together|huggingface_sambanova|huggingface_replicate|huggingface_openai|huggingface_nscale|"
	"huggingface_novita|huggingface_nebius|huggingface_hyperbolic|huggingface_hf_inference|huggingface_fireworks_ai|"
	"huggingface_featherless_ai|huggingface_fal_ai|huggingface_cohere|huggingface_cerebras|huggingface_groq|kie|"
	"lmstudio|meshy|minimax|mistral|ollama|openrouter|rodin|together|vllm|zai|llama_cpp|replicate|local|empty|mlx|"
	"fal_ai|huggingface";

size_t service_count(void)
{
	return ARRAY_LEN(services);
}

const struct service *service_at(size_t i)
{
	return &services[i];
}

const struct service *service_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		if (strcmp(services[i].name, name) == 0)
			return &services[i];
	return NULL;
}

const char *service_capability_name(unsigned bit)
{
	static const char *const names[PROVIDER_CAPABILITIES] = {
		"generate_message", "generate_messages", "generate_embedding", "text_to_image",
		"image_to_image",   "text_to_speech",	 "automatic_speech_recognition", "text_to_video",
		"image_to_video",   "text_to_3d",	 "image_to_3d",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (bit == 1u << i)
			return names[i];
	return "";
}

static char *find_secret(const char *user_id, const char *name)
{
	char *value = name ? secret_lookup(user_id, name) : NULL;

	if (value && !*value) {
		free(value);
		value = NULL;
	}
	return value;
}

static void forget(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static bool on_path(const char *program)
{
	const char *path = getenv("PATH");
	struct sv rest = sv_of(path ? path : "");
	struct sv folder;
	bool found = false;

	while (!found && sv_split(&rest, ':', &folder)) {
		char *full = xasprintf("%.*s/%s", (int)folder.n, folder.p, program);

		found = access(full, X_OK) == 0;
		free(full);
	}
	return found;
}

static bool has_llama_server(void)
{
	const char *set = config_get("LLAMA_SERVER_BINARY");

	return set && *set ? access(set, X_OK) == 0 || on_path(set) : on_path("llama-server");
}

static const char *address(const struct service *service)
{
	const char *set = service->url_setting ? config_get(service->url_setting) : NULL;

	return set && *set ? set : service->url;
}

bool service_available(const struct service *service, const char *user_id)
{
	char *secret;
	bool found;

	if (service->flags & PROVIDER_UNLISTED)
		return false;
	if ((service->flags & PROVIDER_WANTS_URL) && !address(service))
		return false;
	if ((service->flags & PROVIDER_WANTS_BINARY) && !has_llama_server())
		return false;
	if (!service->secret)
		return true;
	secret = find_secret(user_id, service->secret);
	if (!secret)
		secret = find_secret(user_id, service->other_secret);
	found = secret != NULL;
	forget(secret);
	return found;
}

static char *base(const char *url, const char *path)
{
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	return xasprintf("%.*s%s", (int)n, url, path ? path : "");
}

struct provider *provider_open(const char *user_id, const char *name, struct err *err)
{
	const struct service *service = service_find(name);
	const char *url = service ? address(service) : NULL;
	struct provider *p;
	char *key = NULL;

	if (!service || (service->flags & PROVIDER_UNLISTED)) {
		err_set(err, 422, "There is no provider \"%.100s\"", name);
		return NULL;
	}
	if (service->dialect == DIALECT_NONE) {
		err_set(err, 422, "This server cannot ask language models of the provider %s", name);
		return NULL;
	}
	if (service->dialect != DIALECT_FAKE && !url) {
		err_set(err, 400, "The address of %s is not set (%s)", name, service->url_setting);
		return NULL;
	}
	if (service->secret) {
		key = find_secret(user_id, service->secret);
		if (!key) {
			err_set(err, 400, "%s is not set: the provider %s needs it", service->secret, name);
			return NULL;
		}
	} else {
		key = find_secret(user_id, service->optional_key);
	}
	p = xcalloc(1, sizeof(*p));
	p->service = service;
	p->url = base(url ? url : "", service->url_path);
	p->models_url = service->models_url ? xstrdup(service->models_url) : xstrdup(p->url);
	p->key = key;
	return p;
}

void provider_free(struct provider *provider)
{
	if (!provider)
		return;
	forget(provider->key);
	free(provider->url);
	free(provider->models_url);
	free(provider);
}

const struct service *provider_service(const struct provider *provider)
{
	return provider->service;
}
