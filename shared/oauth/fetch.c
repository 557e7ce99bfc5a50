/* One request to a service, and its JSON. */
#include "oauth/internal.h"

#include "base/curl.h"
#include <ctype.h>
#include <string.h>

#define ANSWER_MAX ((size_t)1 << 20)
#define TIMEOUT_MS 30000L

void oauth_param(struct buf *out, const char *name, const char *value)
{
	if (out->len)
		buf_addc(out, '&');
	buf_printf(out, "%s=", name);
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if (isalnum(*p) || strchr("-._~", *p))
			buf_addc(out, (char)*p);
		else
			buf_printf(out, "%%%02X", *p);
	}
}

const char *oauth_param_of(struct arena *arena, const char *url, const char *name)
{
	const char *query = strchr(url, '?');
	const char *found = NULL;
	struct sv rest = query ? sv_of(query + 1) : (struct sv){ 0 };
	struct sv part;
	size_t n = strlen(name);
	char *decoded;
	int len;

	while (!found && query && sv_split(&rest, '&', &part)) {
		if (part.n <= n || part.n > ANSWER_MAX || memcmp(part.p, name, n) != 0 || part.p[n] != '=')
			continue;
		found = arena_strndup(arena, part.p + n + 1, strcspn(part.p + n + 1, "&#"));
		for (char *p = strchr(found, '+'); p; p = strchr(p, '+'))
			*p = ' ';
		decoded = curl_easy_unescape(NULL, found, 0, &len);
		found = decoded ? arena_strndup(arena, decoded, (size_t)len) : NULL;
		curl_free(decoded);
	}
	return found;
}

static size_t collect(char *data, size_t size, size_t count, void *out)
{
	return buf_add(out, data, size * count) ? 0 : size * count;
}

/* A token stands in a header line: nothing but visible ASCII may come from the service. */
static bool header_safe(const char *text)
{
	for (; *text; text++) {
		if (*text < 0x21 || *text > 0x7e)
			return false;
	}
	return true;
}

static int perform(const struct oauth_service *service, CURL *curl, long *status, struct buf *answer, struct err *err)
{
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "nodetool");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK) {
		log_warn("%s: %s", service->label, curl_easy_strerror(code));
		return err_set(err, 502, "%s does not answer: %s", service->label, curl_easy_strerror(code));
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	return 0;
}

int oauth_fetch(const struct oauth_service *service, struct arena *arena, const char *url, const char *form,
		const struct oauth_tokens *tokens, long *status, struct value **out, struct err *err)
{
	CURL *curl = curl_open();
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	struct buf answer;
	int rc = -1;

	buf_init(&answer, ANSWER_MAX);
	if (!curl) {
		err_set(err, 500, "libcurl does not start");
		goto out;
	}
	if (tokens) {
		if (!header_safe(tokens->type) || !header_safe(tokens->access)) {
			err_set(err, 502, "The token of %s is none", service->label);
			goto out;
		}
		headers = curl_slist_append(headers,
					    arena_printf(arena, "Authorization: %s %s", tokens->type, tokens->access));
	}
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (form)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form);
	rc = perform(service, curl, status, &answer, err);
	*out = rc == 0 && answer.len ? json_parse(answer.data, answer.len, NULL) : NULL;
	if (*out)
		arena_defer(arena, value_unref_ptr, *out);
out:
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	buf_free(&answer);
	return rc;
}
