/* Listening sockets: see listen.h. */
#include "wsd/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wsd/handover.h"
#include "wsd/loop.h"

#define BACKLOG 1024
#define ACCEPT_AT_ONCE 64
#define FULL_US ((int64_t)200000) /* without a descriptor left: tried again after that */

static struct {
	struct lws_vhost *vhost;
	struct loop_fd sockets[2]; /* Unix, TCP */
	struct loop_timer again;
	char path[108];
} listening = { .sockets = { { .fd = -1 }, { .fd = -1 } } };

static void resume(struct loop_timer *timer)
{
	size_t i;

	(void)timer;
	for (i = 0; i < ARRAY_LEN(listening.sockets); i++)
		loop_fd_events(&listening.sockets[i], EPOLLIN);
}

static void socket_ready(struct loop_fd *lf, uint32_t events)
{
	int fd;
	int on = 1;
	int i;

	(void)events;
	for (i = 0; i < ACCEPT_AT_ONCE; i++) {
		fd = accept4(lf->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
			log_warn("no further connection: %s", strerror(errno));
			loop_fd_events(lf, 0);
			loop_timer_set(&listening.again, FULL_US, resume);
		}
		if (fd < 0)
			return;
		/* Small messages go at once; a Unix socket has no such delay, and says so. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (!lws_adopt_socket_vhost(listening.vhost, fd))
			log_warn("no further connection: the loop is full");
	}
}

/* Serves a socket that the program before has handed over; false when there is none of that name. */
static bool take_over(const char *name, struct loop_fd *socket)
{
	int fd = handover_fd(name);

	if (fd >= 0)
		loop_fd_add(socket, fd, EPOLLIN, socket_ready);
	return fd >= 0;
}

static int open_unix(struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/wsd.sock", config_run_dir()) >= (int)sizeof(addr.sun_path))
		return err_set(err, 500, "the path of the folder %s is too long for a socket", config_run_dir());
	if (take_over("unix", &listening.sockets[0])) {
		snprintf(listening.path, sizeof(listening.path), "%s", addr.sun_path);
		return 0;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, 500, "socket: %s", strerror(errno));
	unlink(addr.sun_path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(addr.sun_path, 0660) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		err_set(err, 500, "the socket %s cannot be made: %s", addr.sun_path, strerror(errno));
		close(fd);
		return -1;
	}
	snprintf(listening.path, sizeof(listening.path), "%s", addr.sun_path);
	loop_fd_add(&listening.sockets[0], fd, EPOLLIN, socket_ready);
	return 0;
}

static int bind_tcp(const struct addrinfo *info)
{
	int one = 1;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_tcp(const char *where, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list;
	const char *colon = strrchr(where, ':');
	char host[256];
	size_t len = colon ? (size_t)(colon - where) : 0;
	int fd;

	if (!colon || len >= sizeof(host))
		return err_set(err, 500, "NODETOOL_WSD_LISTEN must be host:port");
	if (len > 1 && where[0] == '[' && where[len - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)len - 2, where + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)len, where);
	if (getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &list) != 0)
		return err_set(err, 500, "NODETOOL_WSD_LISTEN: %s is no address", where);
	fd = bind_tcp(list);
	freeaddrinfo(list);
	if (fd < 0)
		return err_set(err, 500, "cannot listen on %s: %s", where, strerror(errno));
	loop_fd_add(&listening.sockets[1], fd, EPOLLIN, socket_ready);
	return 0;
}

int listen_open(struct lws_vhost *vhost, struct err *err)
{
	const char *where = config_get("NODETOOL_WSD_LISTEN");

	listening.vhost = vhost;
	if (open_unix(err) < 0)
		return -1;
	if (take_over("tcp", &listening.sockets[1]))
		return 0;
	return where && where[0] ? open_tcp(where, err) : 0;
}

void listen_pause(void)
{
	size_t i;

	loop_timer_stop(&listening.again);
	for (i = 0; i < ARRAY_LEN(listening.sockets); i++)
		loop_fd_events(&listening.sockets[i], 0);
}

void listen_hand_over(struct value *fds)
{
	map_set(fds, "unix", handover_keep(listening.sockets[0].fd));
	map_set(fds, "tcp", handover_keep(listening.sockets[1].fd));
}

void listen_close(void)
{
	size_t i;

	loop_timer_stop(&listening.again);
	for (i = 0; i < ARRAY_LEN(listening.sockets); i++)
		loop_fd_close(&listening.sockets[i]);
	if (listening.path[0])
		unlink(listening.path);
	listening.path[0] = '\0';
}
