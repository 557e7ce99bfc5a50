/* nodetool_oauth_credentials: one row per user, service and account; tokens are encrypted by shared/secret. */
#include "model/oauth_credential.h"

const struct column oauth_columns[OAUTH_COLUMNS] = {
	[OAUTH_ACCOUNT_ID] = { "account_id", COLUMN_TEXT },
	[OAUTH_CREATED_AT] = { "created_at", COLUMN_TIME },
	[OAUTH_ENCRYPTED_ACCESS_TOKEN] = { "encrypted_access_token", COLUMN_TEXT },
	[OAUTH_ENCRYPTED_REFRESH_TOKEN] = { "encrypted_refresh_token", COLUMN_TEXT },
	[OAUTH_EXPIRES_AT] = { "expires_at", COLUMN_TIME },
	[OAUTH_ID] = { "id", COLUMN_TEXT },
	[OAUTH_PROVIDER] = { "provider", COLUMN_TEXT },
	[OAUTH_RECEIVED_AT] = { "received_at", COLUMN_TIME },
	[OAUTH_SCOPE] = { "scope", COLUMN_TEXT },
	[OAUTH_TOKEN_TYPE] = { "token_type", COLUMN_TEXT },
	[OAUTH_UPDATED_AT] = { "updated_at", COLUMN_TIME },
	[OAUTH_USER_ID] = { "user_id", COLUMN_TEXT },
	[OAUTH_USERNAME] = { "username", COLUMN_TEXT },
};

#define COLUMNS                                                                                                          \
	"account_id, created_at, encrypted_access_token, encrypted_refresh_token, expires_at, id, provider, received_at, " \
	"scope, token_type, updated_at, user_id, username"

static const char get_sql[] =
	"SELECT " COLUMNS " FROM nodetool_oauth_credentials WHERE user_id = ? AND provider = ? AND account_id = ?";
static const char list_sql[] =
	"SELECT " COLUMNS " FROM nodetool_oauth_credentials WHERE user_id = ? AND provider = ? ORDER BY id";
static const char put_sql[] = "INSERT OR REPLACE INTO nodetool_oauth_credentials (" COLUMNS
			      ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

int oauth_credential_get(struct db *db, struct arena *arena, const char *user_id, const char *provider,
			 const char *account_id, struct oauth_credential *out, struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, provider);
	db_bind_text(st, 3, account_id);
	found = db_step(st, err);
	if (found > 0)
		row_read(st, oauth_columns, OAUTH_COLUMNS, arena, out->c);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int oauth_credential_put(struct db *db, const struct oauth_credential *c, struct err *err)
{
	struct db_stmt *st = db_prepare(db, put_sql, err);

	if (!st)
		return -1;
	row_bind(st, oauth_columns, OAUTH_COLUMNS, c->c);
	return db_run(st, err) < 0 ? -1 : 0;
}

int oauth_credential_list(struct db *db, struct arena *arena, const char *user_id, const char *provider,
			  int (*each)(const struct oauth_credential *c, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, list_sql, err);
	struct oauth_credential row;
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, provider);
	while ((found = db_step(st, err)) > 0) {
		row_lend(st, oauth_columns, OAUTH_COLUMNS, arena, row.c);
		if (each(&row, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

int oauth_credential_json(struct buf *out, const struct oauth_credential *c)
{
	static const enum oauth_column shown[] = { OAUTH_ID,	      OAUTH_PROVIDER,	OAUTH_ACCOUNT_ID, OAUTH_USERNAME,
						   OAUTH_TOKEN_TYPE,  OAUTH_SCOPE,	OAUTH_RECEIVED_AT,
						   OAUTH_EXPIRES_AT,  OAUTH_CREATED_AT, OAUTH_UPDATED_AT };

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		buf_addc(out, i ? ',' : '{');
		row_json(out, oauth_columns[shown[i]].name, oauth_columns[shown[i]].kind, c->c[shown[i]], "null");
	}
	return buf_addc(out, '}');
}

void oauth_credential_etag(const struct oauth_credential *c, char out[ETAG_SIZE])
{
	row_etag(oauth_columns, OAUTH_COLUMNS, c->c, NULL, out);
}
