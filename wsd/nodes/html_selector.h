/* The inside of html_select: a selector as its parser reads it. */
#ifndef NODES_HTML_SELECTOR_H
#define NODES_HTML_SELECTOR_H

#include "base/base.h"

/* Compounds joined by combinators; brackets within brackets. */
#define SELECTOR_PARTS 24
#define SELECTOR_DEPTH 6

enum test_kind { TEST_NAME, TEST_CLASS, TEST_ATTR, TEST_NTH, TEST_EMPTY, TEST_ROOT, TEST_LIST };

/* One thing that a tag must have, or (`negate`) must not have. */
struct test {
	enum test_kind kind;
	bool negate;
	struct sv name; /* of the tag or the attribute, lower case */
	struct sv value;
	char op; /* of an attribute: '=' '~' '|' '^' '$' '*'; 0: it only has to be there */
	bool nocase;
	int64_t step, first; /* nth: step * n + first, counting from 1 … */
	bool from_end;
	bool of_type;
	const struct selector *list; /* :not(), :is() */
	const unsigned char *set;    /* per tag, whether the list names it; filled before the test is used */
	struct test *next;
};

struct compound {
	struct test *tests; /* NULL: any tag */
	char combinator;    /* to the one before: ' ' '>' '+' '~'; 0 for the first */
};

struct selector {
	struct compound parts[SELECTOR_PARTS];
	size_t count;
	struct selector *next; /* behind a comma */
};

/* In memory of the arena. NULL with the reason. */
struct selector *selector_parse(struct arena *arena, struct sv text, struct err *err);

#endif
