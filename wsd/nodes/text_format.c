/* nodetool.text: templates. */
#include "pytext/pytext.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/template.h"

#include <stdlib.h>

#define PLACEHOLDERS_MAX 10000

/* What stands behind {{ up to | or } is written in small letters, wherever it stands in the template. NULL with the reason. */
static struct value *lower_names(struct sv source, struct err *err)
{
	struct pyre *re = pyre_compile(SV_LIT("{{\\s*([^|}]+)"), 0, err);
	struct value *text = value_strn(source.p, source.n);
	struct pyre_iter iter = pyre_iter(re, source);
	int found = -1;

	for (int i = 0; re && text && i < PLACEHOLDERS_MAX && (found = pyre_next(&iter, err)) == 1; i++) {
		struct value *name = pyre_group(re, source, 1, value_null());
		size_t len;
		char *lower = pytext_lower(value_sv(name), &len);
		struct buf out;

		buf_init(&out, BUF_MAX_BODY);
		pytext_replace(&out, value_sv(text), value_sv(name), (struct sv){ lower, len }, -1);
		value_unref(text);
		text = buf_to_value(&out);
		free(lower);
		value_unref(name);
	}
	pyre_free(re);
	if (found != 0 && text) {
		value_unref(text);
		text = NULL;
	}
	return text;
}

static struct value *lower_keys(const struct value *map)
{
	struct value *lowered = value_map();
	struct sv key;
	struct value *v;

	for (size_t i = 0; map_entry(map, i, &key, &v); i++) {
		size_t len;
		char *lower = pytext_lower(key, &len);

		map_setn(lowered, lower, len, value_ref(v));
		free(lower);
	}
	return lowered;
}

static enum node_result format_text(struct node_ctx *ctx)
{
	struct err err = { 0, "it is too long" };
	struct value *template = lower_names(node_sv(ctx, "template"), &err);
	struct value *vars;
	struct buf out;
	int status;

	if (!template)
		return node_fail(ctx, "template: %s", err.detail);
	vars = lower_keys(node_dynamic(ctx));
	buf_init(&out, BUF_MAX_BODY);
	status = template_render(&out, value_sv(template), vars, &err);
	value_unref(template);
	value_unref(vars);
	if (status < 0) {
		buf_free(&out);
		return node_fail(ctx, "Template error: %s", err.detail);
	}
	return done_buf(ctx, &out);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop format_text_props[] = {
	{ .name = "template", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot str_output[] = { { .name = "output", .type = "str" }, { 0 } };

static const struct node_type types[] = {
	{
		.type = "nodetool.text.FormatText",
		.title = "Format Text",
		.description = "Fills a Jinja template with the values of the node's own inputs.",
		.props = format_text_props,
		.outputs = str_output,
		.flags = NODE_DYNAMIC | NODE_PURE,
		.process = format_text,
	},
};

NODE_TABLE(nodes_text_format, types);
