/* oauth, for its own files. */
#ifndef OAUTH_INTERNAL_H
#define OAUTH_INTERNAL_H

#include "oauth/oauth.h"

/* An address below a base that a setting may replace. */
struct oauth_address {
	const char *setting;
	const char *base;
	const char *path;
};

struct oauth_service {
	const char *name;
	const char *label;
	struct oauth_address authorize;
	struct oauth_address token;
	struct oauth_address account;
	const char *id_setting;
	const char *default_id;     /* NULL: the setting must be there */
	const char *secret_setting; /* NULL: a public client, PKCE alone */
	const char *scope;
	const char *account_key;    /* of the account's id */
	const char *username_key;
};

/* Appends "&NAME=VALUE" (or without "&" at the beginning), percent-encoded. */
void oauth_param(struct buf *out, const char *name, const char *value);
/* GET, or POST of a form when `form` is not NULL; `tokens` (may be NULL) go into the header. *out is the answer's JSON (the
 * arena owns it; NULL when it is none). -1 (502) when the service does not answer. */
int oauth_fetch(const struct oauth_service *service, struct arena *arena, const char *url, const char *form,
		const struct oauth_tokens *tokens, long *status, struct value **out, struct err *err) MUST_CHECK;

#endif
