/* lib.numpy.conversion (without images) and lib.numpy.io. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/media_file.h"
#include "wsd/nodes/ndarray.h"
#include "wsd/nodes/paths.h"

#include <math.h>
#include <string.h>

#define RATE_MAX 768000

static enum node_result array_to_scalar(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", false);

	if (!a)
		return NODE_FAILED;
	if (a->n != 1)
		return node_fail(ctx, "values: has %zu elements, not one", a->n);
	return done(ctx, nd_item(a, 0));
}

static enum node_result scalar_to_array(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "value", false);

	return a ? done(ctx, nd_value(nd_reshaped(node_arena(ctx), a, 1, (const int64_t[]){ 1 }))) : NODE_FAILED;
}

static enum node_result list_to_array(struct node_ctx *ctx)
{
	struct err err = { 0 };
	struct nd *a = nd_from_list(node_arena(ctx), node_get(ctx, "values"), &err);

	return a ? done(ctx, nd_value(a)) : node_fail(ctx, "values: %s", err.detail);
}

static enum node_result array_to_list(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", false);

	return a ? done(ctx, nd_list(a)) : NODE_FAILED;
}

/* ---- sound -------------------------------------------------------------------------------------------- */

static void put(unsigned char *to, uint32_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (unsigned char)(v >> (8 * i));
}

/* A WAV file of one channel, 16 bits; samples from -1 to 1. */
static struct value *wav(struct node_ctx *ctx, const struct nd *a, uint32_t rate, struct err *err)
{
	struct nd *in = nd_cast(node_arena(ctx), (struct nd *)(uintptr_t)a, ND_DOUBLE, err);
	size_t size = a->n * 2;
	unsigned char *bytes;

	if (!in || size > (size_t)UINT32_MAX - 64) {
		err_set(err, 400, "values: too long for a WAV file");
		return NULL;
	}
	bytes = xmalloc(44 + size + 1);
	memcpy(bytes, "RIFF....WAVEfmt ", 16);
	put(bytes + 4, (uint32_t)(36 + size), 4);
	put(bytes + 16, 16, 4);
	put(bytes + 20, 1, 2); /* PCM */
	put(bytes + 22, 1, 2); /* channels */
	put(bytes + 24, rate, 4);
	put(bytes + 28, rate * 2, 4);
	put(bytes + 32, 2, 2);
	put(bytes + 34, 16, 2);
	memcpy(bytes + 36, "data", 4);
	put(bytes + 40, (uint32_t)size, 4);
	for (size_t i = 0; i < in->n; i++) {
		double d = in->d[i] * 32767;

		d = isnan(d) ? 0 : d > 32767 ? 32767 : d < -32768 ? -32768 : d;
		put(bytes + 44 + 2 * i, (uint32_t)(int32_t)d, 2);
	}
	bytes[44 + size] = 0;
	return asset_from_bytes("audio", bytes, 44 + size);
}

static enum node_result convert_to_audio(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", true);
	struct err err = { 0 };
	struct value *audio;
	int64_t rate;

	if (!a || !int_property(ctx, "sample_rate", &rate))
		return NODE_FAILED;
	if (rate < 1 || rate > RATE_MAX)
		return node_fail(ctx, "sample_rate must be between 1 and %d", RATE_MAX);
	audio = wav(ctx, a, (uint32_t)rate, &err);
	return audio ? done(ctx, audio) : fail_err(ctx, &err);
}

/* ---- files -------------------------------------------------------------------------------------------- */

/* Hands the array on under a name; it is kept as long as the run. */
static enum node_result save_array(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", false);

	if (!a)
		return NODE_FAILED;
	media_tell_saved(ctx, "np_array", path_dated(node_arena(ctx), node_text(ctx, "name")), node_get(ctx, "values"));
	return done(ctx, value_ref(node_get(ctx, "values")));
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define ARRAY_DEFAULT "{\"type\":\"np_array\"}"

static const struct node_prop array_to_scalar_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ 0 },
};

static const struct node_slot array_to_scalar_outputs[] = {
	{ .name = "output", .type = "union[float,int]" },
	{ 0 },
};

static const struct node_prop scalar_to_array_props[] = {
	{ .name = "value", .type = "union[float,int]", .def = "0" },
	{ 0 },
};

static const struct node_slot scalar_to_array_outputs[] = {
	{ .name = "output", .type = "np_array" },
	{ 0 },
};

static const struct node_prop list_to_array_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_slot array_to_list_outputs[] = {
	{ .name = "output", .type = "list[any]" },
	{ 0 },
};

static const struct node_prop convert_to_audio_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "sample_rate", .type = "int", .def = "44100", .min = "0.0", .max = "44100.0" },
	{ 0 },
};

static const struct node_slot convert_to_audio_outputs[] = {
	{ .name = "output", .type = "audio" },
	{ 0 },
};

static const struct node_prop save_array_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "folder",
	  .type = "folder",
	  .def = "{\"type\": \"folder\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ .name = "name", .type = "str", .def = "\"%Y-%m-%d_%H-%M-%S.npy\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.numpy.conversion.ArrayToScalar",
		.title = "Array To Scalar",
		.description = "The number in an array of one element.",
		.props = array_to_scalar_props,
		.outputs = array_to_scalar_outputs,
		.flags = NODE_PURE,
		.process = array_to_scalar,
	},
	{
		.type = "lib.numpy.conversion.ScalarToArray",
		.title = "Scalar To Array",
		.description = "An array of one number.",
		.props = scalar_to_array_props,
		.outputs = scalar_to_array_outputs,
		.flags = NODE_PURE,
		.process = scalar_to_array,
	},
	{
		.type = "lib.numpy.conversion.ListToArray",
		.title = "List To Array",
		.description = "Makes an array of a list, or of lists in a list.",
		.props = list_to_array_props,
		.outputs = scalar_to_array_outputs,
		.flags = NODE_PURE,
		.process = list_to_array,
	},
	{
		.type = "lib.numpy.conversion.ArrayToList",
		.title = "Array To List",
		.description = "Makes a list, or lists in a list, of an array.",
		.props = array_to_scalar_props,
		.outputs = array_to_list_outputs,
		.flags = NODE_PURE,
		.process = array_to_list,
	},
	{
		.type = "lib.numpy.conversion.ConvertToAudio",
		.title = "Convert To Audio",
		.description = "Makes a sound of samples between -1 and 1.",
		.props = convert_to_audio_props,
		.outputs = convert_to_audio_outputs,
		.flags = NODE_PURE,
		.process = convert_to_audio,
	},
	{
		.type = "lib.numpy.io.SaveArray",
		.title = "Save Array",
		.description = "Hands an array on under a name.",
		.props = save_array_props,
		.outputs = scalar_to_array_outputs,
		.shown_required = "array",
		.process = save_array,
	},
};

NODE_TABLE(nodes_lib_numpy_convert, types);
