/* lib.rss: feeds from the web. */
#include "wsd/nodes/datetime.h"
#include "wsd/nodes/feed.h"
#include "wsd/nodes/fetch.h"
#include "wsd/nodes/helper.h"

#include <string.h>

struct rss_state {
	struct list_state list; /* first: list_next works on it */
	struct fetch *fetch;
};

static void free_state(void *ptr)
{
	struct rss_state *state = ptr;

	fetch_free(state->fetch);
	state->fetch = NULL;
	list_destroy(&state->list);
}

/* Fetches and reads the feed. False while it waits. A page that is none, or does not answer, is an empty feed. */
static bool get_feed(struct node_ctx *ctx, struct feed *out)
{
	struct rss_state *state = node_state(ctx);
	struct fetch_result *result;
	struct sv text;

	if (!state->fetch) {
		struct fetch_request request = { .method = "GET",
						 .url = node_text(ctx, "url"),
						 .accept =
							 "application/atom+xml,application/rdf+xml,application/rss+xml,"
							 "application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1" };

		state->fetch = fetch_new(1);
		fetch_add(state->fetch, &request);
	}
	if (!fetch_step(state->fetch, ctx))
		return false;
	result = fetch_result(state->fetch, 0);
	if (result->error[0])
		node_log(ctx, "warning", "url: %s", result->error);
	text = (struct sv){ result->body.data ? result->body.data : "", result->body.len };
	feed_parse(node_arena(ctx), text, result->url ? result->url : "", out);
	fetch_free(state->fetch);
	state->fetch = NULL;
	return true;
}

static void add_entry(struct value *items, const struct feed_entry *entry)
{
	struct value *item = value_map();
	struct datetime published;

	dt_from_unix(entry->has_published ? entry->published_us : time_now_us(), &published);
	map_set_str(item, "title", entry->title);
	map_set_str(item, "link", entry->link);
	map_set(item, "published", dt_to_value(&published));
	map_set_str(item, "summary", entry->summary);
	map_set_str(item, "author", entry->author);
	list_push(items, item);
}

static enum node_result fetch_feed(struct node_ctx *ctx)
{
	struct value *items;
	struct feed feed;

	if (!get_feed(ctx, &feed))
		return NODE_WAIT;
	items = list_begin(ctx);
	for (size_t i = 0; i < feed.count; i++)
		add_entry(items, &feed.entries[i]);
	return NODE_DONE;
}

static enum node_result feed_metadata(struct node_ctx *ctx)
{
	struct value *info;
	struct feed feed;

	if (!get_feed(ctx, &feed))
		return NODE_WAIT;
	info = value_map();
	map_set_str(info, "title", feed.title);
	map_set_str(info, "description", feed.description);
	map_set_str(info, "link", feed.link);
	map_set_str(info, "language", feed.language);
	map_set_str(info, "updated", feed.updated);
	map_set_str(info, "generator", feed.generator);
	map_set_int(info, "entry_count", (int64_t)feed.count);
	return done(ctx, info);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop fetch_rss_feed_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot fetch_rss_feed_outputs[] = {
	{ .name = "title", .type = "str" },          { .name = "link", .type = "str" },
	{ .name = "published", .type = "datetime" }, { .name = "summary", .type = "str" },
	{ .name = "author", .type = "str" },         { 0 },
};

static const struct node_slot extract_feed_metadata_outputs[] = {
	{ .name = "output", .type = "dict" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.rss.FetchRSSFeed",
		.title = "Fetch RSS Feed",
		.description = "Lists the entries of an RSS or Atom feed.",
		.props = fetch_rss_feed_props,
		.outputs = fetch_rss_feed_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_TOOL,
		.process = fetch_feed,
		.state_size = sizeof(struct rss_state),
		.destroy = free_state,
		.next = list_next,
	},
	{
		.type = "lib.rss.ExtractFeedMetadata",
		.title = "Extract Feed Metadata",
		.description = "Gives title, language and other facts of a feed.",
		.props = fetch_rss_feed_props,
		.outputs = extract_feed_metadata_outputs,
		.process = feed_metadata,
		.state_size = sizeof(struct rss_state),
		.destroy = free_state,
	},
};

NODE_TABLE(nodes_lib_rss, types);
