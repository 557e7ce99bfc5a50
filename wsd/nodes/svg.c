/* lib.svg: elements of SVG pictures as data, and the text of a picture made of them. */
#include "wsd/nodes/svg.h"

#include "value/pyform.h"
#include "wsd/nodes/helper.h"

#include <stdlib.h>
#include <string.h>

/* Elements in elements, deeper than any picture needs. */
#define MAX_DEPTH 100

/* ---- elements ----------------------------------------------------------------------------------------- */

static struct value *element(const char *name)
{
	struct value *e = value_map();

	map_mark_typed(e);
	map_set_str(e, "type", "svg_element");
	map_set_str(e, "name", name);
	map_set(e, "attributes", value_map());
	map_set(e, "content", value_null());
	map_set(e, "children", value_list());
	return e;
}

static void set_attr(struct value *e, const char *name, struct value *v)
{
	map_set(map_get(e, "attributes"), name, v);
}

static void add_child(struct value *e, struct value *child)
{
	list_push(map_get(e, "children"), child);
}

/* A property as the text of an attribute: a colour's value, a number as Python writes it. */
static struct value *attr_text(struct node_ctx *ctx, const char *property)
{
	struct value *v = node_get(ctx, property);

	if (value_kind(v) == VALUE_MAP)
		return value_str(map_str(v, "value", ""));
	return pyform_str_value(v);
}

struct attr {
	const char *name;
	const char *property;
};

static void set_attrs(struct node_ctx *ctx, struct value *e, const struct attr *attrs)
{
	for (; attrs->name; attrs++)
		set_attr(e, attrs->name, attr_text(ctx, attrs->property));
}

#define FILL_AND_STROKE                                                                                                \
	{ "fill", "fill" }, { "stroke", "stroke" },                                                                    \
	{                                                                                                              \
		"stroke-width", "stroke_width"                                                                         \
	}

static enum node_result shape(struct node_ctx *ctx, const char *name, const struct attr *attrs)
{
	struct value *e = element(name);

	set_attrs(ctx, e, attrs);
	return done(ctx, e);
}

static enum node_result rect(struct node_ctx *ctx)
{
	static const struct attr attrs[] = { { "x", "x" },           { "y", "y" },    { "width", "width" },
					     { "height", "height" }, FILL_AND_STROKE, { NULL, NULL } };

	return shape(ctx, "rect", attrs);
}

static enum node_result circle(struct node_ctx *ctx)
{
	static const struct attr attrs[] = {
		{ "cx", "cx" }, { "cy", "cy" }, { "r", "radius" }, FILL_AND_STROKE, { NULL, NULL }
	};

	return shape(ctx, "circle", attrs);
}

static enum node_result ellipse(struct node_ctx *ctx)
{
	static const struct attr attrs[] = { { "cx", "cx" }, { "cy", "cy" },  { "rx", "rx" },
					     { "ry", "ry" }, FILL_AND_STROKE, { NULL, NULL } };

	return shape(ctx, "ellipse", attrs);
}

static enum node_result line(struct node_ctx *ctx)
{
	static const struct attr attrs[] = { { "x1", "x1" }, { "y1", "y1" },         { "x2", "x2" },
					     { "y2", "y2" }, { "stroke", "stroke" }, { "stroke-width", "stroke_width" },
					     { NULL, NULL } };

	return shape(ctx, "line", attrs);
}

static enum node_result polygon(struct node_ctx *ctx)
{
	static const struct attr attrs[] = { { "points", "points" }, FILL_AND_STROKE, { NULL, NULL } };

	return shape(ctx, "polygon", attrs);
}

static enum node_result path(struct node_ctx *ctx)
{
	static const struct attr attrs[] = { { "d", "path_data" }, FILL_AND_STROKE, { NULL, NULL } };

	return shape(ctx, "path", attrs);
}

static enum node_result text(struct node_ctx *ctx)
{
	static const struct attr attrs[] = { { "x", "x" },
					     { "y", "y" },
					     { "font-family", "font_family" },
					     { "font-size", "font_size" },
					     { "fill", "fill" },
					     { "text-anchor", "text_anchor" },
					     { NULL, NULL } };
	struct value *e;

	if (!map_str(node_get(ctx, "fill"), "value", NULL))
		return node_fail(ctx, "fill has no colour");
	e = element("text");
	set_attrs(ctx, e, attrs);
	map_set(e, "content", value_ref(node_get(ctx, "text")));
	return done(ctx, e);
}

/* ---- filters, gradients ------------------------------------------------------------------------------- */

/* A new child with up to two fixed attributes. */
static struct value *child(struct value *parent, const char *name, const char *attr, const char *v)
{
	struct value *e = element(name);

	if (attr)
		set_attr(e, attr, value_str(v));
	add_child(parent, e);
	return e;
}

static enum node_result gaussian_blur(struct node_ctx *ctx)
{
	struct value *filter = element("filter");

	set_attr(filter, "id", value_str("filter_gaussian_blur"));
	set_attr(child(filter, "feGaussianBlur", NULL, NULL), "stdDeviation", attr_text(ctx, "std_deviation"));
	return done(ctx, filter);
}

static enum node_result drop_shadow(struct node_ctx *ctx)
{
	struct value *filter = element("filter");
	struct value *part;

	set_attr(filter, "id", value_str("filter_drop_shadow"));
	part = child(filter, "feGaussianBlur", "in", "SourceAlpha");
	set_attr(part, "stdDeviation", attr_text(ctx, "std_deviation"));
	part = child(filter, "feOffset", NULL, NULL);
	set_attr(part, "dx", attr_text(ctx, "dx"));
	set_attr(part, "dy", attr_text(ctx, "dy"));
	set_attr(child(filter, "feFlood", NULL, NULL), "flood-color", attr_text(ctx, "color"));
	set_attr(child(filter, "feComposite", "operator", "in"), "in2", value_str("SourceAlpha"));
	part = child(filter, "feMerge", NULL, NULL);
	child(part, "feMergeNode", NULL, NULL);
	child(part, "feMergeNode", "in", "SourceGraphic");
	return done(ctx, filter);
}

static void set_percent(struct node_ctx *ctx, struct value *e, const char *attr, const char *property)
{
	struct value *number = pyform_str_value(node_get(ctx, property));

	set_attr(e, attr, value_strf("%s%%", value_text(number)));
	value_unref(number);
}

static void add_stop(struct node_ctx *ctx, struct value *e, const char *offset, const char *property)
{
	set_attr(child(e, "stop", "offset", offset), "style",
		 value_strf("stop-color:%s;stop-opacity:1", map_str(node_get(ctx, property), "value", "")));
}

static enum node_result gradient(struct node_ctx *ctx)
{
	const char *type = node_text(ctx, "gradient_type");
	bool linear = strcmp(type, "linearGradient") == 0;
	struct value *e = element(type);

	set_attr(e, "id", value_strf("gradient_%s", type));
	set_percent(ctx, e, linear ? "x1" : "cx", "x1");
	set_percent(ctx, e, linear ? "y1" : "cy", "y1");
	set_percent(ctx, e, linear ? "x2" : "r", "x2");
	if (linear)
		set_percent(ctx, e, "y2", "y2");
	add_stop(ctx, e, "0%", "color1");
	add_stop(ctx, e, "100%", "color2");
	return done(ctx, e);
}

/* ---- changes to elements ------------------------------------------------------------------------------ */

/* A copy of the element with one more attribute. */
static struct value *with_attr(const struct value *e, const char *name, struct value *v)
{
	struct value *copy = value_copy(e);

	map_mark_typed(copy);
	set_attr(copy, name, v);
	return copy;
}

/* Appends " name(a)" or " name(a,b)". */
static void add_transform(struct node_ctx *ctx, struct buf *out, const char *name, const char *a, const char *b)
{
	buf_printf(out, "%s%s(", out->len ? " " : "", name);
	pyform_str(out, node_get(ctx, a));
	if (b) {
		buf_addc(out, ',');
		pyform_str(out, node_get(ctx, b));
	}
	buf_addc(out, ')');
}

static enum node_result transform(struct node_ctx *ctx)
{
	struct value *content = node_get(ctx, "content");
	struct buf list;

	buf_init(&list, BUF_MAX_SMALL);
	if (node_float(ctx, "translate_x") != 0 || node_float(ctx, "translate_y") != 0)
		add_transform(ctx, &list, "translate", "translate_x", "translate_y");
	if (node_float(ctx, "rotate") != 0)
		add_transform(ctx, &list, "rotate", "rotate", NULL);
	if (node_float(ctx, "scale_x") != 1 || node_float(ctx, "scale_y") != 1)
		add_transform(ctx, &list, "scale", "scale_x", "scale_y");
	if (!list.len)
		return done(ctx, value_ref(content));
	return done(ctx, with_attr(content, "transform", buf_to_value(&list)));
}

static enum node_result clip_path(struct node_ctx *ctx)
{
	struct value *group = element("g");
	struct value *clip = element("clipPath");

	set_attr(clip, "id", value_strf("clip_path_%s", node_id(ctx)));
	add_child(clip, value_ref(node_get(ctx, "clip_content")));
	add_child(group, clip);
	add_child(group,
		  with_attr(node_get(ctx, "content"), "clip-path", value_strf("url(#clip_path_%s)", node_id(ctx))));
	return done(ctx, group);
}

/* ---- the picture's text ------------------------------------------------------------------------------- */

/* The element as it is written; texts are not escaped, so that they may hold markup. */
static void write_element(struct buf *out, const struct value *e, int depth)
{
	const struct value *attributes = map_get(e, "attributes");
	const struct value *children = map_get(e, "children");
	const char *name = map_str(e, "name", "");
	struct value *v;
	struct sv key;

	if (depth > MAX_DEPTH)
		return;
	buf_printf(out, "<%s ", name);
	for (size_t i = 0; map_entry(attributes, i, &key, &v); i++) {
		buf_printf(out, "%s%s=\"", i ? " " : "", key.p);
		pyform_str(out, v);
		buf_addc(out, '"');
	}
	buf_printf(out, ">%s", map_str(e, "content", ""));
	for (size_t i = 0; i < value_len(children); i++)
		write_element(out, list_at(children, i), depth + 1);
	buf_printf(out, "</%s>", name);
}

static void write_content(struct buf *out, const struct value *content)
{
	if (value_kind(content) == VALUE_STR) {
		buf_add(out, value_text(content), value_len(content));
	} else if (value_kind(content) == VALUE_MAP) {
		write_element(out, content, 0);
	} else {
		for (size_t i = 0; i < value_len(content); i++) {
			if (i)
				buf_addc(out, '\n');
			write_content(out, list_at(content, i));
		}
	}
}

int svg_document(struct node_ctx *ctx, struct buf *out)
{
	buf_printf(out,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \n"
		   "     width=\"%lld\" \n     height=\"%lld\" \n     viewBox=\"%s\">\n    ",
		   (long long)node_int(ctx, "width"), (long long)node_int(ctx, "height"), node_text(ctx, "viewBox"));
	write_content(out, node_get(ctx, "content"));
	buf_adds(out, "\n</svg>");
	return out->failed ? -1 : 0;
}

static enum node_result document(struct node_ctx *ctx)
{
	struct value *ref;
	struct buf out;
	size_t len;

	buf_init(&out, BUF_MAX_BODY);
	if (svg_document(ctx, &out)) {
		buf_free(&out);
		return node_fail(ctx, "content is too long");
	}
	ref = asset_new("svg");
	len = out.len;
	map_set(ref, "data", value_bytes_take(buf_take(&out), len));
	return done(ctx, ref);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop rect_props[] = {
	{ .name = "x", .type = "int", .def = "0" },
	{ .name = "y", .type = "int", .def = "0" },
	{ .name = "width", .type = "int", .def = "100" },
	{ .name = "height", .type = "int", .def = "100" },
	{ .name = "fill", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "stroke", .type = "color", .def = "{\"type\": \"color\", \"value\": \"none\"}" },
	{ .name = "stroke_width", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_slot rect_outputs[] = {
	{ .name = "output", .type = "svg_element" },
	{ 0 },
};

static const struct node_prop circle_props[] = {
	{ .name = "cx", .type = "int", .def = "0" },
	{ .name = "cy", .type = "int", .def = "0" },
	{ .name = "radius", .type = "int", .def = "50" },
	{ .name = "fill", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "stroke", .type = "color", .def = "{\"type\": \"color\", \"value\": \"none\"}" },
	{ .name = "stroke_width", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_prop ellipse_props[] = {
	{ .name = "cx", .type = "int", .def = "0" },
	{ .name = "cy", .type = "int", .def = "0" },
	{ .name = "rx", .type = "int", .def = "100" },
	{ .name = "ry", .type = "int", .def = "50" },
	{ .name = "fill", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "stroke", .type = "color", .def = "{\"type\": \"color\", \"value\": \"none\"}" },
	{ .name = "stroke_width", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_prop line_props[] = {
	{ .name = "x1", .type = "int", .def = "0" },
	{ .name = "y1", .type = "int", .def = "0" },
	{ .name = "x2", .type = "int", .def = "100" },
	{ .name = "y2", .type = "int", .def = "100" },
	{ .name = "stroke", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "stroke_width", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_prop polygon_props[] = {
	{ .name = "points", .type = "str", .def = "\"\"" },
	{ .name = "fill", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "stroke", .type = "color", .def = "{\"type\": \"color\", \"value\": \"none\"}" },
	{ .name = "stroke_width", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_prop path_props[] = {
	{ .name = "path_data", .type = "str", .def = "\"\"" },
	{ .name = "fill", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "stroke", .type = "color", .def = "{\"type\": \"color\", \"value\": \"none\"}" },
	{ .name = "stroke_width", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_prop text_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "x", .type = "int", .def = "0" },
	{ .name = "y", .type = "int", .def = "0" },
	{ .name = "font_family", .type = "str", .def = "\"Arial\"" },
	{ .name = "font_size", .type = "int", .def = "16" },
	{ .name = "fill", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "text_anchor",
	  .type = "enum(nodetool.nodes.lib.svg.SVGTextAnchor:start|middle|end)",
	  .def = "\"start\"" },
	{ 0 },
};

static const struct node_prop gaussian_blur_props[] = {
	{ .name = "std_deviation", .type = "float", .def = "3.0" },
	{ 0 },
};

static const struct node_prop drop_shadow_props[] = {
	{ .name = "std_deviation", .type = "float", .def = "3.0" },
	{ .name = "dx", .type = "int", .def = "2" },
	{ .name = "dy", .type = "int", .def = "2" },
	{ .name = "color", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ 0 },
};

static const struct node_prop document_props[] = {
	{ .name = "content", .type = "union[str,svg_element,list[svg_element]]", .def = "[]" },
	{ .name = "width", .type = "int", .def = "800", .min = "1.0", .max = "4096.0" },
	{ .name = "height", .type = "int", .def = "600", .min = "1.0", .max = "4096.0" },
	{ .name = "viewBox", .type = "str", .def = "\"0 0 800 600\"", .title = "Viewbox" },
	{ 0 },
};

static const struct node_slot document_outputs[] = {
	{ .name = "output", .type = "svg" },
	{ 0 },
};

static const struct node_prop gradient_props[] = {
	{ .name = "gradient_type",
	  .type = "enum(nodetool.nodes.lib.svg.Gradient.GradientType:linearGradient|radialGradient)",
	  .def = "\"linearGradient\"" },
	{ .name = "x1", .type = "float", .def = "0" },
	{ .name = "y1", .type = "float", .def = "0" },
	{ .name = "x2", .type = "float", .def = "100" },
	{ .name = "y2", .type = "float", .def = "100" },
	{ .name = "color1", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "color2", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#FFFFFF\"}" },
	{ 0 },
};

static const struct node_prop transform_props[] = {
	{ .name = "content",
	  .type = "svg_element",
	  .def = "{\"type\": \"svg_element\", \"name\": \"\", \"attributes\": {}, \"content\": null, \"children\": "
		 "[]}" },
	{ .name = "translate_x", .type = "float", .def = "0" },
	{ .name = "translate_y", .type = "float", .def = "0" },
	{ .name = "rotate", .type = "float", .def = "0" },
	{ .name = "scale_x", .type = "float", .def = "1" },
	{ .name = "scale_y", .type = "float", .def = "1" },
	{ 0 },
};

static const struct node_prop clip_path_props[] = {
	{ .name = "clip_content",
	  .type = "svg_element",
	  .def = "{\"type\": \"svg_element\", \"name\": \"\", \"attributes\": {}, \"content\": null, \"children\": "
		 "[]}" },
	{ .name = "content",
	  .type = "svg_element",
	  .def = "{\"type\": \"svg_element\", \"name\": \"\", \"attributes\": {}, \"content\": null, \"children\": "
		 "[]}" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.svg.Rect",
		.title = "Rectangle",
		.description = "Makes a rectangle.",
		.props = rect_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = rect,
	},
	{
		.type = "lib.svg.Circle",
		.title = "Circle",
		.description = "Makes a circle.",
		.props = circle_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = circle,
	},
	{
		.type = "lib.svg.Ellipse",
		.title = "Ellipse",
		.description = "Makes an ellipse.",
		.props = ellipse_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = ellipse,
	},
	{
		.type = "lib.svg.Line",
		.title = "Line",
		.description = "Makes a line.",
		.props = line_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = line,
	},
	{
		.type = "lib.svg.Polygon",
		.title = "Polygon",
		.description = "Makes a polygon.",
		.props = polygon_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = polygon,
	},
	{
		.type = "lib.svg.Path",
		.title = "Path",
		.description = "Makes a path.",
		.props = path_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = path,
	},
	{
		.type = "lib.svg.Text",
		.title = "Text",
		.description = "Makes a text element.",
		.props = text_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = text,
	},
	{
		.type = "lib.svg.GaussianBlur",
		.title = "Gaussian Blur",
		.description = "Makes a blur filter.",
		.props = gaussian_blur_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = gaussian_blur,
	},
	{
		.type = "lib.svg.DropShadow",
		.title = "Drop Shadow",
		.description = "Makes a filter that throws a shadow.",
		.props = drop_shadow_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = drop_shadow,
	},
	{
		.type = "lib.svg.Document",
		.title = "SVG Document",
		.description = "Makes an SVG picture of elements.",
		.props = document_props,
		.outputs = document_outputs,
		.flags = NODE_PURE,
		.process = document,
	},
	{
		.type = "lib.svg.Gradient",
		.title = "Gradient",
		.description = "Makes a gradient of two colours.",
		.props = gradient_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = gradient,
	},
	{
		.type = "lib.svg.Transform",
		.title = "Transform",
		.description = "Moves, turns and scales an element.",
		.props = transform_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = transform,
	},
	{
		.type = "lib.svg.ClipPath",
		.title = "Clip Path",
		.description = "Clips one element by another.",
		.props = clip_path_props,
		.outputs = rect_outputs,
		.flags = NODE_PURE,
		.process = clip_path,
	},
};

NODE_TABLE(nodes_lib_svg, types);
