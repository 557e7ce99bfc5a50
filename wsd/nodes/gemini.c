/* Nodes of Gemini alone: pictures, speech, transcriptions, search with sources. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/gemini.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/llm_media.h"

#include <stdlib.h>
#include <string.h>

#define SPEECH_RATE 24000 /* samples a second, when the service does not say */

/* ---- requests ------------------------------------------------------------------------------------------ */

static struct value *wrapped(const char *key, struct value *v)
{
	struct value *map = value_map();

	map_set(map, key, v);
	return map;
}

static struct value *listed(struct value *v)
{
	struct value *list = value_list();

	list_push(list, v);
	return list;
}

static struct value *inline_data(struct sv bytes, const char *type)
{
	struct value *map = value_map();
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	base64_encode(&text, bytes.p, bytes.n, false);
	map_set_str(map, "mimeType", type);
	map_set(map, "data", value_strn(text.data ? text.data : "", text.len));
	buf_free(&text);
	return wrapped("inlineData", map);
}

/* A body with one content of these parts (taken), and the kind of answer that is wanted (NULL: text). */
static struct value *body_of(struct value *parts, const char *modality)
{
	struct value *content = wrapped("parts", parts);
	struct value *body = wrapped("contents", listed(content));
	struct value *kinds;

	map_set_str(content, "role", "user");
	if (modality) {
		kinds = listed(value_str(modality));
		if (!strcmp(modality, "IMAGE"))
			list_push(kinds, value_str("TEXT"));
		map_set(body, "generationConfig", wrapped("responseModalities", kinds));
	}
	return body;
}

/* Takes the body. */
static struct llm *ask(struct node_ctx *ctx, const char *model, const char *method, struct value *body)
{
	char *path = gemini_path(model, method);
	struct llm *llm = llm_post(ctx, "gemini", model, path, body);

	value_unref(body);
	free(path);
	return llm;
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static const struct value *candidate(const struct value *answer)
{
	return list_at(map_get(answer, "candidates"), 0);
}

/* The texts of an answer, one behind the other; new reference. */
static struct value *text_of(const struct value *answer)
{
	const struct value *parts = map_get(map_get(candidate(answer), "content"), "parts");
	struct value *out;
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	for (size_t i = 0; value_is(parts, VALUE_LIST) && i < value_len(parts); i++)
		if (!map_bool(list_at(parts, i), "thought", false))
			buf_adds(&text, map_str(list_at(parts, i), "text", ""));
	out = value_strn(text.data ? text.data : "", text.len);
	buf_free(&text);
	return out;
}

/* The first bytes that an answer has, as base64, with their type; NULL when there are none. */
static const char *bytes_of(const struct value *answer, const char **type)
{
	const struct value *prediction = list_at(map_get(answer, "predictions"), 0);
	const struct value *parts = map_get(map_get(candidate(answer), "content"), "parts");

	for (size_t i = 0; value_is(parts, VALUE_LIST) && i < value_len(parts); i++) {
		const struct value *data = map_get(list_at(parts, i), "inlineData");

		*type = map_str(data, "mimeType", "");
		if (value_is(data, VALUE_MAP))
			return map_str(data, "data", NULL);
	}
	*type = map_str(prediction, "mimeType", "");
	return map_str(prediction, "bytesBase64Encoded", NULL);
}

/* Decodes into *bytes (to be freed); NULL type when there is nothing. */
static const char *take_bytes(const struct value *answer, struct buf *bytes)
{
	const char *type;
	const char *data = bytes_of(answer, &type);

	buf_init(bytes, ASSET_MAX);
	return data && base64_decode(bytes, data, strlen(data)) == 0 && bytes->len ? type : NULL;
}

/* Why an answer has nothing of what was asked. */
static enum node_result fail_empty(struct node_ctx *ctx, const struct value *answer, const char *what)
{
	const char *reason = map_str(map_get(answer, "promptFeedback"), "blockReason",
				     map_str(candidate(answer), "finishReason", "STOP"));

	return node_fail(ctx, "The service gave no %s%s%.60s", what, strcmp(reason, "STOP") ? ": " : "",
			 strcmp(reason, "STOP") ? reason : "");
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

static struct llm *ask_picture(struct node_ctx *ctx, const char *model, struct sv image)
{
	struct value *prompt = value_str(node_text(ctx, "prompt"));
	struct value *parts;
	struct value *body;

	if (str_starts(model, "imagen") && image.n) {
		value_unref(prompt);
		node_fail(ctx, "image: %s takes no picture; choose a Gemini model", model);
		return NULL;
	}
	if (str_starts(model, "imagen")) {
		body = wrapped("instances", listed(wrapped("prompt", prompt)));
		map_set(body, "parameters", wrapped("sampleCount", value_int(1)));
		return ask(ctx, model, ":predict", body);
	}
	parts = listed(wrapped("text", prompt));
	if (image.n)
		list_push(parts, inline_data(image, "image/png"));
	return ask(ctx, model, ":generateContent", body_of(parts, "IMAGE"));
}

static enum node_result give_picture(struct node_ctx *ctx, const struct value *answer)
{
	enum node_result result;
	struct buf bytes;
	size_t len;

	if (take_bytes(answer, &bytes)) {
		len = bytes.len;
		result = done(ctx, asset_from_bytes("image", buf_take(&bytes), len));
	} else {
		result = fail_empty(ctx, answer, "picture");
	}
	buf_free(&bytes);
	return result;
}

enum node_result gemini_picture(struct node_ctx *ctx, const char *model, bool with_image)
{
	struct llm_state *s = node_state(ctx);
	struct sv image = { "", 0 };
	enum node_result result;

	if (!s->llm) {
		if (with_image && !media_read(ctx, "image", &image))
			return NODE_FAILED;
		s->llm = ask_picture(ctx, model, image);
	}
	result = s->llm ? llm_step(s->llm, ctx) : NODE_FAILED;
	if (result != NODE_DONE)
		return result;
	result = give_picture(ctx, llm_value(s->llm));
	llm_reset(s);
	return result;
}

static enum node_result image_generation(struct node_ctx *ctx)
{
	const struct value *image = node_get(ctx, "image");

	if (!media_text(ctx, "prompt"))
		return NODE_FAILED;
	return gemini_picture(ctx, node_text(ctx, "model"), value_is(image, VALUE_MAP) && !asset_empty(image));
}

/* ---- sound --------------------------------------------------------------------------------------------- */

static enum node_result transcribe(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	const char *name;
	struct value *parts;
	struct value *text;
	struct sv sound;
	enum node_result result;

	if (!s->llm) {
		if (!media_read(ctx, "audio", &sound))
			return NODE_FAILED;
		name = llm_media_name(sound);
		parts = listed(wrapped("text", value_str(node_text(ctx, "prompt"))));
		list_push(parts, inline_data(sound, arena_printf(node_arena(ctx), "audio/%s", strchr(name, '.') + 1)));
		s->llm = ask(ctx, node_text(ctx, "model"), ":generateContent", body_of(parts, NULL));
	}
	result = s->llm ? llm_step(s->llm, ctx) : NODE_FAILED;
	if (result != NODE_DONE)
		return result;
	text = text_of(llm_value(s->llm));
	llm_reset(s);
	return done(ctx, text);
}

static struct llm *ask_speech(struct node_ctx *ctx)
{
	const char *style = node_text(ctx, "style_prompt");
	struct value *text = value_strf("%s%s%s", style, *style ? ": " : "", node_text(ctx, "text"));
	struct value *body = body_of(listed(wrapped("text", text)), "AUDIO");
	struct value *voice = wrapped("voiceName", value_str(node_text(ctx, "voice_name")));

	map_set(map_get(body, "generationConfig"), "speechConfig",
		wrapped("voiceConfig", wrapped("prebuiltVoiceConfig", voice)));
	return ask(ctx, node_text(ctx, "model"), ":generateContent", body);
}

static void add_le(struct buf *out, uint32_t v, int bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		buf_addc(out, (char)(v & 0xff));
}

/* "audio/L16;codec=pcm;rate=24000": samples of 16 bits, one channel, without a file's head. */
static void add_wav(struct buf *out, const struct buf *samples, const char *type)
{
	const char *at = strstr(type, "rate=");
	long rate = at ? strtol(at + strlen("rate="), NULL, 10) : 0;
	uint32_t hz = rate > 0 && rate <= 192000 ? (uint32_t)rate : SPEECH_RATE;

	buf_adds(out, "RIFF");
	add_le(out, (uint32_t)samples->len + 36, 4);
	buf_adds(out, "WAVEfmt ");
	add_le(out, 16, 4);
	add_le(out, 1, 2); /* PCM */
	add_le(out, 1, 2); /* channels */
	add_le(out, hz, 4);
	add_le(out, hz * 2, 4);
	add_le(out, 2, 2);
	add_le(out, 16, 2);
	buf_adds(out, "data");
	add_le(out, (uint32_t)samples->len, 4);
	buf_add(out, samples->data, samples->len);
}

static enum node_result give_speech(struct node_ctx *ctx, const struct value *answer)
{
	struct value *audio;
	struct buf bytes;
	struct buf wav;
	const char *type = take_bytes(answer, &bytes);

	if (!type) {
		buf_free(&bytes);
		return fail_empty(ctx, answer, "sound");
	}
	buf_init(&wav, ASSET_MAX);
	if (str_starts(type, "audio/L16") || str_starts(type, "audio/pcm"))
		add_wav(&wav, &bytes, type);
	audio = asset_new("audio");
	map_set(audio, "data", wav.len ? value_bytes(wav.data, wav.len) : value_bytes(bytes.data, bytes.len));
	buf_free(&wav);
	buf_free(&bytes);
	return done(ctx, audio);
}

static enum node_result speech(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;

	if (!media_text(ctx, "text"))
		return NODE_FAILED;
	if (!s->llm)
		s->llm = ask_speech(ctx);
	result = s->llm ? llm_step(s->llm, ctx) : NODE_FAILED;
	if (result != NODE_DONE)
		return result;
	result = give_speech(ctx, llm_value(s->llm));
	llm_reset(s);
	return result;
}

/* ---- search -------------------------------------------------------------------------------------------- */

static struct value *sources_of(const struct value *answer)
{
	const struct value *chunks = map_get(map_get(candidate(answer), "groundingMetadata"), "groundingChunks");
	struct value *list = value_list();

	for (size_t i = 0; value_is(chunks, VALUE_LIST) && i < value_len(chunks); i++) {
		const struct value *web = map_get(list_at(chunks, i), "web");
		struct value *source = value_map();

		map_set_str(source, "type", "source");
		map_set_str(source, "title", map_str(web, "title", ""));
		map_set_str(source, "url", map_str(web, "uri", ""));
		list_push(list, source);
	}
	return list;
}

static enum node_result grounded_search(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *body;

	if (!media_text(ctx, "query"))
		return NODE_FAILED;
	if (!s->llm) {
		body = body_of(listed(wrapped("text", value_str(node_text(ctx, "query")))), NULL);
		/* Models of 2.0 and later name the tool google_search. */
		map_set(body, "tools", listed(wrapped("google_search", value_map())));
		s->llm = ask(ctx, node_text(ctx, "model"), ":generateContent", body);
	}
	result = s->llm ? llm_step(s->llm, ctx) : NODE_FAILED;
	if (result != NODE_DONE)
		return result;
	node_emit(ctx, "results", listed(text_of(llm_value(s->llm))));
	node_emit(ctx, "sources", sources_of(llm_value(s->llm)));
	llm_reset(s);
	return NODE_DONE;
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop image_props[] = {
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.gemini.image.ImageGenerationModel:gemini-2.0-flash-preview-image-generation|"
		  "gemini-2.5-flash-image-preview|gemini-3-pro-image-preview|imagen-3.0-generate-001|"
		  "imagen-3.0-generate-002|imagen-4.0-generate-001)",
	  .def = "\"imagen-3.0-generate-002\"" },
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ 0 },
};

static const struct node_slot image_outputs[] = {
	{ .name = "output", .type = "image" },
	{ 0 },
};

static const struct node_prop transcribe_props[] = {
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.gemini.audio.TranscriptionModel:gemini-2.5-flash|gemini-2.0-flash)",
	  .def = "\"gemini-2.5-flash\"" },
	{ .name = "prompt",
	  .type = "str",
	  .def = "\"Write down what is said in this recording, word for word, with punctuation. Answer with nothing "
		 "else.\"" },
	{ 0 },
};

static const struct node_slot transcribe_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop speech_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.gemini.audio.TTSModel:gemini-2.5-pro-preview-tts)",
	  .def = "\"gemini-2.5-pro-preview-tts\"" },
	{ .name = "voice_name",
	  .type = "enum(nodetool.nodes.gemini.audio.VoiceName:achernar|achird|algenib|algieba|alnilam|aoede|autonoe|"
		  "callirrhoe|charon|despina|enceladus|erinome|fenrir|gacrux|iapetus|kore|laomedeia|leda|orus|puck|"
		  "pulcherrima|rasalgethi|sadachbia|sadaltager|schedar|sulafat|umbriel|vindemiatrix|zephyr|"
		  "zubenelgenubi)",
	  .def = "\"kore\"" },
	{ .name = "style_prompt", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot speech_outputs[] = {
	{ .name = "output", .type = "audio" },
	{ 0 },
};

static const struct node_prop search_props[] = {
	{ .name = "query", .type = "str", .def = "\"\"" },
	{ .name = "model",
	  .type = "enum(nodetool.nodes.gemini.text.GeminiModel:gemini-2.5-pro|gemini-2.5-flash|gemini-2.0-flash)",
	  .def = "\"gemini-2.0-flash\"" },
	{ 0 },
};

static const struct node_slot search_outputs[] = {
	{ .name = "results", .type = "list[str]" },
	{ .name = "sources", .type = "list[source]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "gemini.audio.TextToSpeech",
		.title = "Text To Speech",
		.description = "Reads a text out, by Gemini.",
		.props = speech_props,
		.outputs = speech_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = speech,
	},
	{
		.type = "gemini.audio.Transcribe",
		.title = "Transcribe",
		.description = "Writes down what is said in a recording, by Gemini.",
		.props = transcribe_props,
		.outputs = transcribe_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = transcribe,
	},
	{
		.type = "gemini.image.ImageGeneration",
		.title = "Image Generation",
		.description = "Makes a picture of a description, or changes one, by Gemini or Imagen.",
		.props = image_props,
		.outputs = image_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = image_generation,
	},
	{
		.type = "gemini.text.GroundedSearch",
		.title = "Grounded Search",
		.description = "Answers a question from what Google finds, with the sources, by Gemini.",
		.props = search_props,
		.outputs = search_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = grounded_search,
	},
};

NODE_TABLE(nodes_gemini, types);
