/* The flow, and the table of services. */
#include "oauth/internal.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "model/oauth_credential.h"
#include "secret/secret.h"

#define STATE_S		600
#define STATE_BYTES	32
#define VERIFIER_BYTES	64
#define URL_MAX		((size_t)16 << 10)
#define SAID_MAX	300 /* bytes shown of what a service said */
#define EXPIRES_MAX_S	(10LL * 366 * 86400)

/* The client id of Hugging Face is the one that NodeTool is registered with there; it is public. */
static const struct oauth_service huggingface = {
	.name = "huggingface",
	.label = "Hugging Face",
	.authorize = { "HF_ENDPOINT", "https://huggingface.co", "/oauth/authorize" },
	.token = { "HF_ENDPOINT", "https://huggingface.co", "/oauth/token" },
	.account = { "HF_ENDPOINT", "https://huggingface.co", "/api/whoami-v2" },
	.id_setting = "HF_OAUTH_CLIENT_ID",
	.default_id = "54d170bb-b441-445b-a167-56935d718d4e",
	.scope = "openid read-repos inference-api",
	.account_key = "id",
	.username_key = "name",
};

static const struct oauth_service github = {
	.name = "github",
	.label = "GitHub",
	.authorize = { "GITHUB_SERVER_URL", "https://github.com", "/login/oauth/authorize" },
	.token = { "GITHUB_SERVER_URL", "https://github.com", "/login/oauth/access_token" },
	.account = { "GITHUB_API_URL", "https://api.github.com", "/user" },
	.id_setting = "GITHUB_CLIENT_ID",
	.secret_setting = "GITHUB_CLIENT_SECRET",
	.scope = "read:user user:email",
	.account_key = "id",
	.username_key = "login",
};

static const struct oauth_service google = {
	.name = "google",
	.label = "Google",
	.authorize = { "GOOGLE_ACCOUNTS_URL", "https://accounts.google.com", "/o/oauth2/v2/auth" },
	.token = { "GOOGLE_OAUTH_URL", "https://oauth2.googleapis.com", "/token" },
	.account = { "GOOGLE_OPENID_URL", "https://openidconnect.googleapis.com", "/v1/userinfo" },
	.id_setting = "GOOGLE_CLIENT_ID",
	.secret_setting = "GOOGLE_CLIENT_SECRET",
	.scope = "openid email profile",
	.account_key = "sub",
	.username_key = "email",
};

const struct oauth_service *const oauth_huggingface = &huggingface;
const struct oauth_service *const oauth_github = &github;
const struct oauth_service *const oauth_google = &google;

const char *oauth_name(const struct oauth_service *service)
{
	return service->name;
}

const char *oauth_label(const struct oauth_service *service)
{
	return service->label;
}

/* ---- settings -------------------------------------------------------------------------------------------- */

static const char *address(struct arena *arena, const struct oauth_address *a)
{
	const char *set = config_get(a->setting);
	const char *base = set && *set ? set : a->base;
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		n--;
	return arena_printf(arena, "%.*s%s", (int)n, base, a->path);
}

/* A secret or setting of the user's, in the arena; NULL when there is none. */
static const char *setting(struct arena *arena, const char *user_id, const char *name)
{
	char *found = secret_lookup(user_id, name);
	const char *copy = found && *found ? arena_strdup(arena, found) : NULL;

	free(found);
	return copy;
}

static const char *client_id(const struct oauth_service *service, struct arena *arena, const char *user_id)
{
	const char *set = setting(arena, user_id, service->id_setting);

	return set ? set : service->default_id;
}

const char *oauth_missing(const struct oauth_service *service, const char *user_id)
{
	struct arena *arena = arena_new();
	const char *missing = NULL;

	if (!client_id(service, arena, user_id))
		missing = service->id_setting;
	else if (service->secret_setting && !setting(arena, user_id, service->secret_setting))
		missing = service->secret_setting;
	arena_free(arena);
	return missing;
}

/* ---- beginning ------------------------------------------------------------------------------------------- */

static const char *challenge_of(struct arena *arena, const char *verifier)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	struct buf text;
	const char *out;

	SHA256((const unsigned char *)verifier, strlen(verifier), digest);
	buf_init(&text, BUF_MAX_SMALL);
	base64_encode(&text, digest, sizeof(digest), true);
	while (text.len && text.data[text.len - 1] == '=')
		text.len--;
	out = arena_strndup(arena, text.data, text.len);
	buf_free(&text);
	return out;
}

static const char *random_text(struct arena *arena, size_t bytes)
{
	char *token = random_token(bytes);
	const char *copy = arena_strdup(arena, token);

	free(token);
	return copy;
}

static int remember(const char *state, const struct oauth_state *s, struct err *err)
{
	struct db *db = db_default(err);
	int rc;

	if (!db || db_begin(db, err))
		return -1;
	rc = oauth_state_add(db, state, s, err) || db_commit(db, err) ? -1 : 0;
	db_rollback(db);
	return rc;
}

int oauth_start(const struct oauth_service *service, struct arena *arena, const char *user_id, const char *redirect_uri,
		const char **url, const char **state, struct err *err)
{
	const char *id = client_id(service, arena, user_id);
	struct oauth_state s = { .user_id = user_id, .service = service->name, .redirect_uri = redirect_uri };
	struct buf query;
	int rc;

	if (!id)
		return err_set(err, 500, "%s OAuth not configured. Please set %s.", service->label, service->id_setting);
	s.verifier = random_text(arena, VERIFIER_BYTES);
	s.expires_s = time_now_us() / 1000000 + STATE_S;
	*state = random_text(arena, STATE_BYTES);
	if (remember(*state, &s, err))
		return -1;
	buf_init(&query, URL_MAX);
	oauth_param(&query, "client_id", id);
	oauth_param(&query, "redirect_uri", redirect_uri);
	oauth_param(&query, "response_type", "code");
	oauth_param(&query, "scope", service->scope);
	oauth_param(&query, "state", *state);
	oauth_param(&query, "code_challenge", challenge_of(arena, s.verifier));
	oauth_param(&query, "code_challenge_method", "S256");
	rc = query.failed ? err_set(err, 422, "redirect_uri is too long") : 0;
	if (rc == 0)
		*url = arena_printf(arena, "%s?%s", address(arena, &service->authorize), query.data);
	buf_free(&query);
	return rc;
}

/* ---- ending ---------------------------------------------------------------------------------------------- */

/* 0, 1 for a state that does not count, -1. */
static int take(const struct oauth_service *service, struct arena *arena, const char *state, struct oauth_state *out,
		struct err *err)
{
	struct db *db = db_default(err);
	int missing;

	if (!db || db_begin(db, err))
		return -1;
	missing = oauth_state_take(db, arena, state, service->name, time_now_us() / 1000000, out, err);
	if (missing < 0 || db_commit(db, err))
		missing = -1;
	db_rollback(db);
	return missing;
}

void oauth_abandon(const struct oauth_service *service, struct arena *arena, const char *state)
{
	struct oauth_state s;
	struct err err = { 0 };

	if (take(service, arena, state, &s, &err) < 0)
		log_warn("a refused login at %s is not forgotten: %s", service->label, err.detail);
}

/* What a service says of a failure, as text for people. */
static const char *said(const struct value *answer)
{
	const char *text = map_str(answer, "error_description", NULL);

	text = text ? text : map_str(answer, "error", NULL);
	return text ? text : map_str(answer, "message", "no reason given");
}

/* Tokens out of an answer. -1 when it has none; nothing is said about it then. */
static int read_tokens(struct arena *arena, const struct value *answer, struct oauth_tokens *out)
{
	const char *access = map_str(answer, "access_token", NULL);
	const char *refresh = map_str(answer, "refresh_token", NULL);
	const char *scope = map_str(answer, "scope", NULL);
	int64_t seconds = map_int(answer, "expires_in", 0);

	if (!access || !*access)
		return -1;
	out->access = arena_strdup(arena, access);
	out->refresh = refresh && *refresh ? arena_strdup(arena, refresh) : NULL;
	out->type = arena_strdup(arena, map_str(answer, "token_type", "Bearer"));
	out->scope = scope ? arena_strdup(arena, scope) : NULL;
	out->expires_us = seconds > 0 && seconds < EXPIRES_MAX_S ? time_now_us() + seconds * 1000000 : 0;
	return 0;
}

/* Asks for tokens; `form` is what is particular to the grant. `refused` is the status of a refusal. */
static int ask_tokens(const struct oauth_service *service, struct arena *arena, const char *user_id, struct buf *form,
		      int refused, struct oauth_tokens *out, struct err *err)
{
	const char *secret = service->secret_setting ? setting(arena, user_id, service->secret_setting) : NULL;
	const char *id = client_id(service, arena, user_id);
	struct value *answer;
	long status;

	if (!id || (service->secret_setting && !secret))
		return err_set(err, 500, "%s OAuth not configured. Please set %s.", service->label,
			       id ? service->secret_setting : service->id_setting);
	oauth_param(form, "client_id", id);
	if (secret)
		oauth_param(form, "client_secret", secret);
	if (form->failed)
		return err_set(err, 400, "The code is too long");
	if (oauth_fetch(service, arena, address(arena, &service->token), form->data, NULL, &status, &answer, err))
		return -1;
	if (status >= 500)
		return err_set(err, 502, "%s answers with status %ld", service->label, status);
	if (status != 200 || read_tokens(arena, answer, out))
		return err_set(err, refused, "%s refuses: %.*s", service->label, SAID_MAX, said(answer));
	return 0;
}

/* An entry of the account as text; a number too. NULL when it is neither. */
static const char *account_text(struct arena *arena, const struct value *account, const char *key)
{
	const struct value *v = map_get(account, key);

	if (value_is(v, VALUE_STR) && value_len(v))
		return arena_strdup(arena, value_text(v));
	return value_is(v, VALUE_INT) ? arena_printf(arena, "%lld", (long long)value_as_int(v)) : NULL;
}

int oauth_finish(const struct oauth_service *service, struct arena *arena, const char *state, const char *code,
		 const char *redirect_uri, struct oauth_login *out, struct err *err)
{
	struct oauth_state s;
	struct buf form;
	int missing = take(service, arena, state, &s, err);
	int rc;

	if (missing < 0)
		return -1;
	if (missing || (redirect_uri && strcmp(redirect_uri, s.redirect_uri) != 0))
		return err_set(err, 400, "The login has expired or was used already. Please begin again.");
	buf_init(&form, URL_MAX);
	oauth_param(&form, "grant_type", "authorization_code");
	oauth_param(&form, "code", code);
	oauth_param(&form, "redirect_uri", s.redirect_uri);
	oauth_param(&form, "code_verifier", s.verifier);
	rc = ask_tokens(service, arena, s.user_id, &form, 502, &out->tokens, err);
	buf_free(&form);
	if (rc || oauth_account(service, arena, &out->tokens, &out->account, err))
		return -1;
	out->user_id = s.user_id;
	out->account_id = account_text(arena, out->account, service->account_key);
	out->username = account_text(arena, out->account, service->username_key);
	return out->account_id ? 0 : err_set(err, 502, "%s does not tell whose account it is", service->label);
}

int oauth_refresh(const struct oauth_service *service, struct arena *arena, const char *user_id, const char *refresh,
		  struct oauth_tokens *out, struct err *err)
{
	struct buf form;
	int rc;

	buf_init(&form, URL_MAX);
	oauth_param(&form, "grant_type", "refresh_token");
	oauth_param(&form, "refresh_token", refresh);
	rc = ask_tokens(service, arena, user_id, &form, 400, out, err);
	buf_free(&form);
	if (rc == 0 && !out->refresh)
		out->refresh = refresh;
	return rc;
}

int oauth_account(const struct oauth_service *service, struct arena *arena, const struct oauth_tokens *tokens,
		  struct value **out, struct err *err)
{
	long status;

	if (oauth_fetch(service, arena, address(arena, &service->account), NULL, tokens, &status, out, err))
		return -1;
	if (status == 401)
		return err_set(err, 401, "Token expired or invalid. Please refresh or re-authenticate.");
	if (status != 200 || !value_is(*out, VALUE_MAP))
		return err_set(err, 502, "%s answers with status %ld: %.*s", service->label, status, SAID_MAX, said(*out));
	return 0;
}
