/* JSON files. */
#include "value/value.h"

#include <stdlib.h>
#include <string.h>

struct value *json_read_file(const char *path, size_t max, struct err *err)
{
	struct json_error why;
	struct value *v = NULL;
	const char *name = strrchr(path, '/');
	struct buf text;

	buf_init(&text, max);
	if (file_read(path, &text, err) == 0) {
		v = json_parse(text.data ? text.data : "", text.len, &why);
		if (!v)
			err_set(err, 500, "%s: %s at character %zu", name ? name + 1 : path, why.message, why.position);
	}
	buf_free(&text);
	return v;
}

struct value *json_read_share(const char *name, size_t max, struct err *err)
{
	char *path = xasprintf("%s/%s", config_share_dir(), name);
	struct value *v = json_read_file(path, max, err);

	free(path);
	return v;
}
