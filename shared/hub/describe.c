/* What kind of model a repository holds, by its own files: model_index.json (diffusers), config.json (transformers), the head
 * of README.md (what the hub's page shows), and the names of its files. */
#include "hub/internal.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files/files.h"
#include "value/yaml.h"

#define FILE_MAX ((size_t)1 << 20)

struct kind {
	const char *word;
	const char *type;
};

static const struct kind pipelines[] = {
	{ "StableDiffusionPipeline", "hf.stable_diffusion" },
	{ "StableDiffusionXLPipeline", "hf.stable_diffusion_xl" },
	{ "StableDiffusionXLImg2ImgPipeline", "hf.stable_diffusion_xl_refiner" },
	{ "StableDiffusion3Pipeline", "hf.stable_diffusion_3" },
	{ "FluxPipeline", "hf.flux" },
	{ "FluxKontextPipeline", "hf.flux_kontext" },
	{ "QwenImagePipeline", "hf.qwen_image" },
	{ "QwenImageEditPipeline", "hf.qwen_image_edit" },
};

/* By "model_type" of config.json. */
static const struct kind models[] = {
	{ "whisper", "hf.automatic_speech_recognition" },
	{ "wav2vec2", "hf.automatic_speech_recognition" },
	{ "qwen2_vl", "hf.image_text_to_text" },
	{ "qwen2_5_vl", "hf.image_text_to_text" },
	{ "llava", "hf.image_text_to_text" },
	{ "vits", "hf.text_to_speech" },
	{ "bark", "hf.text_to_speech" },
	{ "speecht5", "hf.text_to_speech" },
	{ "musicgen", "hf.text_to_audio" },
	{ "clip", "hf.zero_shot_image_classification" },
};

/* By how the class in "architectures" of config.json ends. */
static const struct kind endings[] = {
	{ "ForCausalLM", "hf.text_generation" },
	{ "LMHeadModel", "hf.text_generation" },
	{ "ForSequenceClassification", "hf.text_classification" },
	{ "ForTokenClassification", "hf.token_classification" },
	{ "ForQuestionAnswering", "hf.question_answering" },
	{ "ForMaskedLM", "hf.fill_mask" },
	{ "ForImageClassification", "hf.image_classification" },
	{ "ForSemanticSegmentation", "hf.image_segmentation" },
	{ "ForObjectDetection", "hf.object_detection" },
	{ "ForDepthEstimation", "hf.depth_estimation" },
	{ "ForAudioClassification", "hf.audio_classification" },
	{ "ForCTC", "hf.automatic_speech_recognition" },
	{ "ForSpeechSeq2Seq", "hf.automatic_speech_recognition" },
};

static const char *find(const struct kind *kinds, size_t count, const char *word, bool at_end)
{
	for (size_t i = 0; word && i < count; i++) {
		if (at_end ? str_ends(word, kinds[i].word) : strcmp(word, kinds[i].word) == 0)
			return kinds[i].type;
	}
	return NULL;
}

/* A small file of the repository; links may lead into its blobs, not out of it. False when it is not there or too long. */
static bool read_small(const struct hub_repo *repo, const char *below, struct buf *out)
{
	int at = open(repo->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = at < 0 ? -1 : files_open(at, below, FILES_INNER_LINKS, O_RDONLY | O_NONBLOCK, 0);
	ssize_t n;
	char *room;

	while (fd >= 0 && (room = buf_reserve(out, 16384)) && (n = read(fd, room, 16384)) > 0)
		out->len += (size_t)n;
	if (fd >= 0)
		close(fd);
	if (at >= 0)
		close(at);
	if (out->failed || !out->len)
		return false;
	out->data[out->len] = '\0';
	return true;
}

static const struct value *read_json(struct arena *arena, const struct hub_repo *repo, const char *snapshot, const char *name)
{
	struct value *v = NULL;
	struct buf text;

	if (!hub_file(repo, name))
		return NULL;
	buf_init(&text, FILE_MAX);
	if (read_small(repo, arena_printf(arena, "%s/%s", snapshot, name), &text))
		v = json_parse(text.data, text.len, NULL);
	buf_free(&text);
	if (v)
		arena_defer(arena, value_unref_ptr, v);
	return v;
}

/* The YAML between the first two lines of dashes of README.md. */
static const struct value *read_card(struct arena *arena, const struct hub_repo *repo, const char *snapshot)
{
	struct value *v = NULL;
	struct err err = { 0 };
	struct buf text;
	const char *end;

	if (!hub_file(repo, "README.md"))
		return NULL;
	buf_init(&text, FILE_MAX);
	if (read_small(repo, arena_printf(arena, "%s/README.md", snapshot), &text) && str_starts(text.data, "---\n") &&
	    (end = strstr(text.data + 4, "\n---")))
		v = yaml_parse(text.data + 4, (size_t)(end - text.data - 3), &err);
	buf_free(&text);
	if (v)
		arena_defer(arena, value_unref_ptr, v);
	return v;
}

/* "text-to-image" as "hf.text_to_image". */
static const char *type_of_pipeline(struct arena *arena, const char *pipeline)
{
	char *type = arena_printf(arena, "hf.%s", pipeline);

	for (char *p = type; *p; p++) {
		if (*p == '-')
			*p = '_';
	}
	return type;
}

static bool has_gguf(const struct hub_repo *repo)
{
	for (size_t i = 0; i < repo->file_count; i++) {
		if (str_ends(repo->files[i].path, ".gguf"))
			return true;
	}
	return false;
}

void hub_describe(struct arena *arena, struct hub_repo *repo, const char *snapshot)
{
	const struct value *index = read_json(arena, repo, snapshot, "model_index.json");
	const struct value *config = read_json(arena, repo, snapshot, "config.json");
	const struct value *card = read_card(arena, repo, snapshot);
	const struct value *class = list_at(map_get(config, "architectures"), 0);
	const struct value *tags = map_get(card, "tags");

	repo->has_model_index = hub_file(repo, "model_index.json") != NULL;
	repo->pipeline = map_str(card, "pipeline_tag", NULL);
	repo->tags = value_is(tags, VALUE_LIST) ? tags : NULL;
	if (has_gguf(repo))
		repo->type = "llama_cpp_model";
	if (!repo->type)
		repo->type = find(pipelines, ARRAY_LEN(pipelines), map_str(index, "_class_name", NULL), false);
	if (!repo->type)
		repo->type = find(models, ARRAY_LEN(models), map_str(config, "model_type", NULL), false);
	if (!repo->type && repo->pipeline)
		repo->type = type_of_pipeline(arena, repo->pipeline);
	if (!repo->type)
		repo->type = find(endings, ARRAY_LEN(endings), value_is(class, VALUE_STR) ? value_text(class) : NULL, true);
}
