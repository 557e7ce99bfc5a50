/* Examples of packages: read, kept, stored. */
#include "package/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 16384 /* folder and names together */
#define EXAMPLES_KEPT 1024

static struct {
	struct {
		char *path;
		struct package_stamp stamp;
		struct value *v; /* NULL: no example */
	} list[EXAMPLES_KEPT];
	size_t count;
} examples;

void package_forget_examples(void)
{
	for (size_t i = 0; i < examples.count; i++) {
		free(examples.list[i].path);
		value_unref(examples.list[i].v);
	}
	examples.count = 0;
}

/* The file of an example; false for a name that is no plain file name. */
static bool example_path(const struct package *package, const char *name, char path[PATH_SIZE])
{
	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > 240)
		return false;
	snprintf(path, PATH_SIZE, "%s/examples/%s/%s.json", package->folder, package->name, name);
	return true;
}

/* The place of a file among the kept ones; that of a new one when it is not there. */
static size_t place_of(const char *path)
{
	size_t i;

	for (i = 0; i < examples.count && strcmp(examples.list[i].path, path) != 0; i++)
		;
	if (i < EXAMPLES_KEPT)
		return i;
	package_forget_examples();
	return 0;
}

/* What is no example is remembered as well, until the file changes. */
static struct value *read_example(const char *path)
{
	struct value *v = package_read_json(path);

	if (value_is(v, VALUE_MAP))
		return v;
	value_unref(v);
	return NULL;
}

const struct value *package_example(const struct package *package, const char *name, const char **path_out)
{
	struct package_stamp stamp;
	char path[PATH_SIZE];
	size_t i;

	if (!example_path(package, name, path) || !package_stamp_of(path, &stamp))
		return NULL;
	i = place_of(path);
	if (i == examples.count) {
		examples.list[examples.count++].path = xstrdup(path);
		examples.list[i].v = read_example(path);
	} else if (!package_stamp_same(&examples.list[i].stamp, &stamp)) {
		value_unref(examples.list[i].v);
		examples.list[i].v = read_example(path);
	}
	examples.list[i].stamp = stamp;
	if (path_out)
		*path_out = examples.list[i].path;
	return examples.list[i].v;
}

int package_save_example(const struct package *package, const char *name, const struct value *example, struct err *err)
{
	char path[PATH_SIZE];
	struct buf text;
	int result;

	if (!example_path(package, name, path))
		return err_set(err, 400, "An example cannot have that name");
	buf_init(&text, PACKAGE_FILE_MAX);
	result = json_write(&text, example, JSON_INDENT) ? err_set(err, 413, "The example is too long")
							 : file_replace(path, text.data, text.len, 0644, err);
	buf_free(&text);
	return result;
}
