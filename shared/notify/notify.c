/* One datagram per change, never waiting. */
#include "notify/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "value/value.h"

const char *notify_path(void)
{
	static char path[4096];
	const char *set = config_get("NODETOOL_NOTIFY_SOCKET");

	if (set)
		return set;
	snprintf(path, sizeof(path), "%s/%s", config_run_dir(), NOTIFY_SOCKET);
	return path;
}

static void send_datagram(const struct value *message)
{
	static int fd = -1;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = notify_path();
	struct buf text;

	if (strlen(path) >= sizeof(to.sun_path)) {
		log_debug("notify: the path of the socket is too long");
		return;
	}
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	buf_init(&text, NOTIFY_MAX);
	if (fd < 0 || json_write(&text, message, JSON_COMPACT) ||
	    sendto(fd, text.data, text.len, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to)) < 0)
		log_debug("notify: not sent: %s", text.failed ? "too long" : strerror(errno));
	buf_free(&text);
}

static struct value *message(const char *kind, const char *user_id)
{
	struct value *m = value_map();

	map_set_str(m, "kind", kind);
	map_set_str(m, "user", user_id);
	return m;
}

void notify_change(const char *user_id, const char *event, const char *resource_type, const char *id, const char *etag)
{
	struct value *m = message("change", user_id);

	map_set_str(m, "event", event);
	map_set_str(m, "type", resource_type);
	map_set_str(m, "id", id);
	map_set_str(m, "etag", etag);
	send_datagram(m);
	value_unref(m);
}

void notify_command(const char *user_id, const char *command, const char *id)
{
	struct value *m = message("command", user_id);

	map_set_str(m, "command", command);
	map_set_str(m, "id", id);
	send_datagram(m);
	value_unref(m);
}
