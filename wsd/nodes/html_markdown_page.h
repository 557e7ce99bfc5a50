/* The inside of html_markdown: a page on its way to Markdown, as its tags and its texts see it. */
#ifndef NODES_HTML_MARKDOWN_PAGE_H
#define NODES_HTML_MARKDOWN_PAGE_H

#include "wsd/nodes/html_markdown.h"
#include "wsd/nodes/html_markdown_write.h"
#include "wsd/nodes/html_parser.h"

/* The longest piece that is kept apart; indentation can make it longer than the page. */
#define MARKDOWN_MAX BUF_MAX_BODY

struct link {
	struct sv href; /* p is NULL for an anchor that leads nowhere */
	struct sv title;
	struct link *outer;
};

struct list {
	bool ordered;
	int64_t number;
	size_t indent; /* of its items */
	struct list *outer;
};

struct page {
	struct md_writer w;
	struct arena *arena;
	const struct html_markdown_options *options;
	struct sv tag;      /* the last one that began or ended */
	struct buf text[2]; /* a text while it is being changed */
	char before;        /* last byte of the last text; 0 when it was empty */
	bool emphasis_begins;
	bool emphasis_before; /* the last text stood in emphasis */
	bool code;
	bool after_list;
	struct link *links;
	struct list *lists;
	struct sv fresh_link; /* address of the link of which nothing was written yet; else p is NULL */
	bool empty_link;
	struct sv abbr_title;
	bool in_cell;
	bool table_begins;
	size_t columns;
};

/* A tag that begins or ends; attributes only where it begins. */
void md_tag(struct page *p, struct sv name, const struct html_attr *attrs, bool start);
/* The level of h1 to h9, else 0. */
int md_heading_level(struct sv tag);
/* The first thing within a link: its bracket. */
void md_open_link(struct page *p);

#endif
