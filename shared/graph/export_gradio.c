/* A graph as a Python program with a Gradio form around it: which fields of which nodes become widgets, and of what
 * kind (notes-workflows section 2 "Exports", cases/workflows/gradio-export-*). */
#include "graph/export.h"

#include <stdlib.h>
#include <string.h>

#include "pytext/pytext.h"
#include "value/pyform.h"

/* ---- kinds of widgets ------------------------------------------------------------------------------------ */

/* The first line that fits decides: a part of the class name, a whole field name, or the kind of the default value. */
static const struct {
	const char *kind;
	const char *in_class[3];
	const char *fields[3];
	unsigned values; /* 1 << VALUE_… */
} kinds[] = {
	{ "image", { "image" }, { "image", "img" }, 0 },
	{ "audio", { "audio" }, { "audio" }, 0 },
	{ "video", { "video" }, { "video" }, 0 },
	{ "dataframe", { "dataframe", "table", "csv" }, { NULL }, 0 },
	{ "file", { "document", "file" }, { "path", "file", "filename" }, 0 },
	{ "checkbox", { "booleaninput", "booleanoutput" }, { NULL }, 1u << VALUE_BOOL },
	{ "number",
	  { "integerinput", "floatinput" },
	  { "number", "count" },
	  1u << VALUE_INT | 1u << VALUE_BIGINT | 1u << VALUE_FLOAT },
	{ "json", { NULL }, { NULL }, 1u << VALUE_LIST | 1u << VALUE_MAP },
};

static const char *widget_kind(const struct export_node *n, struct sv field, const struct value *v)
{
	char *class_name = pytext_lower(n->class_name, NULL);
	size_t field_len;
	char *field_name = pytext_lower(field, &field_len);
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(kinds) && !found; i++) {
		bool fits = v && (kinds[i].values & 1u << value_kind(v));

		for (size_t k = 0; k < ARRAY_LEN(kinds[i].in_class) && kinds[i].in_class[k]; k++)
			fits = fits || strstr(class_name, kinds[i].in_class[k]);
		for (size_t k = 0; k < ARRAY_LEN(kinds[i].fields) && kinds[i].fields[k]; k++)
			fits = fits || sv_eq((struct sv){ field_name, field_len }, kinds[i].fields[k]);
		if (fits)
			found = kinds[i].kind;
	}
	free(class_name);
	free(field_name);
	return found ? found : "text";
}

/* ---- what becomes a widget ------------------------------------------------------------------------------- */

static bool is_like(const struct export_node *n, bool open, const char *class_end, const char *part)
{
	return open || pytext_ends(n->class_name, sv_of(class_end)) ||
	       pytext_find(value_sv(map_get(n->node, "type")), sv_of(part)) >= 0;
}

/* The label begins with the class name; `field` NULL leaves it at that. */
static void write_label(struct buf *out, const struct export_node *n, const struct sv *field)
{
	struct buf text;

	buf_init(&text, out->max);
	buf_add(&text, n->class_name.p, n->class_name.n);
	if (field) {
		buf_addc(&text, ':');
		buf_add(&text, field->p, field->n);
	}
	pyform_repr_text(out, text.data ? text.data : "", text.len);
	buf_free(&text);
}

static void write_input(struct buf *out, const struct export_node *n, struct sv field, const struct value *v,
			size_t *count)
{
	buf_printf(out, "%sInputSpec(var='%s', field=", (*count)++ ? ", " : "", n->variable);
	pyform_repr_text(out, field.p, field.n);
	buf_adds(out, ", label=");
	write_label(out, n, &field);
	buf_printf(out, ", kind='%s', default=", widget_kind(n, field, v));
	pyform_repr(out, v);
	buf_addc(out, ')');
}

static void write_fields(struct buf *out, const struct export_plan *plan, const struct export_node *n,
			 const struct value *values, size_t *written)
{
	size_t count;
	struct sv *keys = export_sorted_keys(plan->arena, values, &count);

	for (size_t i = 0; i < count; i++) {
		if (!map_getn(n->incoming, keys[i].p, keys[i].n))
			write_input(out, n, keys[i], map_getn(values, keys[i].p, keys[i].n), written);
	}
}

/* `value` alone when it is free, else every field to which no edge leads. */
static void write_inputs(struct buf *out, const struct export_plan *plan)
{
	size_t written = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct export_node *n = &plan->nodes[plan->order[i]];
		const struct value *data = map_get(n->node, "data");
		const struct value *v = map_get(data, "value");

		if (!is_like(n, value_len(n->incoming) == 0, "Input", ".input."))
			continue;
		if (v && !map_get(n->incoming, "value")) {
			write_input(out, n, SV_LIT("value"), v, &written);
			continue;
		}
		write_fields(out, plan, n, data, &written);
		write_fields(out, plan, n, map_get(n->node, "dynamic_properties"), &written);
	}
}

static void write_results(struct buf *out, const struct export_plan *plan)
{
	size_t written = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct export_node *n = &plan->nodes[plan->order[i]];

		if (!is_like(n, n->outgoing == 0, "Output", ".output."))
			continue;
		buf_printf(out, "%sOutputSpec(var='%s', label=", written++ ? ", " : "", n->variable);
		write_label(out, n, NULL);
		buf_printf(out, ", kind='%s')", widget_kind(n, SV_LIT("value"), NULL));
	}
}

/* ---- the program ----------------------------------------------------------------------------------------- */

static const char launch[] = "\n"
			     "if __name__ == '__main__':\n"
			     "    application = create_gradio_app(\n"
			     "        workflow=workflow,\n"
			     "        input_specs=INPUT_SPECS,\n"
			     "        output_specs=OUTPUT_SPECS,\n"
			     "        namespace=globals(),\n"
			     "        config=APP_CONFIG,\n"
			     "    )\n"
			     "    application.launch(allow_flagging=APP_CONFIG.allow_flagging)\n";

static void write_config(struct buf *out, const struct value *options)
{
	static const struct {
		const char *argument;
		const char *option;
	} arguments[] = {
		{ "title", "app_title" },
		{ "theme", "theme" },
		{ "description", "description" },
		{ "allow_flagging", "allow_flagging" },
		{ "queue", "queue" },
	};

	buf_adds(out, "\nAPP_CONFIG = GradioAppConfig(");
	for (size_t i = 0; i < ARRAY_LEN(arguments); i++) {
		const struct value *v = map_get(options, arguments[i].option);

		buf_printf(out, "%s%s=", i ? ", " : "", arguments[i].argument);
		pyform_repr(out, v ? v : value_null());
	}
	buf_adds(out, ")\n");
}

int graph_export_gradio(struct buf *out, const struct value *graph, const struct value *options)
{
	struct arena *arena = arena_new();
	struct export_plan plan;
	int rc;

	export_plan_make(&plan, arena, graph);
	buf_adds(out, "# This file was generated from an API graph using nodetool.dsl.export.graph_to_gradio_py\n"
		      "# It reconstructs the workflow and exposes it as a Gradio app.\n\n");
	export_write_dsl(out, &plan);
	buf_adds(out,
		 "\n\nfrom nodetool.dsl.gradio_app import GradioAppConfig, InputSpec, OutputSpec, create_gradio_app\n\n"
		 "INPUT_SPECS = [");
	write_inputs(out, &plan);
	buf_adds(out, "]\nOUTPUT_SPECS = [");
	write_results(out, &plan);
	buf_adds(out, "]\n");
	write_config(out, options);
	rc = buf_adds(out, launch);
	arena_free(arena);
	return rc;
}
