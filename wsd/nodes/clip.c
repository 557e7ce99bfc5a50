/* Arithmetic of sound: see clip.h. */
#include "wsd/nodes/clip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct clip *clip_new(struct arena *arena, int rate, int channels, size_t frames, struct err *err)
{
	struct clip *c;

	if (frames > CLIP_MAX_SAMPLES / (size_t)channels) {
		err_set(err, 400, "the sound is longer than %zu million samples", CLIP_MAX_SAMPLES / 1000000);
		return NULL;
	}
	c = arena_alloc(arena, sizeof(*c));
	*c = (struct clip){ rate, channels, frames, xcalloc(frames * (size_t)channels + 1, sizeof(int16_t)) };
	arena_defer(arena, free, c->data);
	return c;
}

static struct clip *like(struct arena *arena, const struct clip *c, size_t frames, struct err *err)
{
	return clip_new(arena, c->rate, c->channels, frames, err);
}

static size_t samples(const struct clip *c)
{
	return c->frames * (size_t)c->channels;
}

int16_t clip_sample(double v)
{
	if (v > 32767)
		return 32767;
	return v < -32767 ? -32768 : (int16_t)floor(v);
}

int64_t clip_ms(const struct clip *c)
{
	return (int64_t)nearbyint(1000 * ((double)c->frames / c->rate));
}

/* ---- positions ---------------------------------------------------------------------------------------- */

/* The frame at a position; negative ones count from the end, and may stay negative. */
static double frame_at(const struct clip *c, double ms)
{
	if (ms < 0)
		ms += (double)clip_ms(c);
	return trunc(ms * (c->rate / 1000.0));
}

/* A Python slice's bound. */
static size_t bounded(double at, size_t n)
{
	if (at < 0)
		at += (double)n;
	if (at < 0)
		return 0;
	return at > (double)n ? n : (size_t)at;
}

int clip_range(const struct clip *c, double start, double end, struct clip_range *out, struct err *err)
{
	double from = frame_at(c, fmin(start, (double)clip_ms(c)));
	double to = frame_at(c, fmin(end, (double)clip_ms(c)));
	size_t first = bounded(from, c->frames);
	size_t last = bounded(to, c->frames);
	double missing;

	*out = (struct clip_range){ .from = first, .frames = last > first ? last - first : 0 };
	missing = to - from - (double)out->frames;
	if (missing > 2 * (c->rate / 1000.0))
		return err_set(err, 400, "start or end: the part does not lie within the sound");
	if (missing > 0 && out->frames)
		out->missing = (size_t)missing;
	return 0;
}

struct clip *clip_slice(struct arena *arena, const struct clip *c, double start, double end, struct err *err)
{
	struct clip *out;
	struct clip_range r;

	if (clip_range(c, start, end, &r, err))
		return NULL;
	out = like(arena, c, r.frames + r.missing, err);
	if (out)
		memcpy(out->data, c->data + r.from * (size_t)c->channels,
		       r.frames * (size_t)c->channels * sizeof(int16_t));
	return out;
}

/* ---- loudness ----------------------------------------------------------------------------------------- */

static void scale(int16_t *to, const int16_t *from, size_t n, double factor)
{
	for (size_t i = 0; i < n; i++)
		to[i] = clip_sample(from[i] * factor);
}

void clip_gain(struct clip *c, double factor)
{
	scale(c->data, c->data, samples(c), factor);
}

double clip_factor(double decibel)
{
	return pow(10, decibel / 20);
}

int clip_peak(const struct clip *c)
{
	int peak = 0;

	for (size_t i = 0; i < samples(c); i++)
		peak = abs(c->data[i]) > peak ? abs(c->data[i]) : peak;
	return peak;
}

/* ---- channels and rate -------------------------------------------------------------------------------- */

static struct clip *spread(struct arena *arena, const struct clip *c, int channels, struct err *err)
{
	struct clip *out = clip_new(arena, c->rate, channels, c->frames, err);

	for (size_t i = 0; out && i < c->frames; i++) {
		for (int k = 0; k < channels; k++)
			out->data[i * (size_t)channels + (size_t)k] = c->data[i];
	}
	return out;
}

static int floor_div(int a, int b)
{
	return a / b - (a % b < 0);
}

static struct clip *mixed(struct arena *arena, const struct clip *c, struct err *err)
{
	struct clip *out = clip_new(arena, c->rate, 1, c->frames, err);

	for (size_t i = 0; out && i < c->frames; i++) {
		const int16_t *frame = c->data + i * (size_t)c->channels;
		int sum = 0;

		for (int k = 0; k < c->channels; k++)
			sum += floor_div(frame[k], c->channels);
		out->data[i] = c->channels == 2 ? clip_sample(frame[0] * 0.5 + frame[1] * 0.5) : (int16_t)sum;
	}
	return out;
}

struct clip *clip_channels(struct arena *arena, struct clip *c, int channels, struct err *err)
{
	if (c->channels == channels)
		return c;
	if (c->channels == 1)
		return spread(arena, c, channels, err);
	if (channels == 1)
		return mixed(arena, c, err);
	err_set(err, 400, "a sound of %d channels cannot become one of %d", c->channels, channels);
	return NULL;
}

struct clip *clip_channel(struct arena *arena, const struct clip *c, int channel, struct err *err)
{
	struct clip *out = clip_new(arena, c->rate, 1, c->frames, err);

	for (size_t i = 0; out && i < c->frames; i++)
		out->data[i] = c->data[i * (size_t)c->channels + (size_t)channel];
	return out;
}

static int common_divisor(int a, int b)
{
	while (b) {
		int rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Samples are weighed as whole numbers of 32 bits, as the original's module does. */
struct clip *clip_resample(struct arena *arena, struct clip *c, int rate, struct err *err)
{
	int divisor = common_divisor(c->rate, rate);
	int64_t in = c->rate / divisor;
	int64_t out_rate = rate / divisor;
	int64_t d = -out_rate;
	size_t channels = (size_t)c->channels;
	double room = ceil((double)c->frames * (double)out_rate / (double)in) + 1;
	size_t at = 0;
	size_t n = 0;
	struct clip *out;

	if (c->rate == rate)
		return c;
	out = clip_new(arena, rate, c->channels, room < 1e12 ? (size_t)room : SIZE_MAX / 128, err);
	while (out) {
		for (; d < 0 && at < c->frames; at++)
			d += out_rate;
		if (d < 0)
			break;
		for (; d >= 0; d -= in, n++) {
			for (size_t k = 0; k < channels; k++) {
				double now = c->data[(at - 1) * channels + k] * 65536.0;
				double before = at > 1 ? c->data[(at - 2) * channels + k] * 65536.0 : 0;
				double v = (before * (double)d + now * (double)(out_rate - d)) / (double)out_rate;

				out->data[n * channels + k] = (int16_t)((int32_t)v >> 16);
			}
		}
	}
	if (out)
		out->frames = n;
	return out;
}

/* Both with the larger number of channels and the higher rate. */
static int match(struct arena *arena, struct clip **a, struct clip **b, struct err *err)
{
	int channels = (*a)->channels > (*b)->channels ? (*a)->channels : (*b)->channels;
	int rate = (*a)->rate > (*b)->rate ? (*a)->rate : (*b)->rate;
	struct clip **both[2] = { a, b };

	for (int i = 0; i < 2; i++) {
		*both[i] = clip_channels(arena, *both[i], channels, err);
		if (*both[i])
			*both[i] = clip_resample(arena, *both[i], rate, err);
		if (!*both[i])
			return -1;
	}
	return 0;
}

/* ---- putting together --------------------------------------------------------------------------------- */

/* The result is cut or filled to whole milliseconds, as the original has it. */
struct clip *clip_overlay(struct arena *arena, struct clip *a, struct clip *b, bool loop, struct err *err)
{
	struct clip *out;
	size_t n;

	if (match(arena, &a, &b, err))
		return NULL;
	out = clip_slice(arena, a, 0, (double)clip_ms(a), err);
	if (!out)
		return NULL;
	n = samples(b) < samples(out) || (loop && samples(b)) ? samples(b) : samples(out);
	for (size_t i = 0; i < samples(out) && (loop ? n > 0 : i < n); i++)
		out->data[i] = clip_sample(out->data[i] + b->data[i % n]);
	return out;
}

static struct clip *joined(struct arena *arena, const struct clip *const *parts, size_t count, struct err *err)
{
	struct clip *out;
	size_t frames = 0;
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		frames += parts[i]->frames;
	out = like(arena, parts[0], frames, err);
	for (size_t i = 0; out && i < count; i++) {
		memcpy(out->data + at, parts[i]->data, samples(parts[i]) * sizeof(int16_t));
		at += samples(parts[i]);
	}
	return out;
}

struct clip *clip_append(struct arena *arena, struct clip *a, struct clip *b, int64_t crossfade, struct err *err)
{
	const struct clip *parts[3] = { NULL };
	struct clip *from;
	struct clip *to;

	if (match(arena, &a, &b, err))
		return NULL;
	if (crossfade <= 0)
		return joined(arena, (const struct clip *[]){ a, b }, 2, err);
	parts[0] = clip_slice(arena, a, 0, (double)-crossfade, err);
	parts[2] = clip_slice(arena, b, (double)crossfade, (double)clip_ms(b), err);
	from = clip_slice(arena, a, (double)-crossfade, (double)clip_ms(a), err);
	to = clip_slice(arena, b, 0, (double)crossfade, err);
	if (!parts[0] || !parts[2] || !from || !to)
		return NULL;
	from = clip_fade(arena, from, CLIP_FADE_OUT, 0, clip_ms(from), err);
	to = from ? clip_fade(arena, to, CLIP_FADE_IN, 0, clip_ms(to), err) : NULL;
	parts[1] = to ? clip_overlay(arena, from, to, true, err) : NULL;
	return parts[1] ? joined(arena, parts, 3, err) : NULL;
}
