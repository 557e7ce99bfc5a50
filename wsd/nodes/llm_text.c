/* Nodes of single services: texts and embeddings of openai, mistral and gemini; embeddings of any service. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/llm.h"
#include "wsd/nodes/ndarray.h"

#include <string.h>

/* ---- texts --------------------------------------------------------------------------------------------- */

/* One question to one service, whose answer is the output. */
struct question {
	const char *service;
	const char *model; /* NULL: the property "model" */
	const char *system_property;
	const char *system;
	const char *prompt_property;
	const char *prompt; /* without prompt_property */
	const char *image;
};

static struct llm *ask(struct node_ctx *ctx, const struct question *q)
{
	const char *system = q->system_property ? node_text(ctx, q->system_property) : q->system ? q->system : "";
	const char *prompt = q->prompt_property ? node_text(ctx, q->prompt_property) : q->prompt;
	struct llm_ask asked = { .service = q->service,
				 .model = q->model ? q->model : node_text(ctx, "model"),
				 .messages = llm_messages(system) };

	if (llm_say(ctx, asked.messages, prompt, q->image, NULL)) {
		value_unref(asked.messages);
		return NULL;
	}
	return llm_chat(ctx, &asked);
}

static enum node_result answer(struct node_ctx *ctx, const struct question *q)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *text;

	if (!s->llm && q->prompt_property && !strip(node_sv(ctx, q->prompt_property)).n)
		return node_fail(ctx, "%s: a text is needed", q->prompt_property);
	if (!s->llm && q->image && asset_empty(node_get(ctx, q->image)))
		return node_fail(ctx, "%s: an image is needed", q->image);
	if (!s->llm && !(s->llm = ask(ctx, q)))
		return NODE_FAILED;
	result = llm_step(s->llm, ctx);
	if (result != NODE_DONE)
		return result;
	text = value_strn(llm_text(s->llm).p, llm_text(s->llm).n);
	llm_reset(s);
	return done(ctx, text);
}

static enum node_result openai_web_search(struct node_ctx *ctx)
{
	return answer(ctx, &(struct question){
				   .service = "openai", .model = "gpt-4o-search-preview", .prompt_property = "query" });
}

static enum node_result mistral_chat(struct node_ctx *ctx)
{
	return answer(ctx, &(struct question){ .service = "mistral",
					       .system_property = "system_prompt",
					       .prompt_property = "prompt" });
}

static enum node_result mistral_vision(struct node_ctx *ctx)
{
	return answer(ctx,
		      &(struct question){
			      .service = "mistral", .prompt_property = "prompt", .image = "image" });
}

static enum node_result mistral_ocr(struct node_ctx *ctx)
{
	return answer(ctx,
		      &(struct question){
			      .service = "mistral",
			      .prompt = "Write out all text that stands in this picture, in its order and with its "
					"line breaks. Add nothing.",
			      .image = "image" });
}

/* ---- other paths of the services ----------------------------------------------------------------------- */

/* Code between a beginning and an end. */
static struct llm *ask_code(struct node_ctx *ctx)
{
	static const char model[] = "codestral-latest";
	struct value *body = value_map();
	struct llm *llm;

	map_set_str(body, "model", model);
	map_set_str(body, "prompt", node_text(ctx, "prompt"));
	if (*node_text(ctx, "suffix"))
		map_set_str(body, "suffix", node_text(ctx, "suffix"));
	map_set_float(body, "temperature", node_float(ctx, "temperature"));
	map_set_int(body, "max_tokens", node_int(ctx, "max_tokens"));
	llm = llm_post(ctx, "mistral", model, "/fim/completions", body);
	value_unref(body);
	return llm;
}

static enum node_result mistral_code(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *text;

	if (!*node_text(ctx, "prompt"))
		return node_fail(ctx, "prompt: the beginning of the code is needed");
	if (!s->llm && !(s->llm = ask_code(ctx)))
		return NODE_FAILED;
	result = llm_step(s->llm, ctx);
	if (result != NODE_DONE)
		return result;
	text = map_get(map_get(list_at(map_get(llm_value(s->llm), "choices"), 0), "message"), "content");
	text = value_is(text, VALUE_STR) ? value_ref(text) : NULL;
	llm_reset(s);
	return text ? done(ctx, text) : node_fail(ctx, "The service gave no code");
}

static struct llm *ask_moderation(struct node_ctx *ctx)
{
	const char *model = node_text(ctx, "model");
	struct value *body = value_map();
	struct llm *llm;

	map_set_str(body, "model", model);
	map_set_str(body, "input", node_text(ctx, "input"));
	llm = llm_post(ctx, "openai", model, "/moderations", body);
	value_unref(body);
	return llm;
}

static enum node_result openai_moderation(struct node_ctx *ctx)
{
	static const char *const slots[] = { "flagged", "categories", "category_scores" };
	struct llm_state *s = node_state(ctx);
	const struct value *found;
	enum node_result result;

	if (!strip(node_sv(ctx, "input")).n)
		return node_fail(ctx, "input: a text is needed");
	if (!s->llm && !(s->llm = ask_moderation(ctx)))
		return NODE_FAILED;
	result = llm_step(s->llm, ctx);
	if (result != NODE_DONE)
		return result;
	found = list_at(map_get(llm_value(s->llm), "results"), 0);
	for (size_t i = 0; result == NODE_DONE && i < ARRAY_LEN(slots); i++) {
		struct value *v = map_get(found, slots[i]);

		if (v)
			node_emit(ctx, slots[i], value_ref(v));
		else
			result = node_fail(ctx, "The service gave no judgement");
	}
	llm_reset(s);
	return result;
}

/* ---- embeddings ---------------------------------------------------------------------------------------- */

/* A text in pieces of at most `size` bytes, none of which cuts a character. */
static struct value *pieces(struct sv text, int64_t size)
{
	struct value *list = value_list();
	size_t max = size < 4 ? 4 : (size_t)size;

	while (text.n > max) {
		size_t n = max;

		while (n > 1 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
			n--;
		list_push(list, value_strn(text.p, n));
		text = (struct sv){ text.p + n, text.n - n };
	}
	list_push(list, value_strn(text.p, text.n));
	return list;
}

/* The mean of all vectors as an array on the output. */
static enum node_result give_mean(struct node_ctx *ctx, const struct value *vectors)
{
	int64_t shape[1] = { (int64_t)value_len(list_at(vectors, 0)) };
	size_t count = value_len(vectors);
	struct err err = { 0 };
	struct nd *out = nd_new(node_arena(ctx), ND_DOUBLE, 0, 1, shape, &err);

	if (!out)
		return fail_err(ctx, &err);
	for (size_t k = 0; k < count; k++)
		for (int64_t i = 0; i < shape[0]; i++)
			out->d[i] += value_as_float(list_at(list_at(vectors, k), (size_t)i)) / (double)count;
	return done(ctx, nd_value(out));
}

static struct llm *ask_embedding(struct node_ctx *ctx, const char *service, const char *model, int64_t size)
{
	struct value *texts = pieces(node_sv(ctx, "input"), size);
	struct llm *llm = llm_embed(ctx, service, model, texts);

	value_unref(texts);
	return llm;
}

static enum node_result embedding(struct node_ctx *ctx, const char *service, const char *model, int64_t size)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *texts;
	struct value *vectors;

	if (!strip(node_sv(ctx, "input")).n)
		return node_fail(ctx, "input: a text is needed");
	if (!s->llm && !(s->llm = ask_embedding(ctx, service, model, size)))
		return NODE_FAILED;
	result = llm_step(s->llm, ctx);
	if (result != NODE_DONE)
		return result;
	texts = pieces(node_sv(ctx, "input"), size);
	result = llm_embeddings(s->llm, ctx, value_len(texts), &vectors) ? NODE_FAILED : NODE_DONE;
	value_unref(texts);
	if (result == NODE_FAILED)
		return result;
	llm_reset(s);
	result = give_mean(ctx, vectors);
	value_unref(vectors);
	return result;
}

static enum node_result openai_embedding(struct node_ctx *ctx)
{
	return embedding(ctx, "openai", node_text(ctx, "model"), node_int(ctx, "chunk_size"));
}

static enum node_result mistral_embedding(struct node_ctx *ctx)
{
	return embedding(ctx, "mistral", node_text(ctx, "model"), node_int(ctx, "chunk_size"));
}

static enum node_result gemini_embedding(struct node_ctx *ctx)
{
	return embedding(ctx, "gemini", node_text(ctx, "model"), INT32_MAX);
}

static enum node_result any_embedding(struct node_ctx *ctx)
{
	const char *service;
	const char *model;

	if (!llm_model(ctx, "model", &service, &model))
		return NODE_FAILED;
	return embedding(ctx, service, model, node_int(ctx, "chunk_size"));
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop openai_embedding_props[] = {
	{ .name = "input", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.openai.text.Embedding.EmbeddingModel:text-embedding-3-large|text-emb"
		  "edding-3-small)",
	  .def = "\"text-embedding-3-small\"" },
	{ .name = "chunk_size", .type = "int", .def = "4096" },
	{ 0 },
};

static const struct node_slot openai_embedding_outputs[] = {
	{ .name = "output", .type = "np_array" },
	{ 0 },
};

static const struct node_prop openai_moderation_props[] = {
	{ .name = "input", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.openai.text.ModerationModel:omni-moderation-latest|omni-moderation-2"
		  "024-09-26|text-moderation-latest|text-moderation-stable)",
	  .def = "\"omni-moderation-latest\"" },
	{ 0 },
};

static const struct node_slot openai_moderation_outputs[] = {
	{ .name = "flagged", .type = "bool" },
	{ .name = "categories", .type = "dict[str,bool]" },
	{ .name = "category_scores", .type = "dict[str,float]" },
	{ 0 },
};

static const struct node_prop openai_web_search_props[] = {
	{ .name = "query", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot openai_web_search_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop mistral_chat_complete_props[] = {
	{ .name = "model",
	  .type = "enum(nodetool.nodes.mistral.text.MistralModel:mistral-large-latest|mistral-medium-latest"
		  "|mistral-small-latest|pixtral-large-latest|codestral-latest|ministral-8b-latest|ministra"
		  "l-3b-latest)",
	  .def = "\"mistral-small-latest\"" },
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "system_prompt", .type = "str", .def = "\"\"" },
	{ .name = "temperature", .type = "float", .def = "0.7", .min = "0.0", .max = "1.0" },
	{ .name = "max_tokens", .type = "int", .def = "1024", .min = "1.0", .max = "32768.0" },
	{ 0 },
};

static const struct node_slot mistral_chat_complete_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop mistral_code_complete_props[] = {
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "suffix", .type = "str", .def = "\"\"" },
	{ .name = "temperature", .type = "float", .def = "0.0", .min = "0.0", .max = "1.0" },
	{ .name = "max_tokens", .type = "int", .def = "2048", .min = "1.0", .max = "32768.0" },
	{ 0 },
};

static const struct node_slot mistral_code_complete_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop mistral_image_to_text_props[] = {
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "prompt", .type = "str", .def = "\"Describe this image in detail.\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.mistral.vision.VisionModel:pixtral-large-latest|pixtral-12b-2409)",
	  .def = "\"pixtral-large-latest\"" },
	{ .name = "temperature", .type = "float", .def = "0.3", .min = "0.0", .max = "1.0" },
	{ .name = "max_tokens", .type = "int", .def = "1024", .min = "1.0", .max = "16384.0" },
	{ 0 },
};

static const struct node_slot mistral_image_to_text_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop mistral_ocr_props[] = {
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.mistral.vision.VisionModel:pixtral-large-latest|pixtral-12b-2409)",
	  .def = "\"pixtral-large-latest\"" },
	{ 0 },
};

static const struct node_slot mistral_ocr_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop mistral_embedding_props[] = {
	{ .name = "input", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.mistral.embeddings.EmbeddingModel:mistral-embed)",
	  .def = "\"mistral-embed\"" },
	{ .name = "chunk_size", .type = "int", .def = "4096", .min = "1.0", .max = "8192.0" },
	{ 0 },
};

static const struct node_slot mistral_embedding_outputs[] = {
	{ .name = "output", .type = "np_array" },
	{ 0 },
};

static const struct node_prop gemini_embedding_props[] = {
	{ .name = "input", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.gemini.text.EmbeddingModel:text-embedding-004|gemini-embedding-001)",
	  .def = "\"text-embedding-004\"" },
	{ 0 },
};

static const struct node_slot gemini_embedding_outputs[] = {
	{ .name = "output", .type = "np_array" },
	{ 0 },
};

static const struct node_prop embedding_props[] = {
	{ .name = "model",
	  .type = "embedding_model",
	  .def = "{\"type\": \"embedding_model\", \"provider\": \"openai\", \"id\": \"text-embedding-3-small\", "
		 "\"name\": \"Text Embedding 3 Small\", \"dimensions\": 0}" },
	{ .name = "input", .type = "str", .def = "\"\"" },
	{ .name = "chunk_size", .type = "int", .def = "4096", .min = "1.0", .max = "8192.0" },
	{ 0 },
};

static const struct node_slot embedding_outputs[] = {
	{ .name = "output", .type = "np_array" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.text.Embedding",
		.title = "Embedding",
		.description = "Gives the embedding of a text, by a model of a service.",
		.props = embedding_props,
		.outputs = embedding_outputs,
		.basic_fields = "model input",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = any_embedding,
	},
	{
		.type = "openai.text.Embedding",
		.title = "Embedding",
		.description = "Gives the embedding of a text, by OpenAI.",
		.props = openai_embedding_props,
		.outputs = openai_embedding_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = openai_embedding,
	},
	{
		.type = "openai.text.Moderation",
		.title = "Moderation",
		.description = "Says whether a text breaks the rules of use, by OpenAI.",
		.props = openai_moderation_props,
		.outputs = openai_moderation_outputs,
		.basic_fields = "input",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = openai_moderation,
	},
	{
		.type = "openai.text.WebSearch",
		.title = "Web Search",
		.description = "Answers a question by searching the web, by OpenAI.",
		.props = openai_web_search_props,
		.outputs = openai_web_search_outputs,
		LLM_STATE,
		.process = openai_web_search,
	},
	{
		.type = "mistral.text.ChatComplete",
		.title = "Chat Complete",
		.description = "Answers a prompt, by Mistral.",
		.props = mistral_chat_complete_props,
		.outputs = mistral_chat_complete_outputs,
		.basic_fields = "prompt model",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = mistral_chat,
	},
	{
		.type = "mistral.text.CodeComplete",
		.title = "Code Complete",
		.description = "Completes code between a beginning and an end, by Mistral.",
		.props = mistral_code_complete_props,
		.outputs = mistral_code_complete_outputs,
		.basic_fields = "prompt suffix",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = mistral_code,
	},
	{
		.type = "mistral.vision.ImageToText",
		.title = "Image To Text",
		.description = "Answers a prompt about an image, by Mistral.",
		.props = mistral_image_to_text_props,
		.outputs = mistral_image_to_text_outputs,
		.basic_fields = "image prompt",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = mistral_vision,
	},
	{
		.type = "mistral.vision.OCR",
		.title = "OCR",
		.description = "Reads the text in an image, by Mistral.",
		.props = mistral_ocr_props,
		.outputs = mistral_ocr_outputs,
		.basic_fields = "image",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = mistral_ocr,
	},
	{
		.type = "mistral.embeddings.Embedding",
		.title = "Embedding",
		.description = "Gives the embedding of a text, by Mistral.",
		.props = mistral_embedding_props,
		.outputs = mistral_embedding_outputs,
		.basic_fields = "input",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = mistral_embedding,
	},
	{
		.type = "gemini.text.Embedding",
		.title = "Embedding",
		.description = "Gives the embedding of a text, by Gemini.",
		.props = gemini_embedding_props,
		.outputs = gemini_embedding_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = gemini_embedding,
	},
};

NODE_TABLE(nodes_llm_text, types);
