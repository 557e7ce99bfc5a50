/* Objects in an S3-compatible bucket (path style), by libcurl, which signs the requests itself (SigV4). */
#include "storage/internal.h"

#include "base/curl.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_S 10L
/* A transfer that moves less than 1 KiB/s for this long is given up; a long one that moves is not. */
#define STALL_TIMEOUT_S 30L
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct s3 {
	char *endpoint;
	char *bucket;
	char *credentials; /* "key:secret" */
	char *signature;   /* for CURLOPT_AWS_SIGV4 */
	CURL *curl;        /* kept: connections are used again */
};

struct s3 *s3_new(const char *endpoint, const char *region, const char *bucket, const char *access_key,
		  const char *secret_key)
{
	struct s3 *s3 = xcalloc(1, sizeof(*s3));
	size_t n = strlen(endpoint);

	while (n && endpoint[n - 1] == '/')
		n--;
	s3->endpoint = xstrndup(endpoint, n);
	s3->bucket = xstrdup(bucket);
	s3->credentials = xasprintf("%s:%s", access_key, secret_key);
	s3->signature = xasprintf("aws:amz:%s:s3", region);
	s3->curl = curl_open();
	if (!s3->curl)
		abort();
	return s3;
}

void s3_free(struct s3 *s3)
{
	if (!s3)
		return;
	curl_easy_cleanup(s3->curl);
	free(s3->endpoint);
	free(s3->bucket);
	free(s3->credentials);
	free(s3->signature);
	free(s3);
}

/* Each part of the key escaped, the slashes kept. */
static char *object_url(struct s3 *s3, const char *key)
{
	struct sv rest = sv_of(key);
	struct sv part;
	struct buf url;

	buf_init(&url, BUF_MAX_SMALL);
	buf_printf(&url, "%s/%s", s3->endpoint, s3->bucket);
	while (sv_split(&rest, '/', &part)) {
		char *escaped = curl_easy_escape(s3->curl, part.p, (int)part.n);

		buf_printf(&url, "/%s", escaped ? escaped : "");
		curl_free(escaped);
	}
	return buf_take(&url);
}

static size_t to_fd(char *data, size_t size, size_t count, void *user)
{
	const int *fd = user;
	size_t len = size * count;
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(*fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		done += (size_t)n;
	}
	return len;
}

static size_t from_fd(char *data, size_t size, size_t count, void *user)
{
	const int *fd = user;
	ssize_t n = read(*fd, data, size * count);

	return n < 0 ? CURL_READFUNC_ABORT : (size_t)n;
}

static size_t ignore(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

static void prepare(struct s3 *s3, const char *url)
{
	curl_reset(s3->curl);
	curl_easy_setopt(s3->curl, CURLOPT_URL, url);
	curl_easy_setopt(s3->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s3->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(s3->curl, CURLOPT_AWS_SIGV4, s3->signature);
	curl_easy_setopt(s3->curl, CURLOPT_USERPWD, s3->credentials);
	curl_easy_setopt(s3->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(s3->curl, CURLOPT_LOW_SPEED_LIMIT, 1024L);
	curl_easy_setopt(s3->curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
	curl_easy_setopt(s3->curl, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(s3->curl, CURLOPT_FILETIME, 1L);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *text)
{
	char *line = xasprintf("%s: %s", name, text);

	list = curl_slist_append(list, line);
	free(line);
	return list;
}

/* Performs the prepared request and turns its status into ours. `payload` is the value of x-amz-content-sha256, `type` the
 * content type of an upload or NULL. */
static int perform(struct s3 *s3, const char *payload, const char *type, struct store_info *info, struct err *err)
{
	struct curl_slist *headers = add_header(NULL, "x-amz-content-sha256", payload);
	curl_off_t length = 0;
	curl_off_t filetime = -1;
	long status = 0;
	CURLcode code;

	if (type)
		headers = add_header(headers, "Content-Type", type);
	headers = curl_slist_append(headers, "Expect:");
	curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(s3->curl);
	curl_slist_free_all(headers);
	if (code != CURLE_OK) {
		log_error("storage: the S3 service: %s", curl_easy_strerror(code));
		return err_set(err, 502, "The storage service cannot be reached");
	}
	curl_easy_getinfo(s3->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 404)
		return err_set(err, 404, "File not found");
	if (status < 200 || status > 299) {
		log_error("storage: the S3 service answered %ld", status);
		return err_set(err, 502, "The storage service refused the request");
	}
	if (info) {
		curl_easy_getinfo(s3->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
		curl_easy_getinfo(s3->curl, CURLINFO_FILETIME_T, &filetime);
		info->size = length;
		info->mtime_us = filetime > 0 ? (int64_t)filetime * 1000000 : 0;
	}
	return 0;
}

int s3_stat(struct s3 *s3, const char *key, struct store_info *info, struct err *err)
{
	char *url = object_url(s3, key);

	prepare(s3, url);
	curl_easy_setopt(s3->curl, CURLOPT_NOBODY, 1L);
	free(url);
	return perform(s3, EMPTY_SHA256, NULL, info, err);
}

int s3_get(struct s3 *s3, const char *key, int fd, struct store_info *info, struct err *err)
{
	char *url = object_url(s3, key);

	prepare(s3, url);
	curl_easy_setopt(s3->curl, CURLOPT_WRITEFUNCTION, to_fd);
	curl_easy_setopt(s3->curl, CURLOPT_WRITEDATA, &fd);
	/* an error's page must not pass for the object */
	curl_easy_setopt(s3->curl, CURLOPT_FAILONERROR, 0L);
	free(url);
	return perform(s3, EMPTY_SHA256, NULL, info, err);
}

int s3_put(struct s3 *s3, const char *key, int fd, int64_t size, struct err *err)
{
	char *url = object_url(s3, key);

	prepare(s3, url);
	free(url);
	curl_easy_setopt(s3->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s3->curl, CURLOPT_READFUNCTION, from_fd);
	curl_easy_setopt(s3->curl, CURLOPT_READDATA, &fd);
	curl_easy_setopt(s3->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
	return perform(s3, "UNSIGNED-PAYLOAD", content_type_of(key), NULL, err);
}

int s3_delete(struct s3 *s3, const char *key, struct err *err)
{
	struct store_info info;
	char *url;

	if (s3_stat(s3, key, &info, err))
		return -1;
	url = object_url(s3, key);
	prepare(s3, url);
	curl_easy_setopt(s3->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
	free(url);
	return perform(s3, EMPTY_SHA256, NULL, NULL, err);
}
