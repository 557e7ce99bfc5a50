/* nodetool.generators: data, lists, charts and pictures that a language model writes. */
#include "wsd/nodes/frame.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/llm.h"
#include "wsd/nodes/llm_svg.h"

#include <string.h>

#define STRUCTURED_OUTPUT_GENERATOR_PROMPT                                                                             \
	"You turn instructions into data. Give exactly the fields that are asked for, invent nothing that "            \
	"contradicts the "                                                                                             \
	"context, and write no explanations."

static const char data_prompt[] =
	"You write records for a table. Fill every column of every record with a value of its type, "
	"and write as many records as are asked for.";
static const char list_prompt[] =
	"You write lists. Give every entry on a line of its own as a JSON text in double quotes, and "
	"nothing else: no numbers, no bullets, no introduction.";
static const char chart_prompt[] =
	"You design charts for Plotly. Give its figure as JSON: traces in \"data\", titles and axes in "
	"\"layout\". Take the values from the table that you are given.";
static const char svg_prompt[] =
	"You draw with SVG. Answer with one complete <svg> element with a viewBox, without scripts, "
	"without addresses elsewhere, and without any text around it.";

/* Whether a prompt is there, and the message for it. */
static int say_prompt(struct node_ctx *ctx, struct value *messages, const char *property, const char *more)
{
	const char *prompt = node_text(ctx, property);
	const char *text = *more ? arena_printf(node_arena(ctx), "%s\n\n%s", prompt, more) : prompt;

	return llm_say(ctx, messages, text, NULL, NULL);
}

/* Begins a chat with the model of the property "model"; takes messages and format. */
static struct llm *ask(struct node_ctx *ctx, struct value *messages, struct value *format)
{
	struct llm_ask question = { .messages = messages, .format = format };

	if (llm_model(ctx, "model", &question.service, &question.model))
		return llm_chat(ctx, &question);
	value_unref(messages);
	value_unref(format);
	return NULL;
}

/* ---- structured output --------------------------------------------------------------------------------- */

static struct llm *ask_structured(struct node_ctx *ctx)
{
	struct value *slots = node_slots(ctx);
	struct value *schema = llm_slots_schema(slots);
	struct value *messages = llm_messages_json(node_text(ctx, "system_prompt"), schema);
	struct value *format = llm_format("output", schema);
	struct llm *llm = NULL;

	if (!value_len(slots))
		node_fail(ctx, "The node declares no outputs: add one for every field of the answer");
	else if (say_prompt(ctx, messages, "instructions", node_text(ctx, "context")) == 0)
		llm = ask(ctx, value_ref(messages), value_ref(format));
	value_unref(slots);
	value_unref(messages);
	value_unref(format);
	return llm;
}

static enum node_result structured(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);

	if (!s->llm && !(s->llm = ask_structured(ctx)))
		return NODE_FAILED;
	return llm_end_fields(s, ctx);
}

/* ---- records ------------------------------------------------------------------------------------------- */

struct records_state {
	struct llm_state ask;
	struct value *records; /* the answer, once it is there */
	size_t at;
};

static void records_destroy(void *state)
{
	struct records_state *s = state;

	llm_state_destroy(&s->ask);
	value_unref(s->records);
}

/* The JSON schema {records: [{column: value, …}]}. */
static struct value *records_schema(const struct value *columns)
{
	struct value *fields = value_map();
	struct value *list = value_map();
	struct value *outer = value_map();

	for (size_t i = 0; i < value_len(columns); i++) {
		const struct value *column = list_at(columns, i);
		struct value *type = value_map();
		struct value *schema;

		map_set_str(type, "type", map_str(column, "data_type", "string"));
		schema = llm_type_schema(type);
		map_set_str(schema, "description", map_str(column, "description", ""));
		map_set(fields, map_str(column, "name", ""), schema);
		value_unref(type);
	}
	map_set_str(list, "type", "array");
	map_set(list, "items", llm_object_schema(fields));
	map_set(outer, "records", list);
	return llm_object_schema(outer);
}

static enum node_result data_begin(struct node_ctx *ctx)
{
	struct records_state *s = node_state(ctx);
	const struct value *columns = map_get(node_get(ctx, "columns"), "columns");
	struct value *schema;
	struct value *messages;

	if (!value_len(columns))
		return node_fail(ctx, "columns: the table needs at least one column");
	llm_free(s->ask.llm);
	value_unref(s->records);
	*s = (struct records_state){ 0 };
	schema = records_schema(columns);
	messages = llm_messages_json(data_prompt, schema);
	if (say_prompt(ctx, messages, "prompt", node_text(ctx, "input_text"))) {
		value_unref(schema);
		value_unref(messages);
		return NODE_FAILED;
	}
	s->ask.llm = ask(ctx, messages, llm_format("records", schema));
	return s->ask.llm ? NODE_DONE : NODE_FAILED;
}

static enum node_result send_frame(struct node_ctx *ctx, const struct records_state *s)
{
	struct err err = { 0 };
	struct frame *frame = frame_from_maps(s->records, &err);

	if (!frame)
		return fail_err(ctx, &err);
	node_emit(ctx, "dataframe", frame_value(frame));
	return NODE_DONE;
}

static enum node_result data_next(struct node_ctx *ctx)
{
	struct records_state *s = node_state(ctx);
	enum node_result result;
	struct value *answer;

	if (!s->records) {
		result = llm_step(s->ask.llm, ctx);
		if (result != NODE_DONE)
			return result;
		answer = llm_json(llm_text(s->ask.llm));
		s->records = value_is(answer, VALUE_LIST) ? value_ref(answer) : map_get(answer, "records");
		if (s->records && value_is(answer, VALUE_MAP))
			value_ref(s->records);
		value_unref(answer);
		if (!value_is(s->records, VALUE_LIST))
			return node_fail(ctx, "The model did not answer with records");
	}
	if (s->at == value_len(s->records))
		return send_frame(ctx, s);
	node_emit(ctx, "record", value_ref(list_at(s->records, s->at)));
	node_emit(ctx, "index", value_int((int64_t)s->at));
	s->at++;
	return NODE_MORE;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

struct lines_state {
	struct llm_state ask;
	size_t read; /* bytes of the answer that have become items */
	int64_t count;
};

static enum node_result list_begin_answer(struct node_ctx *ctx)
{
	struct lines_state *s = node_state(ctx);
	struct value *messages = llm_messages(list_prompt);

	llm_free(s->ask.llm);
	*s = (struct lines_state){ 0 };
	if (say_prompt(ctx, messages, "prompt", node_text(ctx, "input_text"))) {
		value_unref(messages);
		return NODE_FAILED;
	}
	s->ask.llm = ask(ctx, messages, NULL);
	return s->ask.llm ? NODE_DONE : NODE_FAILED;
}

/* A line as an item: a JSON text, or what stands behind a bullet or number. NULL for an empty one. */
static struct value *item_of(struct sv line)
{
	struct json_error why;
	struct value *v;
	size_t digits = 0;

	line = sv_trim(line);
	if (line.n && line.p[line.n - 1] == ',')
		line.n--;
	if (!line.n || (line.n >= 3 && memcmp(line.p, "```", 3) == 0))
		return NULL;
	v = line.p[0] == '"' ? json_parse(line.p, line.n, &why) : NULL;
	if (v)
		return v;
	while (digits < line.n && line.p[digits] >= '0' && line.p[digits] <= '9')
		digits++;
	if (digits && digits + 1 < line.n && (line.p[digits] == '.' || line.p[digits] == ')') &&
	    line.p[digits + 1] == ' ')
		line = (struct sv){ line.p + digits + 2, line.n - digits - 2 };
	else if (line.n > 2 && strchr("-*+", line.p[0]) && line.p[1] == ' ')
		line = (struct sv){ line.p + 2, line.n - 2 };
	return value_strn(line.p, line.n);
}

/* Sends the next whole line of what has arrived; false when there is none. */
static bool send_line(struct node_ctx *ctx, struct lines_state *s, bool last)
{
	struct sv text = llm_text(s->ask.llm);

	while (s->read < text.n) {
		const char *from = text.p + s->read;
		const char *end = memchr(from, '\n', text.n - s->read);
		size_t n = end ? (size_t)(end - from) : text.n - s->read;
		struct value *item;

		if (!end && !last)
			return false;
		s->read += n + (end ? 1 : 0);
		item = item_of((struct sv){ from, n });
		if (!item)
			continue;
		node_emit(ctx, "item", item);
		node_emit(ctx, "index", value_int(s->count++));
		return true;
	}
	return false;
}

static enum node_result list_next_item(struct node_ctx *ctx)
{
	struct lines_state *s = node_state(ctx);
	enum node_result result = llm_step(s->ask.llm, ctx);

	if (result == NODE_FAILED)
		return result;
	if (send_line(ctx, s, result == NODE_DONE))
		return NODE_MORE;
	return result;
}

/* ---- charts -------------------------------------------------------------------------------------------- */

static struct llm *ask_chart(struct node_ctx *ctx)
{
	struct value *messages;
	struct value *schema;
	struct value *rows = node_get(ctx, "data");
	struct value *parts = value_map();
	struct value *trace = value_map();
	char *table = json_text(node_arena(ctx), rows, JSON_SPACED);

	map_set_str(trace, "type", "object");
	schema = value_map();
	map_set_str(schema, "type", "array");
	map_set(schema, "items", value_ref(trace));
	map_set(parts, "data", schema);
	map_set(parts, "layout", trace);
	schema = llm_object_schema(parts);
	messages = llm_messages_json(chart_prompt, schema);
	if (say_prompt(ctx, messages, "prompt", table ? table : "")) {
		value_unref(messages);
		value_unref(schema);
		return NULL;
	}
	return ask(ctx, messages, llm_format("figure", schema));
}

static enum node_result chart(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *figure;
	struct value *config;

	if (!s->llm && !(s->llm = ask_chart(ctx)))
		return NODE_FAILED;
	result = llm_step(s->llm, ctx);
	if (result != NODE_DONE)
		return result;
	figure = llm_json(llm_text(s->llm));
	llm_reset(s);
	if (!value_is(figure, VALUE_MAP)) {
		value_unref(figure);
		return node_fail(ctx, "The model did not answer with a figure");
	}
	config = value_map();
	map_set_str(config, "type", "plotly_config");
	map_set(config, "config", figure);
	map_mark_typed(config);
	return done(ctx, config);
}

/* ---- drawings ------------------------------------------------------------------------------------------ */

static struct llm *ask_drawing(struct node_ctx *ctx)
{
	struct value *messages = llm_messages(svg_prompt);

	if (llm_say(ctx, messages, node_text(ctx, "prompt"), "image", "audio")) {
		value_unref(messages);
		return NULL;
	}
	return ask(ctx, messages, NULL);
}

static enum node_result drawing(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *elements;

	if (!s->llm && !(s->llm = ask_drawing(ctx)))
		return NODE_FAILED;
	result = llm_step(s->llm, ctx);
	if (result != NODE_DONE)
		return result;
	elements = svg_elements(llm_text(s->llm));
	llm_reset(s);
	return elements ? done(ctx, elements) : node_fail(ctx, "The model did not answer with an SVG drawing");
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop structured_output_generator_props[] = {
	{ .name = "system_prompt", .type = "str", .def = "\"" STRUCTURED_OUTPUT_GENERATOR_PROMPT "\"" },
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "instructions", .type = "str", .def = "\"\"" },
	{ .name = "context", .type = "str", .def = "\"\"" },
	{ .name = "max_tokens", .type = "int", .def = "4096", .min = "1.0", .max = "16384.0" },
	LLM_CONTEXT_WINDOW,
	{ 0 },
};

static const struct node_slot structured_output_generator_outputs[] = {
	{ 0 },
};

static const struct node_prop data_generator_props[] = {
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "input_text", .type = "str", .def = "\"\"" },
	{ .name = "max_tokens", .type = "int", .def = "4096", .min = "1.0", .max = "100000.0" },
	{ .name = "columns", .type = "record_type", .def = "{\"type\": \"record_type\", \"columns\": []}" },
	{ 0 },
};

static const struct node_slot data_generator_outputs[] = {
	{ .name = "record", .type = "dict" },
	{ .name = "dataframe", .type = "dataframe" },
	{ .name = "index", .type = "int" },
	{ 0 },
};

static const struct node_prop list_generator_props[] = {
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "input_text", .type = "str", .def = "\"\"" },
	{ .name = "max_tokens", .type = "int", .def = "4096", .min = "1.0", .max = "100000.0" },
	{ 0 },
};

static const struct node_slot list_generator_outputs[] = {
	{ .name = "item", .type = "str" },
	{ .name = "index", .type = "int" },
	{ 0 },
};

static const struct node_prop chart_generator_props[] = {
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "data",
	  .type = "dataframe",
	  .def = "{\"type\": \"dataframe\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata"
		 "\": null, \"columns\": null}" },
	{ .name = "max_tokens", .type = "int", .def = "4096", .min = "1.0", .max = "100000.0" },
	{ 0 },
};

static const struct node_slot chart_generator_outputs[] = {
	{ .name = "output", .type = "plotly_config" },
	{ 0 },
};

static const struct node_prop svggenerator_props[] = {
	{ .name = "model", .type = "language_model", .def = LLM_NO_MODEL },
	{ .name = "prompt", .type = "str", .def = "\"\"" },
	{ .name = "image", .type = "image", .def = LLM_NO_ASSET("image") },
	{ .name = "audio", .type = "audio", .def = LLM_NO_ASSET("audio") },
	{ .name = "max_tokens", .type = "int", .def = "8192", .min = "1.0", .max = "100000.0" },
	{ 0 },
};

static const struct node_slot svggenerator_outputs[] = {
	{ .name = "output", .type = "list[svg_element]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.generators.StructuredOutputGenerator",
		.title = "Structured Output Generator",
		.description = "Gives the fields that the outputs declare, written by a language model.",
		.props = structured_output_generator_props,
		.outputs = structured_output_generator_outputs,
		.basic_fields = "instructions context model",
		.flags = NODE_DYNAMIC_OUTPUTS,
		LLM_STATE,
		.process = structured,
	},
	{
		.type = "nodetool.generators.DataGenerator",
		.title = "Data Generator",
		.description = "Writes the records of a table by a language model, one after another.",
		.props = data_generator_props,
		.outputs = data_generator_outputs,
		.basic_fields = "prompt model columns",
		.flags = NODE_STREAMS_OUTPUT | NODE_NOT_CACHEABLE,
		.state_size = sizeof(struct records_state),
		.process = data_begin,
		.next = data_next,
		.destroy = records_destroy,
	},
	{
		.type = "nodetool.generators.ListGenerator",
		.title = "List Generator",
		.description = "Writes a list by a language model, one entry after another.",
		.props = list_generator_props,
		.outputs = list_generator_outputs,
		.basic_fields = "prompt model",
		.flags = NODE_STREAMS_OUTPUT | NODE_NOT_CACHEABLE,
		.state_size = sizeof(struct lines_state),
		.process = list_begin_answer,
		.next = list_next_item,
		.destroy = llm_state_destroy,
	},
	{
		.type = "nodetool.generators.ChartGenerator",
		.title = "Chart Generator",
		.description = "Designs a Plotly chart of a table by a language model.",
		.props = chart_generator_props,
		.outputs = chart_generator_outputs,
		.basic_fields = "prompt data model",
		LLM_STATE,
		.process = chart,
	},
	{
		.type = "nodetool.generators.SVGGenerator",
		.title = "SVGGenerator",
		.description = "Draws an SVG picture by a language model.",
		.props = svggenerator_props,
		.outputs = svggenerator_outputs,
		.basic_fields = "prompt image audio model",
		LLM_STATE,
		.process = drawing,
	},
};

NODE_TABLE(nodes_llm_generate, types);
