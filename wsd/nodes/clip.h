/*
 * clip: sound as the nodes of nodetool.audio compute with it: 16-bit samples, whole in memory.
 *
 * The rules are those of the library that the original used, to the sample: positions are milliseconds, a length is rounded to
 * them; a negative position counts from the end; a sample that is multiplied is rounded downwards and clipped.
 */
#ifndef NODES_CLIP_H
#define NODES_CLIP_H

#include "nodes/node.h"

/* The longest clip, in samples of all channels together (25 minutes of mono at 44.1 kHz): its WAV is still an asset. */
#define CLIP_MAX_SAMPLES ((size_t)64 << 20)
#define CLIP_MAX_CHANNELS 64

struct clip {
	int rate;     /* frames per second */
	int channels;
	size_t frames;
	int16_t *data; /* interleaved; malloc'd, freed with the arena that the clip belongs to */
};

/* A sample of a calculated value. */
int16_t clip_sample(double v);

/* A silent clip; NULL with the reason when it would be too long. */
struct clip *clip_new(struct arena *arena, int rate, int channels, size_t frames, struct err *err) MUST_CHECK;

/* Whole milliseconds, rounded half to even. */
int64_t clip_ms(const struct clip *c);
/* The part from `start` to `end` milliseconds. */
struct clip *clip_slice(struct arena *arena, const struct clip *c, double start, double end, struct err *err) MUST_CHECK;
/* Everything multiplied. */
void clip_gain(struct clip *c, double factor);
double clip_factor(double decibel);
/* The largest sample, without its sign. */
int clip_peak(const struct clip *c);
/* The frames between two positions: the first, and how many; `missing` silent ones stand behind them (at most 2 ms). */
struct clip_range {
	size_t from, frames, missing;
};
int clip_range(const struct clip *c, double start, double end, struct clip_range *out, struct err *err) MUST_CHECK;

/* As many channels: one is doubled, two become their mean, more of them the sum of their parts. */
struct clip *clip_channels(struct arena *arena, struct clip *c, int channels, struct err *err) MUST_CHECK;
struct clip *clip_channel(struct arena *arena, const struct clip *c, int channel, struct err *err) MUST_CHECK;
/* At another rate, by straight lines between samples. */
struct clip *clip_resample(struct arena *arena, struct clip *c, int rate, struct err *err) MUST_CHECK;

/* a with b on top of it, as long as a; `loop` repeats b. */
struct clip *clip_overlay(struct arena *arena, struct clip *a, struct clip *b, bool loop, struct err *err) MUST_CHECK;
/* b behind a, the two blended for some milliseconds. */
struct clip *clip_append(struct arena *arena, struct clip *a, struct clip *b, int64_t crossfade, struct err *err) MUST_CHECK;

/* From silence (-120 dB) to full, or back, over `duration` milliseconds from `start`. Longer than 100 ms it goes by steps of a
 * millisecond, else sample by sample. */
enum clip_fade { CLIP_FADE_IN, CLIP_FADE_OUT };
struct clip *clip_fade(struct arena *arena, const struct clip *c, enum clip_fade how, int64_t start, int64_t duration,
		       struct err *err) MUST_CHECK;

/* Without its silent parts (see nodetool.audio.RemoveSilence). */
struct clip_silence {
	int64_t min_length; /* ms */
	int64_t threshold;  /* dB */
	double reduction;
	int64_t crossfade; /* ms */
	int64_t between;   /* ms */
};
struct clip *clip_without_silence(struct arena *arena, struct clip *c, const struct clip_silence *how, struct err *err)
	MUST_CHECK;

/* ---- files (clip_file.c) ------------------------------------------------------------------------------- */

/* WAV, FLAC, Ogg, MP3, AIFF and whatever else libsndfile reads. NULL with the reason. */
struct clip *clip_decode(struct arena *arena, const void *data, size_t len, struct err *err) MUST_CHECK;
/* Appends a WAV file of 16-bit PCM. */
int clip_encode_wav(const struct clip *c, struct buf *out, struct err *err) MUST_CHECK;
/* Appends a file of the format that a name's ending says: .wav, .flac, .ogg, .opus, .mp3. */
int clip_encode(const struct clip *c, const char *ending, struct buf *out, struct err *err) MUST_CHECK;

#endif
