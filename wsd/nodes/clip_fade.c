/* Fades, and what is built of them: see clip.h. */
#include "wsd/nodes/clip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SILENT_DB     (-120)
#define LENGTH_MAX_MS 86400000
#define COARSE_MS     100 /* longer fades change once a millisecond */

/* A clip that grows at its end. */
struct growing {
	struct clip *clip;
	size_t room; /* frames */
};

/* Appends a part, multiplied; what does not fit any more is too long. */
static int add(struct growing *g, const struct clip *part, double factor, struct err *err)
{
	size_t channels = (size_t)part->channels;

	if (part->frames > g->room - g->clip->frames)
		return err_set(err, 400, "the sound is too long");
	for (size_t i = 0; i < part->frames * channels; i++)
		g->clip->data[g->clip->frames * channels + i] = clip_sample(part->data[i] * factor);
	g->clip->frames += part->frames;
	return 0;
}

static int add_part(struct growing *g, const struct clip *c, double start, double end, double factor, struct err *err)
{
	struct clip part = *c;
	struct clip_range r;

	if (clip_range(c, start, end, &r, err))
		return -1;
	part.data = c->data + r.from * (size_t)c->channels;
	part.frames = r.frames;
	if (add(g, &part, factor, err))
		return -1;
	if (r.missing > g->room - g->clip->frames)
		return err_set(err, 400, "the sound is too long");
	g->clip->frames += r.missing; /* silent already */
	return 0;
}

/* One step a millisecond. A fade that is longer than the sound counts positions before its beginning from its end: then
 * parts are heard twice, as in the original. */
static int coarse(struct growing *g, const struct clip *c, int64_t start, int64_t duration, double from, double delta,
		  struct err *err)
{
	double step = delta / (double)duration;
	int result = 0;

	for (int64_t i = 0; i < duration && start + i < clip_ms(c) && !result; i++)
		result = add_part(g, c, (double)(start + i), (double)(start + i + 1), from + step * (double)i, err);
	return result;
}

/* One step a frame. */
static int fine(struct growing *g, const struct clip *c, int64_t start, int64_t end, double from, double delta,
		struct err *err)
{
	double first = (double)start * (c->rate / 1000.0);
	double frames = (double)end * (c->rate / 1000.0) - first;
	size_t channels = (size_t)c->channels;
	double step = delta / frames;
	int result = 0;

	for (int64_t i = 0; i < (int64_t)frames && !result; i++) {
		int64_t at = (int64_t)(first + (double)i);
		struct clip frame = *c;

		at = at < -1 ? at + (int64_t)c->frames : at;
		if (at < 0 || at >= (int64_t)c->frames)
			continue;
		frame.frames = 1;
		frame.data = c->data + (size_t)at * channels;
		result = add(g, &frame, from + step * (double)i, err);
	}
	return result;
}

struct clip *clip_fade(struct arena *arena, const struct clip *c, enum clip_fade how, int64_t start, int64_t duration,
		       struct err *err)
{
	double silent = clip_factor(SILENT_DB);
	double from = how == CLIP_FADE_IN ? silent : 1;
	double delta = how == CLIP_FADE_IN ? 1 - silent : silent - 1;
	int64_t end = start + duration;
	struct growing g = { .room = (start < 0 ? 4 : 1) * c->frames + (size_t)c->rate / 100 };
	int failed;

	g.clip = clip_new(arena, c->rate, c->channels, g.room, err);
	if (!g.clip)
		return NULL;
	g.clip->frames = 0;
	failed = add_part(&g, c, 0, (double)start, how == CLIP_FADE_IN ? silent : 1, err);
	if (!failed && duration > COARSE_MS)
		failed = coarse(&g, c, start, duration, from, delta, err);
	else if (!failed && duration > 0)
		failed = fine(&g, c, start, end, from, delta, err);
	if (!failed)
		failed = add_part(&g, c, (double)end, (double)clip_ms(c), how == CLIP_FADE_IN ? 1 : silent, err);
	return failed ? NULL : g.clip;
}

/* ---- silence ------------------------------------------------------------------------------------------ */

struct span {
	int64_t start, end; /* ms */
};

struct spans {
	struct span *at;
	size_t count, room;
};

/* A window that moves over the sound: the exact sum of the squares in it. */
struct window {
	const struct clip *clip;
	size_t from, to; /* frames */
	int64_t sum;
};

static int64_t square_of_frame(const struct clip *c, size_t frame)
{
	int64_t sum = 0;

	for (size_t k = 0; k < (size_t)c->channels; k++) {
		int64_t v = c->data[frame * (size_t)c->channels + k];

		sum += v * v;
	}
	return sum;
}

/* Root of the mean square of a range that does not begin before the last one, cut to a whole number. */
static int move_window(struct window *w, const struct clip_range *r)
{
	size_t count = (r->frames + r->missing) * (size_t)w->clip->channels;

	for (; w->to < r->from + r->frames; w->to++)
		w->sum += square_of_frame(w->clip, w->to);
	for (; w->from < r->from && w->from < w->to; w->from++)
		w->sum -= square_of_frame(w->clip, w->from);
	return count ? (int)sqrt((double)w->sum / (double)count) : 0;
}

static void add_span(struct spans *spans, struct span span)
{
	if (spans->count == spans->room) {
		spans->room = spans->room ? spans->room * 2 : 64;
		spans->at = xrealloc(spans->at, spans->room * sizeof(*spans->at));
	}
	spans->at[spans->count++] = span;
}

/* The silent parts of at least that length: a window of that length is looked at from each millisecond on. */
static void find_silence(const struct clip *c, const struct clip_silence *how, struct spans *out)
{
	double limit = clip_factor((double)how->threshold) * 32768;
	int64_t length = how->min_length > 0 ? how->min_length : 1;
	struct window w = { .clip = c };
	int64_t last = clip_ms(c) - length;
	int64_t previous = -1;
	struct clip_range r;
	struct err err;

	for (int64_t i = 0; i <= last; i++) {
		if (clip_range(c, (double)i, (double)(i + length), &r, &err) || move_window(&w, &r) > limit)
			continue;
		if (previous < 0 || i > previous + length)
			add_span(out, (struct span){ i, i + length });
		else
			out->at[out->count - 1].end = i + length;
		previous = i;
	}
}

/* Turns silent spans into what lies between them. */
static void invert(struct spans *spans, int64_t length)
{
	size_t count = spans->count;
	int64_t before = 0;

	spans->count = 0;
	if (count == 1 && spans->at[0].start == 0 && spans->at[0].end == length)
		return;
	for (size_t i = 0; i < count; i++) {
		struct span silent = spans->at[i];

		if (!(i == 0 && silent.start == 0))
			add_span(spans, (struct span){ before, silent.start });
		before = silent.end;
	}
	if (before != length)
		add_span(spans, (struct span){ before, length });
}

/* The result while it grows: as many channels, at the same rate as the sound. */
struct joining {
	struct clip so_far;
	size_t room; /* frames */
	int64_t crossfade;
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int grow(struct joining *j, const struct clip *part, struct err *err)
{
	size_t channels = (size_t)part->channels;
	size_t frames = j->so_far.frames + part->frames;

	if (frames > CLIP_MAX_SAMPLES / channels)
		return err_set(err, 400, "the sound is longer than %zu million samples", CLIP_MAX_SAMPLES / 1000000);
	if (frames > j->room) {
		j->room = frames + frames / 2;
		j->so_far.data = xrealloc(j->so_far.data, j->room * channels * sizeof(int16_t));
	}
	if (part->frames)
		memcpy(j->so_far.data + j->so_far.frames * channels, part->data,
		       part->frames * channels * sizeof(int16_t));
	j->so_far.frames = frames;
	return 0;
}

/* Adds a part; the end of what is there is taken back and blended with it. */
static int join(struct joining *j, const struct clip *c, double start, double end, struct err *err)
{
	struct arena *arena = arena_new();
	struct clip *part = clip_slice(arena, c, start, end, err);
	bool blend = part && j->so_far.frames > 0;
	int result = -1;

	if (blend) {
		int64_t crossfade = least(j->crossfade, least(clip_ms(&j->so_far), clip_ms(part)));
		double length = (double)clip_ms(&j->so_far);
		struct clip *tail =
			crossfade > 0 ? clip_slice(arena, &j->so_far, length - (double)crossfade, length, err) : NULL;

		if (tail && tail->frames <= j->so_far.frames) {
			j->so_far.frames -= tail->frames;
			part = clip_append(arena, tail, part, crossfade, err);
		}
	}
	result = part ? grow(j, part, err) : -1;
	arena_free(arena);
	return result;
}

/* A silent part becomes shorter, and stays `between` long where it was longer. */
static int join_silence(struct joining *j, const struct clip *c, const struct clip_silence *how, struct span silent,
			struct err *err)
{
	double kept = fmax((double)(silent.end - silent.start) * (1 - how->reduction), (double)how->between);

	if (silent.end <= silent.start)
		return 0;
	return join(j, c, (double)silent.start, (double)silent.start + trunc(kept), err);
}

static int join_all(struct joining *j, const struct clip *c, const struct clip_silence *how, const struct spans *loud,
		    struct err *err)
{
	int64_t before = 0;

	for (size_t i = 0; i < loud->count; i++) {
		if (join_silence(j, c, how, (struct span){ before, loud->at[i].start }, err) ||
		    join(j, c, (double)loud->at[i].start, (double)loud->at[i].end, err))
			return -1;
		before = loud->at[i].end;
	}
	return join_silence(j, c, how, (struct span){ before, clip_ms(c) }, err);
}

struct clip *clip_without_silence(struct arena *arena, struct clip *c, const struct clip_silence *how, struct err *err)
{
	struct joining j = { .so_far = { .rate = c->rate, .channels = c->channels }, .crossfade = how->crossfade };
	struct spans spans = { .at = NULL };
	struct clip *out = NULL;

	if (how->min_length < 0 || clip_ms(c) > LENGTH_MAX_MS) {
		err_set(err, 400,
			how->min_length < 0 ? "min_length must not be negative" : "the sound is longer than a day");
		return NULL;
	}
	find_silence(c, how, &spans);
	invert(&spans, clip_ms(c));
	if (spans.count == 0)
		out = clip_new(arena, 11025, 1, 0, err);
	else if (join_all(&j, c, how, &spans, err) == 0)
		out = clip_new(arena, c->rate, c->channels, j.so_far.frames, err);
	if (out && j.so_far.frames)
		memcpy(out->data, j.so_far.data, out->frames * (size_t)out->channels * sizeof(int16_t));
	free(j.so_far.data);
	free(spans.at);
	return out;
}
