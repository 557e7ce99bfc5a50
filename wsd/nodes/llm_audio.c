/* Speech and transcriptions by services that speak like OpenAI: nodetool.audio, nodetool.text, openai.audio. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/llm_media.h"

#include <string.h>

#define TRANSLATION_MODEL "whisper-1"

/* ---- speech -------------------------------------------------------------------------------------------- */

static struct llm *ask_speech(struct node_ctx *ctx, const char *service, const char *model, const char *text,
			      const char *voice)
{
	struct value *body = value_map();
	struct provider_request_spec spec = { .method = "POST", .path = "/audio/speech", .body = body, .raw = true };
	struct llm *llm;

	map_set_str(body, "model", model);
	map_set_str(body, "input", text);
	map_set_str(body, "voice", *voice ? voice : "alloy");
	map_set_float(body, "speed", node_float(ctx, "speed"));
	map_set_str(body, "response_format", "mp3");
	llm = llm_request(ctx, service, model, &spec);
	value_unref(body);
	return llm;
}

/* The sound that the answer is; new reference in *out when NODE_DONE. */
static enum node_result take_speech(struct node_ctx *ctx, struct value **out)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result = llm_step(s->llm, ctx);
	struct sv bytes;

	if (result != NODE_DONE)
		return result;
	bytes = llm_text(s->llm);
	if (!bytes.n)
		return node_fail(ctx, "The service gave no sound");
	*out = asset_new("audio");
	map_set(*out, "data", value_bytes(bytes.p, bytes.n));
	llm_reset(s);
	return NODE_DONE;
}

static enum node_result openai_speech(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *audio;

	if (!media_text(ctx, "input"))
		return NODE_FAILED;
	if (!s->llm)
		s->llm = ask_speech(ctx, "openai", node_text(ctx, "model"), node_text(ctx, "input"),
				    node_text(ctx, "voice"));
	result = s->llm ? take_speech(ctx, &audio) : NODE_FAILED;
	return result == NODE_DONE ? done(ctx, audio) : result;
}

static enum node_result speech_begin(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	const char *voice = map_str(node_get(ctx, "model"), "selected_voice", "");
	const char *service;
	const char *model;

	llm_reset(s);
	if (!media_text(ctx, "text") || !media_model(ctx, CAN_TEXT_TO_SPEECH, &service, &model))
		return NODE_FAILED;
	s->llm = ask_speech(ctx, service, model, node_text(ctx, "text"), voice);
	return s->llm ? NODE_DONE : NODE_FAILED;
}

/* The whole sound at once. */
static enum node_result speech_next(struct node_ctx *ctx)
{
	struct value *audio;
	enum node_result result = take_speech(ctx, &audio);

	if (result == NODE_DONE)
		node_emit(ctx, "audio", audio);
	return result;
}

/* ---- transcriptions ------------------------------------------------------------------------------------ */

/* The names of languages in the node's list, and their codes. */
static const char *const languages[][2] = {
	{ "spanish", "es" },    { "italian", "it" },     { "korean", "ko" },     { "portuguese", "pt" },
	{ "english", "en" },    { "japanese", "ja" },    { "german", "de" },     { "russian", "ru" },
	{ "dutch", "nl" },      { "polish", "pl" },      { "catalan", "ca" },    { "french", "fr" },
	{ "indonesian", "id" }, { "ukrainian", "uk" },   { "turkish", "tr" },    { "malay", "ms" },
	{ "swedish", "sv" },    { "mandarin", "zh" },    { "finnish", "fi" },    { "norwegian", "no" },
	{ "romanian", "ro" },   { "thai", "th" },        { "vietnamese", "vi" }, { "slovak", "sk" },
	{ "arabic", "ar" },     { "czech", "cs" },       { "croatian", "hr" },   { "greek", "el" },
	{ "serbian", "sr" },    { "danish", "da" },      { "bulgarian", "bg" },  { "hungarian", "hu" },
	{ "filipino", "tl" },   { "bosnian", "bs" },     { "galician", "gl" },   { "macedonian", "mk" },
	{ "hindi", "hi" },      { "estonian", "et" },    { "slovenian", "sl" },  { "tamil", "ta" },
	{ "latvian", "lv" },    { "azerbaijani", "az" }, { "urdu", "ur" },       { "lithuanian", "lt" },
	{ "hebrew", "he" },     { "welsh", "cy" },       { "persian", "fa" },    { "icelandic", "is" },
	{ "kazakh", "kk" },     { "afrikaans", "af" },   { "kannada", "kn" },    { "marathi", "mr" },
	{ "swahili", "sw" },    { "telugu", "te" },      { "maori", "mi" },      { "nepali", "ne" },
	{ "armenian", "hy" },   { "belarusian", "be" },  { "gujarati", "gu" },   { "punjabi", "pa" },
	{ "bengali", "bn" },
};

static const char *language_code(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (strcmp(languages[i][0], name) == 0)
			return languages[i][1];
	return "";
}

#define TRANSCRIPTION_PARTS 8

static void add_part(struct provider_request_spec *spec, struct provider_part *parts, const char *name,
		     const char *text)
{
	if (*text)
		parts[spec->part_count++] = (struct provider_part){ .name = name, .data = sv_of(text) };
}

static struct llm *ask_transcription(struct node_ctx *ctx, const char *service, const char *model, const char *path)
{
	struct provider_part parts[TRANSCRIPTION_PARTS] = {
		{ .name = "file", .filename = "audio", .type = "application/octet-stream" },
	};
	struct provider_request_spec spec = { .method = "POST", .path = path, .parts = parts, .part_count = 1 };
	bool timestamps = node_bool(ctx, "timestamps");
	const struct value *temperature = node_get(ctx, "temperature");

	if (!media_read(ctx, "audio", &parts[0].data))
		return NULL;
	/* Services tell formats apart by the ending. */
	parts[0].filename = llm_media_name(parts[0].data);
	add_part(&spec, parts, "model", model);
	add_part(&spec, parts, "language", language_code(node_text(ctx, "language")));
	add_part(&spec, parts, "prompt", node_text(ctx, "prompt"));
	if (value_is_number(temperature))
		add_part(&spec, parts, "temperature", arena_printf(node_arena(ctx), "%g", value_as_float(temperature)));
	add_part(&spec, parts, "response_format", timestamps ? "verbose_json" : "json");
	add_part(&spec, parts, "timestamp_granularities[]", timestamps ? "word" : "");
	add_part(&spec, parts, "timestamp_granularities[]", timestamps ? "segment" : "");
	return llm_request(ctx, service, model, &spec);
}

/* The text of the answer: new reference in *out when NODE_DONE. The state still holds the answer. */
static enum node_result take_transcription(struct node_ctx *ctx, struct value **out)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result = llm_step(s->llm, ctx);
	struct value *text;

	if (result != NODE_DONE)
		return result;
	text = map_get(llm_value(s->llm), "text");
	if (!value_is(text, VALUE_STR))
		return node_fail(ctx, "The service gave no text");
	*out = value_ref(text);
	return NODE_DONE;
}

static enum node_result recognition(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	const char *service;
	const char *model;
	struct value *text;

	if (!media_model(ctx, CAN_RECOGNIZE_SPEECH, &service, &model))
		return NODE_FAILED;
	if (!s->llm)
		s->llm = ask_transcription(ctx, service, model, "/audio/transcriptions");
	result = s->llm ? take_transcription(ctx, &text) : NODE_FAILED;
	if (result != NODE_DONE)
		return result;
	node_emit(ctx, "text", text);
	llm_reset(s);
	return NODE_DONE;
}

static enum node_result openai_translate(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *text;

	if (!s->llm)
		s->llm = ask_transcription(ctx, "openai", TRANSLATION_MODEL, "/audio/translations");
	result = s->llm ? take_transcription(ctx, &text) : NODE_FAILED;
	if (result != NODE_DONE)
		return result;
	llm_reset(s);
	return done(ctx, text);
}

/* Words or segments as audio_chunk values. */
static struct value *pieces(const struct value *list, const char *key)
{
	struct value *out = value_list();

	for (size_t i = 0; i < value_len(list); i++) {
		const struct value *piece = list_at(list, i);
		struct value *m = value_map();
		struct value *times = value_list();

		list_push(times, value_float(value_as_float(map_get(piece, "start"))));
		list_push(times, value_float(value_as_float(map_get(piece, "end"))));
		list_mark_tuple(times);
		map_set_str(m, "type", "audio_chunk");
		map_set(m, "timestamp", times);
		map_set_str(m, "text", map_str(piece, key, ""));
		map_mark_typed(m);
		list_push(out, m);
	}
	return out;
}

static enum node_result openai_transcribe(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *text;

	if (!s->llm)
		s->llm = ask_transcription(ctx, "openai", node_text(ctx, "model"), "/audio/transcriptions");
	result = s->llm ? take_transcription(ctx, &text) : NODE_FAILED;
	if (result != NODE_DONE)
		return result;
	node_emit(ctx, "text", text);
	node_emit(ctx, "words", pieces(map_get(llm_value(s->llm), "words"), "word"));
	node_emit(ctx, "segments", pieces(map_get(llm_value(s->llm), "segments"), "text"));
	llm_reset(s);
	return NODE_DONE;
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop text_to_speech_props[] = {
	{ .name = "model",
	  .type = "tts_model",
	  .def = "{\"type\": \"tts_model\", \"provider\": \"openai\", \"id\": \"tts-1\", \"name\": \"TTS 1"
		 "\", \"path\": null, \"voices\": [\"alloy\", \"echo\", \"fable\", \"onyx\", \"nova\", \"s"
		 "himmer\"], \"selected_voice\": \"\"}" },
	{ .name = "text", .type = "str", .def = "\"Hello! This is a text-to-speech demonstration.\"" },
	{ .name = "speed", .type = "float", .def = "1.0", .min = "0.25", .max = "4.0" },
	{ 0 },
};

static const struct node_slot text_to_speech_outputs[] = {
	{ .name = "audio", .type = "audio" },
	{ .name = "chunk", .type = "chunk" },
	{ 0 },
};

static const struct node_prop automatic_speech_recognition_props[] = {
	{ .name = "model",
	  .type = "asr_model",
	  .def = "{\"type\": \"asr_model\", \"provider\": \"fal_ai\", \"id\": \"openai/whisper-large-v3\","
		 " \"name\": \"\", \"path\": null}" },
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	{ 0 },
};

static const struct node_slot automatic_speech_recognition_outputs[] = {
	{ .name = "text", .type = "str" },
	{ 0 },
};

static const struct node_prop openai_text_to_speech_props[] = {
	{ .name = "model",
	  .type = "enum(nodetool.nodes.openai.audio.TextToSpeech.TtsModel:tts-1|tts-1-hd|gpt-4o-mini-tts)",
	  .def = "\"tts-1\"" },
	{ .name = "voice",
	  .type = "enum(nodetool.nodes.openai.audio.TextToSpeech.Voice:alloy|ash|ballad|coral|echo|fable|on"
		  "yx|nova|sage|shimmer|verse)",
	  .def = "\"alloy\"" },
	{ .name = "input", .type = "str", .def = "\"\"" },
	{ .name = "speed", .type = "float", .def = "1.0", .min = "0.25", .max = "4.0" },
	{ 0 },
};

static const struct node_slot openai_text_to_speech_outputs[] = {
	{ .name = "output", .type = "audio" },
	{ 0 },
};

static const struct node_prop openai_transcribe_props[] = {
	{ .name = "model",
	  .type = "enum(nodetool.nodes.openai.audio.Transcribe.TranscriptionModel:whisper-1|gpt-4o-transcri"
		  "be|gpt-4o-mini-transcribe)",
	  .def = "\"whisper-1\"" },
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	{ .name = "language",
	  .type = "enum(nodetool.nodes.openai.audio.Transcribe.Language:auto_detect|spanish|italian|korean|"
		  "portuguese|english|japanese|german|russian|dutch|polish|catalan|french|indonesian|ukrain"
		  "ian|turkish|malay|swedish|mandarin|finnish|norwegian|romanian|thai|vietnamese|slovak|ara"
		  "bic|czech|croatian|greek|serbian|danish|bulgarian|hungarian|filipino|bosnian|galician|ma"
		  "cedonian|hindi|estonian|slovenian|tamil|latvian|azerbaijani|urdu|lithuanian|hebrew|welsh"
		  "|persian|icelandic|kazakh|afrikaans|kannada|marathi|swahili|telugu|maori|nepali|armenian"
		  "|belarusian|gujarati|punjabi|bengali)",
	  .def = "\"auto_detect\"" },
	{ .name = "timestamps", .type = "bool", .def = "false" },
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "temperature", .type = "float", .def = "0", .min = "0.0", .max = "1.0" },
	{ 0 },
};

static const struct node_slot openai_transcribe_outputs[] = {
	{ .name = "text", .type = "str" },
	{ .name = "words", .type = "list[audio_chunk]" },
	{ .name = "segments", .type = "list[audio_chunk]" },
	{ 0 },
};

static const struct node_prop openai_translate_props[] = {
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	{ .name = "temperature", .type = "float", .def = "0.0" },
	{ 0 },
};

static const struct node_slot openai_translate_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.audio.TextToSpeech",
		.title = "Text To Speech",
		.description = "Speaks a text, by a model of a service.",
		.props = text_to_speech_props,
		.outputs = text_to_speech_outputs,
		.basic_fields = "model text voice speed",
		.flags = NODE_STREAMS_OUTPUT | NODE_TOOL | NODE_NOT_CACHEABLE,
		LLM_STATE,
		.process = speech_begin,
		.next = speech_next,
	},
	{
		.type = "nodetool.text.AutomaticSpeechRecognition",
		.title = "Automatic Speech Recognition",
		.description = "Writes down what is said, by a model of a service.",
		.props = automatic_speech_recognition_props,
		.outputs = automatic_speech_recognition_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = recognition,
	},
	{
		.type = "openai.audio.TextToSpeech",
		.title = "Text To Speech",
		.description = "Speaks a text, by OpenAI.",
		.props = openai_text_to_speech_props,
		.outputs = openai_text_to_speech_outputs,
		.basic_fields = "input model voice",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = openai_speech,
	},
	{
		.type = "openai.audio.Transcribe",
		.title = "Transcribe",
		.description = "Writes down what is said, by OpenAI.",
		.props = openai_transcribe_props,
		.outputs = openai_transcribe_outputs,
		.basic_fields = "audio language timestamps",
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = openai_transcribe,
	},
	{
		.type = "openai.audio.Translate",
		.title = "Translate",
		.description = "Writes down in English what is said, by OpenAI.",
		.props = openai_translate_props,
		.outputs = openai_translate_outputs,
		.flags = NODE_TOOL,
		LLM_STATE,
		.process = openai_translate,
	},
};

NODE_TABLE(nodes_llm_audio, types);
