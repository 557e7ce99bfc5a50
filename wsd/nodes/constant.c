/* nodetool.constant: values that stand in the workflow itself. */
#include "graph/graph.h"
#include "nodes/node.h"

static enum node_result emit_value(struct node_ctx *ctx)
{
	node_emit(ctx, "output", value_ref(node_get(ctx, "value")));
	return NODE_DONE;
}

static int days_in_month(int64_t year, int64_t month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

static enum node_result emit_date(struct node_ctx *ctx)
{
	int64_t year = node_int(ctx, "year");
	int64_t month = node_int(ctx, "month");
	int64_t day = node_int(ctx, "day");
	struct value *date;

	if (year < 1 || year > 9999)
		return node_fail(ctx, "year %lld is out of range", (long long)year);
	if (month < 1 || month > 12)
		return node_fail(ctx, "month must be in 1..12");
	if (day < 1 || day > days_in_month(year, month))
		return node_fail(ctx, "day is out of range for month");
	date = typed_new("date");
	map_set_int(date, "year", year);
	map_set_int(date, "month", month);
	map_set_int(date, "day", day);
	node_emit(ctx, "output", date);
	return NODE_DONE;
}

/* Unlike Date it takes any numbers, as the original does. */
static enum node_result emit_datetime(struct node_ctx *ctx)
{
	static const char *const same[] = { "year", "month", "day", "hour", "minute", "second", "tzinfo" };
	int64_t milliseconds = node_int(ctx, "millisecond");
	int64_t microseconds;
	struct value *v;

	if (__builtin_mul_overflow(milliseconds, 1000, &microseconds))
		return node_fail(ctx, "millisecond: %lld is too large", (long long)milliseconds);
	v = typed_new("datetime");
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		map_set(v, same[i], value_ref(node_get(ctx, same[i])));
	map_set_int(v, "microsecond", microseconds);
	map_set_float(v, "utc_offset", (double)node_int(ctx, "utc_offset") * 60);
	node_emit(ctx, "output", v);
	return NODE_DONE;
}

static enum node_result emit_image_size(struct node_ctx *ctx)
{
	struct value *size = node_get(ctx, "value");

	node_emit(ctx, "image_size", value_ref(size));
	node_emit(ctx, "width", value_int(map_int(size, "width", 0)));
	node_emit(ctx, "height", value_int(map_int(size, "height", 0)));
	return NODE_DONE;
}

/* A constant with one value of one type. */
#define PLAIN_CONSTANT(name_, title_, type_, def_, no_default_, prop_title_, flags_, description_)		\
	{													\
		.type = "nodetool.constant." name_, .title = title_, .description = description_,		\
		.props = (const struct node_prop[]){ { .name = "value", .type = type_, .def = def_,		\
						       .no_default = no_default_, .title = prop_title_,		\
						       .description = "The value" },				\
						     { 0 } },							\
		.outputs = (const struct node_slot[]){ { .name = "output", .type = type_ }, { 0 } },		\
		.flags = NODE_HIDE_RESULT | NODE_PURE | (flags_), .process = emit_value,			\
	}

static const struct node_type types[] = {
	PLAIN_CONSTANT("ASRModelConstant", "ASRModel Constant", "asr_model",
		       "{\"type\":\"asr_model\"}", true, NULL, NODE_TOOL,
		       "A speech recognition model, fixed in the workflow."),
	PLAIN_CONSTANT("Audio", "Audio", "audio", "{\"type\":\"audio\"}", false, NULL, NODE_TOOL,
		       "An audio clip, fixed in the workflow."),
	PLAIN_CONSTANT("AudioList", "Audio List", "list[audio]", "[]", true, NULL, NODE_TOOL,
		       "A list of audio clips, fixed in the workflow."),
	PLAIN_CONSTANT("Bool", "Bool", "bool", "false", false, NULL, NODE_TOOL,
		       "True or false, fixed in the workflow."),
	PLAIN_CONSTANT("DataFrame", "Data Frame", "dataframe", "{\"type\":\"dataframe\"}", false, "DataFrame", NODE_TOOL,
		       "A table, fixed in the workflow."),
	PLAIN_CONSTANT("Dict", "Dict", "dict[str,any]", "{}", false, NULL, NODE_TOOL,
		       "An object of named values, fixed in the workflow."),
	PLAIN_CONSTANT("Document", "Document", "document", "{\"type\":\"document\"}", false, "Document", NODE_TOOL,
		       "A document, fixed in the workflow."),
	PLAIN_CONSTANT("EmbeddingModelConstant", "Embedding Model Constant", "embedding_model",
		       "{\"type\":\"embedding_model\"}", true, NULL, NODE_TOOL,
		       "An embedding model, fixed in the workflow."),
	PLAIN_CONSTANT("Float", "Float", "float", "0.0", false, NULL, 0, "A number, fixed in the workflow."),
	PLAIN_CONSTANT("Image", "Image", "image", "{\"type\":\"image\"}", false, NULL, NODE_TOOL,
		       "An image, fixed in the workflow."),
	PLAIN_CONSTANT("ImageList", "Image List", "list[image]", "[]", true, NULL, NODE_TOOL,
		       "A list of images, fixed in the workflow."),
	PLAIN_CONSTANT("ImageModelConstant", "Image Model Constant", "image_model",
		       "{\"type\":\"image_model\"}", true, NULL, NODE_TOOL,
		       "An image model, fixed in the workflow."),
	PLAIN_CONSTANT("Integer", "Integer", "int", "0", false, NULL, 0, "A whole number, fixed in the workflow."),
	PLAIN_CONSTANT("JSON", "JSON", "json", "{\"type\":\"json\"}", false, NULL, NODE_TOOL,
		       "A JSON document, fixed in the workflow."),
	PLAIN_CONSTANT("LanguageModelConstant", "Language Model Constant", "language_model",
		       "{\"type\":\"language_model\"}", true, NULL, NODE_TOOL,
		       "A language model, fixed in the workflow."),
	PLAIN_CONSTANT("List", "List", "list[any]", "[]", false, NULL, 0, "A list of values, fixed in the workflow."),
	PLAIN_CONSTANT("Model3D", "Model 3D", "model_3d", "{\"type\":\"model_3d\"}", false, NULL, NODE_TOOL,
		       "A 3D model, fixed in the workflow."),
	PLAIN_CONSTANT("String", "String", "str", "\"\"", false, NULL, 0, "A text, fixed in the workflow."),
	PLAIN_CONSTANT("TTSModelConstant", "TTSModel Constant", "tts_model",
		       "{\"type\":\"tts_model\"}", true, NULL, NODE_TOOL,
		       "A speech synthesis model, fixed in the workflow."),
	PLAIN_CONSTANT("TextList", "Text List", "list[str]", "[]", true, NULL, NODE_TOOL,
		       "A list of texts, fixed in the workflow."),
	PLAIN_CONSTANT("Video", "Video", "video", "{\"type\":\"video\"}", false, NULL, NODE_TOOL,
		       "A video clip, fixed in the workflow."),
	PLAIN_CONSTANT("VideoList", "Video List", "list[video]", "[]", true, NULL, NODE_TOOL,
		       "A list of video clips, fixed in the workflow."),
	PLAIN_CONSTANT("VideoModelConstant", "Video Model Constant", "video_model",
		       "{\"type\":\"video_model\"}", true, NULL, NODE_TOOL,
		       "A video model, fixed in the workflow."),
	{
		.type = "nodetool.constant.Constant",
		.title = "Constant",
		.description = "The common base of all constants; emits nothing itself.",
		.flags = NODE_HIDE_RESULT,
	},
	{
		.type = "nodetool.constant.Date",
		.title = "Date",
		.description = "A calendar date.",
		.props = (const struct node_prop[]){
			{ .name = "year", .type = "int", .def = "1900", .description = "Year, 1 to 9999",
			  .min = "1.0", .max = "9999.0" },
			{ .name = "month", .type = "int", .def = "1", .description = "Month, 1 to 12", .min = "1.0",
			  .max = "12.0" },
			{ .name = "day", .type = "int", .def = "1", .description = "Day of the month", .min = "1.0",
			  .max = "31.0" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "date" },
			{ 0 } },
		.flags = NODE_HIDE_RESULT | NODE_PURE,
		.process = emit_date,
	},
	{
		.type = "nodetool.constant.DateTime",
		.title = "Date Time",
		.description = "A date with time of day and offset from UTC.",
		.props = (const struct node_prop[]){
			{ .name = "year", .type = "int", .def = "1900", .description = "Year, 1 to 9999",
			  .min = "1.0", .max = "9999.0" },
			{ .name = "month", .type = "int", .def = "1", .description = "Month, 1 to 12", .min = "1.0",
			  .max = "12.0" },
			{ .name = "day", .type = "int", .def = "1", .description = "Day of the month", .min = "1.0",
			  .max = "31.0" },
			{ .name = "hour", .type = "int", .def = "0", .description = "Hour, 0 to 23", .min = "0.0",
			  .max = "23.0" },
			{ .name = "minute", .type = "int", .def = "0", .description = "Minute", .min = "0.0",
			  .max = "59.0" },
			{ .name = "second", .type = "int", .def = "0", .description = "Second", .min = "0.0",
			  .max = "59.0" },
			{ .name = "millisecond", .type = "int", .def = "0", .description = "Thousandths of a second",
			  .min = "0.0", .max = "999.0" },
			{ .name = "tzinfo", .type = "str", .def = "\"UTC\"", .description = "Name of the time zone" },
			{ .name = "utc_offset", .type = "int", .def = "0", .description = "Minutes ahead of UTC",
			  .min = "-720.0", .max = "840.0" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "datetime" },
			{ 0 } },
		.flags = NODE_HIDE_RESULT | NODE_PURE | NODE_TOOL,
		.process = emit_datetime,
	},
	{
		.type = "nodetool.constant.ImageSize",
		.title = "Image Size",
		.description = "Width and height of an image.",
		.props = (const struct node_prop[]){
			{ .name = "value", .type = "image_size", .def = "{\"type\":\"image_size\"}",
			  .no_default = true, .description = "The value" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "image_size", .type = "image_size" },
			{ .name = "width", .type = "int" },
			{ .name = "height", .type = "int" },
			{ 0 } },
		.flags = NODE_HIDE_RESULT | NODE_PURE | NODE_TOOL,
		.process = emit_image_size,
	},
	{
		.type = "nodetool.constant.Select",
		.title = "Select",
		.description = "One of a list of words, fixed in the workflow.",
		.props = (const struct node_prop[]){
			{ .name = "value", .type = "str", .def = "\"\"", .description = "The value",
			  .json_schema_extra = "{\"type\":\"select\"}" },
			{ .name = "options", .type = "list[str]", .def = "[]", .description = "The words to choose from" },
			{ .name = "enum_type_name", .type = "str", .def = "\"\"",
			  .description = "Name of the enumeration that the choice belongs to" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "str" },
			{ 0 } },
		.flags = NODE_HIDE_RESULT | NODE_PURE,
		.basic_fields = "value",
		.process = emit_value,
	},
};

NODE_TABLE(nodes_constant, types);
