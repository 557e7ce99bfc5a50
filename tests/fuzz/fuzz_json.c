/* JSON bodies against declared fields: what is accepted can be written and read again, and is then the same. */
#include "fuzz.h"

#include <stdlib.h>

static const struct field type_fields[] = { { "type", FIELD_STR, FIELD_REQUIRED }, { "optional", FIELD_BOOL, 0, "false" }, { 0 } };
static const struct field node[] = { { "id", FIELD_STR, FIELD_REQUIRED, .max_len = 64 },
				     { "data", FIELD_ANY, 0, "{}" },
				     { "outputs", FIELD_OBJECT, 0, "{}", .item = ITEM_MODEL(type_fields) },
				     { 0 } };
static const struct field options[] = { { "str", FIELD_STR }, { "int", FIELD_INT }, { "list", FIELD_LIST, .item = ITEM(FIELD_FLOAT) },
					{ "node", FIELD_MODEL, .model = node }, { 0 } };
static const struct field body[] = { { "name", FIELD_STR, FIELD_REQUIRED },
				     { "nodes", FIELD_LIST, FIELD_NULLABLE, .item = ITEM_MODEL(node), .max_len = 100 },
				     { "any", FIELD_UNION, FIELD_NULLABLE, .options = options },
				     { "when", FIELD_DATETIME, FIELD_NULLABLE | FIELD_SPARSE },
				     { 0 } };
static const struct route routes[] = { { "POST", "/json", fuzz_echo, .body = BODY(body) } };

/* Parsing, writing and parsing again. */
static void round_trip(const char *text, size_t len)
{
	struct value *first = json_parse(text, len, NULL);
	struct value *second;
	struct buf out;

	if (!first)
		return;
	buf_init(&out, BUF_MAX_BODY);
	if (json_write(&out, first, JSON_COMPACT))
		abort();
	second = json_parse(out.data, out.len, NULL);
	if (!second || !value_equal(first, second))
		abort();
	value_unref(first);
	value_unref(second);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	round_trip((const char *)data, size);
	fuzz_serve(routes, ARRAY_LEN(routes), (const char *const[]){ "REQUEST_METHOD=POST", "REQUEST_URI=/json", NULL }, data, size);
	return 0;
}
