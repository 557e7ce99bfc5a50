/*
 * pillow_grade: colour grading. Pictures as single-precision numbers from 0 to 1, changed pixel by pixel, cut to 8 bits
 * at the end.
 */
#ifndef NODES_PILLOW_GRADE_H
#define NODES_PILLOW_GRADE_H

#include "nodes/node.h"
#include "wsd/nodes/image_node.h"

/* Where a pixel lies, and in what. */
struct grade_place {
	int x, y;
	int width, height;
};

/* Changes one pixel (red, green, blue); `arg` holds what was read from the properties. */
typedef void grade_fn(float rgb[3], const struct grade_place *at, const void *arg);

/* Takes "image" through `grade` and emits the result. */
enum node_result grade_image(struct node_ctx *ctx, grade_fn *grade, const void *arg);

/* Reads float properties by names that end with NULL. */
void grade_floats(struct node_ctx *ctx, const char *const *names, float *out);

/* Rec. 709. */
static inline float grade_luminance(const float rgb[3])
{
	return 0.2126f * rgb[0] + 0.7152f * rgb[1] + 0.0722f * rgb[2];
}

static inline float grade_clip(float v, float low, float high)
{
	return v < low ? low : v > high ? high : v;
}

/* Moves each channel away from the grey `from`, by a factor. */
static inline void grade_spread(float rgb[3], float from, float factor)
{
	for (int c = 0; c < 3; c++)
		rgb[c] = from + (rgb[c] - from) * factor;
}

/* For the declarations. */
#define GRADE_RANGE(prop_name, standard, low, high)                                                                    \
	{                                                                                                              \
		.name = (prop_name), .type = "float", .def = (standard), .min = (low), .max = (high)                   \
	}
#define GRADE_NODE(node_name, shown, line, property_table, function)                                                   \
	{                                                                                                              \
		.type = "lib.pillow.color_grading." node_name, .title = (shown), .description = (line),                \
		.props = (property_table), .outputs = image_output, .flags = IMAGE_FLAGS, .process = (function),       \
	}

#endif
