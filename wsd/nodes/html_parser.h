/* The inside of html: what its tokenizer tells the tree builder. */
#ifndef NODES_HTML_PARSER_H
#define NODES_HTML_PARSER_H

#include "wsd/nodes/html.h"

struct html_builder {
	struct arena *arena;
	struct html_node *open;	     /* the innermost open tag, or the root */
	struct html_node *container; /* the innermost open script, style, template, rt or rp */
	int keep_space;		     /* how many open tags keep blanks */
	struct sv closed_void;	     /* a void tag whose end tag, if one comes, means nothing */
	struct buf text;	     /* the text since the last tag */
};

void html_flush(struct html_builder *b);
void html_add_other(struct html_builder *b, enum html_kind kind, struct sv text);
/* `closed`: written as <name/>. */
void html_open_tag(struct html_builder *b, struct sv name, struct html_attr *attrs, bool closed);
void html_close_tag(struct html_builder *b, struct sv name);

#endif
