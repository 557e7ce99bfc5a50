/*
 * model: accounts at other services that users have connected (nodetool_oauth_credentials), and logins that are under way
 * (nodetool_c_oauth_states). As in model.h; a header of its own because few programs need it.
 * Source: notes-rest "SQLite" and "Secrets at rest".
 */
#ifndef MODEL_OAUTH_CREDENTIAL_H
#define MODEL_OAUTH_CREDENTIAL_H

#include "model/model.h"

/* ---- accounts (oauth_credential.c) ------------------------------------------------------------------------ */

enum oauth_column {
	OAUTH_ACCOUNT_ID,
	OAUTH_CREATED_AT,
	OAUTH_ENCRYPTED_ACCESS_TOKEN,
	OAUTH_ENCRYPTED_REFRESH_TOKEN,
	OAUTH_EXPIRES_AT,
	OAUTH_ID,
	OAUTH_PROVIDER,
	OAUTH_RECEIVED_AT,
	OAUTH_SCOPE,
	OAUTH_TOKEN_TYPE,
	OAUTH_UPDATED_AT,
	OAUTH_USER_ID,
	OAUTH_USERNAME,
	OAUTH_COLUMNS
};

extern const struct column oauth_columns[OAUTH_COLUMNS];

/* Times are UTC with "+00:00", unlike those of most tables. */
struct oauth_credential {
	struct sv c[OAUTH_COLUMNS];
};

int oauth_credential_get(struct db *db, struct arena *arena, const char *user_id, const char *provider,
			 const char *account_id, struct oauth_credential *out, struct err *err) MUST_CHECK;
/* Wants db_begin_durable of the caller. */
int oauth_credential_put(struct db *db, const struct oauth_credential *c, struct err *err) MUST_CHECK;
/* The user's accounts at a service, by id. */
int oauth_credential_list(struct db *db, struct arena *arena, const char *user_id, const char *provider,
			  int (*each)(const struct oauth_credential *c, void *arg), void *arg, struct err *err) MUST_CHECK;
/* What clients see: no tokens. */
int oauth_credential_json(struct buf *out, const struct oauth_credential *c);
void oauth_credential_etag(const struct oauth_credential *c, char out[ETAG_SIZE]);

/* ---- logins under way (oauth_state.c) --------------------------------------------------------------------- */

/* What a login must remember until the service sends the browser back. */
struct oauth_state {
	const char *user_id;  /* who began it; "" before a login to this server */
	const char *service;
	const char *verifier; /* of PKCE */
	const char *redirect_uri;
	int64_t expires_s;    /* seconds since 1970 */
};

/* The state itself is not stored, only its SHA-256. Forgets what has expired, and the oldest when there are too many. */
int oauth_state_add(struct db *db, const char *state, const struct oauth_state *s, struct err *err) MUST_CHECK;
/* Reads a state and forgets it: it serves once. 1 when there is none of that service that is still valid at `now_s`. */
int oauth_state_take(struct db *db, struct arena *arena, const char *state, const char *service, int64_t now_s,
		     struct oauth_state *out, struct err *err) MUST_CHECK;

#endif
