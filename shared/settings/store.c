/* settings.yaml: read as a whole, written aside and renamed, one writer at a time. */
#include "settings/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "value/yaml.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

static void settings_path(char path[4096])
{
	snprintf(path, 4096, "%s/.config/nodetool/settings.yaml", config_home());
}

static int read_file(const char *path, struct buf *text, struct err *err)
{
	FILE *f = fopen(path, "rbe");
	char chunk[4096];
	size_t n;

	if (!f)
		return errno == ENOENT ? 0 : err_set(err, 500, "settings.yaml cannot be read: %s", strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(text, chunk, n);
	fclose(f);
	return text->failed ? err_set(err, 500, "settings.yaml is larger than 1 MiB") : 0;
}

struct value *settings_read(struct err *err)
{
	char path[4096];
	struct value *v = NULL;
	struct buf text;

	settings_path(path);
	buf_init(&text, FILE_MAX_BYTES);
	if (read_file(path, &text, err) == 0) {
		v = yaml_parse(text.len ? text.data : "", text.len, err);
		if (!v) {
			err_set(err, 500, "settings.yaml is no valid YAML");
		} else if (!value_is(v, VALUE_MAP)) {
			value_unref(v);
			v = value_map();
		}
	}
	buf_free(&text);
	return v;
}

static int make_folders(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/.config", config_home());
	if (mkdir(path, 0700) && errno != EEXIST)
		return -1;
	snprintf(path, sizeof(path), "%s/.config/nodetool", config_home());
	return mkdir(path, 0700) && errno != EEXIST ? -1 : 0;
}

static int write_file(const char *path, const struct buf *text, struct err *err)
{
	char temporary[4200];
	int fd;
	int result = -1;

	snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, text->data, text->len) == (ssize_t)text->len && fsync(fd) == 0 &&
	    rename(temporary, path) == 0)
		result = 0;
	else
		err_set(err, errno == ENOSPC ? 507 : 500, "settings.yaml cannot be written: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	if (result)
		unlink(temporary);
	return result;
}

int settings_merge(const struct value *changes, struct err *err)
{
	char path[4096];
	char lock_path[4200];
	struct value *all = NULL;
	struct sv key;
	struct value *v;
	struct buf text;
	int lock = -1;
	int result = -1;

	if (value_len(changes) == 0)
		return 0;
	buf_init(&text, FILE_MAX_BYTES);
	settings_path(path);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	if (make_folders() || (lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0 || flock(lock, LOCK_EX)) {
		err_set(err, 500, "settings.yaml cannot be locked: %s", strerror(errno));
		goto out;
	}
	all = settings_read(err);
	if (!all)
		goto out;
	for (size_t i = 0; map_entry(changes, i, &key, &v); i++)
		map_setn(all, key.p, key.n, value_ref(v));
	if (yaml_write(&text, all, YAML_SORTED))
		err_set(err, 413, "The settings are too long");
	else
		result = write_file(path, &text, err);
out:
	if (lock >= 0)
		close(lock);
	value_unref(all);
	buf_free(&text);
	return result;
}
