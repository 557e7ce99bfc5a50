/* nodetool.audio: sounds changed and put together. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/audio_node.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/ndarray.h"

#include <math.h>
#include <string.h>

#define TRACKS     5
#define NUMPY_RATE 32000 /* of AudioToNumpy */

static struct clip *audio_read_into(struct arena *arena, struct node_ctx *ctx, const struct value *ref,
				    const char *what)
{
	struct clip *c = NULL;
	struct err err = { 0 };
	struct buf bytes;

	buf_init(&bytes, ASSET_MAX);
	if (asset_read(ref, node_workspace(ctx), &bytes, &err) == 0)
		c = clip_decode(arena, bytes.data ? bytes.data : "", bytes.len, &err);
	buf_free(&bytes);
	if (!c)
		node_fail(ctx, "%s: %s", what, err.detail);
	return c;
}

struct clip *audio_read(struct node_ctx *ctx, const struct value *ref, const char *what)
{
	return audio_read_into(node_arena(ctx), ctx, ref, what);
}

struct clip *audio_property(struct node_ctx *ctx, const char *name)
{
	return audio_read(ctx, node_get(ctx, name), name);
}

struct value *audio_value(const struct clip *c, struct err *err)
{
	struct buf bytes;
	size_t len;

	buf_init(&bytes, ASSET_MAX);
	if (clip_encode_wav(c, &bytes, err)) {
		buf_free(&bytes);
		return NULL;
	}
	len = bytes.len;
	return asset_from_bytes("audio", buf_take(&bytes), len);
}

enum node_result audio_done(struct node_ctx *ctx, const struct clip *c, struct err *err)
{
	struct value *v = c ? audio_value(c, err) : NULL;

	return v ? done(ctx, v) : fail_err(ctx, err);
}

/* ---- one sound ---------------------------------------------------------------------------------------- */

static enum node_result normalize(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };
	int peak = c ? clip_peak(c) : 0;

	if (!c)
		return NODE_FAILED;
	/* A tenth of a decibel below full. */
	if (peak)
		clip_gain(c, clip_factor(20 * (log(32768 * clip_factor(-0.1) / peak) / log(10))));
	return audio_done(ctx, c, &err);
}

static enum node_result slice(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };

	if (!c)
		return NODE_FAILED;
	return audio_done(
		ctx,
		clip_slice(node_arena(ctx), c, node_float(ctx, "start") * 1000, node_float(ctx, "end") * 1000, &err),
		&err);
}

static enum node_result mono_to_stereo(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };

	if (!c)
		return NODE_FAILED;
	return audio_done(ctx, c->channels == 1 ? clip_channels(node_arena(ctx), c, 2, &err) : c, &err);
}

static enum node_result stereo_to_mono(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct sv method = node_sv(ctx, "method");
	struct err err = { 0 };

	if (!c)
		return NODE_FAILED;
	if (c->channels > 1) {
		if (sv_eq(method, "average"))
			c = clip_channels(node_arena(ctx), c, 1, &err);
		else if (sv_eq(method, "left") || sv_eq(method, "right"))
			c = clip_channel(node_arena(ctx), c, sv_eq(method, "right"), &err);
		else
			return node_fail(ctx, "method: neither average, left nor right");
	}
	return audio_done(ctx, c, &err);
}

static enum node_result reverse(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };
	struct clip *out;
	size_t n;

	if (!c)
		return NODE_FAILED;
	/* Sample by sample, as the original: left and right change places. */
	n = c->frames * (size_t)c->channels;
	out = clip_new(node_arena(ctx), c->rate, c->channels, c->frames, &err);
	for (size_t i = 0; out && i < n; i++)
		out->data[i] = c->data[n - 1 - i];
	return audio_done(ctx, out, &err);
}

static enum node_result fade(struct node_ctx *ctx, enum clip_fade how)
{
	struct clip *c = audio_property(ctx, "audio");
	double ms = trunc(node_float(ctx, "duration") * 1000);
	struct err err = { 0 };
	int64_t start;

	if (!c)
		return NODE_FAILED;
	if (!(ms >= 1 && ms < 1e9))
		return node_fail(ctx, "duration must be positive, and less than a million seconds");
	start = how == CLIP_FADE_IN ? 0 : clip_ms(c) - (int64_t)ms;
	return audio_done(ctx, clip_fade(node_arena(ctx), c, how, start, (int64_t)ms, &err), &err);
}

static enum node_result fade_in(struct node_ctx *ctx)
{
	return fade(ctx, CLIP_FADE_IN);
}

static enum node_result fade_out(struct node_ctx *ctx)
{
	return fade(ctx, CLIP_FADE_OUT);
}

static enum node_result repeat(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };
	struct clip *out;
	int64_t loops;
	size_t n;

	if (!c || !int_property(ctx, "loops", &loops))
		return NODE_FAILED;
	n = c->frames * (size_t)c->channels;
	loops = loops > 0 ? loops : 0;
	if (n && (uint64_t)loops > CLIP_MAX_SAMPLES / n)
		return node_fail(ctx, "loops: the sound would be longer than %zu million samples",
				 CLIP_MAX_SAMPLES / 1000000);
	out = clip_new(node_arena(ctx), c->rate, c->channels, n ? c->frames * (size_t)loops : 0, &err);
	for (size_t i = 0; out && n && i < (size_t)loops; i++)
		memcpy(out->data + i * n, c->data, n * sizeof(*c->data));
	return audio_done(ctx, out, &err);
}

static enum node_result remove_silence(struct node_ctx *ctx)
{
	struct clip_silence how = { .reduction = node_float(ctx, "reduction_factor") };
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };

	if (!c || !int_property(ctx, "min_length", &how.min_length) ||
	    !int_property(ctx, "threshold", &how.threshold) || !int_property(ctx, "crossfade", &how.crossfade) ||
	    !int_property(ctx, "min_silence_between_parts", &how.between))
		return NODE_FAILED;
	return audio_done(ctx, clip_without_silence(node_arena(ctx), c, &how, &err), &err);
}

static enum node_result create_silence(struct node_ctx *ctx)
{
	double ms = trunc(node_float(ctx, "duration") * 1000);
	struct err err = { 0 };
	double frames = trunc(11025 * (ms / 1000.0));

	if (!(frames < (double)CLIP_MAX_SAMPLES))
		return node_fail(ctx, "duration: longer than %zu million samples", CLIP_MAX_SAMPLES / 1000000);
	return audio_done(ctx, clip_new(node_arena(ctx), 11025, 1, frames > 0 ? (size_t)frames : 0, &err), &err);
}

/* ---- several sounds ----------------------------------------------------------------------------------- */

static enum node_result overlay(struct node_ctx *ctx)
{
	struct clip *a = audio_property(ctx, "a");
	struct clip *b = a ? audio_property(ctx, "b") : NULL;
	struct err err = { 0 };

	return b ? audio_done(ctx, clip_overlay(node_arena(ctx), a, b, false, &err), &err) : NODE_FAILED;
}

static enum node_result concat(struct node_ctx *ctx)
{
	struct clip *a = audio_property(ctx, "a");
	struct clip *b = a ? audio_property(ctx, "b") : NULL;
	struct err err = { 0 };

	return b ? audio_done(ctx, clip_append(node_arena(ctx), a, b, 0, &err), &err) : NODE_FAILED;
}

/* Appends the sounds one by one; of two arenas one holds what is there so far, so that no step's memory stays. */
static enum node_result concat_all(struct node_ctx *ctx, struct value *list, struct arena *arenas[2])
{
	struct clip *all = NULL;
	struct err err = { 0 };

	for (size_t i = 0; i < value_len(list); i++) {
		struct arena *next = arenas[i % 2];
		struct clip *c;

		arena_reset(next);
		c = audio_read_into(next, ctx, list_at(list, i), "audio_files");
		if (!c)
			return NODE_FAILED;
		all = all ? clip_append(next, all, c, 0, &err) : c;
		if (!all)
			return fail_err(ctx, &err);
	}
	return audio_done(ctx, all, &err);
}

static enum node_result concat_list(struct node_ctx *ctx)
{
	struct value *list = node_get(ctx, "audio_files");
	struct arena *arenas[2];
	enum node_result result;

	if (value_len(list) == 0)
		return done(ctx, asset_new("audio"));
	if (value_len(list) == 1)
		return done(ctx, value_ref(list_at(list, 0)));
	arenas[0] = arena_new();
	arenas[1] = arena_new();
	result = concat_all(ctx, list, arenas);
	arena_free(arenas[0]);
	arena_free(arenas[1]);
	return result;
}

/* A volume of 1 is the sound as it is; each step of 1 is a decibel. */
static enum node_result mix(struct node_ctx *ctx)
{
	struct clip *all = NULL;
	struct err err = { 0 };

	for (int i = 1; i <= TRACKS; i++) {
		const char *name = arena_printf(node_arena(ctx), "track%d", i);
		double volume = node_float(ctx, arena_printf(node_arena(ctx), "volume%d", i));
		struct clip *c;

		if (asset_empty(node_get(ctx, name)))
			continue;
		c = audio_property(ctx, name);
		if (!c)
			return NODE_FAILED;
		if (volume != 1)
			clip_gain(c, clip_factor(volume - 1));
		all = all ? clip_overlay(node_arena(ctx), all, c, false, &err) : c;
		if (!all)
			return fail_err(ctx, &err);
	}
	return all ? audio_done(ctx, all, &err) : node_fail(ctx, "At least one audio track must be provided");
}

/* ---- arrays ------------------------------------------------------------------------------------------- */

static enum node_result to_array(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };
	int64_t n = c ? (int64_t)c->frames * c->channels : 0;
	struct nd *a = c ? nd_new(node_arena(ctx), ND_INT, 0, 1, &n, &err) : NULL;

	if (!c)
		return NODE_FAILED;
	for (int64_t i = 0; a && i < n; i++)
		a->i[i] = c->data[i];
	return a ? done(ctx, nd_value(a)) : fail_err(ctx, &err);
}

/* Between -1 and 1, one channel, at a fixed rate. */
static enum node_result to_numpy(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };
	struct nd *a = NULL;
	int64_t n;

	if (!c)
		return NODE_FAILED;
	c = clip_resample(node_arena(ctx), c, NUMPY_RATE, &err);
	c = c ? clip_channels(node_arena(ctx), c, 1, &err) : NULL;
	n = c ? (int64_t)c->frames : 0;
	a = c ? nd_new(node_arena(ctx), ND_SINGLE, 0, 1, &n, &err) : NULL;
	if (!a)
		return fail_err(ctx, &err);
	for (int64_t i = 0; i < n; i++)
		a->s[i] = (float)c->data[i] / 32768.0f;
	node_emit(ctx, "array", nd_value(a));
	node_emit(ctx, "sample_rate", value_int(c->rate));
	node_emit(ctx, "channels", value_int(c->channels));
	return NODE_DONE;
}

/* Fractions reach from -1 to 1; whole numbers are samples. */
static int16_t sample_of(const struct nd *a, size_t i)
{
	double v = a->kind == ND_INT      ? (double)a->i[i]
		   : a->kind == ND_SINGLE ? (double)a->s[i] * 32767
					  : a->d[i] * 32767;

	return isnan(v) ? 0 : clip_sample(v);
}

static enum node_result from_numpy(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "array", true);
	struct err err = { 0 };
	struct clip *c;
	int64_t channels;
	int64_t rate;

	if (!a || !int_property(ctx, "channels", &channels) || !int_property(ctx, "sample_rate", &rate))
		return NODE_FAILED;
	if (channels < 1 || channels > CLIP_MAX_CHANNELS || rate < 1 || rate > 768000)
		return node_fail(ctx, "%s is out of range", rate < 1 || rate > 768000 ? "sample_rate" : "channels");
	if (a->n % (size_t)channels)
		return node_fail(ctx, "array: %zu samples do not make %lld channels", a->n, (long long)channels);
	if (a->kind == ND_BOOL)
		a = nd_cast(node_arena(ctx), a, ND_INT, &err);
	c = a ? clip_new(node_arena(ctx), (int)rate, (int)channels, a->n / (size_t)channels, &err) : NULL;
	for (size_t i = 0; c && i < a->n; i++)
		c->data[i] = sample_of(a, i);
	return audio_done(ctx, c, &err);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define AUDIO_FLAGS (NODE_PURE | NODE_BLOCKING)
#define AUDIO       AUDIO_PROP("audio", "The sound")
#define NUMBER(prop, kind, preset, low, high, what)                                                                    \
	{                                                                                                              \
		.name = prop, .type = kind, .def = preset, .min = low, .max = high, .description = what                \
	}
#define AUDIO_NODE(name, heading, line, function, also, ...)                                                           \
	{                                                                                                              \
		.type = "nodetool.audio." name, .title = heading, .description = line,                                 \
		.props = (const struct node_prop[]){ __VA_ARGS__, { 0 } }, .outputs = AUDIO_OUTPUT,                    \
		.flags = AUDIO_FLAGS | (also), .process = function                                                     \
	}
#define VOLUME(n)                                                                                                      \
	NUMBER("volume" n, "float", "1.0", "0.0", "2.0", "Its loudness: 1 as it is, a decibel for each step of 1")

static const struct node_type types[] = {
	AUDIO_NODE("Normalize", "Normalize", "Makes a sound as loud as it can be without clipping.", normalize,
		   NODE_TOOL, AUDIO),
	AUDIO_NODE("OverlayAudio", "Overlay Audio", "Plays two sounds at once, as long as the first one is.", overlay,
		   NODE_TOOL, AUDIO_PROP("a", "The sound below"), AUDIO_PROP("b", "The sound on top")),
	AUDIO_NODE(
		"RemoveSilence", "Remove Silence", "Shortens the silent parts of a sound.", remove_silence, NODE_TOOL,
		AUDIO,
		NUMBER("min_length", "int", "200", "0.0", "10000.0", "Milliseconds from which a silent part counts"),
		NUMBER("threshold", "int", "-40", "-60.0", "0.0", "Decibel below which it is silent"),
		NUMBER("reduction_factor", "float", "1.0", "0.0", "1.0", "What of the silence goes: 0 nothing, 1 all"),
		NUMBER("crossfade", "int", "10", "0.0", "50.0", "Milliseconds for which parts are blended"),
		NUMBER("min_silence_between_parts", "int", "100", "0.0", "500.0", "Milliseconds of silence that stay")),
	AUDIO_NODE("SliceAudio", "Slice Audio", "Cuts a part out of a sound.", slice, NODE_TOOL, AUDIO,
		   NUMBER("start", "float", "0.0", "0.0", NULL, "Seconds at which it begins"),
		   NUMBER("end", "float", "1.0", "0.0", NULL, "Seconds at which it ends")),
	AUDIO_NODE("Trim", "Trim", "Keeps one part of a sound.", slice, NODE_TOOL, AUDIO,
		   NUMBER("start", "float", "0.0", "0.0", NULL, "Seconds at which it begins"),
		   NUMBER("end", "float", "0.0", "0.0", NULL, "Seconds at which it ends")),
	AUDIO_NODE("MonoToStereo", "Mono To Stereo", "Gives a sound of one channel two.", mono_to_stereo, NODE_TOOL,
		   AUDIO),
	AUDIO_NODE("StereoToMono", "Stereo To Mono", "Makes one channel of several.", stereo_to_mono, NODE_TOOL, AUDIO,
		   { .name = "method", .type = "str", .def = "\"average\"", .description = "average, left or right" }),
	AUDIO_NODE("Reverse", "Reverse", "Plays a sound backwards.", reverse, NODE_TOOL, AUDIO),
	AUDIO_NODE("FadeIn", "Fade In", "Lets a sound begin softly.", fade_in, NODE_TOOL, AUDIO,
		   NUMBER("duration", "float", "1.0", "0.0", NULL, "Seconds until it is at its loudness")),
	AUDIO_NODE("FadeOut", "Fade Out", "Lets a sound end softly.", fade_out, NODE_TOOL, AUDIO,
		   NUMBER("duration", "float", "1.0", "0.0", NULL, "Seconds from its loudness to silence")),
	AUDIO_NODE("Repeat", "Repeat", "Plays a sound several times.", repeat, NODE_TOOL, AUDIO,
		   NUMBER("loops", "int", "2", "1.0", "100.0", "How often")),
	AUDIO_NODE("AudioMixer", "Audio Mixer", "Plays up to five sounds at once, each at its loudness.", mix, 0,
		   AUDIO_PROP("track1", "A sound; the result is as long"), AUDIO_PROP("track2", "A sound"),
		   AUDIO_PROP("track3", "A sound"), AUDIO_PROP("track4", "A sound"), AUDIO_PROP("track5", "A sound"),
		   VOLUME("1"), VOLUME("2"), VOLUME("3"), VOLUME("4"), VOLUME("5")),
	AUDIO_NODE("Concat", "Concat", "Plays one sound after another.", concat, NODE_TOOL,
		   AUDIO_PROP("a", "The first sound"), AUDIO_PROP("b", "The second sound")),
	AUDIO_NODE("ConcatList", "Concat List", "Plays the sounds of a list one after another.", concat_list, NODE_TOOL,
		   { .name = "audio_files", .type = "list[audio]", .def = "[]", .description = "The sounds" }),
	AUDIO_NODE("CreateSilence", "Create Silence", "Makes a silent sound.", create_silence, 0,
		   NUMBER("duration", "float", "1.0", "0.0", NULL, "Its length in seconds")),
	AUDIO_NODE("NumpyToAudio", "Numpy To Audio", "Makes a sound of an array of samples.", from_numpy, 0,
		   { .name = "array",
		     .type = "np_array",
		     .def = "{\"type\": \"np_array\", \"value\": null, \"dtype\": \"<i8\", \"shape\": [1]}",
		     .description = "Whole samples, or fractions between -1 and 1" },
		   NUMBER("sample_rate", "int", "44100", NULL, NULL, "Samples of a channel per second"),
		   NUMBER("channels", "int", "1", NULL, NULL, "How many channels take turns in the array")),
	{
		.type = "nodetool.audio.ConvertToArray",
		.title = "Convert To Array",
		.description = "The samples of a sound as an array of whole numbers.",
		.props = (const struct node_prop[]){ AUDIO, { 0 } },
		.outputs = (const struct node_slot[]){ { .name = "output", .type = "np_array" }, { 0 } },
		.flags = AUDIO_FLAGS,
		.process = to_array,
	},
	{
		.type = "nodetool.audio.AudioToNumpy",
		.title = "Audio To Numpy",
		.description = "A sound as an array of fractions: one channel at 32 kHz.",
		.props = (const struct node_prop[]){ AUDIO, { 0 } },
		.outputs = (const struct node_slot[]){ { .name = "array", .type = "np_array" },
						       { .name = "sample_rate", .type = "int" },
						       { .name = "channels", .type = "int" },
						       { 0 } },
		.flags = AUDIO_FLAGS,
		.process = to_numpy,
	},
};

NODE_TABLE(nodes_audio, types);
