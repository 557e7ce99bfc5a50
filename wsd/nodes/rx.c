/* Shorthands for the nodes' own regular expressions. */
#include "wsd/nodes/rx.h"

#include <stdlib.h>
#include <string.h>

struct pyre *rx_once(struct pyre **slot, const char *pattern, int flags)
{
	struct err err;

	if (!*slot)
		*slot = pyre_compile(sv_of(pattern), flags, &err);
	if (!*slot) {
		log_error("built-in pattern %s: %s", pattern, err.detail);
		abort();
	}
	return *slot;
}

struct sv rx_group(const struct pyre *re, struct sv subject, int n)
{
	size_t begin;
	size_t end;

	pyre_span(re, n, &begin, &end);
	return begin == PYRE_UNSET ? (struct sv){ NULL, 0 } : (struct sv){ subject.p + begin, end - begin };
}
