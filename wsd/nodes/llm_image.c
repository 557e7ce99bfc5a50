/* Pictures by services that speak like OpenAI, and by Gemini: nodetool.image, openai.image. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/gemini.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/llm_media.h"

#include <string.h>

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* OpenAI's own models make pictures of three sizes: the one of the nearest shape. */
static const char *picture_size(struct node_ctx *ctx, const char *service, int64_t width, int64_t height)
{
	if (strcmp(service, "openai") != 0)
		return arena_printf(node_arena(ctx), "%lldx%lld", (long long)width, (long long)height);
	return width * 4 > height * 5 ? "1536x1024" : height * 4 > width * 5 ? "1024x1536" : "1024x1024";
}

static struct llm *ask_picture(struct node_ctx *ctx, const char *service, const char *model, const char *size)
{
	struct value *body = value_map();
	struct provider_request_spec spec = { .method = "POST", .path = "/images/generations", .body = body };
	struct llm *llm;

	map_set_str(body, "model", model);
	map_set_str(body, "prompt", node_text(ctx, "prompt"));
	map_set_str(body, "size", size);
	map_set_int(body, "n", 1);
	if (strcmp(service, "openai") != 0)
		map_set_str(body, "response_format", "b64_json");
	if (*node_text(ctx, "quality"))
		map_set_str(body, "quality", node_text(ctx, "quality"));
	if (*node_text(ctx, "background"))
		map_set_str(body, "background", node_text(ctx, "background"));
	llm = llm_request(ctx, service, model, &spec);
	value_unref(body);
	return llm;
}

static struct llm *ask_edit(struct node_ctx *ctx, const char *service, const char *model, const char *size)
{
	struct provider_part parts[] = {
		{ .name = "model", .data = sv_of(model) },
		{ .name = "prompt", .data = node_sv(ctx, "prompt") },
		{ .name = "size", .data = sv_of(size) },
		{ .name = "image", .filename = "image.png", .type = "image/png" },
		{ .name = "mask", .filename = "mask.png", .type = "image/png" },
	};
	const struct value *mask = node_get(ctx, "mask");
	bool masked = value_is(mask, VALUE_MAP) && !asset_empty(mask);
	struct provider_request_spec spec = {
		.method = "POST", .path = "/images/edits", .parts = parts, .part_count = ARRAY_LEN(parts) - !masked
	};

	if (!media_read(ctx, "image", &parts[3].data) || (masked && !media_read(ctx, "mask", &parts[4].data)))
		return NULL;
	return llm_request(ctx, service, model, &spec);
}

/* The first picture of the answer: its bytes, or where it lies. */
static enum node_result give_picture(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result = llm_step(s->llm, ctx);
	const struct value *first;
	const char *data;
	struct value *ref;
	struct buf bytes;

	if (result != NODE_DONE)
		return result;
	first = list_at(map_get(llm_value(s->llm), "data"), 0);
	data = map_str(first, "b64_json", NULL);
	buf_init(&bytes, ASSET_MAX);
	if (data && base64_decode(&bytes, data, strlen(data)) == 0 && bytes.len) {
		size_t len = bytes.len;

		ref = asset_from_bytes("image", buf_take(&bytes), len);
	} else {
		ref = asset_new("image");
		map_set_str(ref, "uri", map_str(first, "url", ""));
	}
	buf_free(&bytes);
	llm_reset(s);
	if (!asset_empty(ref))
		return done(ctx, ref);
	value_unref(ref);
	return node_fail(ctx, "The service gave no picture");
}

static enum node_result text_to_image(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	const char *service;
	const char *model;

	if (!media_text(ctx, "prompt") || !media_model(ctx, CAN_TEXT_TO_IMAGE, &service, &model))
		return NODE_FAILED;
	if (!strcmp(service, "gemini"))
		return gemini_picture(ctx, model, false);
	if (!s->llm)
		s->llm = ask_picture(ctx, service, model,
				     picture_size(ctx, service, node_int(ctx, "width"), node_int(ctx, "height")));
	return s->llm ? give_picture(ctx) : NODE_FAILED;
}

static enum node_result image_to_image(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	const char *service;
	const char *model;

	if (!media_text(ctx, "prompt") || !media_model(ctx, CAN_IMAGE_TO_IMAGE, &service, &model))
		return NODE_FAILED;
	if (!strcmp(service, "gemini"))
		return gemini_picture(ctx, model, true);
	if (!s->llm)
		s->llm = ask_edit(
			ctx, service, model,
			picture_size(ctx, service, node_int(ctx, "target_width"), node_int(ctx, "target_height")));
	return s->llm ? give_picture(ctx) : NODE_FAILED;
}

static enum node_result openai_create(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);

	if (!media_text(ctx, "prompt"))
		return NODE_FAILED;
	if (!s->llm)
		s->llm = ask_picture(ctx, "openai", node_text(ctx, "model"), node_text(ctx, "size"));
	return s->llm ? give_picture(ctx) : NODE_FAILED;
}

static enum node_result openai_edit(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);

	if (!media_text(ctx, "prompt"))
		return NODE_FAILED;
	if (!s->llm)
		s->llm = ask_edit(ctx, "openai", node_text(ctx, "model"), node_text(ctx, "size"));
	return s->llm ? give_picture(ctx) : NODE_FAILED;
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop text_to_image_props[] = {
	{ .name = "model",
	  .type = "image_model",
	  .def = "{\"type\": \"image_model\", \"provider\": \"huggingface_fal_ai\", \"id\": \"fal-ai/flux/"
		 "schnell\", \"name\": \"FLUX.1 Schnell\", \"path\": null, \"supported_tasks\": []}" },
	{ .name = "prompt", .type = "str", .def = "\"A cat holding a sign that says hello world\"" },
	{ .name = "negative_prompt", .type = "str", .def = "\"\"" },
	{ .name = "width", .type = "int", .def = "512", .min = "64.0", .max = "2048.0" },
	{ .name = "height", .type = "int", .def = "512", .min = "64.0", .max = "2048.0" },
	{ .name = "guidance_scale", .type = "float", .def = "7.5", .min = "0.0", .max = "30.0" },
	{ .name = "num_inference_steps", .type = "int", .def = "30", .min = "1.0", .max = "100.0" },
	{ .name = "seed", .type = "int", .def = "-1", .min = "-1.0" },
	{ .name = "safety_check", .type = "bool", .def = "true" },
	{ .name = "timeout_seconds", .type = "int", .def = "0", .min = "0.0", .max = "3600.0" },
	{ 0 },
};

static const struct node_slot text_to_image_outputs[] = {
	{ .name = "output", .type = "image" },
	{ 0 },
};

static const struct node_prop image_to_image_props[] = {
	{ .name = "model",
	  .type = "image_model",
	  .def = "{\"type\": \"image_model\", \"provider\": \"huggingface_fal_ai\", \"id\": \"fal-ai/flux/"
		 "dev\", \"name\": \"FLUX.1 Dev\", \"path\": null, \"supported_tasks\": []}" },
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "prompt", .type = "str", .def = "\"A photorealistic version of the input image\"" },
	{ .name = "negative_prompt", .type = "str", .def = "\"\"" },
	{ .name = "strength", .type = "float", .def = "0.8", .min = "0.0", .max = "1.0" },
	{ .name = "guidance_scale", .type = "float", .def = "7.5", .min = "0.0", .max = "30.0" },
	{ .name = "num_inference_steps", .type = "int", .def = "30", .min = "1.0", .max = "100.0" },
	{ .name = "target_width", .type = "int", .def = "512", .min = "64.0", .max = "2048.0" },
	{ .name = "target_height", .type = "int", .def = "512", .min = "64.0", .max = "2048.0" },
	{ .name = "seed", .type = "int", .def = "-1", .min = "-1.0" },
	{ .name = "scheduler", .type = "str", .def = "\"\"" },
	{ .name = "safety_check", .type = "bool", .def = "true" },
	{ .name = "timeout_seconds", .type = "int", .def = "0", .min = "0.0", .max = "3600.0" },
	{ 0 },
};

static const struct node_slot image_to_image_outputs[] = {
	{ .name = "output", .type = "image" },
	{ 0 },
};

static const struct node_prop openai_create_image_props[] = {
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.openai.image.ImageModel:gpt-image-1)",
	  .def = "\"gpt-image-1\"" },
	{ .name = "size",
	  .type = "enum(nodetool.nodes.openai.image.ImageSize:1024x1024|1536x1024|1024x1536)",
	  .def = "\"1024x1024\"" },
	{ .name = "background",
	  .type = "enum(nodetool.nodes.openai.image.ImageBackground:transparent|opaque|auto)",
	  .def = "\"auto\"" },
	{ .name = "quality",
	  .type = "enum(nodetool.nodes.openai.image.ImageQuality:high|medium|low)",
	  .def = "\"high\"" },
	{ 0 },
};

static const struct node_slot openai_create_image_outputs[] = {
	{ .name = "output", .type = "image" },
	{ 0 },
};

static const struct node_prop openai_edit_image_props[] = {
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "mask", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.openai.image.ImageModel:gpt-image-1)",
	  .def = "\"gpt-image-1\"" },
	{ .name = "size",
	  .type = "enum(nodetool.nodes.openai.image.ImageSize:1024x1024|1536x1024|1024x1536)",
	  .def = "\"1024x1024\"" },
	{ .name = "quality",
	  .type = "enum(nodetool.nodes.openai.image.ImageQuality:high|medium|low)",
	  .def = "\"high\"" },
	{ 0 },
};

static const struct node_slot openai_edit_image_outputs[] = {
	{ .name = "output", .type = "image" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.image.TextToImage",
		.title = "Text To Image",
		.description = "Makes a picture of a description, by a model of a service.",
		.props = text_to_image_props,
		.outputs = text_to_image_outputs,
		.basic_fields = "model prompt width height seed",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = text_to_image,
	},
	{
		.type = "nodetool.image.ImageToImage",
		.title = "Image To Image",
		.description = "Changes a picture as a description says, by a model of a service.",
		.props = image_to_image_props,
		.outputs = image_to_image_outputs,
		.basic_fields = "model image prompt strength seed",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = image_to_image,
	},
	{
		.type = "openai.image.CreateImage",
		.title = "Create Image",
		.description = "Makes a picture of a description, by OpenAI.",
		.props = openai_create_image_props,
		.outputs = openai_create_image_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = openai_create,
	},
	{
		.type = "openai.image.EditImage",
		.title = "Edit Image",
		.description = "Changes a picture as a description says, by OpenAI.",
		.props = openai_edit_image_props,
		.outputs = openai_edit_image_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = openai_edit,
	},
};

NODE_TABLE(nodes_llm_image, types);
