/* lib.numpy.visualization: charts of arrays, written as SVG and drawn. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"
#include "wsd/nodes/ndarray.h"

#include <math.h>
#include <string.h>

#define WIDTH        640
#define HEIGHT       480
#define LEFT         80
#define RIGHT        576
#define TOP          58
#define BOTTOM       427
#define POINTS_MAX   200000
#define SERIES_MAX   100
#define TICKS        8 /* about so many lines of the grid in each direction */
#define PLOT_SVG_MAX ((size_t)32 << 20)

/* The columns of the array are series, its rows their points. */
struct plot {
	const double *v;
	int64_t rows;
	int64_t columns;
	double low, high;   /* of the values shown */
	double first, last; /* of the rows shown */
};

static const char *const colors[] = { "#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3",
				      "#937860", "#da8bc3", "#8c8c8c", "#ccb974", "#64b5cd" };

static double at_x(const struct plot *p, double row)
{
	return LEFT + (row - p->first) / (p->last - p->first) * (RIGHT - LEFT);
}

static double at_y(const struct plot *p, double v)
{
	return BOTTOM - (v - p->low) / (p->high - p->low) * (BOTTOM - TOP);
}

/* 1, 2 or 5 times a power of ten, so that about TICKS steps fill the range. */
static double step_for(double range)
{
	double power = pow(10, floor(log10(range / TICKS)));
	double times = range / TICKS / power;

	return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static void draw_grid(struct buf *out, const struct plot *p)
{
	double step = step_for(p->high - p->low);

	buf_printf(out, "<rect x='%d' y='%d' width='%d' height='%d' fill='#eaeaf2'/>", LEFT, TOP, RIGHT - LEFT,
		   BOTTOM - TOP);
	for (double v = ceil(p->low / step) * step; v <= p->high; v += step) {
		buf_printf(out, "<line x1='%d' x2='%d' y1='%.2f' y2='%.2f' stroke='#fff'/>", LEFT, RIGHT, at_y(p, v),
			   at_y(p, v));
		buf_printf(out, "<text x='%d' y='%.2f' text-anchor='end'>%.6g</text>", LEFT - 8, at_y(p, v) + 4,
			   fabs(v) < step / 2 ? 0 : v);
	}
	step = fmax(step_for(p->last - p->first), 1);
	for (double v = ceil(p->first / step) * step; v <= p->last; v += step) {
		buf_printf(out, "<line y1='%d' y2='%d' x1='%.2f' x2='%.2f' stroke='#fff'/>", TOP, BOTTOM, at_x(p, v),
			   at_x(p, v));
		buf_printf(out, "<text x='%.2f' y='%d' text-anchor='middle'>%.6g</text>", at_x(p, v), BOTTOM + 20, v);
	}
}

static void draw_line(struct buf *out, const struct plot *p, int64_t column, const char *color)
{
	const char *command = "M";

	buf_printf(out, "<path fill='none' stroke='%s' stroke-width='1.5' d='", color);
	for (int64_t row = 0; row < p->rows; row++) {
		double v = p->v[row * p->columns + column];

		if (isfinite(v))
			buf_printf(out, "%s%.2f %.2f", command, at_x(p, (double)row), at_y(p, v));
		command = isfinite(v) ? "L" : "M";
	}
	buf_adds(out, "'/>");
}

static void draw_points(struct buf *out, const struct plot *p, int64_t column, const char *color)
{
	for (int64_t row = 0; row < p->rows; row++) {
		double v = p->v[row * p->columns + column];

		if (isfinite(v))
			buf_printf(out, "<circle cx='%.2f' cy='%.2f' r='4' fill='%s' stroke='#fff' stroke-width='.6'/>",
				   at_x(p, (double)row), at_y(p, v), color);
	}
}

/* The bars of all series of a row stand side by side. */
static void draw_bars(struct buf *out, const struct plot *p, int64_t column, const char *color)
{
	double each = 0.8 / (double)p->columns;
	double zero = at_y(p, 0);

	for (int64_t row = 0; row < p->rows; row++) {
		double v = p->v[row * p->columns + column];
		double x = (double)row - 0.4 + each * (double)column;

		if (isfinite(v))
			buf_printf(out, "<rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' fill='%s'/>", at_x(p, x),
				   fmin(at_y(p, v), zero), at_x(p, x + each) - at_x(p, x), fabs(at_y(p, v) - zero),
				   color);
	}
}

/* The range shown: all finite values with a margin; bars stand on zero. */
static void find_range(struct plot *p, bool bars)
{
	double margin;

	p->low = bars ? 0 : INFINITY;
	p->high = bars ? 0 : -INFINITY;
	for (int64_t i = 0; i < p->rows * p->columns; i++) {
		if (isfinite(p->v[i])) {
			p->low = fmin(p->low, p->v[i]);
			p->high = fmax(p->high, p->v[i]);
		}
	}
	/* Nothing to see, or so large that the width is no number. */
	if (!isfinite(p->high - p->low)) {
		p->low = 0;
		p->high = 1;
	}
	margin = p->high - p->low > fabs(p->high) * 1e-12 ? (p->high - p->low) * 0.05 : fmax(fabs(p->high), 1) * 0.05;
	p->low -= bars && p->low == 0 ? 0 : margin;
	p->high += bars && p->high == 0 ? 0 : margin;
	margin = bars ? 0.6 : fmax((double)(p->rows - 1) * 0.05, 0.05);
	p->first = -margin;
	p->last = (double)(p->rows - 1) + margin;
}

static int draw(struct buf *out, struct plot *p, const char *kind)
{
	bool bars = strcmp(kind, "bar") == 0;
	void (*series)(struct buf *, const struct plot *, int64_t, const char *) = bars ? draw_bars
										   : strcmp(kind, "scatter") == 0
											   ? draw_points
											   : draw_line;

	find_range(p, bars);
	buf_printf(
		out,
		"<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='DejaVu Sans, sans-serif' "
		"font-size='11' fill='#262626'><rect width='%d' height='%d' fill='#fff'/>",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	draw_grid(out, p);
	for (int64_t column = 0; column < p->columns; column++)
		series(out, p, column, colors[(size_t)column % ARRAY_LEN(colors)]);
	return buf_adds(out, "</svg>");
}

static enum node_result plot_array(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", true);
	struct plot p = { 0 };
	struct err err = { 0 };
	struct raster *r = NULL;
	struct buf text;

	a = a ? nd_cast(node_arena(ctx), a, ND_DOUBLE, &err) : NULL;
	if (!a)
		return err.detail[0] ? fail_err(ctx, &err) : NODE_FAILED;
	p = (struct plot){ .v = a->d, .rows = a->ndim ? a->shape[0] : 1, .columns = a->ndim == 2 ? a->shape[1] : 1 };
	if (a->ndim > 2 || !a->n)
		return node_fail(ctx, "values: must be a list or a table of numbers");
	if (a->n > POINTS_MAX || p.columns > SERIES_MAX)
		return node_fail(ctx, "values: more than %d numbers or %d columns cannot be drawn", POINTS_MAX,
				 SERIES_MAX);
	buf_init(&text, PLOT_SVG_MAX);
	if (draw(&text, &p, node_text(ctx, "plot_type")))
		err_set(&err, 413, "values: the drawing is too large");
	else
		r = image_of_svg(ctx, &text, WIDTH, HEIGHT, &err);
	buf_free(&text);
	return image_done(ctx, r, &err);
}

static const struct node_prop props[] = {
	{ .name = "values", .type = "np_array", .def = "{\"type\":\"np_array\"}" },
	{ .name = "plot_type",
	  .type = "enum(nodetool.nodes.lib.numpy.visualization.PlotArray.PlotType:line|bar|scatter)",
	  .def = "\"line\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.numpy.visualization.PlotArray",
		.title = "Plot Array",
		.description = "Draws numbers as a line, as bars or as points.",
		.props = props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = plot_array,
	},
};

NODE_TABLE(nodes_lib_numpy_plot, types);
