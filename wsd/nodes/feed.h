/*
 * feed: RSS (0.9x, 1.0, 2.0) and Atom feeds, read leniently by libxml2. Entities from outside are never followed.
 */
#ifndef NODES_FEED_H
#define NODES_FEED_H

#include "value/value.h"

struct feed_entry {
	char *title;
	char *link;
	char *summary;
	char *author;
	bool has_published;
	int64_t published_us; /* since 1970 */
};

struct feed {
	char *title;
	char *description;
	char *link;
	char *language;
	char *updated; /* as written */
	char *generator;
	struct feed_entry *entries;
	size_t count;
};

/* Everything is in memory of the arena and never NULL; something that is no feed gives an empty one. Links are resolved
 * as seen from `base`. */
void feed_parse(struct arena *arena, struct sv text, const char *base, struct feed *out);
/* A date in the forms of RFC 822 or ISO 8601. -1 when it is none. */
int feed_date(const char *text, int64_t *us) MUST_CHECK;

#endif
