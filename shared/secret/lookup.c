/* Secrets as runs and providers read them. */
#include "secret/secret.h"

#include "db/db.h"
#include "model/oauth_credential.h"

#include <stdlib.h>
#include <string.h>

static const char *const server_names[] = { "SUPABASE_URL", "SUPABASE_KEY", "SUPABASE_SERVICE_ROLE_KEY",
					    "SERVER_AUTH_TOKEN" };

static bool of_server(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++)
		if (strcmp(server_names[i], name) == 0)
			return true;
	return false;
}

/* The text of a stored value; NULL when it does not open: the reason is logged, never the value. */
static char *opened(struct arena *arena, const char *user_id, const char *name, struct sv token)
{
	struct buf plain;
	struct err err = { 0 };
	char *out = NULL;

	buf_init(&plain, BUF_MAX_SMALL);
	if (secret_decrypt(user_id, arena_strndup(arena, token.p, token.n), &plain, &err))
		log_warn("secret %s cannot be read: %s", name, err.detail);
	else
		out = xstrndup(plain.data ? plain.data : "", plain.len);
	secret_wipe(&plain);
	return out;
}

/* What an account at a service gives; the first one by id that is still valid. */
struct account {
	struct arena *arena;
	struct sv token; /* encrypted */
};

static int take_account(const struct oauth_credential *c, void *arg)
{
	struct account *account = arg;
	struct sv expires = c->c[OAUTH_EXPIRES_AT];
	struct sv token = c->c[OAUTH_ENCRYPTED_ACCESS_TOKEN];
	int64_t us;

	if (account->token.p || !token.p)
		return 0;
	if (expires.n && time_parse(arena_strndup(account->arena, expires.p, expires.n), &us) == 0 && us < time_now_us())
		return 0;
	account->token = (struct sv){ arena_strndup(account->arena, token.p, token.n), token.n };
	return 0;
}

/* NULL when there is no row. */
static char *stored(const char *user_id, const char *name)
{
	struct arena *arena = arena_new();
	struct account account = { .arena = arena };
	struct stored_secret row;
	struct err err = { 0 };
	struct db *db = db_default(&err);
	char *out = NULL;
	int missing = db ? 1 : -1;

	if (db && strcmp(name, "HF_TOKEN") == 0)
		missing = oauth_credential_list(db, arena, user_id, "huggingface", take_account, &account, &err) ? -1 : 1;
	if (account.token.p)
		out = opened(arena, user_id, name, account.token);
	if (!out && missing > 0) {
		missing = stored_secret_get(db, arena, user_id, name, &row, &err);
		if (missing == 0)
			out = opened(arena, user_id, name, row.c[SECRET_ENCRYPTED_VALUE]);
	}
	if (missing < 0)
		log_warn("secret %s cannot be read: %s", name, err.detail);
	arena_free(arena);
	return out;
}

char *secret_lookup(const char *user_id, const char *name)
{
	char *found = of_server(name) ? NULL : stored(user_id, name);
	const char *setting;

	if (found)
		return found;
	setting = config_get(name);
	return setting ? xstrdup(setting) : NULL;
}
