/* Providers, modes, and the one check of tokens. */
#include "auth/internal.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKEN_MAX 8192

/* Who shows the server's own token, and everybody where nothing is enforced. */
#define SERVER_USER "1"
#define HEADER_REQUIRED "Authorization header required. Use 'Authorization: Bearer <token>'."

static struct {
	enum auth_provider provider;
	enum server_mode mode;
	char *token; /* NULL when nothing is enforced */
} state = { AUTH_LOCAL, MODE_DESKTOP, NULL };

static enum auth_provider provider_from(const char *word)
{
	static const char *const names[] = { "none", "local", "static", "multi_user", "supabase" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (word && strcasecmp(word, names[i]) == 0)
			return (enum auth_provider)i;
	}
	return AUTH_LOCAL;
}

static const char *const mode_names[] = { "desktop", "private", "public" };

static int mode_from(const char *word, enum server_mode *mode, struct err *err)
{
	*mode = MODE_DESKTOP;
	if (!word)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(mode_names); i++) {
		if (strcasecmp(word, mode_names[i]) == 0) {
			*mode = (enum server_mode)i;
			return 0;
		}
	}
	return err_set(err, 500, "NODETOOL_SERVER_MODE: %s is none of desktop, private, public", word);
}

int auth_init(struct err *err)
{
	auth_free();
	state.provider = provider_from(config_get("AUTH_PROVIDER"));
	if (mode_from(config_get("NODETOOL_SERVER_MODE"), &state.mode, err))
		return -1;
	if (state.mode == MODE_PUBLIC && state.provider != AUTH_SUPABASE)
		return err_set(err, 500, "mode public needs AUTH_PROVIDER=supabase");
	if (state.mode == MODE_PRIVATE && !auth_enforced())
		return err_set(err, 500, "mode private needs AUTH_PROVIDER=static, multi_user or supabase");
	if (config_production() && !config_get("SECRETS_MASTER_KEY"))
		return err_set(err, 500, "ENV=production needs SECRETS_MASTER_KEY");
	if (!auth_enforced())
		return 0;
	state.token = server_token(err);
	return state.token ? 0 : -1;
}

void auth_free(void)
{
	if (state.token)
		OPENSSL_cleanse(state.token, strlen(state.token));
	free(state.token);
	state.token = NULL;
	users_free();
	supabase_free();
	limit_free();
}

enum auth_provider auth_provider(void)
{
	return state.provider;
}

bool auth_enforced(void)
{
	return state.provider >= AUTH_STATIC;
}

enum server_mode auth_mode(void)
{
	return state.mode;
}

const char *auth_mode_name(void)
{
	return mode_names[state.mode];
}

/* notes-rest "Modes": a bit per mode, and the word of the switch. */
static const struct {
	const char *name;
	unsigned modes;
} features[FEATURE_COUNT] = {
	[FEATURE_API] = { "DEFAULT_API", 1 << MODE_DESKTOP | 1 << MODE_PRIVATE | 1 << MODE_PUBLIC },
	[FEATURE_OPENAI] = { "OPENAI", 1 << MODE_DESKTOP | 1 << MODE_PRIVATE | 1 << MODE_PUBLIC },
	[FEATURE_ADMIN] = { "DEPLOY_ADMIN", 1 << MODE_DESKTOP | 1 << MODE_PRIVATE },
	[FEATURE_COLLECTION_UPLOAD] = { "DEPLOY_COLLECTIONS", 1 << MODE_DESKTOP | 1 << MODE_PRIVATE },
	[FEATURE_STORAGE] = { "DEPLOY_STORAGE", 1 << MODE_DESKTOP | 1 << MODE_PRIVATE | 1 << MODE_PUBLIC },
	[FEATURE_WS] = { "MAIN_WS", 1 << MODE_DESKTOP | 1 << MODE_PRIVATE | 1 << MODE_PUBLIC },
	[FEATURE_UPDATES] = { "UPDATES_WS", 1 << MODE_DESKTOP | 1 << MODE_PRIVATE | 1 << MODE_PUBLIC },
	[FEATURE_TERMINAL] = { "TERMINAL_WS", 1 << MODE_DESKTOP },
	[FEATURE_DOWNLOAD] = { "HF_DOWNLOAD_WS", 1 << MODE_DESKTOP },
};

bool mode_allows(enum feature feature)
{
	char name[64];

	if (feature == FEATURE_DOWNLOAD && config_production())
		return false;
	snprintf(name, sizeof(name), "NODETOOL_DISABLE_%s", features[feature].name);
	if (config_bool(name, false))
		return false;
	/* NODETOOL_ENABLE_TERMINAL_WS is the original's own switch with another meaning: it may only close the terminal. */
	snprintf(name, sizeof(name), "NODETOOL_ENABLE_%s", features[feature].name);
	if (feature != FEATURE_TERMINAL && config_bool(name, false))
		return true;
	return features[feature].modes & 1U << state.mode;
}

bool auth_same(const char *a, const char *b)
{
	unsigned char x[SHA256_DIGEST_LENGTH];
	unsigned char y[SHA256_DIGEST_LENGTH];

	if (!a || !b || !*a || !*b)
		return false;
	/* Of equal length for the comparison, whatever the texts are. */
	SHA256((const unsigned char *)a, strlen(a), x);
	SHA256((const unsigned char *)b, strlen(b), y);
	return CRYPTO_memcmp(x, y, sizeof(x)) == 0;
}

/* The token of "Bearer <token>": exactly two words, the first in any case. False otherwise. */
static bool bearer_token(const char *header, char *token, size_t size)
{
	static const char blanks[] = " \t\r\n\f\v";
	size_t n;

	header += strspn(header, blanks);
	n = strcspn(header, blanks);
	if (n != 6 || strncasecmp(header, "bearer", 6) != 0)
		return false;
	header += n;
	header += strspn(header, blanks);
	n = strcspn(header, blanks);
	if (!n || n >= size || header[n + strspn(header + n, blanks)])
		return false;
	memcpy(token, header, n);
	token[n] = '\0';
	return true;
}

static bool key_token(const char *api_key, char *token, size_t size)
{
	struct sv key = sv_trim(sv_of(api_key));

	if (!key.n || key.n >= size)
		return false;
	memcpy(token, key.p, key.n);
	token[key.n] = '\0';
	return true;
}

static int accept_user(struct auth_user *out, const char *id)
{
	snprintf(out->id, sizeof(out->id), "%s", id);
	out->authenticated = true;
	out->admin = state.provider != AUTH_MULTI_USER || users_is_admin(id);
	return 0;
}

static int check_token(const char *token, struct auth_user *out, struct err *err)
{
	if (auth_same(token, state.token))
		return accept_user(out, SERVER_USER);
	switch (state.provider) {
	case AUTH_MULTI_USER:
		if (!users_find(token, out))
			return err_set(err, 401, "Invalid bearer token");
		out->authenticated = true;
		return 0;
	case AUTH_SUPABASE:
		if (!supabase_configured())
			break;
		if (supabase_verify(token, out, err))
			return -1;
		out->authenticated = true;
		out->admin = true;
		return 0;
	default:
		break;
	}
	return err_set(err, 401, "Invalid static token");
}

int auth_check(const char *authorization, const char *api_key, const char *remote_addr, struct auth_user *out,
	       struct err *err)
{
	char token[TOKEN_MAX];
	bool found;
	int result;

	memset(out, 0, sizeof(*out));
	if (!auth_enforced()) {
		memcpy(out->id, SERVER_USER, sizeof(SERVER_USER));
		return 0;
	}
	if (authorization)
		found = bearer_token(authorization, token, sizeof(token));
	else
		found = api_key && key_token(api_key, token, sizeof(token));
	if (!found)
		return err_set(err, 401, HEADER_REQUIRED);
	if (remote_addr && *remote_addr && limit_reached(remote_addr)) {
		OPENSSL_cleanse(token, sizeof(token));
		return err_set(err, 429, "Too many failed attempts from this address, try again in a minute");
	}
	result = check_token(token, out, err);
	OPENSSL_cleanse(token, sizeof(token));
	if (result && remote_addr && *remote_addr && (!err || err->status == 401))
		limit_failed(remote_addr);
	return result;
}

int auth_admin(const struct auth_user *user, struct err *err)
{
	if (!user->authenticated)
		return err_set(err, 401, "Authentication required");
	return user->admin ? 0 : err_set(err, 403, "Admin access required");
}

bool auth_operator(const struct auth_user *user)
{
	switch (state.provider) {
	case AUTH_MULTI_USER:
		return user->admin;
	case AUTH_SUPABASE: /* its users' ids are UUIDs */
		return strcmp(user->id, SERVER_USER) == 0;
	default:
		return true;
	}
}

int auth_admin_token(const char *path, const char *token, struct err *err)
{
	static const char *const guarded[] = { "/admin/models/", "/admin/cache/",   "/admin/db/",
					       "/admin/collections/", "/admin/storage/", "/admin/assets/" };
	const char *wanted;

	if (strncmp(path, "/admin/", 7) != 0 || !config_production())
		return 0;
	wanted = config_get("ADMIN_TOKEN");
	if (!wanted)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(guarded); i++) {
		if (!str_starts(path, guarded[i]))
			continue;
		if (!token || !*token)
			return err_set(err, 403, "Admin token required. Use X-Admin-Token header.");
		return auth_same(token, wanted) ? 0 : err_set(err, 403, "Invalid admin token.");
	}
	return 0;
}
