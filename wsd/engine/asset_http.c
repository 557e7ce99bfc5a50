/* Assets behind http and https uris. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/fetch.h"

#include "base/curl.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_SECONDS 10L
#define TOTAL_SECONDS 60L
#define REDIRECTS_MAX 5

struct download {
	struct buf *out;
	char host[256];
	bool refused;
};

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct download *d = ctx;

	return buf_add(d->out, data, size * count) == 0 ? size * count : 0;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct download *d = ctx;

	(void)purpose;
	if (!fetch_address_allowed(&address->addr, d->host)) {
		d->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void host_of(const char *uri, char *out, size_t size)
{
	CURLU *parts = curl_url();
	char *host = NULL;

	*out = '\0';
	if (parts && curl_url_set(parts, CURLUPART_URL, uri, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		snprintf(out, size, "%s", host);
	curl_free(host);
	curl_url_cleanup(parts);
}

static void set_options(CURL *curl, struct download *d, const char *uri)
{
	curl_easy_setopt(curl, CURLOPT_URL, uri);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, TOTAL_SECONDS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, d);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, d);
}

/* One request; *next is where it redirects to (the caller frees), or NULL. */
static int request(const char *uri, struct download *d, char **next, struct err *err)
{
	CURL *curl = curl_open();
	size_t before = d->out->len;
	char *redirect = NULL;
	CURLcode code;

	*next = NULL;
	if (!curl || (!str_starts(uri, "http://") && !str_starts(uri, "https://"))) {
		curl_easy_cleanup(curl);
		return err_set(err, 502, "only http and https can be downloaded");
	}
	host_of(uri, d->host, sizeof(d->host));
	set_options(curl, d, uri);
	code = curl_easy_perform(curl);
	if (code == CURLE_OK && curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect) == CURLE_OK && redirect)
		*next = xstrdup(redirect);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK || *next)
		d->out->len = before;
	if (code == CURLE_OK)
		return 0;
	if (d->refused)
		return err_set(err, 403, "%s: this address may not be reached", d->host);
	return err_set(err, 502, "%s: %s", d->host, curl_easy_strerror(code));
}

/* Redirects are followed here: whether an address may be reached depends on the host that names it, hop by hop. */
int asset_read_http(const char *uri, struct buf *out, struct err *err)
{
	struct download d = { .out = out };
	char *at = xstrdup(uri);
	char *next = NULL;
	int status = -1;
	int hops = 0;

	while (at && (status = request(at, &d, &next, err)) == 0 && next) {
		free(at);
		at = next;
		if (++hops > REDIRECTS_MAX) {
			status = err_set(err, 502, "%s: too many redirects", d.host);
			break;
		}
	}
	free(at);
	return status;
}
