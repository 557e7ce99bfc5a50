/* Wrapping of texts: tabs become blanks, the text is cut into words and blanks, words are gathered into lines. */
#include "wsd/nodes/textwrap.h"

#include "pytext/pytext.h"

#include <stdlib.h>
#include <string.h>

#define TAB_STOP 8

/* The text as code points, and the piece that is to be placed next. */
struct wrapper {
	uint32_t *cp;
	size_t count;
	size_t from; /* the piece: cp[from…to) */
	size_t to;
};

static bool blank(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r');
}

static bool is_word(uint32_t cp)
{
	return cp == '_' || pytext_is_alnum(cp);
}

static bool is_letter(uint32_t cp)
{
	return is_word(cp) && !pytext_is_decimal(cp);
}

/* A character behind which a dash of several hyphens may stand. */
static bool before_dash(uint32_t cp)
{
	return (cp < 0x80 && cp && strchr("!\"'&.,?", (int)cp)) || is_word(cp);
}

/* Behind the dash (two hyphens or more between words) at `at`; `at` itself when there is none. */
static size_t dash_end(const struct wrapper *w, size_t at)
{
	size_t end = at;

	if (at == 0 || !before_dash(w->cp[at - 1]))
		return at;
	while (end < w->count && w->cp[end] == '-')
		end++;
	return end - at >= 2 && end < w->count && is_word(w->cp[end]) ? end : at;
}

/* A hyphen at `at` behind which the word may be broken. */
static bool breaks_behind(const struct wrapper *w, size_t at)
{
	const uint32_t *cp = w->cp + at;
	size_t next = at + 1;

	if (*cp != '-' || at < 2)
		return false;
	if (!(is_letter(cp[-1]) && is_letter(cp[-2])) &&
	    !(at >= 3 && is_letter(cp[-3]) && cp[-2] == '-' && before_dash(cp[-1])))
		return false;
	if (next >= w->count || !is_letter(w->cp[next]))
		return false;
	next++;
	next += next < w->count && w->cp[next] == '-';
	return next < w->count && is_letter(w->cp[next]);
}

static size_t piece_end(const struct wrapper *w, size_t at)
{
	size_t end = at;

	while (end < w->count && blank(w->cp[end]))
		end++;
	if (end > at)
		return end;
	end = dash_end(w, at);
	if (end > at)
		return end;
	for (end = at + 1; end < w->count && !blank(w->cp[end]); end++) {
		if (breaks_behind(w, end))
			return end + 1;
		if (w->cp[end] == '-' && dash_end(w, end) > end)
			break;
	}
	return end;
}

static bool next_piece(struct wrapper *w)
{
	w->from = w->to;
	if (w->from < w->count)
		w->to = piece_end(w, w->from);
	return w->from < w->count;
}

static bool piece_blank(const struct wrapper *w, size_t from, size_t to)
{
	while (from < to && pytext_is_space(w->cp[from]))
		from++;
	return from == to;
}

static void add_points(struct buf *out, const uint32_t *cp, size_t count)
{
	char utf8[4];

	for (size_t i = 0; i < count; i++)
		buf_add(out, utf8, utf8_encode(cp[i], utf8));
}

/* Decodes the text with tabs expanded and all ASCII white space as blanks. */
static void decode(struct wrapper *w, struct sv text)
{
	size_t room = text.n;
	size_t column = 0;
	size_t at = 0;

	for (const char *p = text.p; (p = memchr(p, '\t', (size_t)(text.p + text.n - p))); p++)
		room += TAB_STOP - 1;
	w->cp = xmalloc((room + 1) * sizeof(*w->cp));
	while (at < text.n) {
		uint32_t cp = utf8_decode(text.p, text.n, &at);
		size_t times = cp == '\t' ? TAB_STOP - column % TAB_STOP : 1;

		column = cp == '\n' || cp == '\r' ? 0 : column + times;
		while (times--)
			w->cp[w->count++] = blank(cp) ? ' ' : cp;
	}
}

/* One line of at most `width`: pieces are adjacent, so that a line is a range. False when nothing was left for it. */
static bool next_line(struct wrapper *w, size_t width, size_t *from, size_t *to)
{
	size_t last = w->from;

	*from = *to = w->from;
	while (w->from < w->count && (w->to - *from <= width || *to == *from)) {
		last = w->from;
		*to = w->to;
		next_piece(w);
	}
	if (*to > *from && piece_blank(w, last, *to))
		*to = last;
	return *to > *from;
}

void textwrap(struct buf *out, struct sv text, size_t width, const char *indent)
{
	size_t narrow = width > strlen(indent) ? width - strlen(indent) : 0;
	struct wrapper w = { 0 };
	bool first = true;

	decode(&w, text);
	next_piece(&w);
	while (w.from < w.count && !out->failed) {
		size_t from, to;

		if (!first && piece_blank(&w, w.from, w.to))
			next_piece(&w);
		if (!next_line(&w, first ? width : narrow, &from, &to))
			continue;
		if (!first) {
			buf_addc(out, '\n');
			buf_adds(out, indent);
		}
		first = false;
		add_points(out, w.cp + from, to - from);
	}
	free(w.cp);
}
