/* Live updates: see updates.h. */
#include "wsd/handover.h"
#include "wsd/updates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify/notify.h"
#include "wsd/intents.h"
#include "wsd/journal.h"
#include "wsd/kinds.h"
#include "wsd/load.h"
#include "wsd/loop.h"
#include "wsd/triggers.h"

#define SECOND_US ((int64_t)1000000)
#define DATAGRAMS_AT_ONCE 64

static struct {
	struct loop_fd socket;
	struct loop_timer clock;
	bool ticking;
} updates = { .socket = { .fd = -1 } };

/* ---- load figures -------------------------------------------------------------------------------------- */

static void send_stats(struct session *s, void *stats)
{
	session_send_blob(s, stats);
}

static struct blob *stats_message(void)
{
	struct value *m = value_map();
	struct blob *blob;

	map_set_str(m, "type", "system_stats");
	map_set(m, "stats", load_figures());
	blob = blob_of_value(m);
	value_unref(m);
	return blob;
}

static void tick(struct loop_timer *timer)
{
	struct blob *blob;

	updates.ticking = session_count(SESSION_UPDATES) > 0;
	if (!updates.ticking)
		return;
	blob = stats_message();
	session_each(SESSION_UPDATES, send_stats, blob);
	blob_unref(blob);
	loop_timer_set(timer, SECOND_US, tick);
}

static void opened(struct session *s)
{
	struct blob *blob = stats_message();

	session_send_blob(s, blob);
	blob_unref(blob);
	if (!updates.ticking) {
		updates.ticking = true;
		loop_timer_set(&updates.clock, SECOND_US, tick);
	}
}

/* What comes in is ignored. */
static void take_message(struct session *s, const void *data, size_t len, bool text)
{
	(void)s;
	(void)data;
	(void)len;
	(void)text;
}

const struct session_ops updates_ops = { .name = "updates", .opened = opened, .message = take_message };

/* ---- changes ------------------------------------------------------------------------------------------- */

struct change {
	const char *user;
	struct blob *blob; /* NULL: only asked whether anybody listens */
	bool heard;
};

static void tell(struct session *s, void *arg)
{
	struct change *change = arg;

	if (!s->user || strcmp(s->user, change->user) != 0 || (s->kind == SESSION_MAIN && !s->modern))
		return;
	change->heard = true;
	if (change->blob)
		session_send_blob(s, change->blob);
}

bool updates_wanted(const char *user_id)
{
	struct change change = { .user = user_id };

	session_each(SESSION_UPDATES, tell, &change);
	if (!change.heard)
		session_each(SESSION_MAIN, tell, &change);
	return change.heard;
}

void updates_change(const char *user_id, const char *event, const char *type, const char *id, const char *etag)
{
	struct change change = { .user = user_id };
	struct value *m = value_map();
	struct value *resource = value_map();

	map_set_str(resource, "id", id);
	map_set_str(resource, "etag", etag);
	map_set_str(m, "type", "resource_change");
	map_set_str(m, "event", event);
	map_set_str(m, "resource_type", type);
	map_set(m, "resource", resource);
	change.blob = blob_of_value(m);
	value_unref(m);
	session_each(SESSION_UPDATES, tell, &change);
	session_each(SESSION_MAIN, tell, &change);
	blob_unref(change.blob);
}

/* ---- datagrams ----------------------------------------------------------------------------------------- */

static void take_change(const struct value *m)
{
	const char *user = map_str(m, "user", NULL);
	const char *event = map_str(m, "event", NULL);
	const char *type = map_str(m, "type", NULL);
	const char *id = map_str(m, "id", NULL);
	const char *etag = map_str(m, "etag", NULL);

	if (!user || !event || !type || !id)
		return;
	if (!strcmp(event, "created")) /* clients of the original get both (notes-ws section 10) */
		updates_change(user, "updated", type, id, etag);
	updates_change(user, event, type, id, etag);
}

static void take_datagram(const char *data, size_t len)
{
	struct json_error error;
	struct value *m = json_parse(data, len, &error);
	const char *kind = map_str(m, "kind", "");

	if (!strcmp(kind, "change")) {
		take_change(m);
		journal_touch();
	} else if (!strcmp(kind, "command")) {
		if (!strcmp(map_str(m, "command", ""), NOTIFY_FIRE_TRIGGER))
			triggers_look(map_str(m, "id", ""));
		else
			intents_look();
		journal_touch();
	} else {
		log_warn("a datagram that is none of ours came in");
	}
	value_unref(m);
}

static void socket_ready(struct loop_fd *lf, uint32_t events)
{
	char data[NOTIFY_MAX + 1];
	ssize_t n;
	int i;

	(void)events;
	for (i = 0; i < DATAGRAMS_AT_ONCE && (n = recv(lf->fd, data, sizeof(data), 0)) >= 0; i++)
		if ((size_t)n <= NOTIFY_MAX)
			take_datagram(data, (size_t)n);
}

int updates_init(struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = notify_path();
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(err, 500, "the path of the socket %s is too long", path);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	fd = handover_fd("notify");
	if (fd >= 0) {
		loop_fd_add(&updates.socket, fd, EPOLLIN, socket_ready);
		return 0;
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, 500, "socket: %s", strerror(errno));
	unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, 0660) < 0) {
		err_set(err, 500, "the socket %s cannot be made: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	loop_fd_add(&updates.socket, fd, EPOLLIN, socket_ready);
	return 0;
}

void updates_hand_over(struct value *fds)
{
	map_set(fds, "notify", handover_keep(updates.socket.fd));
}

void updates_close(void)
{
	loop_timer_stop(&updates.clock);
	if (updates.socket.fd < 0)
		return;
	loop_fd_close(&updates.socket);
	unlink(notify_path());
}
