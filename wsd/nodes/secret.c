/* lib.secret: settings and secrets of the user whose run this is. */
#include "wsd/nodes/helper.h"

static enum node_result get_secret(struct node_ctx *ctx)
{
	const char *name = node_text(ctx, "name");
	const char *secret = *name ? node_secret(ctx, name) : NULL;

	if (secret && *secret)
		return done(ctx, value_str(secret));
	return done(ctx, value_ref(node_get(ctx, "default")));
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop get_secret_props[] = {
	{ .name = "name", .type = "str", .def = "\"\"" },
	{ .name = "default", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot get_secret_outputs[] = {
	{ .name = "output", .type = "str?" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.secret.GetSecret",
		.title = "Get Secret",
		.description = "Gives a secret of the user, or a default.",
		.props = get_secret_props,
		.outputs = get_secret_outputs,
		.process = get_secret,
	},
};

NODE_TABLE(nodes_lib_secret, types);
