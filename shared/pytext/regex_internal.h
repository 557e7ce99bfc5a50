/* Between the translator of patterns and the rest of the regular expressions. */
#ifndef PYTEXT_REGEX_INTERNAL_H
#define PYTEXT_REGEX_INTERNAL_H

#include "pytext/pytext.h"

#define PYRE_DEPTH_MAX 200
#define PYRE_GROUPS_MAX 1000

struct pyre_name {
	struct sv name; /* part of the pattern */
	int number;
};

/* What a quantifier would find before it. */
enum pyre_repeatable { PYRE_NOTHING, PYRE_ATOM, PYRE_REPEATED };

struct translation {
	struct sv pattern;
	size_t pos;
	int flags; /* of the place reached; at the end those of the whole pattern */
	struct buf *out;
	struct err *err;
	int groups;
	struct pyre_name *names; /* the caller frees */
	size_t name_count;
	struct {
		int group; /* 0: does not capture */
		int flags;
	} open[PYRE_DEPTH_MAX];
	int depth;
	size_t only_flags_before; /* end of the flag groups at the start */
	enum pyre_repeatable repeatable;
};

/* Appends the pattern in PCRE2's syntax: named groups become numbered ones, classes are written out. -1 with the reason.
 * The result is meant for PCRE2_UTF | PCRE2_UCP | PCRE2_ALT_CIRCUMFLEX and newlines as LF, with t->flags. */
int pyre_translate(struct translation *t);

#endif
