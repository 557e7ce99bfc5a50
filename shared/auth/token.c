/* The server token: set, found in deployment.yaml, or made there (notes-rest "Authentication"). */
#include "auth/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "value/yaml.h"

#define TOKEN_BYTES 32
#define KEY "server_auth_token"
#define DEPLOYMENT_MAX ((size_t)1 << 20)

static int read_file(const char *path, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	char *room;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(err, 500, "deployment.yaml: %s", strerror(errno));
	while ((room = buf_reserve(out, 4096)) && (n = read(fd, room, 4096)) > 0)
		out->len += (size_t)n;
	close(fd);
	return out->failed ? err_set(err, 500, "deployment.yaml is too long") : 0;
}

/* Beside the file, then in its place: a reader never sees half of it. */
static int write_file(const char *path, const struct buf *text, struct err *err)
{
	char temporary[4200];
	int fd;
	bool good;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, 500, "deployment.yaml cannot be written: %s", strerror(errno));
	good = fchmod(fd, 0600) == 0 && write(fd, text->data, text->len) == (ssize_t)text->len && fsync(fd) == 0;
	if (close(fd) || !good || rename(temporary, path)) {
		unlink(temporary);
		return err_set(err, 500, "deployment.yaml cannot be written: %s", strerror(errno));
	}
	return 0;
}

static char *make_token(const char *path, struct value *doc, struct err *err)
{
	char *token = random_token(TOKEN_BYTES);
	struct buf text;

	map_set_str(doc, KEY, token);
	buf_init(&text, DEPLOYMENT_MAX);
	if (yaml_write(&text, doc, YAML_UNICODE) || text.failed || write_file(path, &text, err)) {
		if (text.failed)
			err_set(err, 500, "deployment.yaml is too long");
		free(token);
		token = NULL;
	}
	buf_free(&text);
	return token;
}

static char *find_or_make(const char *path, struct err *err)
{
	struct buf text;
	struct value *doc = NULL;
	char *token = NULL;
	const char *found;

	buf_init(&text, DEPLOYMENT_MAX);
	if (read_file(path, &text, err))
		goto out;
	doc = yaml_parse(text.data ? text.data : "", text.len, err);
	if (!doc)
		goto out;
	if (value_is_null(doc))
		doc = value_map();
	found = map_str(doc, KEY, "");
	if (*found)
		token = xstrdup(found);
	else if (value_is(doc, VALUE_MAP))
		token = make_token(path, doc, err);
	else
		err_set(err, 500, "deployment.yaml: the top level must be a map");
out:
	value_unref(doc);
	buf_free(&text);
	return token;
}

static int make_folder(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

char *server_token(struct err *err)
{
	const char *set = config_get("SERVER_AUTH_TOKEN");
	char path[4096];
	char lock_path[4200];
	char *token;
	int lock;

	if (set)
		return xstrdup(set);
	snprintf(path, sizeof(path), "%s/.config/nodetool/deployment.yaml", config_home());
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	if (make_folder(lock_path)) {
		err_set(err, 500, "the folder of deployment.yaml cannot be made: %s", strerror(errno));
		return NULL;
	}
	/* Several processes start at once: one makes the token, the others find it. */
	lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock >= 0)
		flock(lock, LOCK_EX);
	token = find_or_make(path, err);
	if (lock >= 0)
		close(lock);
	return token;
}
