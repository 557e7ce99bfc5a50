/* The inside of html_markdown: what tags and texts are written with. */
#ifndef NODES_HTML_MARKDOWN_WRITE_H
#define NODES_HTML_MARKDOWN_WRITE_H

#include "value/value.h"

/* Stands for a blank that must not break until all is written: no byte of UTF-8. */
#define MD_HARD_SPACE "\xFF"

struct md_writer {
	struct buf *out;
	struct buf scratch[2]; /* the piece while it is being changed */
	int quiet;             /* not 0: inside something that is not shown */
	int quotes;            /* depth of block quotes */
	int breaks;            /* line breaks that are due before the next piece */
	bool hard_break;       /* with two blanks before the line break */
	bool at_start;         /* the next piece follows a list mark, a quote mark or nothing at all */
	bool space;            /* a blank is due */
	bool after_newline;
	bool after_bracket; /* the last piece was "[" alone */
	bool pre;           /* inside <pre> */
	bool pre_begins;    /* no piece of it was written yet */
	bool pre_indented;  /* since it began, lines were indented */
	bool in_list;
	size_t item_indent; /* blanks before what belongs to the list item */
	bool in_abbr;       /* `abbr` collects what is written */
	struct buf abbr;
	struct value *abbreviations; /* map of text to meaning, NULL when there are none */
};

void md_writer_init(struct md_writer *w, struct buf *out, size_t max);
void md_writer_free(struct md_writer *w);
/* A piece of Markdown. */
void md_put(struct md_writer *w, struct sv piece);
void md_puts(struct md_writer *w, const char *piece);
/* Takes back the last piece when it was "["; whether it was. */
bool md_take_bracket(struct md_writer *w);
/* The mark of a block quote. */
void md_put_quote(struct md_writer *w);
/* A piece of the page's text: outside of <pre> each run of white space is one blank, at the ends one that may vanish.
 */
void md_put_text(struct md_writer *w, struct sv text);
/* The end of the page: one line break, abbreviations. */
void md_end(struct md_writer *w);
/* A line break before the next piece, unless more are due; a blank line; a line break within a paragraph. */
void md_line(struct md_writer *w);
void md_paragraph(struct md_writer *w);
void md_soft_line(struct md_writer *w);

/* Appends the text with backslashes before what Markdown would take for brackets. */
void md_escape(struct buf *out, struct sv text);
/* The same for a whole text: backslashes, and what looks like a list at the begin of a line. */
void md_escape_text(struct buf *out, struct sv text);
/* Appends the Markdown with its paragraphs wrapped; lists, code and tables stay as they are. */
void md_wrap(struct buf *out, struct sv markdown, size_t width);

#endif
