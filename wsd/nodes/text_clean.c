/* nodetool.text: case, white space, punctuation, accents. */
#include "pytext/pytext.h"
#include "wsd/nodes/helper.h"

#include <string.h>

static enum node_result change_case(struct node_ctx *ctx, enum pytext_case to)
{
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	pytext_case(&out, node_sv(ctx, "text"), to);
	return done_buf(ctx, &out);
}

static enum node_result to_uppercase(struct node_ctx *ctx)
{
	return change_case(ctx, PYTEXT_UPPER);
}

static enum node_result to_lowercase(struct node_ctx *ctx)
{
	return change_case(ctx, PYTEXT_LOWER);
}

static enum node_result to_titlecase(struct node_ctx *ctx)
{
	return change_case(ctx, PYTEXT_TITLE);
}

static enum node_result capitalize_text(struct node_ctx *ctx)
{
	return change_case(ctx, PYTEXT_CAPITALIZE);
}

static enum node_result trim_whitespace(struct node_ctx *ctx)
{
	struct sv text = pytext_strip(node_sv(ctx, "text"), node_bool(ctx, "trim_start"), node_bool(ctx, "trim_end"));

	return done(ctx, value_strn(text.p, text.n));
}

/* re.sub of a pattern of our own; what goes wrong is the replacement's fault. Appends to `out`. */
static int substitute(struct buf *out, const char *pattern, struct sv replacement, struct sv text, struct err *err)
{
	struct pyre *re = pyre_compile(sv_of(pattern), 0, err);
	int status = re ? pyre_sub(out, re, replacement, text, 0, err) : -1;

	pyre_free(re);
	return status;
}

static enum node_result collapse_whitespace(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	const char *pattern = node_bool(ctx, "preserve_newlines") ? "[^\\S\\r\\n]+" : "\\s+";
	struct err err;
	struct buf out;

	if (node_bool(ctx, "trim_edges"))
		text = pytext_strip(text, true, true);
	buf_init(&out, BUF_MAX_BODY);
	if (substitute(&out, pattern, node_sv(ctx, "replacement"), text, &err) < 0) {
		buf_free(&out);
		return node_fail(ctx, "replacement: %s", err.detail);
	}
	return done_buf(ctx, &out);
}

static bool holds(struct sv set, const char *character, size_t len)
{
	return len == 1 ? memchr(set.p, *character, set.n) != NULL : memmem(set.p, set.n, character, len) != NULL;
}

static enum node_result remove_punctuation(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct sv punctuation = node_sv(ctx, "punctuation");
	struct sv replacement = node_sv(ctx, "replacement");
	size_t kept = 0;
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	for (size_t pos = 0; pos < text.n;) {
		size_t at = pos;

		utf8_decode(text.p, text.n, &pos);
		if (!holds(punctuation, text.p + at, pos - at))
			continue;
		buf_add(&out, text.p + kept, at - kept);
		buf_add(&out, replacement.p, replacement.n);
		kept = pos;
	}
	buf_add(&out, text.p + kept, text.n - kept);
	return done_buf(ctx, &out);
}

/* NFKD of the text without combining marks (unless they are kept) and without non-ASCII characters (unless kept). */
static void decompose(struct buf *out, struct sv text, bool keep_marks, bool keep_non_ascii)
{
	struct buf nfkd;
	size_t kept = 0;

	buf_init(&nfkd, BUF_MAX_RESPONSE);
	if (pytext_nfkd(&nfkd, text) < 0)
		out->failed = true;
	for (size_t pos = 0; pos < nfkd.len;) {
		size_t at = pos;
		uint32_t cp = utf8_decode(nfkd.data, nfkd.len, &pos);

		if ((cp < 0x80 || keep_non_ascii) && (keep_marks || !pytext_is_combining(cp)))
			continue;
		buf_add(out, nfkd.data + kept, at - kept);
		kept = pos;
	}
	if (nfkd.len)
		buf_add(out, nfkd.data + kept, nfkd.len - kept);
	buf_free(&nfkd);
}

static enum node_result strip_accents(struct node_ctx *ctx)
{
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	decompose(&out, node_sv(ctx, "text"), false, node_bool(ctx, "preserve_non_ascii"));
	return done_buf(ctx, &out);
}

static struct sv buf_sv(const struct buf *buf)
{
	return (struct sv){ buf->data ? buf->data : "", buf->len };
}

static enum node_result slugify(struct node_ctx *ctx)
{
	struct sv separator = node_sv(ctx, "separator");
	struct buf plain;
	struct buf words;
	struct buf joined;
	struct buf out;
	struct err err = { 0 };
	struct sv slug;

	buf_init(&plain, BUF_MAX_BODY);
	buf_init(&words, BUF_MAX_BODY);
	buf_init(&joined, BUF_MAX_BODY);
	buf_init(&out, BUF_MAX_BODY);
	decompose(&plain, node_sv(ctx, "text"), true, node_bool(ctx, "allow_unicode"));
	if (substitute(&words, "[^\\w\\s-]", SV_LIT(""), buf_sv(&plain), &err) < 0 ||
	    substitute(&joined, "[\\s_-]+", separator, buf_sv(&words), &err) < 0)
		out.failed = true;
	slug = pytext_strip_chars(buf_sv(&joined), separator, true, true);
	if (node_bool(ctx, "lowercase"))
		pytext_case(&out, slug, PYTEXT_LOWER);
	else
		buf_add(&out, slug.p, slug.n);
	buf_free(&plain);
	buf_free(&words);
	buf_free(&joined);
	if (*err.detail) {
		buf_free(&out);
		return node_fail(ctx, "separator: %s", err.detail);
	}
	return done_buf(ctx, &out);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop capitalize_text_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot str_output[] = { { .name = "output", .type = "str" }, { 0 } };

static const struct node_prop collapse_whitespace_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "preserve_newlines", .type = "bool", .def = "false" },
	{ .name = "replacement", .type = "str", .def = "\" \"" },
	{ .name = "trim_edges", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_prop remove_punctuation_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "replacement", .type = "str", .def = "\"\"" },
	{ .name = "punctuation", .type = "str", .def = "\"!\\\"#$%&'()*+,-./:;<=>?@[\\\\]^_`{|}~\"",
	  .title = "Punctuation Characters" },
	{ 0 },
};

static const struct node_prop slugify_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "separator", .type = "str", .def = "\"-\"" },
	{ .name = "lowercase", .type = "bool", .def = "true" },
	{ .name = "allow_unicode", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_prop strip_accents_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "preserve_non_ascii", .type = "bool", .def = "true", .title = "Preserve Non-ASCII" },
	{ 0 },
};

static const struct node_prop trim_whitespace_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "trim_start", .type = "bool", .def = "true" },
	{ .name = "trim_end", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.text.CapitalizeText",
		.title = "Capitalize Text",
		.description = "Begins the text with a capital and writes the rest in small letters.",
		.props = capitalize_text_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = capitalize_text,
	},
	{
		.type = "nodetool.text.CollapseWhitespace",
		.title = "Collapse Whitespace",
		.description = "Replaces each run of white space by one separator.",
		.props = collapse_whitespace_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = collapse_whitespace,
	},
	{
		.type = "nodetool.text.RemovePunctuation",
		.title = "Remove Punctuation",
		.description = "Takes punctuation marks out of a text.",
		.props = remove_punctuation_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = remove_punctuation,
	},
	{
		.type = "nodetool.text.Slugify",
		.title = "Slugify",
		.description = "Makes a short name for addresses and files of a text.",
		.props = slugify_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = slugify,
	},
	{
		.type = "nodetool.text.StripAccents",
		.title = "Strip Accents",
		.description = "Takes accents off letters.",
		.props = strip_accents_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = strip_accents,
	},
	{
		.type = "nodetool.text.ToLowercase",
		.title = "To Lowercase",
		.description = "Writes a text in small letters.",
		.props = capitalize_text_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = to_lowercase,
	},
	{
		.type = "nodetool.text.ToTitlecase",
		.title = "To Title Case",
		.description = "Begins every word with a capital.",
		.props = capitalize_text_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = to_titlecase,
	},
	{
		.type = "nodetool.text.ToUppercase",
		.title = "To Uppercase",
		.description = "Writes a text in capitals.",
		.props = capitalize_text_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = to_uppercase,
	},
	{
		.type = "nodetool.text.TrimWhitespace",
		.title = "Trim Whitespace",
		.description = "Takes white space off the ends of a text.",
		.props = trim_whitespace_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.process = trim_whitespace,
	},
};

NODE_TABLE(nodes_text_clean, types);
