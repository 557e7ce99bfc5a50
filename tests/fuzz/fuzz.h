/* What the fuzz targets of shared/http share. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "http/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A handler that answers what validation gave it. */
int fuzz_echo(struct request *req, struct response *res);
/* One request; aborts when the answer has no status or a 5xx. */
void fuzz_serve(const struct route *routes, size_t count, const char *const *env, const uint8_t *body, size_t len);

#endif
