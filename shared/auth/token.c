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
#include <yaml.h>

#define TOKEN_BYTES 32
#define KEY "server_auth_token"
#define DEPLOYMENT_MAX ((size_t)1 << 20)

/* The value of the key in a YAML text; NULL when it has none; *good tells whether the text is a YAML map at all. */
static char *token_in(const char *text, size_t len, bool *good)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	yaml_node_t *root;
	char *token = NULL;

	*good = false;
	if (!yaml_parser_initialize(&parser))
		return NULL;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!yaml_parser_load(&parser, &doc)) {
		yaml_parser_delete(&parser);
		return NULL;
	}
	root = yaml_document_get_root_node(&doc);
	*good = !root || root->type == YAML_MAPPING_NODE;
	for (yaml_node_pair_t *p = root && *good ? root->data.mapping.pairs.start : NULL;
	     p && p < root->data.mapping.pairs.top; p++) {
		yaml_node_t *k = yaml_document_get_node(&doc, p->key);
		yaml_node_t *v = yaml_document_get_node(&doc, p->value);

		if (!k || !v || k->type != YAML_SCALAR_NODE || v->type != YAML_SCALAR_NODE || !v->data.scalar.length ||
		    strcmp((const char *)k->data.scalar.value, KEY) != 0)
			continue;
		free(token);
		token = xstrdup((const char *)v->data.scalar.value);
	}
	yaml_document_delete(&doc);
	yaml_parser_delete(&parser);
	return token;
}

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

static char *make_token(const char *path, struct buf *text, struct err *err)
{
	char *token = random_token(TOKEN_BYTES);
	char *check;
	bool good;

	if (text->len && text->data[text->len - 1] != '\n')
		buf_addc(text, '\n');
	buf_printf(text, KEY ": \"%s\"\n", token);
	check = token_in(text->data, text->len, &good);
	if (!check || strcmp(check, token) != 0)
		err_set(err, 500, "deployment.yaml is no plain YAML map: add " KEY " to it yourself");
	else if (write_file(path, text, err) == 0)
		goto out;
	free(token);
	token = NULL;
out:
	free(check);
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
	struct buf text;
	char *token = NULL;
	bool good;
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
	buf_init(&text, DEPLOYMENT_MAX);
	if (read_file(path, &text, err) == 0) {
		token = token_in(text.data ? text.data : "", text.len, &good);
		if (!token)
			token = make_token(path, &text, err);
	}
	buf_free(&text);
	if (lock >= 0)
		close(lock);
	return token;
}
