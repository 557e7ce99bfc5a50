/* What a request says about itself. */
#include "http/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <ctype.h>
#include <errno.h>
#include <unistd.h>

const char *req_cgi(const struct request *req, const char *name)
{
	size_t len = strlen(name);

	for (char **e = req->state->io->env; *e; e++) {
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return *e + len + 1;
	}
	return NULL;
}

const char *req_header(const struct request *req, const char *name)
{
	char key[128] = "HTTP_";
	size_t n = 5;

	if (strcasecmp(name, "Content-Type") == 0 || strcasecmp(name, "Content-Length") == 0)
		n = 0;
	for (; *name && n < sizeof(key) - 1; name++)
		key[n++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	key[n] = '\0';
	return req_cgi(req, key);
}

const char *req_param(const struct request *req, const char *name)
{
	return map_str(req->state->texts, name, NULL);
}

/* Letters that a host name with a port can have; anything else in a Host header is not repeated. */
static bool host_plausible(const char *host)
{
	return *host && strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_") == strlen(host);
}

const char *req_origin(struct request *req)
{
	const char *scheme = req_cgi(req, "REQUEST_SCHEME");
	const char *https = req_cgi(req, "HTTPS");
	const char *host = req_header(req, "Host");
	const char *port = req_cgi(req, "SERVER_PORT");

	if (https && *https && strcasecmp(https, "off") != 0)
		scheme = "https";
	if (!scheme || strcmp(scheme, "https") != 0)
		scheme = "http";
	if (host && host_plausible(host))
		return arena_printf(req->arena, "%s://%s", scheme, host);
	host = req_cgi(req, "SERVER_NAME");
	if (!host || !host_plausible(host))
		host = "localhost";
	return port && *port ? arena_printf(req->arena, "%s://%s:%s", scheme, host, port) :
			       arena_printf(req->arena, "%s://%s", scheme, host);
}

int req_fail(struct request *req, int status, const char *fmt, ...)
{
	va_list args;

	req->err.status = status;
	va_start(args, fmt);
	vsnprintf(req->err.detail, sizeof(req->err.detail), fmt, args);
	va_end(args);
	return -1;
}

ssize_t req_read(struct request *req, void *data, size_t len)
{
	struct request_state *state = req->state;
	ssize_t n;

	if (state->declared >= 0 && len > (size_t)(state->declared - state->received))
		len = (size_t)(state->declared - state->received);
	if (!len)
		return 0;
	n = state->io->read(state->io, data, len);
	if (n < 0 || (n == 0 && state->declared > state->received))
		return req_fail(req, 400, "The body ended before its declared length");
	state->received += n;
	if (state->received > state->max_body)
		return req_fail(req, 413, "The body is larger than the %lld bytes allowed", (long long)state->max_body);
	return n;
}

int req_read_all(struct request *req, char **data, size_t *len)
{
	struct request_state *state = req->state;
	size_t cap = state->declared >= 0 ? (size_t)state->declared : 65536;
	char *memory = arena_alloc(req->arena, cap + 1);
	size_t have = 0;

	for (;;) {
		ssize_t n;

		if (have == cap && state->declared < 0) {
			char *more = arena_alloc(req->arena, cap * 2 + 1);

			memcpy(more, memory, have);
			memory = more;
			cap *= 2;
		}
		n = req_read(req, memory + have, cap - have);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	memory[have] = '\0';
	*data = memory;
	*len = have;
	return 0;
}

int req_read_to_fd(struct request *req, int fd, int64_t *len)
{
	char chunk[65536];
	ssize_t n;

	*len = 0;
	while ((n = req_read(req, chunk, sizeof(chunk))) > 0) {
		for (ssize_t done = 0; done < n;) {
			ssize_t w = write(fd, chunk + done, (size_t)(n - done));

			if (w < 0 && errno == EINTR)
				continue;
			if (w < 0)
				return req_fail(req, errno == ENOSPC || errno == EDQUOT ? 507 : 500,
						"The upload could not be stored: %s", strerror(errno));
			done += w;
		}
		*len += n;
	}
	return n < 0 ? -1 : 0;
}
