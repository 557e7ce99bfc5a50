/* Logging in to this server: /api/auth. With Google, for users of the users file whose name is their address there; the paths
 * are open, a login is guarded by its state, and a token says who somebody is afterwards. */
#include "handler.h"
#include "oauth/oauth.h"

#define TEXT_MAX 8192 /* characters of an address or a token */

/* Whether a token opens this server. Failures count as those of any request do. */
static int verify(struct request *req, struct response *res)
{
	const char *header = arena_printf(req->arena, "Bearer %s", map_str(req->body, "token", ""));
	struct auth_user user;
	struct err err = { 0 };
	bool valid = auth_check(header, NULL, req->remote_addr, &user, &err) == 0;
	struct value *answer;

	if (!valid && err.status != 401)
		return req_fail(req, err.status, "%s", err.detail);
	answer = value_map();
	map_set_bool(answer, "valid", valid);
	return res_json(res, answer);
}

/* 501 with the reason where logins cannot work. */
static int available(struct request *req)
{
	const char *missing = oauth_missing(oauth_google, "");

	if (auth_provider() != AUTH_MULTI_USER)
		return req_fail(req, 501, "Logins with Google are for users of a server with AUTH_PROVIDER=multi_user");
	return missing ? req_fail(req, 501, "Logins with Google need %s", missing) : 0;
}

static int login(struct request *req, struct response *res)
{
	const char *redirect_uri = map_str(req->body, "redirect_uri", "");
	const char *state;
	const char *url;
	struct value *answer;

	if (available(req))
		return -1;
	if (!str_starts(redirect_uri, "http://") && !str_starts(redirect_uri, "https://"))
		return req_fail(req, 400, "redirect_uri is no address");
	if (oauth_start(oauth_google, req->arena, "", redirect_uri, &url, &state, &req->err))
		return -1;
	answer = value_map();
	map_set_str(answer, "url", url);
	map_set_str(answer, "state", state);
	return res_json(res, answer);
}

/* The address of the account when Google has checked it; NULL otherwise. */
static const char *checked_email(const struct value *account)
{
	const struct value *verified = map_get(account, "email_verified");
	const char *email = map_str(account, "email", NULL);
	bool yes = value_as_bool(verified) || (value_is(verified, VALUE_STR) && strcmp(value_text(verified), "true") == 0);

	return email && *email && yes ? email : NULL;
}

static int callback(struct request *req, struct response *res)
{
	const char *state = map_str(req->body, "state", "");
	const char *redirect_uri = map_str(req->body, "redirect_uri", "");
	const char *response = map_str(req->body, "authorization_response", "");
	const char *code = oauth_param_of(req->arena, response, "code");
	const char *same = oauth_param_of(req->arena, response, "state");
	const char *error = oauth_param_of(req->arena, response, "error");
	struct oauth_login google = { 0 };
	char id[AUTH_ID_MAX];
	struct value *answer;
	const char *email;
	char *token;

	if (available(req))
		return -1;
	if (error) {
		oauth_abandon(oauth_google, req->arena, state);
		return req_fail(req, 400, "The login was refused: %.200s", error);
	}
	if (!code || (same && !auth_same(same, state)))
		return req_fail(req, 400, "authorization_response lacks the code, or is of another login");
	if (oauth_finish(oauth_google, req->arena, state, code, redirect_uri, &google, &req->err))
		return -1;
	email = checked_email(google.account);
	if (!email)
		return req_fail(req, 403, "Google has not checked the address of this account");
	if (auth_log_in(email, id, &token, &req->err))
		return -1;
	answer = value_map();
	map_set_str(answer, "email", email);
	map_set_str(answer, "id", id);
	map_set_str(answer, "auth_token", token);
	auth_wipe_token(token);
	return res_header(res, "Cache-Control", "no-store") ? -1 : res_json(res, answer);
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static const struct field verify_body[] = {
	{ "token", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ 0 },
};

static const struct field login_body[] = {
	{ "redirect_uri", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX,
	  .description = "Where Google sends the browser back." },
	{ "provider", FIELD_ENUM, FIELD_REQUIRED, .choices = "google" },
	{ 0 },
};

static const struct field callback_body[] = {
	{ "provider", FIELD_ENUM, FIELD_REQUIRED, .choices = "google" },
	{ "state", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ "authorization_response", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX,
	  .description = "The whole address that the browser was sent to." },
	{ "redirect_uri", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX, .description = "As the login began with." },
	{ 0 },
};

static const struct route routes[] = {
	{ "POST", "/api/auth/verify", verify, ROUTE_OPEN, .body = BODY(verify_body),
	  .summary = "Whether a token is valid." },
	{ "POST", "/api/auth/oauth/login", login, ROUTE_OPEN, .body = BODY(login_body),
	  .summary = "Begin a login with Google." },
	{ "POST", "/api/auth/oauth/callback", callback, ROUTE_OPEN, .body = BODY(callback_body),
	  .summary = "End a login with Google; gives the user's new token." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "auth", routes, ARRAY_LEN(routes));
}
