/* nodetool.input: values from whoever runs the workflow (the engine's input dispatcher: notes-engine section 7). */
#include "graph/graph.h"
#include "nodes/node.h"

#include <string.h>

/* The document behind a path, and the path itself. */
static enum node_result emit_document(struct node_ctx *ctx)
{
	struct value *document = typed_new("document");
	struct value *path = node_get(ctx, "value");

	if (value_len(path) > 0)
		map_set(document, "uri", value_strf("file://%s", node_text(ctx, "value")));
	node_emit(ctx, "document", document);
	node_emit(ctx, "path", value_ref(path));
	return NODE_DONE;
}

/* ---- a chat message, taken apart ---------------------------------------------------------------------- */

static struct value *field(struct value *message, const char *name)
{
	struct value *v = map_get(message, name);

	return v ? value_ref(v) : value_null();
}

/* The first part of a message's content that is of a kind: its `key`, or null. */
static struct value *content_part(const struct value *content, const char *type, const char *key)
{
	for (size_t i = 0; i < value_len(content); i++) {
		const struct value *part = list_at(content, i);

		if (strcmp(map_str(part, "type", ""), type) == 0)
			return field(list_at(content, i), key);
	}
	return value_null();
}

/* All texts of a message's content, one a line. */
static struct value *content_text(const struct value *content)
{
	struct buf text;
	struct value *v;

	if (value_is(content, VALUE_STR))
		return value_strn(value_text(content), value_len(content));
	buf_init(&text, BUF_MAX_BODY);
	for (size_t i = 0; i < value_len(content); i++) {
		const struct value *part = list_at(content, i);

		if (strcmp(map_str(part, "type", ""), "text") != 0)
			continue;
		if (text.len)
			buf_addc(&text, '\n');
		v = map_get(part, "text");
		if (value_is(v, VALUE_STR))
			buf_add(&text, value_text(v), value_len(v));
	}
	v = value_strn(text.data ? text.data : "", text.len);
	buf_free(&text);
	return v;
}

static struct value *language_model(struct value *message)
{
	struct value *model = typed_new("language_model");

	if (!*map_str(message, "model", "")) {
		value_unref(model);
		return value_null();
	}
	map_set(model, "id", field(message, "model"));
	if (map_str(message, "provider", NULL))
		map_set(model, "provider", field(message, "provider"));
	return model;
}

static enum node_result take_apart(struct node_ctx *ctx)
{
	struct value *message = node_get(ctx, "value");
	struct value *content = map_get(message, "content");
	struct value *parts = value_is(content, VALUE_LIST) ? content : NULL;

	node_emit(ctx, "id", field(message, "id"));
	node_emit(ctx, "thread_id", field(message, "thread_id"));
	node_emit(ctx, "role", field(message, "role"));
	node_emit(ctx, "text", content_text(content));
	node_emit(ctx, "image", content_part(parts, "image_url", "image"));
	node_emit(ctx, "audio", content_part(parts, "audio", "audio"));
	node_emit(ctx, "model", language_model(message));
	return NODE_DONE;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define NAME_TEXT "The name under which values reach this input"
#define DESCRIPTION_TEXT "What the workflow's users read about this input"

/* An input with a name, a value of one type and a description. */
#define PLAIN_INPUT(name_, title_, type_, def_, no_default_, description_)					\
	{													\
		.type = "nodetool.input." name_, .title = title_, .description = description_,			\
		.props =											\
			(const struct node_prop[]){								\
				{ .name = "name", .type = "str", .def = "\"\"", .description = NAME_TEXT }, \
				{ .name = "value", .type = type_, .def = def_, .no_default = no_default_, \
				  .description = "The value when the run is given none" },			\
				{ .name = "description", .type = "str", .def = "\"\"",				\
				  .description = DESCRIPTION_TEXT },						\
				{ 0 } },									\
		.outputs = (const struct node_slot[]){ { .name = "output", .type = type_ }, { 0 } },		\
		.flags = NODE_INPUT, .basic_fields = "name value",						\
	}

static const struct node_type types[] = {
	PLAIN_INPUT("ASRModelInput", "ASRModel Input", "asr_model", "{\"type\":\"asr_model\"}", false,
		    "Takes a speech recognition model from whoever runs the workflow."),
	PLAIN_INPUT("AssetFolderInput", "Asset Folder Input", "folder", "{\"type\":\"folder\"}", false,
		    "Takes a folder of assets from whoever runs the workflow."),
	PLAIN_INPUT("AudioInput", "Audio Input", "audio", "{\"type\":\"audio\"}", false,
		    "Takes an audio clip from whoever runs the workflow."),
	PLAIN_INPUT("AudioListInput", "Audio List Input", "list[audio]", "[]", false,
		    "Takes a list of audio clips from whoever runs the workflow."),
	PLAIN_INPUT("BooleanInput", "Boolean Input", "bool", "false", false,
		    "Takes true or false from whoever runs the workflow."),
	PLAIN_INPUT("ColorInput", "Color Input", "color", "{\"type\":\"color\"}", false,
		    "Takes a colour from whoever runs the workflow."),
	PLAIN_INPUT("DataframeInput", "Dataframe Input", "dataframe", "{\"type\":\"dataframe\"}", false,
		    "Takes a table from whoever runs the workflow."),
	PLAIN_INPUT("DocumentInput", "Document Input", "document", "{\"type\":\"document\"}", false,
		    "Takes a document from whoever runs the workflow."),
	PLAIN_INPUT("EmbeddingModelInput", "Embedding Model Input", "embedding_model", "{\"type\":\"embedding_model\"}", false,
		    "Takes an embedding model from whoever runs the workflow."),
	PLAIN_INPUT("HuggingFaceModelInput", "Hugging Face Model Input", "hf.model", "{\"type\":\"hf.model\"}", false,
		    "Takes a Hugging Face model from whoever runs the workflow."),
	PLAIN_INPUT("ImageInput", "Image Input", "image", "{\"type\":\"image\"}", false,
		    "Takes an image from whoever runs the workflow."),
	PLAIN_INPUT("ImageListInput", "Image List Input", "list[image]", "[]", false,
		    "Takes a list of images from whoever runs the workflow."),
	PLAIN_INPUT("ImageModelInput", "Image Model Input", "image_model", "{\"type\":\"image_model\"}", false,
		    "Takes an image model from whoever runs the workflow."),
	PLAIN_INPUT("ImageSizeInput", "Image Size Input", "image_size", "{\"type\":\"image_size\"}", true,
		    "Takes width and height of an image from whoever runs the workflow."),
	PLAIN_INPUT("LanguageModelInput", "Language Model Input", "language_model", "{\"type\":\"language_model\"}", false,
		    "Takes a language model from whoever runs the workflow."),
	PLAIN_INPUT("MessageInput", "Message Input", "message", "{\"type\":\"message\"}", false,
		    "Takes a chat message from whoever runs the workflow."),
	PLAIN_INPUT("MessageListInput", "Message List Input", "list[message]", "[]", false,
		    "Takes a list of chat messages from whoever runs the workflow."),
	PLAIN_INPUT("Model3DInput", "Model 3D Input", "model_3d", "{\"type\":\"model_3d\"}", false,
		    "Takes a 3D model from whoever runs the workflow."),
	PLAIN_INPUT("StringListInput", "String List Input", "list[str]", "[]", false,
		    "Takes a list of texts from whoever runs the workflow."),
	PLAIN_INPUT("TTSModelInput", "TTSModel Input", "tts_model", "{\"type\":\"tts_model\"}", false,
		    "Takes a speech synthesis model from whoever runs the workflow."),
	PLAIN_INPUT("TextListInput", "Text List Input", "list[str]", "[]", false,
		    "Takes a list of texts from whoever runs the workflow."),
	PLAIN_INPUT("VideoInput", "Video Input", "video", "{\"type\":\"video\"}", false,
		    "Takes a video clip from whoever runs the workflow."),
	PLAIN_INPUT("VideoListInput", "Video List Input", "list[video]", "[]", false,
		    "Takes a list of video clips from whoever runs the workflow."),
	PLAIN_INPUT("VideoModelInput", "Video Model Input", "video_model", "{\"type\":\"video_model\"}", false,
		    "Takes a video model from whoever runs the workflow."),
	{
		.type = "nodetool.input.DocumentFileInput",
		.title = "Document File Input",
		.description = "Takes a file given by its path: the document and the path.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"",
			  .description = NAME_TEXT },
			{ .name = "value", .type = "str", .def = "\"\"",
			  .description = "The value when the run is given none",
			  .json_schema_extra = "{\"type\":\"file_path\"}" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = DESCRIPTION_TEXT },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "document", .type = "document" },
			{ .name = "path", .type = "str" },
			{ 0 } },
		.flags = NODE_INPUT,
		.basic_fields = "name value",
		.process = emit_document,
	},
	{
		.type = "nodetool.input.FilePathInput",
		.title = "File Path Input",
		.description = "Takes the path of a file from whoever runs the workflow.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"",
			  .description = NAME_TEXT },
			{ .name = "value", .type = "str", .def = "\"\"",
			  .description = "The value when the run is given none",
			  .json_schema_extra = "{\"type\":\"file_path\"}" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = DESCRIPTION_TEXT },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "str" },
			{ 0 } },
		.flags = NODE_INPUT,
		.basic_fields = "name value",
	},
	{
		.type = "nodetool.input.FloatInput",
		.title = "Float Input",
		.description = "Takes a number from whoever runs the workflow.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"",
			  .description = NAME_TEXT },
			{ .name = "value", .type = "float", .def = "0.0",
			  .description = "The value when the run is given none" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = DESCRIPTION_TEXT },
			{ .name = "min", .type = "float", .def = "0", .description = "Smallest value that clients offer" },
			{ .name = "max", .type = "float", .def = "99999",
			  .description = "Largest value that clients offer" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "float" },
			{ 0 } },
		.flags = NODE_INPUT,
		.basic_fields = "name value",
	},
	{
		.type = "nodetool.input.FolderPathInput",
		.title = "Folder Path Input",
		.description = "Takes the path of a folder from whoever runs the workflow.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"",
			  .description = NAME_TEXT },
			{ .name = "value", .type = "str", .def = "\"\"",
			  .description = "The value when the run is given none",
			  .json_schema_extra = "{\"type\":\"folder_path\"}" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = DESCRIPTION_TEXT },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "str" },
			{ 0 } },
		.flags = NODE_INPUT,
		.basic_fields = "name value",
	},
	{
		.type = "nodetool.input.IntegerInput",
		.title = "Integer Input",
		.description = "Takes a whole number from whoever runs the workflow.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"",
			  .description = NAME_TEXT },
			{ .name = "value", .type = "int", .def = "0",
			  .description = "The value when the run is given none" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = DESCRIPTION_TEXT },
			{ .name = "min", .type = "int", .def = "0", .description = "Smallest value that clients offer" },
			{ .name = "max", .type = "int", .def = "99999",
			  .description = "Largest value that clients offer" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "int" },
			{ 0 } },
		.flags = NODE_INPUT,
		.basic_fields = "name value",
	},
	{
		.type = "nodetool.input.MessageDeconstructor",
		.title = "Message Deconstructor",
		.description = "Takes a chat message apart into its text, media and sender.",
		.props = (const struct node_prop[]){
			{ .name = "value", .type = "message", .def = "{\"type\":\"message\"}",
			  .description = "The message" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "id", .type = "str" },
			{ .name = "thread_id", .type = "str" },
			{ .name = "role", .type = "str" },
			{ .name = "text", .type = "str" },
			{ .name = "image", .type = "image" },
			{ .name = "audio", .type = "audio" },
			{ .name = "model", .type = "language_model" },
			{ 0 } },
		.flags = NODE_PURE,
		.process = take_apart,
	},
	{
		.type = "nodetool.input.RealtimeAudioInput",
		.title = "Realtime Audio Input",
		.description = "Takes audio piece by piece while the workflow runs.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"",
			  .description = NAME_TEXT },
			{ .name = "value", .type = "audio", .def = "{\"type\":\"audio\"}",
			  .description = "The value when the run is given none" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = DESCRIPTION_TEXT },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "chunk", .type = "chunk" },
			{ 0 } },
		.flags = NODE_INPUT | NODE_STREAMS_OUTPUT,
		.basic_fields = "name value value",
	},
	{
		.type = "nodetool.input.SelectInput",
		.title = "Select Input",
		.description = "Takes one of a list of words from whoever runs the workflow.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"",
			  .description = NAME_TEXT },
			{ .name = "value", .type = "str", .def = "\"\"",
			  .description = "The value when the run is given none",
			  .json_schema_extra = "{\"type\":\"select\"}" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = DESCRIPTION_TEXT },
			{ .name = "options", .type = "list[str]", .def = "[]", .description = "The words to choose from" },
			{ .name = "enum_type_name", .type = "str", .def = "\"\"",
			  .description = "Name of the enumeration that the choice belongs to" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "str" },
			{ 0 } },
		.flags = NODE_INPUT,
		.basic_fields = "name value value",
	},
	{
		.type = "nodetool.input.StringInput",
		.title = "String Input",
		.description = "Takes a text from whoever runs the workflow.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"",
			  .description = NAME_TEXT },
			{ .name = "value", .type = "str", .def = "\"\"",
			  .description = "The value when the run is given none" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = DESCRIPTION_TEXT },
			{ .name = "max_length", .type = "int", .def = "0", .title = "Max length",
			  .description = "Characters that clients let users type; 0: any number", .min = "0.0",
			  .max = "100000.0" },
			{ .name = "line_mode", .type = "str", .def = "\"single_line\"", .title = "Line mode",
			  .description = "Whether clients show one line or several",
			  .json_schema_extra = "{\"type\":\"enum\",\"values\":[\"single_line\",\"multiline\"]}" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "str" },
			{ 0 } },
		.flags = NODE_INPUT,
		.basic_fields = "name value",
	},
};

NODE_TABLE(nodes_input, types);
