/* nodetool_c_oauth_states: logins at other services that are under way. */
#include "model/oauth_credential.h"

#include <string.h>

#define KEPT_MAX 1000

static const char add_sql[] = "INSERT INTO nodetool_c_oauth_states (state_hash, user_id, service, verifier, redirect_uri, "
			      "expires_s) VALUES (?, ?, ?, ?, ?, ?)";
static const char get_sql[] = "SELECT user_id, verifier, redirect_uri, expires_s FROM nodetool_c_oauth_states "
			      "WHERE state_hash = ? AND service = ?";
static const char take_sql[] = "DELETE FROM nodetool_c_oauth_states WHERE state_hash = ?";
static const char expire_sql[] = "DELETE FROM nodetool_c_oauth_states WHERE expires_s < ?";
static const char trim_sql[] = "DELETE FROM nodetool_c_oauth_states WHERE state_hash IN (SELECT state_hash "
			       "FROM nodetool_c_oauth_states ORDER BY expires_s DESC LIMIT -1 OFFSET ?)";

static int run_int(struct db *db, const char *sql, int64_t n, struct err *err)
{
	struct db_stmt *st = db_prepare(db, sql, err);

	if (!st)
		return -1;
	db_bind_int(st, 1, n);
	return db_run(st, err) < 0 ? -1 : 0;
}

int oauth_state_add(struct db *db, const char *state, const struct oauth_state *s, struct err *err)
{
	struct db_stmt *st;
	char hash[65];

	if (run_int(db, expire_sql, time_now_us() / 1000000, err) || run_int(db, trim_sql, KEPT_MAX - 1, err))
		return -1;
	st = db_prepare(db, add_sql, err);
	if (!st)
		return -1;
	sha256_hex(state, strlen(state), hash);
	db_bind_text(st, 1, hash);
	db_bind_text(st, 2, s->user_id);
	db_bind_text(st, 3, s->service);
	db_bind_text(st, 4, s->verifier);
	db_bind_text(st, 5, s->redirect_uri);
	db_bind_int(st, 6, s->expires_s);
	return db_run(st, err) < 0 ? -1 : 0;
}

int oauth_state_take(struct db *db, struct arena *arena, const char *state, const char *service, int64_t now_s,
		     struct oauth_state *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);
	char hash[65];
	int found;

	if (!st)
		return -1;
	sha256_hex(state, strlen(state), hash);
	db_bind_text(st, 1, hash);
	db_bind_text(st, 2, service);
	found = db_step(st, err);
	if (found > 0) {
		out->user_id = db_col_dup(st, 0, arena);
		out->service = service;
		out->verifier = db_col_dup(st, 1, arena);
		out->redirect_uri = db_col_dup(st, 2, arena);
		out->expires_s = db_col_int(st, 3);
	}
	db_release(st);
	if (found <= 0)
		return found < 0 ? -1 : 1;
	st = db_prepare(db, take_sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, hash);
	if (db_run(st, err) < 0)
		return -1;
	return out->expires_s < now_s;
}
