/*
 * What each tag of a page is in Markdown. Tags mean something where they begin and where they end,
 * whether or not they are balanced, so that broken pages come out readable.
 */
#include "wsd/nodes/html_markdown_page.h"
#include "wsd/nodes/url.h"

#include "pytext/pytext.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef void tag_fn(struct page *p, const struct html_attr *attrs, bool start);

static struct sv find_attr(const struct html_attr *attrs, const char *name)
{
	struct sv value = { NULL, 0 };

	for (; attrs; attrs = attrs->next) {
		if (sv_eq(attrs->name, name))
			value = attrs->bare ? (struct sv){ NULL, 0 } : attrs->value;
	}
	return value;
}

/* ---- emphasis ----------------------------------------------------------------------------------------- */

/* A mark, apart from the text before when `apart`. */
static void put_mark(struct page *p, const char *mark, bool start, bool apart)
{
	if (start && apart) {
		struct buf *both = &p->text[0];

		buf_reset(both);
		buf_addc(both, ' ');
		buf_adds(both, mark);
		md_put(&p->w, (struct sv){ both->data, both->len });
		p->before = ' ';
	} else {
		md_puts(&p->w, mark);
	}
	p->emphasis_begins |= start;
}

static void tag_em(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	put_mark(p, "_", start, p->before && !isspace((unsigned char)p->before) && !ispunct((unsigned char)p->before));
}

static void tag_strong(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	put_mark(p, "**", start, p->before == '*');
}

static void tag_del(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	put_mark(p, "~~", start, p->before == '~');
}

static void tag_code(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	(void)start;
	if (p->w.pre)
		return;
	md_puts(&p->w, "`");
	p->code = !p->code;
}

static void tag_q(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	(void)start;
	md_puts(&p->w, "\"");
}

static void tag_abbr(struct page *p, const struct html_attr *attrs, bool start)
{
	struct md_writer *w = &p->w;

	if (start) {
		p->abbr_title = find_attr(attrs, "title");
		buf_reset(&w->abbr);
	} else if (p->abbr_title.p) {
		if (!w->abbreviations)
			w->abbreviations = value_map();
		map_setn(w->abbreviations, w->abbr.data ? w->abbr.data : "", w->abbr.len,
			 value_strn(p->abbr_title.p, p->abbr_title.n));
		p->abbr_title.p = NULL;
	}
	w->in_abbr = start;
}

/* ---- blocks ------------------------------------------------------------------------------------------- */

int md_heading_level(struct sv tag)
{
	return tag.n == 2 && tag.p[0] == 'h' && tag.p[1] >= '1' && tag.p[1] <= '9' ? tag.p[1] - '0' : 0;
}

static void heading(struct page *p, int level, bool start)
{
	static const char marks[] = "######### ";
	const char *mark = marks + strlen(marks) - 1 - level;

	if (!p->links) {
		md_paragraph(&p->w);
		if (start)
			md_puts(&p->w, mark);
	} else if (!start) {
		p->w.breaks = 0;
	} else if (md_take_bracket(&p->w)) {
		/* The mark has to stand before the link. */
		md_puts(&p->w, mark);
		md_puts(&p->w, "[");
	}
}

static void tag_p(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	(void)start;
	if (!p->links && !p->in_cell)
		md_paragraph(&p->w);
}

static void tag_br(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	if (start)
		md_puts(&p->w, p->w.quotes > 0 ? "  \n> " : "  \n");
}

static void tag_hr(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	if (!start)
		return;
	md_paragraph(&p->w);
	md_puts(&p->w, "* * *");
	md_paragraph(&p->w);
}

static void tag_hidden(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	p->w.quiet += start ? 1 : -1;
}

/* Many pages never close their head. */
static void tag_body(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	(void)start;
	p->w.quiet = 0;
}

static void tag_blockquote(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	if (start) {
		md_paragraph(&p->w);
		md_put_quote(&p->w);
		p->w.at_start = true;
		p->w.quotes++;
	} else {
		p->w.quotes--;
		md_paragraph(&p->w);
	}
}

static void tag_pre(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	p->w.pre = start;
	if (start) {
		p->w.pre_begins = true;
		p->w.pre_indented = false;
	}
	md_paragraph(&p->w);
}

/* ---- links and pictures ------------------------------------------------------------------------------- */

void md_open_link(struct page *p)
{
	md_puts(&p->w, "[");
	p->fresh_link.p = NULL;
	p->empty_link = false;
}

/* Writes `before`, the address as seen from the base, `title` unless it is blank, and a closing parenthesis. */
static void put_address(struct page *p, const char *before, struct sv address, struct sv title)
{
	struct buf *to = &p->text[0];
	char *url = url_join(p->arena, p->options->base_url, address, NULL);

	buf_reset(to);
	buf_adds(to, before);
	md_escape(to, url ? sv_of(url) : address);
	if (pytext_strip(title, true, true).n) {
		buf_adds(to, " \"");
		md_escape(to, title);
		buf_addc(to, '"');
	}
	buf_addc(to, ')');
	md_put(&p->w, (struct sv){ to->data, to->len });
}

static void link_begins(struct page *p, const struct html_attr *attrs)
{
	struct link *link = arena_alloc(p->arena, sizeof(*link));
	struct sv href = find_attr(attrs, "href");

	link->outer = p->links;
	p->links = link;
	if (!href.p || pytext_starts(href, SV_LIT("#")) ||
	    (p->options->no_mailto && pytext_starts(href, SV_LIT("mailto:"))))
		return;
	link->href = href;
	link->title = find_attr(attrs, "title");
	p->fresh_link = href;
	p->empty_link = true;
}

static void link_ends(struct page *p)
{
	struct link *link = p->links;

	if (!link)
		return;
	p->links = link->outer;
	if (p->fresh_link.p && p->fresh_link.n && !p->empty_link) {
		/* It was written as an address by itself. */
		p->fresh_link.p = NULL;
	} else if (link->href.p) {
		if (p->empty_link)
			md_open_link(p);
		p->w.breaks = 0;
		put_address(p, "](", link->href, link->title.p ? link->title : SV_LIT(""));
	}
}

static void tag_a(struct page *p, const struct html_attr *attrs, bool start)
{
	if (start)
		link_begins(p, attrs);
	else
		link_ends(p);
}

static void tag_img(struct page *p, const struct html_attr *attrs, bool start)
{
	struct sv src = find_attr(attrs, "src");
	struct sv alt = find_attr(attrs, "alt");
	struct buf *to = &p->text[0];

	if (!start || p->options->no_images || !src.p)
		return;
	if (p->fresh_link.p)
		md_open_link(p);
	buf_reset(to);
	buf_adds(to, "![");
	md_escape(to, alt);
	buf_addc(to, ']');
	md_put(&p->w, (struct sv){ to->data, to->len });
	put_address(p, "(", src, SV_LIT(""));
}

/* ---- lists -------------------------------------------------------------------------------------------- */

static void tag_dl(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	if (start)
		md_paragraph(&p->w);
}

static void tag_dt(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	if (!start)
		md_line(&p->w);
}

static void tag_dd(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	if (start)
		md_puts(&p->w, "    ");
	else
		md_line(&p->w);
}

/* The number before that of the first item. */
static int64_t first_number(struct sv text)
{
	char digits[24] = "";
	char *end;
	long long n;

	text = pytext_strip(text, true, true);
	if (!text.n || text.n >= sizeof(digits))
		return 0;
	memcpy(digits, text.p, text.n);
	errno = 0;
	n = strtoll(digits, &end, 10);
	return errno || *end || n == INT64_MIN ? 0 : n - 1;
}

static void tag_list(struct page *p, const struct html_attr *attrs, bool start)
{
	struct list *outer = p->lists;
	struct list *list;

	if (!outer && !p->after_list)
		md_paragraph(&p->w);
	if (start) {
		list = arena_alloc(p->arena, sizeof(*list));
		list->ordered = p->tag.p[0] == 'o';
		list->number = first_number(find_attr(attrs, "start"));
		list->indent = outer ? outer->indent + (outer->ordered ? 3 : 2) : 2;
		list->outer = outer;
		p->lists = list;
	} else if (outer) {
		p->lists = outer->outer;
		p->w.in_list = p->lists;
		if (!p->lists)
			md_puts(&p->w, "\n");
	}
	p->w.in_list = p->lists;
	p->after_list = true;
}

static void tag_li(struct page *p, const struct html_attr *attrs, bool start)
{
	struct list *list = p->lists;
	struct buf *to = &p->text[0];

	(void)attrs;
	p->w.item_indent = 0;
	md_line(&p->w);
	if (!start)
		return;
	buf_reset(to);
	for (size_t i = 0; list && i < list->indent && !p->w.out->failed; i++)
		buf_addc(to, ' ');
	if (list && list->ordered)
		buf_printf(to, "%lld. ", (long long)++list->number);
	else
		buf_adds(to, "* ");
	p->w.item_indent = list ? list->indent : 0;
	md_put(&p->w, (struct sv){ to->data, to->len });
	p->w.item_indent += list && list->ordered ? 3 : 2;
	p->w.at_start = true;
}

/* ---- tables ------------------------------------------------------------------------------------------- */

static void tag_table(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	if (start)
		p->table_begins = true;
}

static void tag_td(struct page *p, const struct html_attr *attrs, bool start)
{
	(void)attrs;
	if (!start)
		return;
	if (p->in_cell)
		md_puts(&p->w, "| ");
	p->in_cell = true;
	p->columns++;
}

static void tag_tr(struct page *p, const struct html_attr *attrs, bool start)
{
	struct buf *rule = &p->text[0];

	(void)attrs;
	if (start) {
		p->columns = 0;
		return;
	}
	p->in_cell = false;
	md_soft_line(&p->w);
	if (!p->table_begins)
		return;
	/* The first row is the head. */
	buf_reset(rule);
	for (size_t i = 0; i < p->columns; i++)
		buf_adds(rule, i ? "|---" : "---");
	md_put(&p->w, (struct sv){ rule->data, rule->len });
	md_soft_line(&p->w);
	p->table_begins = false;
}

/* ---- tags --------------------------------------------------------------------------------------------- */

struct tag {
	const char *name;
	tag_fn *fn;
};

/* In the order of their names. */
static const struct tag tags[] = {
	{ "a", tag_a },           { "abbr", tag_abbr },   { "b", tag_strong },      { "blockquote", tag_blockquote },
	{ "body", tag_body },     { "br", tag_br },       { "code", tag_code },     { "dd", tag_dd },
	{ "del", tag_del },       { "div", tag_p },       { "dl", tag_dl },         { "dt", tag_dt },
	{ "em", tag_em },         { "head", tag_hidden }, { "hr", tag_hr },         { "i", tag_em },
	{ "img", tag_img },       { "kbd", tag_code },    { "li", tag_li },         { "ol", tag_list },
	{ "p", tag_p },           { "pre", tag_pre },     { "q", tag_q },           { "s", tag_del },
	{ "script", tag_hidden }, { "strike", tag_del },  { "strong", tag_strong }, { "style", tag_hidden },
	{ "table", tag_table },   { "td", tag_td },       { "th", tag_td },         { "tr", tag_tr },
	{ "tt", tag_code },       { "u", tag_em },        { "ul", tag_list },
};

static int compare_tag(const void *key, const void *entry)
{
	const struct sv *name = key;
	const struct tag *tag = entry;
	int order = strncmp(name->p, tag->name, name->n);

	return order ? order : -(tag->name[name->n] != '\0');
}

/* Within a link the first thing that shows opens its bracket; these do not show. */
static bool opens_link(const struct page *p)
{
	static const char *const silent[] = { "p", "div", "style", "dl", "dt" };

	for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
		if (sv_eq(p->tag, silent[i]))
			return false;
	}
	return p->options->no_images || !sv_eq(p->tag, "img");
}

void md_tag(struct page *p, struct sv name, const struct html_attr *attrs, bool start)
{
	int level = md_heading_level(name);
	const struct tag *tag;

	p->tag = name;
	if (start && p->fresh_link.p && opens_link(p))
		md_open_link(p);
	if (level) {
		heading(p, level, start);
		p->after_list &= !start;
		return;
	}
	tag = bsearch(&name, tags, ARRAY_LEN(tags), sizeof(tags[0]), compare_tag);
	if (tag)
		tag->fn(p, attrs, start);
	p->after_list &= tag && tag->fn == tag_list;
}
