/* Models: /api/models. */
#include "model.h"

#include "handler.h"

static const struct route routes[] = {
	{ "GET", "/api/models/providers", list_providers, .summary = "The providers that one can use." },
	{ "GET", "/api/models/llm/{provider}", list_llm, .path = provider_path, .summary = "Language models of a provider." },
	{ "GET", "/api/models/image/{provider}", list_image, .path = provider_path, .summary = "Image models of a provider." },
	{ "GET", "/api/models/tts", list_all_tts, .summary = "Speech models of all providers." },
	{ "GET", "/api/models/tts/{provider}", list_tts, .path = provider_path, .summary = "Speech models of a provider." },
	{ "GET", "/api/models/asr/{provider}", list_asr, .path = provider_path,
	  .summary = "Speech recognition models of a provider." },
	{ "GET", "/api/models/video/{provider}", list_video, .path = provider_path, .summary = "Video models of a provider." },
	{ "GET", "/api/models/embedding/{provider}", list_embedding, .path = provider_path,
	  .summary = "Embedding models of a provider." },
	{ "GET", "/api/models/ollama", list_ollama, .summary = "The models that Ollama has." },
	{ "DELETE", "/api/models/ollama", delete_ollama, .query = model_name_query, .summary = "Delete a model of Ollama." },
	{ "GET", "/api/models/ollama_model_info", show_ollama, .query = model_name_query,
	  .summary = "Details of a model of Ollama." },
	{ "POST", "/api/models/pull_ollama_model", pull_ollama, ROUTE_NO_PRODUCTION, .query = model_name_query,
	  .summary = "Let Ollama download a model; progress as one JSON object a line." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "model", routes, ARRAY_LEN(routes));
}
