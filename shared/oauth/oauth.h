/*
 * oauth: logins at other services: the authorization code flow with PKCE, by libcurl.
 *
 *	oauth_start   gives the address that the user's browser opens, and remembers the login (10 minutes, one use)
 *	              … the service sends the browser to our callback with a code and the state …
 *	oauth_finish  takes the state, exchanges the code for tokens, and asks the service whose they are
 *
 * A callback carries no token of ours: the state is what says who began the login. Requests to a service take 30 s at most,
 * follow no redirects, and read 1 MiB at most. The services' addresses can be set, for tests and for hosts of one's own:
 * HF_ENDPOINT; GITHUB_SERVER_URL, GITHUB_API_URL; GOOGLE_ACCOUNTS_URL, GOOGLE_OAUTH_URL, GOOGLE_OPENID_URL.
 * Source: notes-rest "Where the original errs" (callbacks), cases/oauth; README of the contract (Google).
 */
#ifndef OAUTH_OAUTH_H
#define OAUTH_OAUTH_H

#include "value/value.h"

struct oauth_service;

extern const struct oauth_service *const oauth_huggingface;
extern const struct oauth_service *const oauth_github;
extern const struct oauth_service *const oauth_google;

/* The word in the column `provider`: "huggingface". */
const char *oauth_name(const struct oauth_service *service);
/* For people: "Hugging Face". */
const char *oauth_label(const struct oauth_service *service);
/* The setting that is missing before logins can work ("GITHUB_CLIENT_ID"); NULL when all is there. */
const char *oauth_missing(const struct oauth_service *service, const char *user_id);

/* Tokens as a service gave them; the arena owns the texts. */
struct oauth_tokens {
	const char *access;
	const char *refresh; /* NULL: there is none */
	const char *type;    /* "Bearer" */
	const char *scope;   /* NULL: not said */
	int64_t expires_us;  /* since 1970; 0: not said */
};

struct oauth_login {
	const char *user_id; /* who began it */
	struct oauth_tokens tokens;
	const char *account_id;
	const char *username; /* NULL: not said */
	struct value *account; /* all that the service tells; the arena owns it */
};

/* Begins a login for `user_id` ("" before a login to this server): *url is what the browser opens, *state stands in it.
 * 500 naming the setting when the service is not configured. Writes the database. */
int oauth_start(const struct oauth_service *service, struct arena *arena, const char *user_id, const char *redirect_uri,
		const char **url, const char **state, struct err *err) MUST_CHECK;
/* Ends it. `redirect_uri` (NULL: not known) must be the one it began with. 400 for a state that is unknown, used or too old;
 * 502 with what the service said. */
int oauth_finish(const struct oauth_service *service, struct arena *arena, const char *state, const char *code,
		 const char *redirect_uri, struct oauth_login *out, struct err *err) MUST_CHECK;
/* Forgets a login that the service or the user refused. */
void oauth_abandon(const struct oauth_service *service, struct arena *arena, const char *state);
/* New tokens for a refresh token; out->refresh is the old one when the service gave no new one. 400 when the service refuses
 * it, 502 when it does not answer. */
int oauth_refresh(const struct oauth_service *service, struct arena *arena, const char *user_id, const char *refresh,
		  struct oauth_tokens *out, struct err *err) MUST_CHECK;
/* What the service tells of the token's owner; the arena owns it. 401 when it does not take the token, else 502. */
int oauth_account(const struct oauth_service *service, struct arena *arena, const struct oauth_tokens *tokens,
		  struct value **out, struct err *err) MUST_CHECK;

/* A parameter in the query of an address that a service sent a browser to, decoded; NULL when it is not there. */
const char *oauth_param_of(struct arena *arena, const char *url, const char *name);

#endif
