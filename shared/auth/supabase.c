/* Tokens checked by the Supabase auth service, with a cache (notes-rest "Authentication", 6). */
#include "auth/internal.h"

#include "base/curl.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/value.h"

#define ANSWER_MAX ((size_t)256 << 10)
#define TIMEOUT_MS 5000L

struct cached {
	char key[65]; /* SHA-256 of the token */
	char user[AUTH_ID_MAX];
	int64_t expires;
	int64_t used;
};

static struct {
	struct cached *list;
	size_t count;
	size_t max;
	int64_t ttl_us;
	CURL *curl;
} cache;

bool supabase_configured(void)
{
	return config_get("SUPABASE_URL") && config_get("SUPABASE_KEY");
}

void supabase_free(void)
{
	if (cache.curl)
		curl_easy_cleanup(cache.curl);
	free(cache.list);
	memset(&cache, 0, sizeof(cache));
}

static int64_t setting(const char *name, const char *other, int64_t max, int64_t fallback)
{
	return config_int(config_get(name) ? name : other, 0, max, fallback);
}

static void prepare(void)
{
	if (cache.list)
		return;
	cache.max = (size_t)setting("AUTH_CACHE_MAX", "REMOTE_AUTH_CACHE_MAX", 100000, 2000);
	cache.ttl_us = setting("AUTH_CACHE_TTL", "REMOTE_AUTH_CACHE_TTL", 86400, 60) * 1000000;
	cache.list = xcalloc(cache.max + 1, sizeof(*cache.list));
}

static struct cached *lookup(const char *key)
{
	int64_t now = time_mono_us();

	for (size_t i = 0; i < cache.count; i++) {
		if (memcmp(cache.list[i].key, key, 64) == 0) {
			cache.list[i].used = now;
			return cache.list[i].expires > now ? &cache.list[i] : NULL;
		}
	}
	return NULL;
}

static void remember(const char *key, const char *user)
{
	struct cached *slot = NULL;

	if (!cache.max)
		return;
	for (size_t i = 0; i < cache.count; i++) {
		if (memcmp(cache.list[i].key, key, 64) == 0 || (cache.count == cache.max && !slot))
			slot = &cache.list[i];
		else if (cache.count == cache.max && memcmp(slot->key, key, 64) != 0 && cache.list[i].used < slot->used)
			slot = &cache.list[i];
	}
	if (!slot)
		slot = &cache.list[cache.count++];
	memcpy(slot->key, key, 65);
	snprintf(slot->user, sizeof(slot->user), "%s", user);
	slot->used = time_mono_us();
	slot->expires = slot->used + cache.ttl_us;
}

static size_t collect(char *data, size_t size, size_t count, void *out)
{
	return buf_add(out, data, size * count) ? 0 : size * count;
}

/* GET <url>/auth/v1/user; the status, or 0 when the service did not answer. */
static long ask(const char *token, struct buf *answer)
{
	struct curl_slist *headers = NULL;
	char *url = xasprintf("%s/auth/v1/user", config_get("SUPABASE_URL"));
	char *bearer = xasprintf("Authorization: Bearer %s", token);
	char *key = xasprintf("apikey: %s", config_get("SUPABASE_KEY"));
	long status = 0;
	CURLcode code;

	if (!cache.curl)
		cache.curl = curl_easy_init();
	if (cache.curl) {
		curl_easy_reset(cache.curl);
		headers = curl_slist_append(headers, bearer);
		headers = curl_slist_append(headers, key);
		curl_easy_setopt(cache.curl, CURLOPT_URL, url);
		curl_easy_setopt(cache.curl, CURLOPT_PROTOCOLS_STR, "http,https");
		curl_easy_setopt(cache.curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(cache.curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
		curl_easy_setopt(cache.curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(cache.curl, CURLOPT_WRITEFUNCTION, collect);
		curl_easy_setopt(cache.curl, CURLOPT_WRITEDATA, answer);
		code = curl_easy_perform(cache.curl);
		if (code == CURLE_OK)
			curl_easy_getinfo(cache.curl, CURLINFO_RESPONSE_CODE, &status);
		else
			log_error("the Supabase auth service: %s", curl_easy_strerror(code));
		curl_slist_free_all(headers);
	}
	free(url);
	free(bearer);
	free(key);
	return status;
}

int supabase_verify(const char *token, struct auth_user *out, struct err *err)
{
	struct buf answer;
	struct value *user;
	struct cached *known;
	char key[65];
	long status;
	int result = -1;

	prepare();
	sha256_hex(token, strlen(token), key);
	known = lookup(key);
	if (known) {
		snprintf(out->id, sizeof(out->id), "%s", known->user);
		return 0;
	}
	buf_init(&answer, ANSWER_MAX);
	status = ask(token, &answer);
	user = status == 200 ? json_parse(answer.data ? answer.data : "", answer.len, NULL) : NULL;
	snprintf(out->id, sizeof(out->id), "%s", map_str(user, "id", ""));
	if (status == 0 || status >= 500)
		err_set(err, 503, "The authentication service does not answer");
	else if (!*out->id)
		err_set(err, 401, "Invalid Supabase token");
	else
		result = 0;
	if (result == 0)
		remember(key, out->id);
	value_unref(user);
	buf_free(&answer);
	return result;
}
