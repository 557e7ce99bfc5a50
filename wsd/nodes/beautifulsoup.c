/* lib.beautifulsoup: links, media, metadata and text of HTML pages (nodes/html.h says how they are read). */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/html.h"
#include "wsd/nodes/rx.h"
#include "wsd/nodes/url.h"

#include <string.h>

static struct value *sv_value(struct sv text)
{
	return value_strn(text.p, text.n);
}

static struct html_node *parse(struct node_ctx *ctx, const char *property)
{
	struct sv text = node_sv(ctx, property);

	return html_parse(node_arena(ctx), text.p, text.n);
}

static enum node_result base_url(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "url");
	struct url url;
	struct err err;

	if (!text.n)
		return node_fail(ctx, "url must not be empty");
	if (url_split(node_arena(ctx), text, &url, &err))
		return node_fail(ctx, "url: %s", err.detail);
	return done(ctx, value_strf("%.*s://%.*s", (int)url.scheme.n, url.scheme.p, (int)url.netloc.n, url.netloc.p));
}

/* ---- lists of things on a page ------------------------------------------------------------------------ */

static bool starts_with(struct sv text, struct sv prefix)
{
	return text.n >= prefix.n && memcmp(text.p, prefix.p, prefix.n) == 0;
}

static enum node_result extract_links(struct node_ctx *ctx)
{
	struct html_node *root = parse(ctx, "html");
	struct sv base = node_sv(ctx, "base_url");
	struct value *items = list_begin(ctx);
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	for (struct html_node *a = html_find(root, root, "a"); a; a = html_find(a, root, "a")) {
		struct sv href = html_attr(a, "href");
		struct value *item;

		if (!href.p)
			continue;
		buf_reset(&text);
		html_text(a, &text);
		item = value_map();
		map_set(item, "href", sv_value(href));
		map_set(item, "text", sv_value(strip((struct sv){ text.data ? text.data : "", text.len })));
		map_set_str(item, "type",
			    starts_with(href, base) || starts_with(href, SV_LIT("/")) ? "internal" : "external");
		list_push(items, item);
	}
	buf_free(&text);
	return NODE_DONE;
}

/* Adds a reference to what `src` names, seen from the page; nothing when it is empty. */
static int add_media(struct node_ctx *ctx, struct value *items, const char *type, struct sv src, struct err *err)
{
	struct value *item;
	struct value *ref;
	char *url;

	if (!src.n)
		return 0;
	url = url_join(node_arena(ctx), node_sv(ctx, "base_url"), src, err);
	if (!url)
		return -1;
	ref = asset_new(type);
	map_set_str(ref, "uri", url);
	if (strcmp(type, "video") == 0) {
		map_set(ref, "duration", value_null());
		map_set(ref, "format", value_null());
	}
	item = value_map();
	map_set(item, type, ref);
	list_push(items, item);
	return 0;
}

/* The address of a video: its own or the first source inside. */
static struct sv media_source(struct html_node *tag)
{
	struct sv src = html_attr(tag, "src");
	struct html_node *source = html_is(tag, "video") && !src.n ? html_find(tag, tag, "source") : NULL;

	return source ? html_attr(source, "src") : src;
}

/* One reference for each tag of one of two names. */
static enum node_result extract_media(struct node_ctx *ctx, const char *type, const char *name, const char *other)
{
	struct html_node *root = parse(ctx, "html");
	struct value *items = list_begin(ctx);
	struct err err;

	for (struct html_node *at = html_next(root, root); at; at = html_next(at, root)) {
		if (!html_is(at, name) && !html_is(at, other))
			continue;
		if (add_media(ctx, items, type, media_source(at), &err))
			return node_fail(ctx, "base_url or an address on the page: %s", err.detail);
	}
	return NODE_DONE;
}

static enum node_result extract_images(struct node_ctx *ctx)
{
	return extract_media(ctx, "image", "img", "img");
}

static enum node_result extract_videos(struct node_ctx *ctx)
{
	return extract_media(ctx, "video", "video", "iframe");
}

static enum node_result extract_audio(struct node_ctx *ctx)
{
	return extract_media(ctx, "audio", "audio", "source");
}

/* ---- metadata ----------------------------------------------------------------------------------------- */

/* The one text that a tag holds, directly or through tags that hold nothing else; p is NULL when there is none. */
static struct sv only_string(const struct html_node *node)
{
	while (node->kind == HTML_TAG) {
		if (!node->first || node->first->next)
			return (struct sv){ NULL, 0 };
		node = node->first;
	}
	return node->text;
}

/* Emits the content of the meta tag of this name. -1 when the tag has no content. */
static int emit_meta(struct node_ctx *ctx, const struct html_node *root, const char *name)
{
	for (struct html_node *at = html_find(root, root, "meta"); at; at = html_find(at, root, "meta")) {
		struct sv content;

		if (!sv_eq(html_attr(at, "name"), name))
			continue;
		content = html_attr(at, "content");
		if (!content.p)
			return -1;
		node_emit(ctx, name, sv_value(content));
		return 0;
	}
	return 0;
}

static enum node_result extract_metadata(struct node_ctx *ctx)
{
	struct html_node *root = parse(ctx, "html");
	struct html_node *title = html_find(root, root, "title");
	struct sv text = title ? only_string(title) : (struct sv){ NULL, 0 };

	if (text.p)
		node_emit(ctx, "title", sv_value(text));
	if (emit_meta(ctx, root, "description") || emit_meta(ctx, root, "keywords"))
		return node_fail(ctx, "html: a meta tag for the description or the keywords has no content");
	return NODE_DONE;
}

/* ---- text --------------------------------------------------------------------------------------------- */

/* Takes every tag with one of the names out of the tree below `root`. */
static void remove_tags(struct html_node *root, const char *const names[])
{
	struct html_node *at = html_next(root, root);

	while (at) {
		struct html_node *victim = NULL;

		for (int i = 0; names[i] && !victim; i++)
			victim = html_is(at, names[i]) ? at : NULL;
		if (victim) {
			/* The walk goes on behind the subtree. */
			while (at && at != root && !at->next)
				at = at->parent;
			at = at && at != root ? at->next : NULL;
			html_remove(victim);
		} else {
			at = html_next(at, root);
		}
	}
}

static struct html_node *find_div(struct html_node *root, const char *attr)
{
	for (struct html_node *at = html_find(root, root, "div"); at; at = html_find(at, root, "div")) {
		struct sv value = html_attr(at, attr);

		if (value.n && memmem(value.p, value.n, "content", 7))
			return at;
	}
	return NULL;
}

static struct html_node *find_main(struct html_node *root)
{
	struct html_node *found = html_find(root, root, "article");

	if (!found)
		found = html_find(root, root, "main");
	if (!found)
		found = find_div(root, "id");
	if (!found)
		found = find_div(root, "class");
	return found ? found : html_find(root, root, "body");
}

/* The text with each run of white space as one blank, none at the ends. */
static struct value *squeeze(struct sv text)
{
	struct buf out;
	size_t at = 0;
	bool pending = false;

	buf_init(&out, BUF_MAX_BODY);
	while (at < text.n) {
		size_t start = at;

		if (is_space(utf8_decode(text.p, text.n, &at))) {
			pending = true;
			continue;
		}
		if (pending && out.len)
			buf_addc(&out, ' ');
		pending = false;
		buf_add(&out, text.p + start, at - start);
	}
	return buf_to_value(&out);
}

static enum node_result website_content(struct node_ctx *ctx)
{
	static const char *const code[] = { "script", "style", NULL };
	static const char *const frame[] = { "nav", "sidebar", "footer", "header", NULL };
	struct html_node *root = parse(ctx, "html_content");
	struct html_node *content;
	struct value *text;
	struct buf raw;

	remove_tags(root, code);
	content = find_main(root);
	if (!content)
		return done(ctx, value_str("No main content found"));
	remove_tags(content, frame);
	buf_init(&raw, BUF_MAX_BODY);
	html_text(content, &raw);
	text = raw.failed ? NULL : squeeze((struct sv){ raw.data ? raw.data : "", raw.len });
	buf_free(&raw);
	return text ? done(ctx, text) : node_fail(ctx, "the text is too long");
}

/* A line break for each br and behind each block. */
static void add_breaks(struct arena *arena, struct html_node *root)
{
	static const char *const blocks[] = { "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", NULL };

	for (struct html_node *at = html_next(root, root); at; at = html_next(at, root)) {
		if (html_is(at, "br")) {
			at->kind = HTML_TEXT;
			at->text = SV_LIT("\n");
			at->container = (struct sv){ NULL, 0 };
			at->first = at->last = NULL;
			continue;
		}
		for (int i = 0; blocks[i]; i++) {
			if (html_is(at, blocks[i]))
				html_append_text(arena, at, SV_LIT("\n"));
		}
	}
}

/* Replaces each match of the pattern. NULL when it asks for too much or the result is too long. */
static struct value *replace(struct pyre *re, struct sv text, const char *by)
{
	struct buf out;
	struct err err;

	buf_init(&out, BUF_MAX_BODY);
	if (pyre_sub(&out, re, sv_of(by), text, 0, &err))
		out.failed = true;
	return buf_to_value(&out);
}

/* Runs of blank lines become one, runs of blanks one blank; nothing at the ends. */
static enum node_result done_tidy(struct node_ctx *ctx, struct sv raw)
{
	static struct pyre *lines;
	static struct pyre *blanks;
	struct value *text = replace(rx_once(&lines, "\\n\\s*\\n", 0), raw, "\n\n");
	struct value *tidy = text ? replace(rx_once(&blanks, " +", 0), value_sv(text), " ") : NULL;

	value_unref(text);
	if (!tidy)
		return node_fail(ctx, "the text is too long");
	node_emit(ctx, "output", sv_value(strip(value_sv(tidy))));
	value_unref(tidy);
	return NODE_DONE;
}

static enum node_result html_to_text(struct node_ctx *ctx)
{
	struct html_node *root = parse(ctx, "text");
	enum node_result result;
	struct buf raw;

	if (node_bool(ctx, "preserve_linebreaks"))
		add_breaks(node_arena(ctx), root);
	buf_init(&raw, BUF_MAX_BODY);
	html_text(root, &raw);
	result = raw.failed ? node_fail(ctx, "the text is too long") :
			      done_tidy(ctx, (struct sv){ raw.data ? raw.data : "", raw.len });
	buf_free(&raw);
	return result;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop base_url_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"", .title = "URL" },
	{ 0 },
};

static const struct node_slot base_url_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop extract_links_props[] = {
	{ .name = "html", .type = "str", .def = "\"\"" },
	{ .name = "base_url", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot extract_links_outputs[] = {
	{ .name = "href", .type = "str" },
	{ .name = "text", .type = "str" },
	{ .name = "type", .type = "str" },
	{ 0 },
};

static const struct node_prop extract_metadata_props[] = {
	{ .name = "html", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot extract_metadata_outputs[] = {
	{ .name = "title", .type = "str" },
	{ .name = "description", .type = "str" },
	{ .name = "keywords", .type = "str" },
	{ 0 },
};

static const struct node_slot extract_images_outputs[] = {
	{ .name = "image", .type = "image" },
	{ 0 },
};

static const struct node_slot extract_videos_outputs[] = {
	{ .name = "video", .type = "video" },
	{ 0 },
};

static const struct node_slot extract_audio_outputs[] = {
	{ .name = "audio", .type = "audio" },
	{ 0 },
};

static const struct node_prop website_content_extractor_props[] = {
	{ .name = "html_content", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop html_to_text_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"", .title = "HTML" },
	{ .name = "preserve_linebreaks", .type = "bool", .def = "true", .title = "Preserve Line Breaks" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.beautifulsoup.BaseUrl",
		.title = "Base Url",
		.description = "Gives the scheme and host of a URL.",
		.props = base_url_props,
		.outputs = base_url_outputs,
		.flags = NODE_PURE,
		.process = base_url,
	},
	{
		.type = "lib.beautifulsoup.ExtractLinks",
		.title = "Extract Links",
		.description = "Lists the links of an HTML page and whether they stay on its site.",
		.props = extract_links_props,
		.outputs = extract_links_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_PURE,
		.process = extract_links,
		GEN_LIST,
	},
	{
		.type = "lib.beautifulsoup.ExtractMetadata",
		.title = "Extract Metadata",
		.description = "Takes title, description and keywords out of an HTML page.",
		.props = extract_metadata_props,
		.outputs = extract_metadata_outputs,
		.flags = NODE_PURE,
		.process = extract_metadata,
	},
	{
		.type = "lib.beautifulsoup.ExtractImages",
		.title = "Extract Images",
		.description = "Lists the images of an HTML page.",
		.props = extract_links_props,
		.outputs = extract_images_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_PURE,
		.process = extract_images,
		GEN_LIST,
	},
	{
		.type = "lib.beautifulsoup.ExtractVideos",
		.title = "Extract Videos",
		.description = "Lists the videos and embedded frames of an HTML page.",
		.props = extract_links_props,
		.outputs = extract_videos_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_PURE,
		.process = extract_videos,
		GEN_LIST,
	},
	{
		.type = "lib.beautifulsoup.ExtractAudio",
		.title = "Extract Audio",
		.description = "Lists the sounds of an HTML page.",
		.props = extract_links_props,
		.outputs = extract_audio_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_PURE,
		.process = extract_audio,
		GEN_LIST,
	},
	{
		.type = "lib.beautifulsoup.WebsiteContentExtractor",
		.title = "Website Content Extractor",
		.description = "Takes the main text out of an HTML page, without navigation and footers.",
		.props = website_content_extractor_props,
		.outputs = base_url_outputs,
		.flags = NODE_PURE,
		.process = website_content,
	},
	{
		.type = "lib.beautifulsoup.HTMLToText",
		.title = "Convert HTML to Text",
		.description = "Turns HTML into plain text.",
		.props = html_to_text_props,
		.outputs = base_url_outputs,
		.flags = NODE_PURE,
		.process = html_to_text,
	},
};

NODE_TABLE(nodes_lib_beautifulsoup, types);
