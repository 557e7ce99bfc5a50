/* Multipart bodies: no file outside of the temporary folder, none left behind, no 5xx. */
#include "fuzz.h"

static const struct field form[] = { { "file", FIELD_FILE, FIELD_REQUIRED }, { "note", FIELD_STR, 0, "\"\"" }, { 0 } };
static const struct route routes[] = { { "POST", "/upload", fuzz_echo, ROUTE_MULTIPART, .form = form } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_serve(routes, ARRAY_LEN(routes),
		   (const char *const[]){ "REQUEST_METHOD=POST", "REQUEST_URI=/upload",
					  "CONTENT_TYPE=multipart/form-data; boundary=B", NULL },
		   data, size);
	return 0;
}
