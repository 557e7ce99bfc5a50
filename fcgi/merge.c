/* Build tool: the OpenAPI document out of the routers' fragments (one line of JSON each, from `NAME --describe`). */
#include "config.h"
#include "value/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char frame[] =
	"{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"NodeTool API\",\"version\":\"" PACKAGE_VERSION "\"},\"paths\":{},"
	"\"components\":{\"schemas\":{"
	"\"ValidationError\":{\"type\":\"object\",\"required\":[\"loc\",\"msg\",\"type\"],\"properties\":{"
	"\"loc\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}},"
	"\"msg\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"},\"input\":{},\"ctx\":{\"type\":\"object\"}}},"
	"\"HTTPValidationError\":{\"type\":\"object\",\"properties\":{\"detail\":{\"type\":\"array\","
	"\"items\":{\"$ref\":\"#/components/schemas/ValidationError\"}}}}},"
	"\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}}},"
	"\"security\":[{\"bearer\":[]}]}";

/* Members of `from` into `to`, maps into maps. */
static void merge(struct value *to, const struct value *from)
{
	struct value *v;
	struct sv key;

	for (size_t i = 0; map_entry(from, i, &key, &v); i++) {
		struct value *old = map_getn(to, key.p, key.n);

		if (value_is(old, VALUE_MAP) && value_is(v, VALUE_MAP))
			merge(old, v);
		else
			map_setn(to, key.p, key.n, value_ref(v));
	}
}

int main(void)
{
	struct json_error error;
	struct value *doc = json_parse(frame, strlen(frame), &error);
	struct buf out;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int status = EXIT_FAILURE;

	buf_init(&out, BUF_MAX_RESPONSE);
	while (doc && (n = getline(&line, &size, stdin)) > 0) {
		struct value *fragment = json_parse(line, (size_t)n, &error);

		if (!fragment) {
			fprintf(stderr, "no JSON at character %zu: %s\n", error.position, error.message);
			goto out;
		}
		merge(doc, fragment);
		value_unref(fragment);
	}
	if (doc && json_write(&out, doc, JSON_INDENT) == 0 && puts(out.data) >= 0 && fflush(stdout) == 0)
		status = EXIT_SUCCESS;
out:
	free(line);
	buf_free(&out);
	value_unref(doc);
	return status;
}
