/* lib.pillow.color_grading: the correctors of brightness and balance. */
#include "wsd/nodes/pillow_grade.h"

#include <math.h>

#include "wsd/nodes/helper.h"

#define FLOOR 0.0001f /* keeps powers of negative numbers away */

static unsigned char to_byte(float v)
{
	v *= 255;
	return v > 0 ? v < 255 ? (unsigned char)v : 255 : 0;
}

enum node_result grade_image(struct node_ctx *ctx, grade_fn *grade, const void *arg)
{
	struct raster *r = image_property(ctx, "image");
	struct grade_place at;
	struct err err = { 0 };

	if (!r)
		return NODE_FAILED;
	at = (struct grade_place){ .width = r->width, .height = r->height };
	for (at.y = 0; at.y < r->height; at.y++) {
		unsigned char *p = raster_at(r, 0, at.y);

		for (at.x = 0; at.x < r->width; at.x++, p += 3) {
			float rgb[3] = { (float)p[0] / 255, (float)p[1] / 255, (float)p[2] / 255 };

			grade(rgb, &at, arg);
			for (int c = 0; c < 3; c++)
				p[c] = to_byte(rgb[c]);
		}
	}
	return image_done(ctx, r, &err);
}

void grade_floats(struct node_ctx *ctx, const char *const *names, float *out)
{
	for (; *names; names++)
		*out++ = (float)node_float(ctx, *names);
}

/* ---- lift, gamma, gain -------------------------------------------------------------------------------- */

struct three_way {
	float lift[4]; /* red, green, blue, all */
	float gamma[4];
	float gain[4];
	float power[3];
};

static void apply_three_way(float rgb[3], const struct grade_place *at, const void *arg)
{
	const struct three_way *w = arg;

	(void)at;
	for (int c = 0; c < 3; c++) {
		float v = (rgb[c] + w->lift[c] + w->lift[3]) * w->gain[c] * w->gain[3];

		rgb[c] = powf(v < FLOOR ? FLOOR : v, w->power[c]);
	}
}

static enum node_result lift_gamma_gain(struct node_ctx *ctx)
{
	struct three_way w;

	grade_floats(ctx, (const char *const[]){ "lift_r", "lift_g", "lift_b", "lift_master", NULL }, w.lift);
	grade_floats(ctx, (const char *const[]){ "gamma_r", "gamma_g", "gamma_b", "gamma_master", NULL }, w.gamma);
	grade_floats(ctx, (const char *const[]){ "gain_r", "gain_g", "gain_b", "gain_master", NULL }, w.gain);
	for (int c = 0; c < 3; c++) {
		if (w.gamma[c] * w.gamma[3] == 0)
			return node_fail(ctx, "gamma_%c, gamma_master: must not be 0", "rgb"[c]);
		w.power[c] = 1 / (w.gamma[c] * w.gamma[3]);
	}
	return grade_image(ctx, apply_three_way, &w);
}

/* ---- ASC CDL ------------------------------------------------------------------------------------------ */

struct cdl {
	float slope[3];
	float offset[3];
	float power[3];
	float saturation;
};

static void apply_cdl(float rgb[3], const struct grade_place *at, const void *arg)
{
	const struct cdl *w = arg;

	(void)at;
	for (int c = 0; c < 3; c++) {
		float v = rgb[c] * w->slope[c] + w->offset[c];

		rgb[c] = powf(v < FLOOR ? FLOOR : v, w->power[c]);
	}
	if (w->saturation != 1)
		grade_spread(rgb, grade_luminance(rgb), w->saturation);
}

static enum node_result cdl(struct node_ctx *ctx)
{
	struct cdl w;

	grade_floats(ctx, (const char *const[]){ "slope_r", "slope_g", "slope_b", NULL }, w.slope);
	grade_floats(ctx, (const char *const[]){ "offset_r", "offset_g", "offset_b", NULL }, w.offset);
	grade_floats(ctx, (const char *const[]){ "power_r", "power_g", "power_b", NULL }, w.power);
	w.saturation = (float)node_float(ctx, "saturation");
	return grade_image(ctx, apply_cdl, &w);
}

/* ---- temperature and tint ----------------------------------------------------------------------------- */

static void apply_balance(float rgb[3], const struct grade_place *at, const void *arg)
{
	const float *shift = arg; /* towards red and from blue, from green */

	(void)at;
	rgb[0] += shift[0] + shift[1] * 0.5f;
	rgb[1] -= shift[1];
	rgb[2] += shift[1] * 0.5f - shift[0];
}

static enum node_result color_balance(struct node_ctx *ctx)
{
	float shift[2];

	grade_floats(ctx, (const char *const[]){ "temperature", "tint", NULL }, shift);
	shift[0] *= 0.3f;
	shift[1] *= 0.3f;
	return grade_image(ctx, apply_balance, shift);
}

/* ---- exposure ----------------------------------------------------------------------------------------- */

enum { EXPOSURE, CONTRAST, HIGHLIGHTS, SHADOWS, WHITES, BLACKS, EXPOSURE_COUNT };

static void apply_exposure(float rgb[3], const struct grade_place *at, const void *arg)
{
	const float *w = arg; /* the exposure as a factor */
	float bright;
	float dark;
	float light;

	(void)at;
	for (int c = 0; c < 3; c++)
		rgb[c] *= w[EXPOSURE];
	light = grade_luminance(rgb);
	bright = grade_clip((light - 0.5f) * 2, 0, 1) * w[HIGHLIGHTS] * 0.5f;
	dark = grade_clip((0.5f - light) * 2, 0, 1) * w[SHADOWS] * 0.5f;
	for (int c = 0; c < 3; c++) {
		float v = rgb[c] - bright + dark;

		v += w[WHITES] * 0.2f * v;
		v += w[BLACKS] * 0.2f * (1 - v);
		rgb[c] = 0.5f + (v - 0.5f) * (1 + w[CONTRAST]);
	}
}

static enum node_result exposure(struct node_ctx *ctx)
{
	float w[EXPOSURE_COUNT];

	grade_floats(ctx,
		     (const char *const[]){ "exposure", "contrast", "highlights", "shadows", "whites", "blacks", NULL },
		     w);
	w[EXPOSURE] = exp2f(w[EXPOSURE]);
	if (!isfinite(w[EXPOSURE]))
		return node_fail(ctx, "exposure: is too high");
	return grade_image(ctx, apply_exposure, w);
}

/* ---- curves ------------------------------------------------------------------------------------------- */

struct curves {
	float levels[2]; /* black point, white point */
	float tones[3];  /* shadows, midtones, highlights */
	float mids[3];
};

static void apply_curves(float rgb[3], const struct grade_place *at, const void *arg)
{
	const struct curves *w = arg;

	(void)at;
	for (int c = 0; c < 3; c++) {
		float v = grade_clip((rgb[c] - w->levels[0]) / (w->levels[1] - w->levels[0]), 0, 1);

		if (w->tones[0] != 0)
			v += w->tones[0] * (1 - v) * v;
		if (w->tones[1] != 0)
			v = powf(v, 1 / (1 + w->tones[1]));
		if (w->tones[2] != 0)
			v += w->tones[2] * v * (1 - v);
		if (w->mids[c] != 0)
			v = powf(grade_clip(v, FLOOR, 1), 1 / (1 + w->mids[c]));
		rgb[c] = v;
	}
}

static enum node_result curves(struct node_ctx *ctx)
{
	struct curves w;

	grade_floats(ctx, (const char *const[]){ "black_point", "white_point", NULL }, w.levels);
	grade_floats(ctx, (const char *const[]){ "shadows", "midtones", "highlights", NULL }, w.tones);
	grade_floats(ctx, (const char *const[]){ "red_midtones", "green_midtones", "blue_midtones", NULL }, w.mids);
	if (w.tones[1] == -1 || w.mids[0] == -1 || w.mids[1] == -1 || w.mids[2] == -1)
		return node_fail(ctx, "midtones, red_midtones, green_midtones, blue_midtones: must not be -1");
	return grade_image(ctx, apply_curves, &w);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define RANGES_RGB(stem, standard, low, high)                                                                          \
	GRADE_RANGE(stem "_r", standard, low, high), GRADE_RANGE(stem "_g", standard, low, high),                      \
		GRADE_RANGE(stem "_b", standard, low, high)

static const struct node_prop three_way_props[] = {
	IMAGE_PROP("image"),
	RANGES_RGB("lift", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("lift_master", "0.0", "-1.0", "1.0"),
	RANGES_RGB("gamma", "1.0", "0.1", "4.0"),
	GRADE_RANGE("gamma_master", "1.0", "0.1", "4.0"),
	RANGES_RGB("gain", "1.0", "0.0", "4.0"),
	GRADE_RANGE("gain_master", "1.0", "0.0", "4.0"),
	{ 0 },
};

static const struct node_prop cdl_props[] = {
	IMAGE_PROP("image"),
	RANGES_RGB("slope", "1.0", "0.0", "4.0"),
	RANGES_RGB("offset", "0.0", "-1.0", "1.0"),
	RANGES_RGB("power", "1.0", "0.1", "4.0"),
	GRADE_RANGE("saturation", "1.0", "0.0", "4.0"),
	{ 0 },
};

static const struct node_prop balance_props[] = {
	IMAGE_PROP("image"),
	GRADE_RANGE("temperature", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("tint", "0.0", "-1.0", "1.0"),
	{ 0 },
};

static const struct node_prop exposure_props[] = {
	IMAGE_PROP("image"),
	GRADE_RANGE("exposure", "0.0", "-5.0", "5.0"),
	GRADE_RANGE("contrast", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("highlights", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("shadows", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("whites", "0.0", "-1.0", "1.0"),
	GRADE_RANGE("blacks", "0.0", "-1.0", "1.0"),
	{ 0 },
};

static const struct node_prop curves_props[] = {
	IMAGE_PROP("image"),
	GRADE_RANGE("black_point", "0.0", "0.0", "0.5"),
	GRADE_RANGE("white_point", "1.0", "0.5", "1.0"),
	GRADE_RANGE("shadows", "0.0", "-0.5", "0.5"),
	GRADE_RANGE("midtones", "0.0", "-0.5", "0.5"),
	GRADE_RANGE("highlights", "0.0", "-0.5", "0.5"),
	GRADE_RANGE("red_midtones", "0.0", "-0.5", "0.5"),
	GRADE_RANGE("green_midtones", "0.0", "-0.5", "0.5"),
	GRADE_RANGE("blue_midtones", "0.0", "-0.5", "0.5"),
	{ 0 },
};

static const struct node_type types[] = {
	GRADE_NODE("LiftGammaGain", "Lift Gamma Gain", "Corrects shadows, midtones and highlights, colour by colour.",
		   three_way_props, lift_gamma_gain),
	GRADE_NODE("CDL", "CDL", "Slope, offset, power and saturation of an ASC colour decision list.", cdl_props, cdl),
	GRADE_NODE("ColorBalance", "Color Balance", "Makes a picture warmer or cooler, greener or more magenta.",
		   balance_props, color_balance),
	GRADE_NODE("Exposure", "Exposure", "Exposure, contrast and the tones from black to white.", exposure_props,
		   exposure),
	GRADE_NODE("Curves", "Curves", "Bends the tones of all or single colours.", curves_props, curves),
};

NODE_TABLE(nodes_lib_pillow_grade, types);
