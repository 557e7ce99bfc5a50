/*
 * auth: who is asking, and what this server offers at all.
 *
 * Source: notes-rest "Authentication", "Admin", "Modes", "Users file"; cases/auth. Used by the FastCGI programs (through
 * the dispatcher in shared/http, never by a handler) and by the WebSocket daemon. Not thread safe.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/base.h"

enum auth_provider { AUTH_NONE, AUTH_LOCAL, AUTH_STATIC, AUTH_MULTI_USER, AUTH_SUPABASE };
enum server_mode { MODE_DESKTOP, MODE_PRIVATE, MODE_PUBLIC };

/* What a mode may leave out (notes-rest "Modes"). */
enum feature {
	FEATURE_API,               /* the /api routers */
	FEATURE_OPENAI,            /* /v1 */
	FEATURE_ADMIN,             /* /admin/{models,cache,db,collections,assets} */
	FEATURE_COLLECTION_UPLOAD, /* /collections/{name}/index */
	FEATURE_STORAGE,           /* /admin/storage, /storage */
	FEATURE_WS,
	FEATURE_UPDATES,
	FEATURE_TERMINAL,
	FEATURE_DOWNLOAD,
	FEATURE_COUNT
};

#define AUTH_ID_MAX 128

struct auth_user {
	char id[AUTH_ID_MAX];
	bool authenticated; /* a token was checked; false in the modes none and local */
	bool admin;         /* may use the admin routes: see auth_admin */
};

/* Reads the settings: provider, mode, server token (made and kept in ~/.config/nodetool/deployment.yaml, mode 0600, when
 * there is none and authentication is enforced). -1 with the reason when the server must not start in this combination:
 * public without supabase, private without enforced authentication, production without SECRETS_MASTER_KEY, an unknown
 * mode word. Call once after config_load; again after another config_load. */
int auth_init(struct err *err) MUST_CHECK;
void auth_free(void);

enum auth_provider auth_provider(void);
bool auth_enforced(void);
enum server_mode auth_mode(void);
const char *auth_mode_name(void);
/* False for what the mode leaves out. NODETOOL_ENABLE_<NAME> / NODETOOL_DISABLE_<NAME> (DEFAULT_API, OPENAI,
 * DEPLOY_ADMIN, DEPLOY_COLLECTIONS, DEPLOY_STORAGE, MAIN_WS, UPDATES_WS, TERMINAL_WS, HF_DOWNLOAD_WS) override it. */
bool mode_allows(enum feature feature);

/* Checks a request. `authorization` is the header's value (NULL when absent), `api_key` the query's token (sockets only;
 * NULL for HTTP), `remote_addr` the peer's address for limiting failures (NULL: not limited).
 *   0  *out is the user ("1" where nothing is enforced)
 *  -1  err->status 401 with the detail of the contract, or 429 after too many failures from that address
 * A header that is there but wrong wins over a right api_key. A supabase check may wait for the service (5 s at most). */
int auth_check(const char *authorization, const char *api_key, const char *remote_addr, struct auth_user *out,
	       struct err *err) MUST_CHECK;

/* The rule of the admin routes: 401 "Authentication required" when no user was authenticated, 403 "Admin access
 * required" in multi_user for users whose role is not admin. */
int auth_admin(const struct auth_user *user, struct err *err) MUST_CHECK;
/* True for whom the server's own settings and everybody's files are no secret: in multi_user an administrator, with supabase
 * (where everybody who signs up passes auth_admin, notes-rest "Admin") only who shows the server's token; where there is one user
 * alone, that one. */
bool auth_operator(const struct auth_user *user);
/* In production, paths below /admin/{models,cache,db,collections,storage,assets}/ need X-Admin-Token when ADMIN_TOKEN is
 * set: 403 otherwise. Comes before auth_check. `path` is the decoded path; `token` the header's value or NULL. */
int auth_admin_token(const char *path, const char *token, struct err *err) MUST_CHECK;

/* ---- changing the users file of multi_user (users_file.c) ---------------------------------------------- */

struct value;

/* Its path (USERS_FILE). */
const char *auth_users_path(struct arena *arena);
/* Puts a new token's hash and the time into a user's record and gives the token, which is shown once. Free with
 * auth_wipe_token. */
char *auth_give_token(struct value *record);
/* Gives the user of that name (in any case of letters) a new token; the one before ends, there is one per user. The caller
 * has made sure who asks. 403 when there is no such user, 501 when users are kept elsewhere. */
int auth_log_in(const char *username, char id[AUTH_ID_MAX], char **token, struct err *err) MUST_CHECK;
/* Overwrites and frees; takes NULL. */
void auth_wipe_token(char *token);

/* Constant-time comparison; false when either is NULL or empty. */
bool auth_same(const char *a, const char *b);

#endif
