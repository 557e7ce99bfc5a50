/* Pictures from outside: PNG and JPEG, in pieces and altered, give a picture or a reason; colours likewise. */
#include <string.h>

#include "wsd/nodes/raster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char jpeg[] = { 0xff, 0xd8, 0xff };
	struct arena *arena = arena_new();
	unsigned char color[4];
	struct err err = { 0 };

	/* Other formats are the child program's. */
	if (size > 8 && (data[0] == 0x89 || memcmp(data, jpeg, sizeof(jpeg)) == 0)) {
		if (!raster_read(arena, data, size, &err) && !err.detail[0])
			__builtin_trap();
	} else if (raster_color(arena_strndup(arena, (const char *)data, size), color, &err) && !err.detail[0]) {
		__builtin_trap();
	}
	arena_free(arena);
	return 0;
}
