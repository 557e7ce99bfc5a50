/* Serving one request out of memory: for tests of shared/http. */
#ifndef TESTS_HTTP_MEM_H
#define TESTS_HTTP_MEM_H

#include "http/internal.h"

/* What a client would see. */
struct answer {
	int status;
	char *head; /* the header lines */
	char *body;
	size_t len;
	char *all;
};

/* `env` is a list of CGI variables ending with NULL; CONTENT_LENGTH is added from `len` unless it stands there or `len` is
 * SIZE_MAX (no body at all). */
struct answer mem_serve(const struct route *routes, size_t count, const char *const *env, const void *body, size_t len);
/* A header's value (memory of the answer, cut at its end in a static buffer), NULL when absent. */
const char *answer_header(const struct answer *a, const char *name);
void answer_free(struct answer *a);

#endif
