/* Pieces of Markdown on their way to the page: line breaks and blanks that are due, quotes, indentation. */
#include "wsd/nodes/html_markdown_write.h"

#include "pytext/pytext.h"

#include <string.h>

enum piece_kind { PIECE, PIECE_QUOTE, PIECE_TEXT, PIECE_END };

void md_writer_init(struct md_writer *w, struct buf *out, size_t max)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	w->at_start = true;
	buf_init(&w->scratch[0], max);
	buf_init(&w->scratch[1], max);
	buf_init(&w->abbr, max);
}

void md_writer_free(struct md_writer *w)
{
	buf_free(&w->scratch[0]);
	buf_free(&w->scratch[1]);
	buf_free(&w->abbr);
	value_unref(w->abbreviations);
}

void md_line(struct md_writer *w)
{
	if (w->breaks == 0)
		w->breaks = 1;
}

void md_paragraph(struct md_writer *w)
{
	w->breaks = 2;
}

void md_soft_line(struct md_writer *w)
{
	md_line(w);
	w->hard_break = true;
}

static void out(struct md_writer *w, struct sv text)
{
	buf_add(w->out, text.p, text.n);
	if (text.n)
		w->after_newline = text.p[text.n - 1] == '\n';
	w->after_bracket = sv_eq(text, "[");
}

static struct sv view(const struct buf *buf)
{
	return (struct sv){ buf->data ? buf->data : "", buf->len };
}

static void add_times(struct buf *to, char c, size_t times)
{
	while (times-- && !to->failed)
		buf_addc(to, c);
}

/* What every line within the present quotes, list item and <pre> begins with. */
static void add_margin(const struct md_writer *w, struct buf *to, bool quote_mark)
{
	add_times(to, '>', w->quotes > 0 ? (size_t)w->quotes : 0);
	if (w->quotes && !quote_mark)
		buf_addc(to, ' ');
	if (w->pre)
		add_times(to, ' ', (w->in_list ? w->item_indent : 0) + 4);
}

/* The text with one blank for each run of white space, without one at its begin: `space` tells of that. */
static struct sv squeeze(struct md_writer *w, struct sv text)
{
	struct buf *to = &w->scratch[0];
	bool in_space = false;
	size_t at = 0;

	buf_reset(to);
	while (at < text.n) {
		size_t from = at;
		bool space = pytext_is_space(utf8_decode(text.p, text.n, &at));

		if (space && !in_space && to->len)
			buf_addc(to, ' ');
		else if (space && !in_space)
			w->space = true;
		else if (!space)
			buf_add(to, text.p + from, at - from);
		in_space = space;
	}
	return view(to);
}

/* A piece within <pre>, every line of it with its margin; the first begins on a line of its own. */
static struct sv indent(struct md_writer *w, struct sv piece, bool *quote_mark)
{
	struct buf *to = &w->scratch[1];
	bool first = w->pre_begins;

	buf_reset(to);
	if (first && !(piece.n && piece.p[0] == '\n') && !(piece.n > 1 && memcmp(piece.p, "\r\n", 2) == 0)) {
		*quote_mark = false;
		buf_addc(to, '\n');
		if (w->pre)
			add_margin(w, to, *quote_mark);
	}
	for (size_t i = 0; i < piece.n && !to->failed; i++) {
		buf_addc(to, piece.p[i]);
		if (piece.p[i] == '\n' && w->pre)
			add_margin(w, to, *quote_mark);
	}
	w->pre_indented |= w->pre;
	w->pre_begins = false;
	piece = view(to);
	if (!first || !w->in_list)
		return piece;
	/* The item's mark has already begun the line. */
	return pytext_strip_chars(piece, sv_of(!w->pre_indented ? "\n" : w->quotes > 0 ? "\n >" : "\n "), true, false);
}

static void out_breaks(struct md_writer *w, bool quote_mark)
{
	for (; w->breaks; w->breaks--) {
		if (w->hard_break)
			buf_adds(w->out, "  ");
		out(w, SV_LIT("\n"));
		add_margin(w, w->out, quote_mark);
		w->after_newline = w->out->len && w->out->data[w->out->len - 1] == '\n';
	}
	w->space = false;
	w->hard_break = false;
}

static void out_abbreviations(struct md_writer *w)
{
	struct value *meaning_value;
	struct sv key;

	for (size_t i = 0; map_entry(w->abbreviations, i, &key, &meaning_value); i++) {
		struct sv meaning = value_sv(meaning_value);

		buf_printf(w->out, "  *[%.*s]: %.*s\n", (int)key.n, key.p, (int)meaning.n, meaning.p);
	}
}

static void put(struct md_writer *w, struct sv piece, enum piece_kind kind)
{
	bool quote_mark = kind == PIECE_QUOTE;

	if (w->in_abbr)
		buf_add(&w->abbr, piece.p, piece.n);
	if (w->quiet || w->out->failed)
		return;
	if (kind == PIECE_TEXT && !w->pre)
		piece = squeeze(w, piece);
	if (!piece.n && kind != PIECE_END)
		return;
	if (w->pre || w->pre_begins)
		piece = indent(w, piece, &quote_mark);
	if (w->at_start) {
		w->space = false;
		w->breaks = 0;
		w->at_start = false;
	}
	if (kind == PIECE_END) {
		w->breaks = 0;
		w->space = false;
		out(w, SV_LIT("\n"));
	}
	if (w->breaks)
		out_breaks(w, quote_mark);
	if (w->space && !w->after_newline)
		out(w, SV_LIT(" "));
	w->space = false;
	if (kind == PIECE_END && w->abbreviations)
		out_abbreviations(w);
	out(w, piece);
}

void md_put(struct md_writer *w, struct sv piece)
{
	put(w, piece, PIECE);
}

void md_puts(struct md_writer *w, const char *piece)
{
	put(w, sv_of(piece), PIECE);
}

bool md_take_bracket(struct md_writer *w)
{
	if (!w->after_bracket || w->out->failed)
		return false;
	w->after_bracket = false;
	w->space = false;
	w->out->len--;
	return true;
}

void md_put_quote(struct md_writer *w)
{
	put(w, SV_LIT("> "), PIECE_QUOTE);
}

void md_put_text(struct md_writer *w, struct sv text)
{
	put(w, text, PIECE_TEXT);
}

void md_end(struct md_writer *w)
{
	md_line(w);
	put(w, SV_LIT(""), PIECE_END);
}
