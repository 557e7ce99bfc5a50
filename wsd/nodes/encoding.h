/* encoding: texts in other character encodings, by Python's names. Strict: what does not fit is an error. */
#ifndef NODES_ENCODING_H
#define NODES_ENCODING_H

#include "base/base.h"

/* Appends the bytes as UTF-8. */
int text_decode(struct buf *out, struct sv bytes, const char *encoding, struct err *err) MUST_CHECK;
/* Appends the text in the encoding. */
int text_encode(struct buf *out, struct sv text, const char *encoding, struct err *err) MUST_CHECK;

#endif
