/*
 * exact: values as bytes that give the same value again, with the marks that MessagePack has no room for (typed maps,
 * tuples), and the same bytes for the same value: for what is kept of completed nodes.
 *
 * Each value is a tag and its content; numbers in the order of this machine, for what is written is read here.
 */
#ifndef ENGINE_EXACT_H
#define ENGINE_EXACT_H

#include "value/value.h"

/* Appends the value; -1 when there is no form for it (an object of a node's own is in it) or the buffer is full. */
int exact_write(struct buf *out, const struct value *v) MUST_CHECK;
/* The value at *at, which is moved behind it; NULL when the bytes make no sense. Caller unrefs. */
struct value *exact_read(const char **at, const char *end) MUST_CHECK;

#endif
