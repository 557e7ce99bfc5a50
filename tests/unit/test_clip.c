/* clip: arithmetic of sound, and its files. */
#include "wsd/nodes/clip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct clip *make(int rate, int channels, const int16_t *data, size_t frames)
{
	struct err err;
	struct clip *c = clip_new(arena, rate, channels, frames, &err);

	assert_non_null(c);
	memcpy(c->data, data, frames * (size_t)channels * sizeof(*data));
	return c;
}

static struct clip *tone(int rate, size_t frames, int16_t level)
{
	struct err err;
	struct clip *c = clip_new(arena, rate, 1, frames, &err);

	for (size_t i = 0; c && i < frames; i++)
		c->data[i] = i % 2 ? level : (int16_t)-level;
	return c;
}

#define SAME(c, ...)                                                                                                   \
	do {                                                                                                           \
		const int16_t want[] = { __VA_ARGS__ };                                                                \
		assert_non_null(c);                                                                                    \
		assert_int_equal((c)->frames *(size_t)(c)->channels, ARRAY_LEN(want));                                 \
		assert_memory_equal((c)->data, want, sizeof(want));                                                    \
	} while (0)

static void test_gain(void **state)
{
	struct clip *c = make(1000, 1, (const int16_t[]){ 3, -3, 30000, -30000, 0 }, 5);

	(void)state;
	clip_gain(c, 1.5); /* downwards, and clipped */
	SAME(c, 4, -5, 32767, -32768, 0);
	assert_int_equal(clip_peak(c), 32768);
}

static void test_slice(void **state)
{
	struct clip *c = make(1000, 1, (const int16_t[]){ 1, 2, 3, 4, 5, 6, 7, 8 }, 8);
	struct err err;

	(void)state;
	SAME(clip_slice(arena, c, 2, 4, &err), 3, 4);
	SAME(clip_slice(arena, c, 2.9, 4.9, &err), 3, 4);
	SAME(clip_slice(arena, c, -2, 100, &err), 7, 8);
	assert_int_equal(clip_slice(arena, c, 5, 3, &err)->frames, 0);
	assert_int_equal(clip_slice(arena, c, 50, 60, &err)->frames, 0);
	assert_null(clip_slice(arena, c, -50, 60, &err)); /* more than 2 ms would be missing */
}

static void test_channels(void **state)
{
	struct clip *two = make(1000, 2, (const int16_t[]){ 1, 2, -1, -2, 32767, 32767 }, 3);
	struct clip *three = make(1000, 3, (const int16_t[]){ 3, 6, -1 }, 1);
	struct err err;

	(void)state;
	SAME(clip_channels(arena, two, 1, &err), 1, -2, 32767);
	SAME(clip_channel(arena, two, 1, &err), 2, -2, 32767);
	SAME(clip_channels(arena, clip_channel(arena, two, 0, &err), 2, &err), 1, 1, -1, -1, 32767, 32767);
	SAME(clip_channels(arena, three, 1, &err), 2);
	assert_null(clip_channels(arena, two, 3, &err));
}

static void test_resample(void **state)
{
	struct clip *c = make(1000, 1, (const int16_t[]){ 0, 10, 20, -20 }, 4);
	struct err err;

	(void)state;
	SAME(clip_resample(arena, c, 2000, &err), 0, 5, 10, 15, 20, 0, -20);
	SAME(clip_resample(arena, c, 500, &err), 0, 20);
	assert_ptr_equal(clip_resample(arena, c, 1000, &err), c);
}

static void test_together(void **state)
{
	struct clip *a = make(1000, 1, (const int16_t[]){ 1, 2, 32767 }, 3);
	struct clip *b = make(1000, 1, (const int16_t[]){ 10, 20 }, 2);
	struct clip *stereo = make(1000, 2, (const int16_t[]){ 5, 6 }, 1);
	struct err err;

	(void)state;
	SAME(clip_overlay(arena, a, b, false, &err), 11, 22, 32767);
	SAME(clip_overlay(arena, a, b, true, &err), 11, 22, 32767);
	SAME(clip_overlay(arena, b, a, false, &err), 11, 22);
	SAME(clip_append(arena, a, b, 0, &err), 1, 2, 32767, 10, 20);
	SAME(clip_append(arena, stereo, b, 0, &err), 5, 6, 10, 10, 20, 20);
}

static void test_fade(void **state)
{
	struct clip *c = make(1000, 1, (const int16_t[]){ 1000, 1000, 1000, 1000, 1000, 1000 }, 6);
	struct clip *longer = tone(1000, 500, 1000);
	struct clip *out;
	struct err err;

	(void)state;
	SAME(clip_fade(arena, c, CLIP_FADE_IN, 0, 4, &err), 0, 250, 500, 750, 1000, 1000);
	SAME(clip_fade(arena, c, CLIP_FADE_OUT, 2, 4, &err), 1000, 1000, 1000, 750, 500, 250);
	out = clip_fade(arena, longer, CLIP_FADE_IN, 0, 200, &err);
	assert_int_equal(out->frames, 500);
	assert_int_equal(out->data[101], 505);
	assert_int_equal(out->data[201], 1000);
	/* Longer than the sound. */
	assert_int_equal(clip_fade(arena, longer, CLIP_FADE_IN, 0, 2000, &err)->frames, 500);
}

static void test_silence(void **state)
{
	struct clip_silence how = { .min_length = 50, .threshold = -40, .reduction = 1, .crossfade = 0, .between = 20 };
	struct clip *c = tone(1000, 600, 8000);
	struct clip *out;
	struct err err;

	(void)state;
	memset(c->data + 200, 0, 200 * sizeof(*c->data));
	out = clip_without_silence(arena, c, &how, &err);
	/* 200 of sound, 20 of silence, 200 of sound. */
	assert_int_equal(out->frames, 420);
	/* Many pauses, parts longer than what they leave. */
	for (size_t i = 0; i < 600; i += 100)
		memset(c->data + i, 0, 60 * sizeof(*c->data));
	how.between = 80;
	assert_int_equal(clip_without_silence(arena, c, &how, &err)->rate, 1000);
	how.between = 20;
	how.min_length = 0;
	assert_non_null(clip_without_silence(arena, c, &how, &err));
	how.min_length = 50;
	c = tone(1000, 600, 8000);
	memset(c->data + 200, 0, 200 * sizeof(*c->data));
	how.crossfade = 10;
	assert_int_equal(clip_without_silence(arena, c, &how, &err)->frames, 400);
	memset(c->data, 0, 600 * sizeof(*c->data));
	assert_int_equal(clip_without_silence(arena, c, &how, &err)->frames, 0);
}

static void test_files(void **state)
{
	static const char *const endings[] = { ".wav", ".flac", ".ogg", ".mp3" };
	struct clip *c = tone(44100, 4410, 3000);
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		struct clip *back;
		struct buf file;

		buf_init(&file, 1 << 20);
		if (clip_encode(c, endings[i], &file, &err))
			fail_msg("%s: %s", endings[i], err.detail);
		back = clip_decode(arena, file.data, file.len, &err);
		if (!back)
			fail_msg("%s: %s", endings[i], err.detail);
		assert_int_equal(back->rate, 44100);
		assert_true(back->frames >= 4410 && back->frames < 9000);
		if (i < 2)
			assert_memory_equal(back->data, c->data, 4410 * sizeof(*c->data));
		buf_free(&file);
	}
	assert_int_equal(clip_encode(c, ".xyz", &(struct buf){ .max = 1000 }, &err), -1);
	assert_null(clip_decode(arena, "RIFFxxxxWAVE", 12, &err));
	assert_null(clip_decode(arena, "", 0, &err));
}

static void test_limits(void **state)
{
	struct err err;

	(void)state;
	assert_null(clip_new(arena, 44100, 2, CLIP_MAX_SAMPLES / 2 + 1, &err));
	assert_non_null(strstr(err.detail, "longer"));
	assert_null(clip_resample(arena, tone(1, 100000, 1), 768000, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gain),     cmocka_unit_test(test_slice),    cmocka_unit_test(test_channels),
		cmocka_unit_test(test_resample), cmocka_unit_test(test_together), cmocka_unit_test(test_fade),
		cmocka_unit_test(test_silence),  cmocka_unit_test(test_files),    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
