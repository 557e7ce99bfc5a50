/* auth, for its own files and its tests. */
#ifndef AUTH_INTERNAL_H
#define AUTH_INTERNAL_H

#include "auth/auth.h"

/* users.c: the users file (USERS_FILE), read again whenever it changes. */
/* Fills id and admin of the user whose token_hash is the SHA-256 of `token`; false when there is none. */
bool users_find(const char *token, struct auth_user *out);
/* True when the file has an admin with that id. */
bool users_is_admin(const char *user_id);
void users_free(void);

/* token.c: SERVER_AUTH_TOKEN, else the one in ~/.config/nodetool/deployment.yaml, made there when missing. Caller frees. */
char *server_token(struct err *err) MUST_CHECK;

/* supabase.c */
bool supabase_configured(void);
/* Asks the service (or the cache) whose token it is. -1: 401 for a wrong token, 503 when the service does not answer. */
int supabase_verify(const char *token, struct auth_user *out, struct err *err) MUST_CHECK;
void supabase_free(void);

/* limit.c: failures per address, counted over all processes of this server. */
bool limit_reached(const char *address);
void limit_failed(const char *address);
void limit_free(void);

#endif
