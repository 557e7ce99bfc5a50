/* Between the files that read templates: the expression parser and its tokens. */
#ifndef NODES_TEMPLATE_PARSER_H
#define NODES_TEMPLATE_PARSER_H

#include "wsd/nodes/template_internal.h"

enum token_kind { TOK_END, TOK_NAME, TOK_STRING, TOK_NUMBER, TOK_OP };

/* Reads the inside of one tag, from p to end. */
struct parser {
	struct arena *arena;
	const char *p;
	const char *end;
	const char *begin; /* of the whole template, for line numbers */
	struct err *err;
	int depth;
	bool failed;
	/* the token in front */
	enum token_kind tok;
	struct sv text;
	struct value *constant;
	const char *tok_end;
};

void *parser_fail(struct parser *ps, const char *what);
/* Puts the first token in front; the next one. */
void parser_lex(struct parser *ps);
void parser_advance(struct parser *ps);
bool parser_is_op(const struct parser *ps, const char *op);
bool parser_is_word(const struct parser *ps, const char *word);
bool parser_take_op(struct parser *ps, const char *op);
bool parser_take_word(struct parser *ps, const char *word);
bool parser_need_op(struct parser *ps, const char *op);
struct sv parser_take_name(struct parser *ps);
struct expr *parser_expr(struct parser *ps);
/* Without a trailing `if`. */
struct expr *parser_or(struct parser *ps);
/* Several expressions with commas between them are a tuple. */
struct expr *parser_tuple(struct parser *ps);
/* A filter behind its bar (or the word filter), applied to `left`. */
struct expr *parser_filter(struct parser *ps, struct expr *left);

#endif
