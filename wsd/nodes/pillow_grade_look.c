/* lib.pillow.color_grading: saturation, hues, and looks. */
#include "wsd/nodes/pillow_grade.h"

#include <math.h>
#include <string.h>

#include "wsd/nodes/helper.h"

/* ---- saturation and vibrance -------------------------------------------------------------------------- */

static void apply_saturation(float rgb[3], const struct grade_place *at, const void *arg)
{
	const float *w = arg; /* saturation, vibrance */
	float light = grade_luminance(rgb);
	float high;
	float low;

	(void)at;
	if (w[0] != 0)
		grade_spread(rgb, light, 1 + w[0]);
	if (w[1] == 0)
		return;
	high = fmaxf(fmaxf(rgb[0], rgb[1]), rgb[2]);
	low = fminf(fminf(rgb[0], rgb[1]), rgb[2]);
	/* What is strong already changes least. */
	grade_spread(rgb, light, 1 + w[1] * (1 - (high > 0 ? (high - low) / (high + 0.001f) : 0)));
}

static enum node_result saturation_vibrance(struct node_ctx *ctx)
{
	float w[2];

	grade_floats(ctx, (const char *const[]){ "saturation", "vibrance", NULL }, w);
	return grade_image(ctx, apply_saturation, w);
}

/* ---- single hues -------------------------------------------------------------------------------------- */

/* Parts of the circle of hues, which is 1 round; one that begins behind its end goes over red. */
static const struct hue_range {
	const char *name;
	float from;
	float to;
} hue_ranges[] = {
	{ "reds", 0.95f, 0.05f },    { "oranges", 0.02f, 0.10f },  { "yellows", 0.10f, 0.18f },
	{ "greens", 0.18f, 0.45f },  { "cyans", 0.45f, 0.55f },    { "blues", 0.55f, 0.72f },
	{ "purples", 0.72f, 0.83f }, { "magentas", 0.83f, 0.95f },
};

struct hsl {
	const struct hue_range *range; /* NULL: all */
	float shift[3];                /* hue, saturation, luminance */
};

static float wrapped(float v)
{
	return v - floorf(v);
}

static void to_hsv(const float rgb[3], float hsv[3])
{
	float high = fmaxf(fmaxf(rgb[0], rgb[1]), rgb[2]);
	float low = fminf(fminf(rgb[0], rgb[1]), rgb[2]);
	float delta = high - low;

	hsv[0] = 0;
	hsv[1] = high > 0 ? delta / high : 0;
	hsv[2] = high;
	if (!(delta > 0))
		return;
	if (rgb[2] == high)
		hsv[0] = 4 + (rgb[0] - rgb[1]) / delta;
	else if (rgb[1] == high)
		hsv[0] = 2 + (rgb[2] - rgb[0]) / delta;
	else
		hsv[0] = (rgb[1] - rgb[2]) / delta;
	hsv[0] = wrapped(hsv[0] / 6);
}

static void from_hsv(const float hsv[3], float rgb[3])
{
	double out[3];

	raster_from_hsv(hsv[0], hsv[1], hsv[2], out);
	for (int c = 0; c < 3; c++)
		rgb[c] = (float)out[c];
}

/* How much a pixel belongs to the range. */
static float belongs(const struct hue_range *range, const float hsv[3])
{
	bool over = range->from > range->to;
	float middle = over ? wrapped((range->from + range->to + 1) / 2) : (range->from + range->to) / 2;
	float width = over ? 1 - range->from + range->to : range->to - range->from;
	bool inside =
		over ? hsv[0] >= range->from || hsv[0] <= range->to : hsv[0] >= range->from && hsv[0] <= range->to;
	float away = fabsf(hsv[0] - middle);

	if (!inside || !(hsv[1] > 0.1f))
		return 0;
	return fmaxf(0, 1 - fminf(away, 1 - away) / (width / 2 + 0.01f));
}

static void apply_hsl(float rgb[3], const struct grade_place *at, const void *arg)
{
	const struct hsl *w = arg;
	float hsv[3];
	float blend;

	(void)at;
	to_hsv(rgb, hsv);
	blend = w->range ? belongs(w->range, hsv) : 1;
	hsv[0] = wrapped(hsv[0] + w->shift[0] * 0.5f * blend);
	hsv[1] = grade_clip(hsv[1] * (1 + w->shift[1] * blend), 0, 1);
	hsv[2] = grade_clip(hsv[2] * (1 + w->shift[2] * blend), 0, 1);
	from_hsv(hsv, rgb);
}

static enum node_result hsl_adjust(struct node_ctx *ctx)
{
	struct hsl w = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(hue_ranges); i++) {
		if (strcmp(hue_ranges[i].name, node_text(ctx, "color_range")) == 0)
			w.range = &hue_ranges[i];
	}
	grade_floats(ctx, (const char *const[]){ "hue_shift", "saturation", "luminance", NULL }, w.shift);
	if (!isfinite(w.shift[0]))
		return node_fail(ctx, "hue_shift: is no number");
	return grade_image(ctx, apply_hsl, &w);
}

/* ---- vignette ----------------------------------------------------------------------------------------- */

enum { AMOUNT, MIDPOINT, ROUNDNESS, FEATHER, VIGNETTE_COUNT };

static void apply_vignette(float rgb[3], const struct grade_place *at, const void *arg)
{
	const float *w = arg;
	double x = (at->x - at->width / 2.0) / (at->width / 2.0);
	double y = (at->y - at->height / 2.0) / (at->height / 2.0);
	double away;

	if (w[ROUNDNESS] > 0)
		x *= 1 + ((double)at->height / at->width - 1) * w[ROUNDNESS];
	away = sqrt(x * x + y * y);
	if (w[ROUNDNESS] < 0)
		away = away * (1 + w[ROUNDNESS]) + fmax(fabs(x), fabs(y)) * -w[ROUNDNESS];
	away = (away - w[MIDPOINT]) / fmax(w[FEATHER], 0.01);
	away = away < 0 ? 0 : away > 1 ? 1 : away;
	for (int c = 0; c < 3; c++)
		rgb[c] = (float)(rgb[c] * (1 - away * w[AMOUNT]));
}

static enum node_result vignette(struct node_ctx *ctx)
{
	float w[VIGNETTE_COUNT];

	grade_floats(ctx, (const char *const[]){ "amount", "midpoint", "roundness", "feather", NULL }, w);
	return grade_image(ctx, apply_vignette, w);
}

/* ---- looks -------------------------------------------------------------------------------------------- */

struct look {
	const char *name;
	float shadow[3];
	float highlight[3];
	float contrast;
	float saturation;
	float fade;
};

static const struct look looks[] = {
	{ "teal_orange", { 0, 0.5f, 0.55f }, { 1, 0.78f, 0.6f }, 1.1f, 1.1f, 0 },
	{ "blockbuster", { 0.12f, 0.24f, 0.35f }, { 1, 0.9f, 0.78f }, 1.2f, 1, 0 },
	{ "noir", { 0.2f, 0.2f, 0.24f }, { 0.86f, 0.86f, 0.9f }, 1.4f, 0.3f, 0 },
	{ "vintage", { 0.4f, 0.32f, 0.24f }, { 1, 0.94f, 0.78f }, 0.9f, 0.8f, 0.15f },
	{ "cold_blue", { 0.16f, 0.24f, 0.4f }, { 0.78f, 0.86f, 1 }, 1.1f, 0.9f, 0 },
	{ "warm_sunset", { 0.47f, 0.24f, 0.16f }, { 1, 0.86f, 0.7f }, 1, 1.3f, 0 },
	{ "matrix", { 0, 0.16f, 0 }, { 0.6f, 1, 0.6f }, 1.3f, 0.7f, 0 },
	{ "bleach_bypass", { 0.24f, 0.24f, 0.27f }, { 0.94f, 0.94f, 0.98f }, 1.5f, 0.5f, 0.05f },
	{ "cross_process", { 0, 0.2f, 0.3f }, { 1, 0.9f, 0.5f }, 1.2f, 1.2f, 0 },
	{ "faded_film", { 0.3f, 0.28f, 0.26f }, { 0.95f, 0.92f, 0.88f }, 0.85f, 0.7f, 0.2f },
};

struct film {
	const struct look *look;
	float intensity;
};

static void apply_film(float rgb[3], const struct grade_place *at, const void *arg)
{
	const struct film *w = arg;
	const struct look *look = w->look;
	const float before[3] = { rgb[0], rgb[1], rgb[2] };
	float light = grade_luminance(rgb);
	float dark = grade_clip(1 - light * 2, 0, 1);
	float bright = grade_clip(light * 2 - 1, 0, 1);

	(void)at;
	for (int c = 0; c < 3; c++) {
		rgb[c] += dark * (look->shadow[c] - 0.5f) * 0.3f + bright * (look->highlight[c] - 0.5f) * 0.3f;
		rgb[c] = (rgb[c] - 0.5f) * look->contrast + 0.5f;
	}
	grade_spread(rgb, grade_luminance(rgb), look->saturation);
	for (int c = 0; c < 3; c++) {
		rgb[c] = rgb[c] * (1 - look->fade) + look->fade * 0.15f;
		rgb[c] = before[c] + (rgb[c] - before[c]) * w->intensity;
	}
}

static enum node_result film_look(struct node_ctx *ctx)
{
	struct film w = { looks, (float)node_float(ctx, "intensity") };

	for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
		if (strcmp(looks[i].name, node_text(ctx, "preset")) == 0)
			w.look = &looks[i];
	}
	return grade_image(ctx, apply_film, &w);
}

/* ---- split toning ------------------------------------------------------------------------------------- */

struct split {
	float shadow[3];
	float highlight[3];
	float strength[2];
	float balance;
};

static void apply_split(float rgb[3], const struct grade_place *at, const void *arg)
{
	const struct split *w = arg;
	float light = grade_luminance(rgb);
	float dark = grade_clip((0.5f + w->balance - light) * 2, 0, 1) * w->strength[0];
	float bright = grade_clip((light - 0.5f + w->balance) * 2, 0, 1) * w->strength[1];

	(void)at;
	for (int c = 0; c < 3; c++)
		rgb[c] += dark * (w->shadow[c] - 0.5f) + bright * (w->highlight[c] - 0.5f);
}

static enum node_result split_toning(struct node_ctx *ctx)
{
	struct split w;
	float hues[2];

	grade_floats(ctx, (const char *const[]){ "shadow_hue", "highlight_hue", NULL }, hues);
	if (!(fabsf(hues[0]) < 1e6f && fabsf(hues[1]) < 1e6f))
		return node_fail(ctx, "shadow_hue, highlight_hue: must be degrees");
	from_hsv((const float[3]){ hues[0] / 360, 1, 1 }, w.shadow);
	from_hsv((const float[3]){ hues[1] / 360, 1, 1 }, w.highlight);
	grade_floats(ctx, (const char *const[]){ "shadow_saturation", "highlight_saturation", NULL }, w.strength);
	w.balance = (float)node_float(ctx, "balance") * 0.25f;
	return grade_image(ctx, apply_split, &w);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop saturation_props[] = {
	IMAGE_PROP("image"),
	GRADE_RANGE("saturation", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("vibrance", "0.0", "-1.0", "1.0"),
	{ 0 },
};

static const struct node_prop hsl_props[] = {
	IMAGE_PROP("image"),
	{ .name = "color_range",
	  .type = "enum(nodetool.nodes.lib.pillow.color_grading.HSLAdjust.ColorRange:"
		  "all|reds|oranges|yellows|greens|cyans|blues|purples|magentas)",
	  .def = "\"all\"" },
	GRADE_RANGE("hue_shift", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("saturation", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("luminance", "0.0", "-1.0", "1.0"),
	{ 0 },
};

static const struct node_prop vignette_props[] = {
	IMAGE_PROP("image"),
	GRADE_RANGE("amount", "0.5", "-1.0", "1.0"),
	GRADE_RANGE("midpoint", "0.5", "0.0", "1.0"),
	GRADE_RANGE("roundness", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("feather", "0.5", "0.0", "1.0"),
	{ 0 },
};

static const struct node_prop film_props[] = {
	IMAGE_PROP("image"),
	{ .name = "preset",
	  .type = "enum(nodetool.nodes.lib.pillow.color_grading.FilmLookPreset:"
		  "teal_orange|blockbuster|noir|vintage|cold_blue|warm_sunset|matrix|bleach_bypass|cross_process|faded_"
		  "film)",
	  .def = "\"teal_orange\"" },
	GRADE_RANGE("intensity", "1.0", "0.0", "2.0"),
	{ 0 },
};

static const struct node_prop split_props[] = {
	IMAGE_PROP("image"),
	GRADE_RANGE("shadow_hue", "200.0", "0.0", "360.0"),
	GRADE_RANGE("shadow_saturation", "0.3", "0.0", "1.0"),
	GRADE_RANGE("highlight_hue", "40.0", "0.0", "360.0"),
	GRADE_RANGE("highlight_saturation", "0.3", "0.0", "1.0"),
	GRADE_RANGE("balance", "0.0", "-1.0", "1.0"),
	{ 0 },
};

static const struct node_type types[] = {
	GRADE_NODE("SaturationVibrance", "Saturation Vibrance", "Makes colours stronger, weak ones first.",
		   saturation_props, saturation_vibrance),
	GRADE_NODE("HSLAdjust", "HSLAdjust", "Shifts hue, saturation and luminance of one range of colours.", hsl_props,
		   hsl_adjust),
	GRADE_NODE("Vignette", "Vignette", "Darkens or lightens a picture towards its edges.", vignette_props,
		   vignette),
	GRADE_NODE("FilmLook", "Film Look", "Gives a picture one of ten looks known from films.", film_props,
		   film_look),
	GRADE_NODE("SplitToning", "Split Toning", "Tints shadows and highlights.", split_props, split_toning),
};

NODE_TABLE(nodes_lib_pillow_grade_look, types);
