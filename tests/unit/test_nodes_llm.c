/* Nodes that ask models (of the built-in test service), and vector.faiss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "node_harness.h"
#include "wsd/nodes/llm.h"
#include "wsd/nodes/llm_svg.h"

extern const struct node_table nodes_llm_agent;
extern const struct node_table nodes_llm_generate;
extern const struct node_table nodes_llm_audio;
extern const struct node_table nodes_llm_image;
extern const struct node_table nodes_llm_text;
extern const struct node_table nodes_vector_chroma;
extern const struct node_table nodes_vector_chroma_query;
extern const struct node_table nodes_vector_faiss;

#define FAKE "\"model\":{\"type\":\"language_model\",\"provider\":\"fake\",\"id\":\"fake-model-v1\"}"
#define ANSWER "\"Hello, this is a fake response!\""

static void test_chunks(void **state)
{
	static const char *const types[] = { "nodetool.agents.Summarizer", "nodetool.agents.Agent" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct harness *h = harness_new(&nodes_llm_agent, types[i], "{" FAKE ",\"text\":\"a\",\"prompt\":\"a\"}", NULL);
		size_t last;

		assert_int_equal(harness_run(h), NODE_DONE);
		assert_string_equal(harness_json(h, "text"), "[" ANSWER "]");
		last = harness_count(h, "chunk") - 1;
		assert_int_equal(last, 3);
		assert_string_equal(map_str(harness_output(h, "chunk", 0), "content", ""), "Hello, thi");
		assert_false(map_bool(harness_output(h, "chunk", 0), "done", true));
		assert_true(map_bool(harness_output(h, "chunk", last), "done", false));
		harness_free(h);
	}
}

/* Pieces of a text are embedded one by one, without cutting a character, and the mean is given. */
static void test_embedding(void **state)
{
	struct harness *h = harness_new(&nodes_llm_text, "nodetool.text.Embedding",
					"{\"model\":{\"provider\":\"fake\",\"id\":\"e\"},\"input\":\"abc\xc3\xa4" "abc\",\"chunk_size\":4}",
					NULL);
	const struct value *array;

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	array = harness_output(h, "output", 0);
	assert_string_equal(map_str(array, "dtype", ""), "<f8");
	assert_int_equal(value_as_int(list_at(map_get(array, "shape"), 0)), 16);
	harness_free(h);
}

static void test_list(void **state)
{
	struct harness *h = harness_new(&nodes_llm_generate, "nodetool.generators.ListGenerator", "{" FAKE "}", NULL);

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "item"), "[" ANSWER "]");
	assert_string_equal(harness_json(h, "index"), "[0]");
	harness_free(h);
}

/* Without a model, with one that nothing speaks to, and with answers that do not fit. */
static const struct node_case agent_cases[] = {
	{ "nodetool.agents.Summarizer", "{}", "!no model is selected" },
	{ "nodetool.agents.Agent", "{}", "!no model is selected" },
	{ "nodetool.agents.Classifier", "{" FAKE "}", "!at least two" },
	{ "nodetool.agents.Classifier", "{\"categories\":[\"a\",\"b\"]}", "!no model is selected" },
	{ "nodetool.agents.Classifier", "{" FAKE ",\"categories\":[\"x\",\"fake\"]}", "\"fake\"" },
	{ "nodetool.agents.Classifier", "{" FAKE ",\"categories\":[\"x\",\"y\"]}", "!none of the categories" },
	{ "nodetool.agents.Extractor", "{" FAKE "}", "!declares no outputs" },
	{ "nodetool.agents.CreateThread", "{\"thread_id\":\"../x\"}", "!thread_id" },
};

static const struct node_case generator_cases[] = {
	{ "nodetool.generators.ChartGenerator", "{}", "!no model is selected" },
	{ "nodetool.generators.ListGenerator", "{}", "!no model is selected" },
	{ "nodetool.generators.SVGGenerator", "{}", "!no model is selected" },
	{ "nodetool.generators.StructuredOutputGenerator", "{}", "!declares no outputs" },
	{ "nodetool.generators.DataGenerator", "{" FAKE "}", "!at least one column" },
	{ "nodetool.generators.DataGenerator",
	  "{" FAKE ",\"columns\":{\"type\":\"record_type\",\"columns\":[{\"name\":\"a\",\"data_type\":\"int\"}]}}",
	  "!did not answer with records" },
	{ "nodetool.generators.ChartGenerator", "{" FAKE "}", "!did not answer with a figure" },
	{ "nodetool.generators.SVGGenerator", "{" FAKE "}", "!did not answer with an SVG" },
	{ "nodetool.generators.SVGGenerator",
	  "{\"model\":{\"type\":\"language_model\",\"provider\":\"rodin\",\"id\":\"x\"}}", "!rodin" },
};

static const struct node_case text_cases[] = {
	{ "openai.text.Embedding", "{}", "!input" },
	{ "openai.text.Moderation", "{\"input\":\" \"}", "!input" },
	{ "openai.text.WebSearch", "{}", "!query" },
	{ "mistral.text.ChatComplete", "{}", "!prompt" },
	{ "mistral.text.CodeComplete", "{}", "!prompt" },
	{ "mistral.vision.OCR", "{}", "!image" },
	{ "mistral.vision.ImageToText", "{}", "!image" },
	{ "mistral.embeddings.Embedding", "{}", "!input" },
	{ "gemini.text.Embedding", "{}", "!input" },
	{ "nodetool.text.Embedding", "{}", "!input" },
	{ "nodetool.text.Embedding", "{\"input\":\"a\",\"model\":{\"provider\":\"empty\",\"id\":\"\"}}", "!no model" },
};

static const struct node_case image_cases[] = {
	{ "nodetool.image.TextToImage", "{}", "!text_to_image by huggingface_fal_ai" },
	{ "nodetool.image.TextToImage", "{\"prompt\":\" \"}", "!prompt" },
	{ "nodetool.image.ImageToImage", "{\"model\":{\"provider\":\"ollama\",\"id\":\"m\"}}", "!image_to_image by ollama" },
	{ "openai.image.CreateImage", "{}", "!prompt" },
	{ "openai.image.EditImage", "{\"prompt\":\"p\"}", "!image: nothing is given" },
};

static const struct node_case audio_cases[] = {
	{ "nodetool.audio.TextToSpeech", "{\"text\":\" \"}", "!text" },
	{ "nodetool.text.AutomaticSpeechRecognition", "{}", "!fal_ai" },
	{ "openai.audio.TextToSpeech", "{}", "!input" },
	{ "openai.audio.Transcribe", "{}", "!audio: nothing is given" },
	{ "openai.audio.Translate", "{}", "!audio: nothing is given" },
};

static void test_failures(void **state)
{
	(void)state;
	node_check(&nodes_llm_image, image_cases, ARRAY_LEN(image_cases));
	node_check(&nodes_llm_audio, audio_cases, ARRAY_LEN(audio_cases));
	node_check(&nodes_llm_text, text_cases, ARRAY_LEN(text_cases));
	node_check(&nodes_llm_agent, agent_cases, ARRAY_LEN(agent_cases));
	node_check(&nodes_llm_generate, generator_cases, ARRAY_LEN(generator_cases));
}

static char *shown(struct arena *arena, struct value *v)
{
	char *text = json_text(arena, v, JSON_COMPACT);

	value_unref(v);
	return text;
}

static void test_json(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"a\":1}", "{\"a\":1}" },
		{ "Here:\n```json\n{\"a\":{}}\n```\nbye", "{\"a\":{}}" },
		{ "[1,2]", "[1,2]" },
		{ "list: [\"x\"].", "[\"x\"]" },
		{ "nothing", "null" },
		{ "3", "null" },
		{ "} {", "null" },
		{ "", "null" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct value *v = llm_json(sv_of(rows[i][0]));

		assert_string_equal(shown(arena, v ? v : value_null()), rows[i][1]);
	}
	arena_free(arena);
}

static void test_svg(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_null(svg_elements(sv_of("no drawing")));
	assert_null(svg_elements(sv_of("<svg><g></svg>")));
	assert_null(svg_elements(sv_of("<svg>")));
	assert_string_equal(
		shown(arena, svg_elements(sv_of("Here: <svg onload='x'><script>x</script><a href='http://h/'>t</a></svg>"))),
		"[{\"type\":\"svg_element\",\"name\":\"svg\",\"attributes\":{},\"content\":null,\"children\":[{\"type\":"
		"\"svg_element\",\"name\":\"a\",\"attributes\":{},\"content\":\"t\",\"children\":[]}]}]");
	arena_free(arena);
}

/* ---- vector.faiss -------------------------------------------------------------------------------------- */

static struct value *array(const float *numbers, int64_t rows, int64_t width)
{
	struct value *v = value_map();
	struct value *shape = value_list();

	list_push(shape, value_int(rows));
	list_push(shape, value_int(width));
	map_set_str(v, "type", "np_array");
	map_set(v, "value", value_bytes(numbers, (size_t)(rows * width) * sizeof(float)));
	map_set_str(v, "dtype", "<f4");
	map_set(v, "shape", shape);
	return v;
}

/* Runs a node on an index and gives what it sends to `slot`: a new reference. */
static struct value *on_index(const char *type, struct value *index, const char *name, struct value *v, const char *slot)
{
	struct harness *h = harness_new(&nodes_vector_faiss, type, "{\"k\":2}", NULL);
	struct value *out;

	if (index)
		harness_set(h, "index", value_ref(index));
	harness_set(h, name, v);
	out = harness_run(h) == NODE_DONE ? value_ref(harness_output(h, slot, 0)) : NULL;
	harness_free(h);
	return out;
}

static void test_faiss(void **state)
{
	static const float rows[] = { 0, 0, 1, 0, 0, 2 };
	static const float query[] = { 0.9f, 0 };
	struct harness *h = harness_new(&nodes_vector_faiss, "vector.faiss.CreateIndexIVFFlat", "{\"dim\":2,\"nlist\":1}", NULL);
	struct value *index;
	struct value *again;
	struct value *ids;

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	index = value_ref(harness_output(h, "output", 0));
	harness_free(h);
	assert_null(on_index("vector.faiss.AddVectors", index, "vectors", array(rows, 3, 2), "output"));
	again = on_index("vector.faiss.TrainIndex", index, "vectors", array(rows, 3, 2), "output");
	assert_ptr_equal(again, index);
	value_unref(again);
	value_unref(on_index("vector.faiss.AddVectors", index, "vectors", array(rows, 3, 2), "output"));
	assert_null(on_index("vector.faiss.AddVectors", index, "vectors", array(rows, 2, 3), "output"));
	assert_null(on_index("vector.faiss.Search", NULL, "query", array(query, 1, 2), "indices"));
	ids = on_index("vector.faiss.Search", index, "query", array(query, 1, 2), "indices");
	assert_memory_equal(value_text(map_get(ids, "value")), ((int64_t[]){ 1, 0 }), 2 * sizeof(int64_t));
	value_unref(ids);
	value_unref(index);
}

/* ---- vector.chroma ------------------------------------------------------------------------------------- */

static void test_chroma(void **state)
{
	static const struct node_case names[] = {
		{ "vector.chroma.Collection", "{\"name\":\"x\"}", "!name" },
		{ "vector.chroma.Collection", "{\"name\":\"-abc\"}", "!name" },
		{ "vector.chroma.IndexEmbedding", "{\"index_id\":\" \"}", "!index_id" },
		{ "vector.chroma.IndexString", "{\"text\":\"a\"}", "!document_id" },
		{ "vector.chroma.IndexAggregatedText", "{\"document_id\":\"i\",\"document\":\"d\"}", "!text_chunks" },
	};
	struct harness *h;

	(void)state;
	node_check(&nodes_vector_chroma, names, ARRAY_LEN(names));
	h = harness_new(&nodes_vector_chroma_query, "vector.chroma.RemoveOverlap",
			"{\"documents\":[\"a b c\",\"b c d\",\"c d\",\"e\"]}", NULL);
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "documents"), "[[\"a b c\",\"d\",\"c d\",\"e\"]]");
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunks), cmocka_unit_test(test_embedding), cmocka_unit_test(test_list), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_json),   cmocka_unit_test(test_svg),  cmocka_unit_test(test_faiss),
		cmocka_unit_test(test_chroma),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
