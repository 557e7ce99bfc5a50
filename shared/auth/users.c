/* The users file of multi_user: username -> {user_id, role, token_hash} (notes-rest "Users file"). */
#include "auth/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "value/yaml.h"

#define USERS_MAX 100000
#define FILE_MAX ((size_t)64 << 20)

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

/* A user without an id or a whole hash can never be matched, and is left out. */
static void add_user(const struct value *record)
{
	const struct value *id = map_get(record, "user_id");
	const char *hash = map_str(record, "token_hash", "");
	struct user *u;

	if (strlen(hash) != 64 || users.count == USERS_MAX)
		return;
	if ((users.count & (users.count - 1)) == 0)
		users.list = xrealloc(users.list, (users.count ? users.count * 2 : 1) * sizeof(*users.list));
	u = &users.list[users.count];
	if (value_is(id, VALUE_INT))
		snprintf(u->id, sizeof(u->id), "%lld", (long long)value_as_int(id));
	else if (value_is(id, VALUE_STR) && value_len(id) && value_len(id) < sizeof(u->id))
		memcpy(u->id, value_text(id), value_len(id) + 1);
	else
		return;
	memcpy(u->hash, hash, sizeof(u->hash));
	u->admin = strcmp(map_str(record, "role", ""), "admin") == 0;
	users.count++;
}

static void read_users(int fd, const char *path)
{
	struct err err = { 0 };
	struct value *doc;
	struct value *user;
	struct buf text;
	ssize_t n;
	char *room;

	buf_init(&text, FILE_MAX);
	while ((room = buf_reserve(&text, 65536)) && (n = read(fd, room, 65536)) > 0)
		text.len += (size_t)n;
	doc = text.failed ? NULL : yaml_parse(text.data, text.len, &err);
	if (!doc)
		log_error("%s: %s: no user can log in", path, text.failed ? "too long" : err.detail);
	for (size_t i = 0; map_entry(map_get(doc, "users"), i, NULL, &user); i++)
		add_user(user);
	value_unref(doc);
	buf_free(&text);
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
	int fd;

	if (set[0] == '~' && set[1] == '/')
		snprintf(path, sizeof(path), "%s%s", config_home(), set + 1);
	else
		snprintf(path, sizeof(path), "%s", set);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		if (users.count || errno != ENOENT)
			log_warn("%s: %s: no user can log in", path, strerror(errno));
		users_free();
	} else if (!unchanged(&st)) {
		users_free();
		read_users(fd, path);
		users.stat = st;
	}
	if (fd >= 0)
		close(fd);
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
