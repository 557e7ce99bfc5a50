/* Query strings and paths: whatever comes, one answer with a status that is no 5xx. */
#include "fuzz.h"

#include <string.h>

static const struct field fields[] = { { "limit", FIELD_INT, FIELD_MIN | FIELD_MAX, "100", .min = 1, .max = 1000 },
				       { "ratio", FIELD_FLOAT, FIELD_NULLABLE },
				       { "reverse", FIELD_BOOL, 0, "false" },
				       { "tag", FIELD_LIST, 0, "[]", .item = ITEM(FIELD_STR) },
				       { "since", FIELD_DATETIME, FIELD_NULLABLE },
				       { "kind", FIELD_CHOICE, 0, "\"a\"", .choices = "a|b" },
				       { 0 } };
static const struct field path[] = { { "version", FIELD_INT }, { 0 } };
static const struct route routes[] = {
	{ "GET", "/api/things/", fuzz_echo, .query = fields },
	{ "GET", "/api/things/{id}", fuzz_echo, .query = fields },
	{ "GET", "/api/things/{id}/versions/{version}", fuzz_echo, .path = path },
	{ "GET", "/api/files/{key:path}", fuzz_echo },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char uri[4096] = "REQUEST_URI=/api/";
	char query[4096] = "QUERY_STRING=";
	const uint8_t *mark = memchr(data, '?', size);
	size_t before = mark ? (size_t)(mark - data) : size;

	/* The environment ends at a NUL, as that of nginx does. */
	if (size > 4000 || memchr(data, '\0', size))
		return 0;
	memcpy(uri + strlen(uri), data, size);
	if (mark)
		memcpy(query + strlen(query), mark + 1, size - before - 1);
	fuzz_serve(routes, ARRAY_LEN(routes), (const char *const[]){ "REQUEST_METHOD=GET", uri, query, NULL }, NULL, 0);
	return 0;
}
