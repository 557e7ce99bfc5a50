/* Is the port free, is a socket served, does the server answer? */
#include "scripts/supervisor.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 2000

static struct addrinfo *resolve(const char *host, const char *port, int flags, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	int rc = getaddrinfo(host, port, &hints, &found);

	if (rc) {
		err_set(err, 500, "%s:%s is no address to listen on: %s", host, port, gai_strerror(rc));
		return NULL;
	}
	return found;
}

int probe_free(const char *host, const char *port, struct err *err)
{
	struct addrinfo *address = resolve(host, port, AI_PASSIVE, err);
	int result = 0;
	int on = 1;
	int fd;

	if (!address)
		return -1;
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		result = err_set(err, 500, "no socket: %s", strerror(errno));
		goto out;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, 1) < 0) {
		if (errno == EADDRINUSE)
			result = err_set(err, 500, "port %s is in use by another program", port);
		else
			result = err_set(err, 500, "cannot listen on %s:%s: %s", host, port, strerror(errno));
	}
	close(fd);
out:
	freeaddrinfo(address);
	return result;
}

bool probe_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	bool served;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	served = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	return served;
}

bool probe_health(const char *host, const char *port)
{
	static const char request[] = "GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n";
	const struct timeval limit = { .tv_sec = PROBE_TIMEOUT_MS / 1000 };
	bool any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "*") == 0;
	struct addrinfo *address = resolve(any ? "127.0.0.1" : host, port, 0, NULL);
	char answer[16] = "";
	bool healthy = false;
	int fd;

	if (!address)
		return false;
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		healthy = connect(fd, address->ai_addr, address->ai_addrlen) == 0 &&
			  send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1 &&
			  recv(fd, answer, 12, MSG_WAITALL) == 12 && strcmp(answer + 8, " 200") == 0;
		close(fd);
	}
	freeaddrinfo(address);
	return healthy;
}
