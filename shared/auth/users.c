/* The users file of multi_user: username -> {user_id, role, token_hash} (notes-rest "Users file"). */
#include "auth/internal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#define USERS_MAX 100000

struct user {
	char id[AUTH_ID_MAX];
	char hash[65];
	bool admin;
};

static struct {
	struct user *list;
	size_t count;
	struct stat stat; /* of the file that the list was read from */
} users;

void users_free(void)
{
	free(users.list);
	memset(&users, 0, sizeof(users));
}

static const char *scalar(yaml_document_t *doc, int index)
{
	yaml_node_t *node = yaml_document_get_node(doc, index);

	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static yaml_node_t *entry(yaml_document_t *doc, yaml_node_t *map, const char *name)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		const char *key = scalar(doc, p->key);

		if (key && strcmp(key, name) == 0)
			return yaml_document_get_node(doc, p->value);
	}
	return NULL;
}

static const char *text_entry(yaml_document_t *doc, yaml_node_t *map, const char *name)
{
	yaml_node_t *node = entry(doc, map, name);

	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
}

/* A user without an id or a whole hash can never be matched, and is left out. */
static void add_user(yaml_document_t *doc, yaml_node_t *record)
{
	const char *id = text_entry(doc, record, "user_id");
	const char *hash = text_entry(doc, record, "token_hash");
	struct user *u;

	if (!*id || strlen(id) >= AUTH_ID_MAX || strlen(hash) != 64 || users.count == USERS_MAX)
		return;
	if ((users.count & (users.count - 1)) == 0)
		users.list = xrealloc(users.list, (users.count ? users.count * 2 : 1) * sizeof(*users.list));
	u = &users.list[users.count++];
	snprintf(u->id, sizeof(u->id), "%s", id);
	snprintf(u->hash, sizeof(u->hash), "%s", hash);
	u->admin = strcmp(text_entry(doc, record, "role"), "admin") == 0;
}

static void read_users(FILE *f, const char *path)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	yaml_node_t *list;

	if (!yaml_parser_initialize(&parser))
		return;
	yaml_parser_set_input_file(&parser, f);
	if (!yaml_parser_load(&parser, &doc)) {
		log_error("%s, line %zu: %s: no user can log in", path, parser.problem_mark.line + 1,
			  parser.problem ? parser.problem : "not YAML");
		yaml_parser_delete(&parser);
		return;
	}
	list = entry(&doc, yaml_document_get_root_node(&doc), "users");
	if (list && list->type == YAML_MAPPING_NODE) {
		for (yaml_node_pair_t *p = list->data.mapping.pairs.start; p < list->data.mapping.pairs.top; p++)
			add_user(&doc, yaml_document_get_node(&doc, p->value));
	}
	yaml_document_delete(&doc);
	yaml_parser_delete(&parser);
}

static bool unchanged(const struct stat *st)
{
	return st->st_ino == users.stat.st_ino && st->st_size == users.stat.st_size &&
	       st->st_mtim.tv_sec == users.stat.st_mtim.tv_sec && st->st_mtim.tv_nsec == users.stat.st_mtim.tv_nsec;
}

static void refresh(void)
{
	const char *set = config_get("USERS_FILE");
	struct stat st;
	char path[4096];
	FILE *f;

	if (set[0] == '~' && set[1] == '/')
		snprintf(path, sizeof(path), "%s%s", config_home(), set + 1);
	else
		snprintf(path, sizeof(path), "%s", set);
	if (stat(path, &st)) {
		if (users.count)
			log_warn("%s: %s: no user can log in", path, strerror(errno));
		users_free();
		return;
	}
	if (unchanged(&st))
		return;
	users_free();
	f = fopen(path, "r");
	if (!f) {
		log_error("%s: %s: no user can log in", path, strerror(errno));
		return;
	}
	read_users(f, path);
	fclose(f);
	users.stat = st;
}

bool users_find(const char *token, struct auth_user *out)
{
	const struct user *found = NULL;
	char hash[65];

	refresh();
	sha256_hex(token, strlen(token), hash);
	/* Every record is looked at, so that the time does not tell which one fits. */
	for (size_t i = 0; i < users.count; i++) {
		if (CRYPTO_memcmp(users.list[i].hash, hash, 64) == 0 && !found)
			found = &users.list[i];
	}
	if (!found)
		return false;
	snprintf(out->id, sizeof(out->id), "%s", found->id);
	out->admin = found->admin;
	return true;
}

bool users_is_admin(const char *user_id)
{
	refresh();
	for (size_t i = 0; i < users.count; i++) {
		if (users.list[i].admin && strcmp(users.list[i].id, user_id) == 0)
			return true;
	}
	return false;
}
