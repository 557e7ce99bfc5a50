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

static char *make_token(const char *path, struct value *doc, struct err *err)
{
	char *token = random_token(TOKEN_BYTES);
	struct buf text;

	map_set_str(doc, KEY, token);
	buf_init(&text, DEPLOYMENT_MAX);
	if (yaml_write(&text, doc, YAML_UNICODE) || text.failed || file_replace(path, text.data, text.len, 0600, err)) {
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
	if (file_read(path, &text, err) && err->status != 404)
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
