/* Fades, and what is built of them: see clip.h. */
#include "wsd/nodes/clip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SILENT_DB (-120)
#define COARSE_MS 100 /* longer fades change once a millisecond */

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

/* The silent parts of at least that length: a window of that length is looked at from each millisecond on. */
static size_t find_silence(const struct clip *c, const struct clip_silence *how, struct span *out)
{
	double limit = clip_factor((double)how->threshold) * 32768;
	struct window w = { .clip = c };
	int64_t last = clip_ms(c) - how->min_length;
	int64_t previous = -1;
	struct clip_range r;
	size_t count = 0;
	struct err err;

	for (int64_t i = 0; i <= last; i++) {
		if (clip_range(c, (double)i, (double)(i + how->min_length), &r, &err) || move_window(&w, &r) > limit)
			continue;
		if (previous < 0 || i > previous + how->min_length)
			out[count++] = (struct span){ i, i + how->min_length };
		else
			out[count - 1].end = i + how->min_length;
		previous = i;
	}
	return count;
}

/* Turns silent spans into what lies between them, in place; `out` has room for one more. */
static size_t invert(struct span *spans, size_t count, int64_t length)
{
	int64_t before = 0;
	size_t n = 0;

	if (count == 1 && spans[0].start == 0 && spans[0].end == length)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct span silent = spans[i];

		if (!(i == 0 && silent.start == 0))
			spans[n++] = (struct span){ before, silent.start };
		before = silent.end;
	}
	if (before != length)
		spans[n++] = (struct span){ before, length };
	return n;
}

struct joining {
	struct arena *arena;
	struct clip *so_far;
	int64_t crossfade;
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int join(struct joining *j, const struct clip *c, double start, double end, struct err *err)
{
	struct clip *part = clip_slice(j->arena, c, start, end, err);

	if (part && j->so_far)
		part = clip_append(j->arena, j->so_far, part,
				   least(j->crossfade, least(clip_ms(j->so_far), clip_ms(part))), err);
	j->so_far = part;
	return part ? 0 : -1;
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

struct clip *clip_without_silence(struct arena *arena, struct clip *c, const struct clip_silence *how, struct err *err)
{
	struct joining j = { .arena = arena, .crossfade = how->crossfade };
	int64_t length = clip_ms(c);
	struct span *spans;
	int64_t before = 0;
	size_t count;

	if (how->min_length < 0) {
		err_set(err, 400, "min_length must not be negative");
		return NULL;
	}
	spans = arena_alloc(arena, ((size_t)length + 2) * sizeof(*spans));
	count = invert(spans, find_silence(c, how, spans), length);
	if (count == 0)
		return clip_new(arena, 11025, 1, 0, err);
	for (size_t i = 0; i < count; i++) {
		if (join_silence(&j, c, how, (struct span){ before, spans[i].start }, err) ||
		    join(&j, c, (double)spans[i].start, (double)spans[i].end, err))
			return NULL;
		before = spans[i].end;
	}
	if (join_silence(&j, c, how, (struct span){ before, length }, err))
		return NULL;
	return j.so_far;
}
