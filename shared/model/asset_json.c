/* Assets as answers show them. */
#include "model/model.h"
#include "storage/storage.h"

#include <string.h>

/* The length of a bare word that JSON does not have (the original stores NaN so); 0 when none stands there. */
static size_t bare_word(const char *p, size_t n)
{
	static const char *const words[] = { "NaN", "Infinity", "-Infinity" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i]);

		if (len <= n && memcmp(p, words[i], len) == 0)
			return len;
	}
	return 0;
}

/* The stored JSON text with null for NaN and the infinities. */
static void add_json(struct buf *out, struct sv text)
{
	bool quoted = false;
	size_t from = 0;

	for (size_t i = 0; i < text.n; i++) {
		size_t word;

		if (text.p[i] == '"')
			quoted = !quoted;
		else if (quoted && text.p[i] == '\\')
			i++;
		else if (!quoted && (word = bare_word(text.p + i, text.n - i))) {
			buf_add(out, text.p + from, i - from);
			buf_adds(out, "null");
			from = i + word;
			i = from - 1;
		}
	}
	buf_add(out, text.p + from, text.n - from);
}

static void add(struct buf *out, const struct asset *a, enum asset_column column)
{
	const struct column *c = &asset_columns[column];

	if (out->data[out->len - 1] != '{')
		buf_addc(out, ',');
	if (column == ASSET_METADATA && a->c[column].p) {
		buf_adds(out, "\"metadata\":");
		add_json(out, a->c[column]);
	} else {
		row_json(out, c->name, c->kind, a->c[column], "null");
	}
}

static void add_columns(struct buf *out, const struct asset *a, const enum asset_column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(out, a, columns[i]);
}

static void add_url(struct buf *out, struct arena *arena, const char *name, const char *key)
{
	const char *url = key ? store_asset_url(arena, key) : NULL;

	buf_printf(out, ",\"%s\":", name);
	if (url)
		json_write_str(out, url, strlen(url), JSON_COMPACT);
	else
		buf_adds(out, "null");
}

/* Pictures and films have one, whether a file is there or not. */
static void add_thumbnail(struct buf *out, struct arena *arena, const struct asset *a, enum asset_form form)
{
	struct sv type = a->c[ASSET_CONTENT_TYPE];
	bool has = type.n >= 6 && (memcmp(type.p, "image/", 6) == 0 || memcmp(type.p, "video/", 6) == 0);
	const char *stamp = arena_strndup(arena, a->c[ASSET_UPDATED_AT].p ? a->c[ASSET_UPDATED_AT].p : "",
					  a->c[ASSET_UPDATED_AT].n);
	const char *key = has ? asset_thumbnail_key(arena, a) : NULL;
	int64_t us;

	add_url(out, arena, "thumb_url", key);
	if (!key || form == ASSET_FOR_ADMIN || time_parse(stamp, &us) || !out->len)
		return;
	out->len--; /* the quote */
	buf_printf(out, "?t=%lld\"", (long long)(us / 1000000));
}

int asset_json(struct buf *out, struct arena *arena, const struct asset *a, enum asset_form form)
{
	static const enum asset_column first[] = { ASSET_ID, ASSET_USER_ID, ASSET_WORKFLOW_ID, ASSET_PARENT_ID, ASSET_NAME,
						   ASSET_CONTENT_TYPE, ASSET_SIZE, ASSET_METADATA, ASSET_CREATED_AT };
	static const enum asset_column job[] = { ASSET_NODE_ID, ASSET_JOB_ID };
	static const struct asset none;
	char etag[ETAG_SIZE];

	buf_addc(out, '{');
	if (!out->data)
		return -1;
	add_columns(out, a, first, ARRAY_LEN(first));
	add_url(out, arena, "get_url", asset_key(arena, a));
	add_thumbnail(out, arena, a, form);
	add(out, a, ASSET_DURATION);
	add_columns(out, form == ASSET_FOR_ADMIN ? &none : a, job, ARRAY_LEN(job));
	if (form == ASSET_FOUND)
		return out->failed ? -1 : 0;
	if (form == ASSET_FOR_ADMIN)
		return buf_adds(out, ",\"etag\":null}");
	asset_etag(a, etag);
	return buf_printf(out, ",\"etag\":\"%s\"}", etag);
}

int asset_row_json(struct buf *out, const struct asset *a)
{
	struct asset shown = *a;

	shown.c[ASSET_TYPE] = SV_LIT("asset");
	buf_addc(out, '{');
	if (!out->data)
		return -1;
	for (int i = 0; i < ASSET_COLUMNS; i++)
		add(out, &shown, (enum asset_column)i);
	return out->failed ? -1 : 0;
}

int asset_home_json(struct buf *out, const char *user_id)
{
	buf_adds(out, "{\"id\":");
	json_write_str(out, user_id, strlen(user_id), JSON_COMPACT);
	buf_adds(out, ",\"user_id\":");
	json_write_str(out, user_id, strlen(user_id), JSON_COMPACT);
	return buf_adds(out, ",\"workflow_id\":null,\"parent_id\":\"\",\"name\":\"Home\",\"content_type\":\"" ASSET_FOLDER
			     "\",\"size\":null,\"metadata\":null,\"created_at\":\"\",\"get_url\":null,\"thumb_url\":null,"
			     "\"duration\":null,\"node_id\":null,\"job_id\":null,\"etag\":null}");
}
