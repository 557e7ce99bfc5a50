/* The settings and secrets that clients may see and set, in the order of notes-rest. */
#include "settings/settings.h"

#include <string.h>

static const struct setting_info registry[] = {
	/* name, group, choices, description, secret */
	{ "FONT_PATH", "Folders", NULL, "Folder with further fonts.", false },
	{ "AUTOSAVE_ENABLED", "Autosave", "true|false", "Whether the editor saves versions by itself.", false },
	{ "AUTOSAVE_INTERVAL_MINUTES", "Autosave", NULL, "Minutes between automatic versions.", false },
	{ "AUTOSAVE_MIN_INTERVAL_SECONDS", "Autosave", NULL, "Least seconds between two automatic versions.", false },
	{ "AUTOSAVE_MAX_VERSIONS_PER_WORKFLOW", "Autosave", NULL, "Automatic versions kept for each workflow.", false },
	{ "AUTOSAVE_KEEP_DAYS", "Autosave", NULL, "Days for which automatic versions are kept.", false },
	{ "COMFYUI_ADDR", "ComfyUI", NULL, "Address of a ComfyUI server.", false },
	{ "CHROMA_PATH", "Folders", NULL, "Folder of the vector store.", false },
	{ "VLLM_BASE_URL", "vLLM", NULL, "Address of a vLLM server.", false },
	{ "OLLAMA_CONTEXT_LENGTH", "Ollama", NULL, "Context length asked of Ollama models, in tokens.", false },
	{ "LLAMA_CPP_CONTEXT_LENGTH", "LlamaCpp", NULL, "Context length asked of llama.cpp models, in tokens.", false },
	{ "LMSTUDIO_API_URL", "LMStudio", NULL, "Address of LM Studio's server.", false },
	{ "NODE_SUPABASE_URL", "NodeSupabase", NULL, "Address of the Supabase project that nodes use.", false },
	{ "NODE_SUPABASE_SCHEMA", "NodeSupabase", NULL, "Database schema that nodes use in Supabase.", false },
	{ "NODE_SUPABASE_TABLE_PREFIX", "NodeSupabase", NULL, "What the names of the nodes' Supabase tables begin with.", false },
	{ "TRACELOOP_ENABLED", "Observability", "true|false", "Whether traces are sent to Traceloop.", false },
	{ "TRACELOOP_APP_NAME", "Observability", NULL, "Name under which traces are sent.", false },
	{ "TRACELOOP_BASE_URL", "Observability", NULL, "Address that traces are sent to.", false },
	{ "TRACELOOP_DISABLE_BATCH", "Observability", "true|false", "Send each trace at once.", false },
	{ "ZAI_USE_CODING_PLAN", "ZAI", "true|false", "Use Z.ai's coding plan address.", false },
	{ "USERS_FILE", "Folders", NULL, "File with the users of a multi-user server.", false },
	{ "SERVER_AUTH_TOKEN", "Deployment", NULL, "Token that clients of this server show.", false },
	{ "TRACELOOP_API_KEY", "Observability", NULL, "Key of the Traceloop service.", true },
	{ "OPENAI_API_KEY", "OpenAI", NULL, "Key of the OpenAI service.", true },
	{ "OPENROUTER_API_KEY", "OpenRouter", NULL, "Key of the OpenRouter service.", true },
	{ "ANTHROPIC_API_KEY", "Anthropic", NULL, "Key of the Anthropic service.", true },
	{ "CEREBRAS_API_KEY", "Cerebras", NULL, "Key of the Cerebras service.", true },
	{ "TOGETHER_API_KEY", "Together", NULL, "Key of the Together service.", true },
	{ "GROQ_API_KEY", "Groq", NULL, "Key of the Groq service.", true },
	{ "ZHIPU_API_KEY", "ZAI", NULL, "Key of the Z.ai service.", true },
	{ "MISTRAL_API_KEY", "Mistral", NULL, "Key of the Mistral service.", true },
	{ "MINIMAX_API_KEY", "MiniMax", NULL, "Key of the MiniMax service.", true },
	{ "GEMINI_API_KEY", "Gemini", NULL, "Key of the Gemini service.", true },
	{ "HF_TOKEN", "HF", NULL, "Token of the Hugging Face hub.", true },
	{ "REPLICATE_API_TOKEN", "Replicate", NULL, "Token of the Replicate service.", true },
	{ "AIME_API_KEY", "Aime", NULL, "Key of the Aime service.", true },
	{ "GOOGLE_MAIL_USER", "Google", NULL, "Google Mail address for the mail nodes.", true },
	{ "GOOGLE_APP_PASSWORD", "Google", NULL, "Google app password for the mail nodes.", true },
	{ "ELEVENLABS_API_KEY", "ElevenLabs", NULL, "Key of the ElevenLabs service.", true },
	{ "FAL_API_KEY", "FAL", NULL, "Key of the FAL service.", true },
	{ "SERPAPI_API_KEY", "SerpAPI", NULL, "Key of the SerpAPI service.", true },
	{ "BROWSER_URL", "Browser", NULL, "Address of a remote browser.", true },
	{ "RUNPOD_API_KEY", "RunPod", NULL, "Key of the RunPod service.", true },
	{ "RUNPOD_COMFYUI_ENDPOINT_ID", "RunPod", NULL, "Id of the RunPod endpoint that runs ComfyUI.", true },
	{ "NODE_SUPABASE_KEY", "NodeSupabase", NULL, "Key of the Supabase project that nodes use.", true },
	{ "DATA_FOR_SEO_LOGIN", "DataForSEO", NULL, "Login of the DataForSEO service.", true },
	{ "DATA_FOR_SEO_PASSWORD", "DataForSEO", NULL, "Password of the DataForSEO service.", true },
	{ "KIE_API_KEY", "KIE", NULL, "Key of the KIE service.", true },
	{ "MESHY_API_KEY", "Meshy", NULL, "Key of the Meshy service.", true },
	{ "RODIN_API_KEY", "Rodin", NULL, "Rodin AI API key for 3D model generation", true },
	{ "GITHUB_CLIENT_ID", "GitHub", NULL, "Client id of the GitHub application for sign-in.", true },
	{ "GITHUB_CLIENT_SECRET", "GitHub", NULL, "Client secret of the GitHub application for sign-in.", true },
	{ "SERVER_AUTH_TOKEN", "Deployment", NULL, "Token that clients of this server show.", true },
};

size_t settings_count(void)
{
	return ARRAY_LEN(registry);
}

const struct setting_info *settings_at(size_t i)
{
	return &registry[i];
}

static const struct setting_info *find(const char *name, bool secret)
{
	for (size_t i = 0; i < ARRAY_LEN(registry); i++) {
		if (registry[i].secret == secret && strcmp(registry[i].name, name) == 0)
			return &registry[i];
	}
	return NULL;
}

const struct setting_info *settings_find(const char *name)
{
	return find(name, false);
}

const struct setting_info *settings_find_secret(const char *name)
{
	return find(name, true);
}
