/* Changing the users file: new tokens (notes-rest "Users file"). */
#include "auth/auth.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/yaml.h"

#define TOKEN_BYTES 32

const char *auth_users_path(struct arena *arena)
{
	const char *path = config_get("USERS_FILE");

	return path[0] == '~' ? arena_printf(arena, "%s%s", config_home(), path + 1) : path;
}

char *auth_give_token(struct value *record)
{
	char when[TIME_TEXT_MAX];
	char hash[65];
	char *token = random_token(TOKEN_BYTES);

	sha256_hex(token, strlen(token), hash);
	map_set_str(record, "token_hash", hash);
	map_set_str(record, "created_at", time_utc(time_now_us(), "Z", when));
	return token;
}

struct login {
	const char *username;
	char *id;
	char **token;
};

static int log_in(struct value **file, void *arg, struct err *err)
{
	struct login *login = arg;
	struct value *record = NULL;
	struct value *v;
	struct sv name;

	for (size_t i = 0; map_entry(map_get(*file, "users"), i, &name, &v) && !record; i++) {
		if (sv_eq_nocase(name, login->username) && value_is(v, VALUE_MAP))
			record = v;
	}
	if (!record || !*map_str(record, "user_id", ""))
		return err_set(err, 403, "%.200s is no user of this server", login->username);
	snprintf(login->id, AUTH_ID_MAX, "%s", map_str(record, "user_id", ""));
	*login->token = auth_give_token(record);
	return 0;
}

int auth_log_in(const char *username, char id[AUTH_ID_MAX], char **token, struct err *err)
{
	struct login login = { .username = username, .id = id, .token = token };
	struct arena *arena;
	int rc;

	*token = NULL;
	if (auth_provider() != AUTH_MULTI_USER)
		return err_set(err, 501, "Users log in with AUTH_PROVIDER=multi_user only");
	arena = arena_new();
	rc = yaml_file_update(auth_users_path(arena), YAML_SORTED | YAML_UNICODE, log_in, &login, err);
	arena_free(arena);
	if (rc) {
		auth_wipe_token(*token);
		*token = NULL;
	}
	return rc;
}

void auth_wipe_token(char *token)
{
	if (token)
		OPENSSL_cleanse(token, strlen(token));
	free(token);
}
