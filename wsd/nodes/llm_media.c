/* Pictures and sound for and of models: see llm_media.h. */
#include "wsd/nodes/llm_media.h"

#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"

#include <string.h>

bool media_model(struct node_ctx *ctx, unsigned capability, const char **service, const char **model)
{
	const struct service *found;

	if (!llm_model(ctx, "model", service, model))
		return false;
	found = service_find(*service);
	if (found && (found->capabilities & capability) && !str_starts(*service, "huggingface_") &&
	    (found->dialect == DIALECT_OPENAI ||
	     (found->dialect == DIALECT_GEMINI && (capability & (CAN_TEXT_TO_IMAGE | CAN_IMAGE_TO_IMAGE)))))
		return true;
	node_fail(ctx, "model: this server has no %s by %s", service_capability_name(capability), *service);
	return false;
}

bool media_text(struct node_ctx *ctx, const char *property)
{
	if (strip(node_sv(ctx, property)).n)
		return true;
	node_fail(ctx, "%s: a text is needed", property);
	return false;
}

bool media_read(struct node_ctx *ctx, const char *property, struct sv *out)
{
	const struct value *ref = node_get(ctx, property);
	struct err err = { 0 };
	struct buf bytes;
	bool good;

	if (value_is_null(ref) || asset_empty(ref)) {
		node_fail(ctx, "%s: nothing is given", property);
		return false;
	}
	buf_init(&bytes, ASSET_MAX);
	good = asset_read(ref, node_workspace(ctx), &bytes, &err) == 0;
	if (good)
		*out = (struct sv){ arena_strndup(node_arena(ctx), bytes.data ? bytes.data : "", bytes.len),
				    bytes.len };
	else
		node_fail(ctx, "%s: %s", property, err.detail);
	buf_free(&bytes);
	return good;
}
