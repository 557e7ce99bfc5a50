/* Small YAML files that several processes read and change: settings.yaml, users.yaml. */
#include "value/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What is not there is empty. */
static int read_text(const char *path, struct buf *text, struct err *err)
{
	struct err why;

	if (file_read(path, text, &why) == 0 || why.status == 404)
		return 0;
	return err_set(err, why.status, "%s", why.detail);
}

struct value *yaml_file_read(const char *path, struct err *err)
{
	struct value *v = NULL;
	struct err reason;
	struct buf text;

	buf_init(&text, YAML_FILE_MAX);
	if (read_text(path, &text, err) == 0) {
		v = yaml_parse(text.len ? text.data : "", text.len, &reason);
		if (!v) {
			err_set(err, 500, "%s: %s", name_of(path), reason.detail);
		} else if (!value_is(v, VALUE_MAP)) {
			value_unref(v);
			v = value_map();
		}
	}
	buf_free(&text);
	return v;
}

static int make_folders(const char *path)
{
	char folder[4096];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *p = strchr(folder + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(folder, 0700) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

int yaml_file_update(const char *path, int style, int (*change)(struct value **map, void *arg, struct err *err), void *arg,
		     struct err *err)
{
	char lock_path[4200];
	struct value *map = NULL;
	struct buf text;
	int lock = -1;
	int result = -1;

	buf_init(&text, YAML_FILE_MAX);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	if (make_folders(path) || (lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0 || flock(lock, LOCK_EX)) {
		err_set(err, 500, "%s cannot be locked: %s", name_of(path), strerror(errno));
		goto out;
	}
	map = yaml_file_read(path, err);
	if (!map)
		goto out;
	result = change(&map, arg, err);
	if (result)
		goto out;
	result = yaml_write(&text, map, style) ? err_set(err, 413, "%s would be too long", name_of(path)) :
						 file_replace(path, text.data, text.len, 0600, err);
out:
	if (lock >= 0)
		close(lock);
	value_unref(map);
	buf_free(&text);
	return result;
}
