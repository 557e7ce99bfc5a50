/* Texts within Markdown: escapes, and the wrapping of paragraphs. */
#include "wsd/nodes/html_markdown_write.h"
#include "wsd/nodes/textwrap.h"

#include "pytext/pytext.h"

#include <string.h>

/* ---- escapes ------------------------------------------------------------------------------------------ */

static void escape(struct buf *out, struct sv text, const char *what)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] && strchr(what, text.p[i]))
			buf_addc(out, '\\');
		buf_addc(out, text.p[i]);
	}
}

void md_escape(struct buf *out, struct sv text)
{
	escape(out, text, "\\[]()");
}

/* Whether white space begins at `at`, and what is behind that character. */
static bool space_at(struct sv text, size_t at, size_t *behind)
{
	*behind = at;
	return at < text.n && pytext_is_space(utf8_decode(text.p, text.n, behind));
}

/* Behind the run of digits at `at`. */
static size_t digits_end(struct sv text, size_t at)
{
	size_t end = at;

	while (at < text.n && pytext_is_decimal(utf8_decode(text.p, text.n, &at)))
		end = at;
	return end;
}

/* Where a list mark at `at`, the first thing of its line, has to be escaped; text.n when there is none. */
static size_t list_mark(struct sv text, size_t at)
{
	size_t mark = digits_end(text, at);
	size_t behind;

	if (mark == text.n)
		return text.n;
	if (mark > at)
		return text.p[mark] == '.' && space_at(text, mark + 1, &behind) ? mark : text.n;
	if (text.p[at] == '-' && at + 1 < text.n && text.p[at + 1] == '-')
		return at;
	return (text.p[at] == '-' || text.p[at] == '+') && space_at(text, at + 1, &behind) ? at : text.n;
}

void md_escape_text(struct buf *out, struct sv text)
{
	bool line_begins = true;
	size_t mark = text.n;
	size_t at = 0;

	while (at < text.n) {
		size_t behind;

		if (space_at(text, at, &behind)) {
			line_begins |= text.p[at] == '\n';
			buf_add(out, text.p + at, behind - at);
			at = behind;
			continue;
		}
		if (line_begins)
			mark = list_mark(text, at);
		line_begins = false;
		if (at == mark || (text.p[at] == '\\' && at + 1 < text.n && text.p[at + 1] &&
				   strchr("\\`*_{}[]()#+-.!", text.p[at + 1])))
			buf_addc(out, '\\');
		buf_add(out, text.p + at, behind - at);
		at = behind;
	}
}

/* ---- paragraphs --------------------------------------------------------------------------------------- */

static bool starts(struct sv text, const char *prefix)
{
	return pytext_starts(text, sv_of(prefix));
}

/* The mark of a list item with white space behind it. */
static bool is_item(struct sv text)
{
	size_t digits = digits_end(text, 0);
	size_t behind;

	if (digits)
		return digits < text.n && text.p[digits] == '.' && space_at(text, digits + 1, &behind);
	return text.n && strchr("-*+", text.p[0]) && text.p[0] && space_at(text, 1, &behind);
}

/* Lines that stay as they are: code, lists, tables. */
static bool keeps_form(struct sv line)
{
	struct sv text = pytext_strip(line, true, false);

	if (starts(line, "    ") || starts(line, "\t"))
		return true;
	/* A dash of two hyphens begins no list and no rule. */
	if (starts(text, "--") && text.n > 2 && text.p[2] != '-')
		return false;
	if (starts(text, "-") || (starts(text, "*") && !starts(text, "**")))
		return true;
	return memmem(line.p, line.n, " | ", 3) || is_item(text);
}

/* One paragraph; how many line breaks are behind it. */
static int wrap_paragraph(struct buf *out, struct sv line, size_t width)
{
	const char *indent = starts(line, "  *") ? "    " : starts(line, "> ") ? "> " : "";

	textwrap(out, line, width, indent);
	if (pytext_ends(line, SV_LIT("  "))) {
		buf_adds(out, "  \n");
		return 1;
	}
	buf_adds(out, *indent ? "\n" : "\n\n");
	return *indent ? 1 : 2;
}

void md_wrap(struct buf *out, struct sv markdown, size_t width)
{
	int newlines = 0;
	struct sv line;

	while (sv_split(&markdown, '\n', &line) && !out->failed) {
		size_t behind;

		if (!line.n) {
			if (newlines++ < 2)
				buf_addc(out, '\n');
			else
				newlines = 2;
		} else if (!keeps_form(line)) {
			newlines = wrap_paragraph(out, line, width);
		} else if (!space_at(line, 0, &behind) || behind == line.n || line.p[behind] != '+') {
			buf_add(out, line.p, line.n);
			buf_addc(out, '\n');
			newlines = 1;
		}
	}
}
