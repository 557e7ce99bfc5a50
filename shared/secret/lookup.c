/* Secrets as runs and providers read them. */
#include "secret/secret.h"

#include "db/db.h"
#include "model/model.h"

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

/* NULL when there is no row, or when it does not open: the reason is logged, never the value. */
static char *stored(const char *user_id, const char *name)
{
	struct arena *arena = arena_new();
	struct stored_secret row;
	struct buf plain;
	struct db *db;
	struct err err = { 0 };
	char *out = NULL;

	buf_init(&plain, BUF_MAX_SMALL);
	db = db_default(&err);
	if (!db || stored_secret_get(db, arena, user_id, name, &row, &err) != 0) {
		if (err.status && err.status != 404)
			log_warn("secret %s cannot be read: %s", name, err.detail);
	} else if (secret_decrypt(user_id, arena_strndup(arena, row.c[SECRET_ENCRYPTED_VALUE].p,
							 row.c[SECRET_ENCRYPTED_VALUE].n), &plain, &err) != 0) {
		log_warn("secret %s cannot be read: %s", name, err.detail);
	} else {
		out = xstrndup(plain.data ? plain.data : "", plain.len);
	}
	secret_wipe(&plain);
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
