/* textwrap: lines of a given width, as Python's textwrap.wrap with break_long_words=False makes them. */
#ifndef NODES_TEXTWRAP_H
#define NODES_TEXTWRAP_H

#include "base/base.h"

/* Appends the lines of the text, "\n" between them, none for blank text; every line but the first begins with `indent`
 * (ASCII). Lines break at white space and behind hyphens within words. `width` counts code points and is at least 1. */
void textwrap(struct buf *out, struct sv text, size_t width, const char *indent);

#endif
