/*
 * pyjson: JSON as Python's json module reads and writes it, where that is more than JSON.
 */
#ifndef NODES_PYJSON_H
#define NODES_PYJSON_H

#include "value/value.h"

/* json.loads: also takes the bare words NaN, Infinity and -Infinity. NULL with the reason. */
struct value *pyjson_parse(const char *text, size_t len, struct err *err) MUST_CHECK;
/* json.dumps(v, indent=n): ASCII only; `indent` < 0 gives one line with ", " and ": ". Bytes are an error. */
int pyjson_write(struct buf *out, const struct value *v, int indent, struct err *err) MUST_CHECK;

#endif
