/* REST requests by libcurl. */
#include "client/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static size_t receive(char *data, size_t size, size_t count, void *ptr)
{
	return buf_add(ptr, data, size * count) < 0 ? 0 : size * count;
}

/* The reason of a refusal: "detail" when the server gave one, as a text or as a list of faults. */
static int refused(long status, const struct value *answer, struct err *err)
{
	const struct value *detail = map_get(answer, "detail");
	struct buf text;

	if (value_is(detail, VALUE_STR))
		return err_set(err, (int)status, "%s (status %ld)", value_text(detail), status);
	buf_init(&text, BUF_MAX_SMALL);
	if (detail)
		json_write(&text, detail, JSON_SPACED);
	err_set(err, (int)status, "the server answered with status %ld%s%.600s", status, text.len ? ": " : "",
		text.len ? text.data : "");
	buf_free(&text);
	return -1;
}

static struct curl_slist *request_headers(const struct client *client)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");

	headers = curl_slist_append(headers, "Accept: application/json");
	if (client->token) {
		char *line = xasprintf("Authorization: Bearer %s", client->token);

		headers = curl_slist_append(headers, line);
		free(line);
	}
	return headers;
}

static int perform(CURL *curl, const char *url, struct buf *in, struct value **answer, struct err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct json_error fault;
	long status = 0;
	CURLcode rc;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, in);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	rc = curl_easy_perform(curl);
	if (rc != CURLE_OK)
		return err_set(err, 502, "%s: %s", url, *why ? why : curl_easy_strerror(rc));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	*answer = in->len ? json_parse(in->data, in->len, &fault) : value_ref(value_null());
	if (status / 100 != 2) {
		refused(status, *answer, err);
		value_unref(*answer);
		*answer = NULL;
		return -1;
	}
	return *answer ? 0 : err_set(err, 502, "%s: the answer is no JSON", url);
}

int rest_request(const struct client *client, const char *method, const char *path, const struct value *body,
		 struct value **answer, struct err *err)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = request_headers(client);
	char *url = xasprintf("%s%s", client->url, path);
	struct buf out;
	struct buf in;
	int result = -1;

	buf_init(&out, BUF_MAX_BODY);
	buf_init(&in, BUF_MAX_RESPONSE);
	if (!curl) {
		err_set(err, 500, "libcurl does not start");
		goto done;
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (body) {
		if (json_write(&out, body, JSON_COMPACT) < 0) {
			err_set(err, 413, "the body is too long");
			goto done;
		}
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, out.data);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)out.len);
	}
	result = perform(curl, url, &in, answer, err);
done:
	buf_free(&out);
	buf_free(&in);
	free(url);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return result;
}
