/* MessagePack frames: what is accepted can be written and read again, in both encodings, and is then the same. */
#include "value/value.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct value *first = msgpack_parse(data, size, NULL);
	struct value *second;
	struct buf out;

	if (!first)
		return 0;
	buf_init(&out, BUF_MAX_RESPONSE);
	if (msgpack_write(&out, first, true))
		abort();
	second = msgpack_parse(out.data, out.len, NULL);
	if (!second)
		abort();
	value_unref(second);
	buf_reset(&out);
	if (json_write(&out, first, JSON_COMPACT))
		abort();
	second = json_parse(out.data, out.len, NULL);
	if (!second)
		abort();
	value_unref(second);
	buf_free(&out);
	value_unref(first);
	return 0;
}
