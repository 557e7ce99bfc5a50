/* Accounts of users at Hugging Face and GitHub: /api/oauth/hf, /api/oauth/github. */
#include "oauth/oauth.h"

#include <string.h>

#include "handler.h"
#include "model/oauth_credential.h"
#include "notify/notify.h"
#include "secret/secret.h"

#define TOKEN_MAX  ((size_t)64 << 10)
#define OAUTH_TEXT 4096 /* characters of a parameter */

/* The routes of both services share their handlers. */
static const struct oauth_service *service_of(const struct request *req)
{
	return str_starts(req->route->pattern, "/api/oauth/hf/") ? oauth_huggingface : oauth_github;
}

static int start(struct request *req, struct response *res)
{
	const char *callback = service_of(req) == oauth_huggingface ? "hf" : "github";
	const char *redirect_uri = arena_printf(req->arena, "%s/api/oauth/%s/callback", req_origin(req), callback);
	const char *state;
	const char *url;
	struct value *answer;

	if (oauth_start(service_of(req), req->arena, req->user.id, redirect_uri, &url, &state, &req->err))
		return -1;
	answer = value_map();
	map_set_str(answer, "auth_url", url);
	return res_json(res, answer);
}

/* ---- storing --------------------------------------------------------------------------------------------- */

/* A token encrypted for the user; p == NULL on failure, and for no token. */
static struct sv sealed(struct request *req, const char *user_id, const char *token)
{
	struct sv out = { 0 };
	struct buf text;

	buf_init(&text, TOKEN_MAX * 2);
	if (token && strlen(token) > TOKEN_MAX)
		req_fail(req, 502, "The token is too long");
	else if (token && secret_encrypt(user_id, token, strlen(token), &text, &req->err) == 0)
		out = sv_of(arena_strndup(req->arena, text.data, text.len));
	buf_free(&text);
	return out;
}

static struct sv utc(struct arena *arena, int64_t us)
{
	char text[TIME_TEXT_MAX];

	return sv_of(arena_strdup(arena, time_utc(us, "+00:00", text)));
}

static struct sv text_or_null(const char *text)
{
	return text ? sv_of(text) : (struct sv){ 0 };
}

/* Puts new tokens into a row. */
static int set_tokens(struct request *req, struct oauth_credential *c, const char *user_id, const struct oauth_tokens *tokens)
{
	c->c[OAUTH_ENCRYPTED_ACCESS_TOKEN] = sealed(req, user_id, tokens->access);
	c->c[OAUTH_ENCRYPTED_REFRESH_TOKEN] = sealed(req, user_id, tokens->refresh);
	if (!c->c[OAUTH_ENCRYPTED_ACCESS_TOKEN].p || (tokens->refresh && !c->c[OAUTH_ENCRYPTED_REFRESH_TOKEN].p))
		return -1;
	c->c[OAUTH_TOKEN_TYPE] = sv_of(tokens->type);
	if (tokens->scope || !c->c[OAUTH_SCOPE].p)
		c->c[OAUTH_SCOPE] = text_or_null(tokens->scope);
	c->c[OAUTH_RECEIVED_AT] = utc(req->arena, time_now_us());
	c->c[OAUTH_UPDATED_AT] = c->c[OAUTH_RECEIVED_AT];
	c->c[OAUTH_EXPIRES_AT] = tokens->expires_us ? utc(req->arena, tokens->expires_us) : (struct sv){ 0 };
	return 0;
}

static void announce(const char *user_id, const struct oauth_credential *c, bool made)
{
	char etag[ETAG_SIZE];
	char id[ID_SIZE];

	oauth_credential_etag(c, etag);
	snprintf(id, sizeof(id), "%.*s", (int)c->c[OAUTH_ID].n, c->c[OAUTH_ID].p);
	notify_change(user_id, "updated", "oauthcredential", id, etag);
	if (made)
		notify_change(user_id, "created", "oauthcredential", id, etag);
}

/* The row of the account, with new tokens: the old one, or a new one. `username` NULL leaves the old. */
static int store(struct request *req, const struct oauth_service *service, const char *user_id, const char *account_id,
		 const char *username, const struct oauth_tokens *tokens)
{
	struct db *db = db_default(&req->err);
	struct oauth_credential c = { 0 };
	char id[ID_SIZE];
	int missing;

	if (!db || db_begin_durable(db, &req->err))
		return -1;
	missing = oauth_credential_get(db, req->arena, user_id, oauth_name(service), account_id, &c, &req->err);
	if (missing > 0) {
		id_new(id);
		c.c[OAUTH_ID] = sv_of(arena_strdup(req->arena, id));
		c.c[OAUTH_USER_ID] = sv_of(user_id);
		c.c[OAUTH_PROVIDER] = sv_of(oauth_name(service));
		c.c[OAUTH_ACCOUNT_ID] = sv_of(account_id);
		c.c[OAUTH_CREATED_AT] = utc(req->arena, time_now_us());
	}
	if (username)
		c.c[OAUTH_USERNAME] = sv_of(username);
	if (missing < 0 || set_tokens(req, &c, user_id, tokens) || oauth_credential_put(db, &c, &req->err) ||
	    db_commit(db, &req->err)) {
		db_rollback(db);
		return -1;
	}
	announce(user_id, &c, missing > 0);
	return 0;
}

/* ---- the callback's page --------------------------------------------------------------------------------- */

static void add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text))
			buf_printf(out, "&#%d;", *text);
		else
			buf_addc(out, *text);
	}
}

/* A page for the browser that the service sent back: 200 whatever happened (cases/oauth/callback_errors). */
static int page(struct response *res, const char *title, const char *text)
{
	res->type = "text/html; charset=utf-8";
	if (res_header(res, "Content-Security-Policy",
		       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'") ||
	    res_header(res, "Cache-Control", "no-store") || res_header(res, "Referrer-Policy", "no-referrer"))
		return -1;
	buf_printf(&res->body,
		   "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title>\n"
		   "<meta name=\"viewport\" content=\"width=device-width\">\n"
		   "<style>body{font:16px/1.5 sans-serif;max-width:36em;margin:15vh auto;padding:0 1em}</style></head>\n"
		   "<body><h1>%s</h1><p>",
		   title, title);
	add_escaped(&res->body, text);
	return buf_adds(&res->body, "</p><p>You can close this window.</p></body></html>\n");
}

static int failed(struct request *req, struct response *res, const char *reason)
{
	log_warn("login at %s: %s", oauth_label(service_of(req)), reason);
	return page(res, "Not connected", reason);
}

static int callback(struct request *req, struct response *res)
{
	const struct oauth_service *service = service_of(req);
	const char *state = field_filter(req->query, "state");
	const char *code = field_filter(req->query, "code");
	const char *error = field_filter(req->query, "error");
	const char *description = field_filter(req->query, "error_description");
	struct oauth_login login = { 0 };

	if (error) {
		if (state)
			oauth_abandon(service, req->arena, state);
		return failed(req, res, description ? description : error);
	}
	if (!code || !state)
		return failed(req, res, "The address lacks code or state.");
	if (oauth_finish(service, req->arena, state, code, NULL, &login, &req->err) ||
	    store(req, service, login.user_id, login.account_id, login.username, &login.tokens))
		return failed(req, res, req->err.detail);
	return page(res, "Connected",
		    arena_printf(req->arena, "Your account %s at %s is connected.",
				 login.username ? login.username : login.account_id, oauth_label(service)));
}

/* ---- accounts -------------------------------------------------------------------------------------------- */

static int add_token(const struct oauth_credential *c, void *arg)
{
	struct buf *out = arg;

	if (out->data[out->len - 1] != '[')
		buf_addc(out, ',');
	return oauth_credential_json(out, c);
}

static int list_tokens(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);

	buf_adds(&res->body, "{\"tokens\":[");
	if (!db || oauth_credential_list(db, req->arena, req->user.id, oauth_name(service_of(req)), add_token, &res->body,
					 &req->err))
		return -1;
	return buf_adds(&res->body, "]}");
}

static int find_account(struct request *req, struct oauth_credential *c)
{
	const char *account_id = map_str(req->query, "account_id", "");
	struct db *db = db_default(&req->err);
	int missing = db ? oauth_credential_get(db, req->arena, req->user.id, oauth_name(service_of(req)), account_id, c,
						&req->err) : -1;

	return missing > 0 ? req_fail(req, 404, "No credential found for account_id: %s", account_id) : missing;
}

/* A stored token opened, in the arena; NULL with the reason. */
static const char *opened(struct request *req, struct sv token)
{
	const char *out = NULL;
	struct err reason = { 0 };
	struct buf plain;

	buf_init(&plain, TOKEN_MAX);
	if (secret_decrypt(req->user.id, arena_strndup(req->arena, token.p ? token.p : "", token.n), &plain, &reason))
		req_fail(req, 500, "The stored token cannot be read: %s", reason.detail);
	else
		out = arena_strndup(req->arena, plain.data ? plain.data : "", plain.len);
	secret_wipe(&plain);
	return out;
}

static int refresh(struct request *req, struct response *res)
{
	struct oauth_tokens tokens;
	struct oauth_credential c;
	struct value *answer;
	const char *old;

	if (find_account(req, &c))
		return -1;
	if (!c.c[OAUTH_ENCRYPTED_REFRESH_TOKEN].n)
		return req_fail(req, 400, "No refresh token available. Please re-authenticate.");
	old = opened(req, c.c[OAUTH_ENCRYPTED_REFRESH_TOKEN]);
	if (!old || oauth_refresh(service_of(req), req->arena, req->user.id, old, &tokens, &req->err) ||
	    store(req, service_of(req), req->user.id, map_str(req->query, "account_id", ""), NULL, &tokens))
		return -1;
	answer = value_map();
	map_set_bool(answer, "success", true);
	map_set_str(answer, "message", "Token refreshed successfully");
	return res_json(res, answer);
}

/* What the service tells of the account now: these keys of it. */
static int show_account(struct request *req, struct response *res, const char *const *keys, size_t count)
{
	struct oauth_tokens tokens = { 0 };
	struct oauth_credential c;
	struct value *account;
	struct value *answer;

	if (find_account(req, &c))
		return -1;
	tokens.access = opened(req, c.c[OAUTH_ENCRYPTED_ACCESS_TOKEN]);
	tokens.type = c.c[OAUTH_TOKEN_TYPE].n ? arena_strndup(req->arena, c.c[OAUTH_TOKEN_TYPE].p, c.c[OAUTH_TOKEN_TYPE].n)
					      : "Bearer";
	if (!tokens.access || oauth_account(service_of(req), req->arena, &tokens, &account, &req->err))
		return -1;
	answer = value_map();
	for (size_t i = 0; i < count; i++) {
		struct value *v = map_get(account, keys[i]);

		map_set(answer, keys[i], v ? value_ref(v) : value_null());
	}
	return res_json(res, answer);
}

static int whoami(struct request *req, struct response *res)
{
	static const char *const keys[] = { "id", "name", "email", "type", "orgs" };

	return show_account(req, res, keys, ARRAY_LEN(keys));
}

static int github_user(struct request *req, struct response *res)
{
	static const char *const keys[] = { "login",	"id",	"node_id",	"avatar_url",	"name",
					    "email",	"bio",	"company",	"location",	"blog",
					    "public_repos",	"public_gists",	"followers",	"following",
					    "created_at",	"updated_at" };

	return show_account(req, res, keys, ARRAY_LEN(keys));
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static const struct field callback_query[] = {
	{ "code", FIELD_STR, FIELD_NULLABLE, .max_len = OAUTH_TEXT },
	{ "state", FIELD_STR, FIELD_NULLABLE, .max_len = OAUTH_TEXT },
	{ "error", FIELD_STR, FIELD_NULLABLE, .max_len = OAUTH_TEXT },
	{ "error_description", FIELD_STR, FIELD_NULLABLE, .max_len = OAUTH_TEXT },
	{ 0 },
};

static const struct field account_query[] = {
	{ "account_id", FIELD_STR, FIELD_REQUIRED, .max_len = 256, .description = "The account's id at the service." },
	{ 0 },
};

#define HTML "text/html; charset=utf-8"

static const struct route routes[] = {
	{ "GET", "/api/oauth/hf/start", start, .summary = "The address where a login at Hugging Face begins." },
	{ "GET", "/api/oauth/hf/callback", callback, ROUTE_OPEN, .query = callback_query, .type = HTML,
	  .summary = "Where Hugging Face sends the browser back; its state says who began." },
	{ "GET", "/api/oauth/hf/tokens", list_tokens, .summary = "Connected accounts at Hugging Face." },
	{ "POST", "/api/oauth/hf/refresh", refresh, .query = account_query,
	  .summary = "Get new tokens for an account." },
	{ "GET", "/api/oauth/hf/whoami", whoami, .query = account_query,
	  .summary = "What Hugging Face tells of an account." },
	{ "GET", "/api/oauth/github/start", start, .summary = "The address where a login at GitHub begins." },
	{ "GET", "/api/oauth/github/callback", callback, ROUTE_OPEN, .query = callback_query, .type = HTML,
	  .summary = "Where GitHub sends the browser back; its state says who began." },
	{ "GET", "/api/oauth/github/tokens", list_tokens, .summary = "Connected accounts at GitHub." },
	{ "GET", "/api/oauth/github/user", github_user, .query = account_query,
	  .summary = "What GitHub tells of an account." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "oauth", routes, ARRAY_LEN(routes));
}
