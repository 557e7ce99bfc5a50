/* One epoll descriptor inside the loop of libwebsockets: see loop.h. */
#include "wsd/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64

static struct {
	int epoll_fd;
	struct lws_context *context;
	struct epoll_event events[EVENTS_AT_ONCE];
	int at;    /* event in hand */
	int count; /* events of this round; 0 outside of one */
	void **garbage;
	size_t garbage_len;
	size_t garbage_cap;
} loop = { .epoll_fd = -1 };

int loop_init(struct err *err)
{
	loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epoll_fd < 0)
		return err_set(err, 500, "epoll_create1: %s", strerror(errno));
	return 0;
}

int loop_attach(struct lws_context *context, struct lws_vhost *vhost, struct err *err)
{
	lws_adopt_desc_t adopt;

	memset(&adopt, 0, sizeof(adopt));
	adopt.vh = vhost;
	adopt.type = LWS_ADOPT_RAW_FILE_DESC;
	adopt.fd.filefd = loop.epoll_fd;
	adopt.vh_prot_name = "loop";
	loop.context = context;
	if (!lws_adopt_descriptor_vhost_via_info(&adopt))
		return err_set(err, 500, "the epoll descriptor could not be added to the loop");
	return 0;
}

static void empty_garbage(void)
{
	size_t i;

	for (i = 0; i < loop.garbage_len; i++)
		free(loop.garbage[i]);
	loop.garbage_len = 0;
}

void loop_destroy(void)
{
	empty_garbage();
	free(loop.garbage);
	loop.garbage = NULL;
	loop.garbage_cap = 0;
}

void loop_free(void *ptr)
{
	if (loop.count == 0) {
		free(ptr);
		return;
	}
	if (loop.garbage_len == loop.garbage_cap) {
		loop.garbage_cap = loop.garbage_cap ? loop.garbage_cap * 2 : 16;
		loop.garbage = xrealloc(loop.garbage, loop.garbage_cap * sizeof(*loop.garbage));
	}
	loop.garbage[loop.garbage_len++] = ptr;
}

static void dispatch(void)
{
	struct loop_fd *lf;

	loop.count = epoll_wait(loop.epoll_fd, loop.events, EVENTS_AT_ONCE, 0);
	for (loop.at = 0; loop.at < loop.count; loop.at++) {
		lf = loop.events[loop.at].data.ptr;
		if (lf && lf->fd >= 0)
			lf->ready(lf, loop.events[loop.at].events);
	}
	loop.count = 0;
	empty_garbage();
}

int loop_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	(void)wsi;
	(void)user;
	(void)in;
	(void)len;
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		dispatch();
	return 0;
}

void loop_fd_add(struct loop_fd *lf, int fd, uint32_t events, void (*ready)(struct loop_fd *, uint32_t))
{
	struct epoll_event event = { .events = events, .data.ptr = lf };

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	lf->fd = fd;
	lf->events = events;
	lf->ready = ready;
	if (epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		log_error("epoll: cannot watch a descriptor: %s", strerror(errno));
}

void loop_fd_events(struct loop_fd *lf, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = lf };

	if (lf->fd < 0 || lf->events == events)
		return;
	lf->events = events;
	epoll_ctl(loop.epoll_fd, EPOLL_CTL_MOD, lf->fd, &event);
}

void loop_fd_close(struct loop_fd *lf)
{
	int i;

	if (lf->fd < 0)
		return;
	epoll_ctl(loop.epoll_fd, EPOLL_CTL_DEL, lf->fd, NULL);
	close(lf->fd);
	lf->fd = -1;
	for (i = loop.at + 1; i < loop.count; i++)
		if (loop.events[i].data.ptr == lf)
			loop.events[i].data.ptr = NULL;
}

static void timer_fired(lws_sorted_usec_list_t *sul)
{
	struct loop_timer *timer = lws_container_of(sul, struct loop_timer, sul);

	timer->fire(timer);
}

void loop_timer_set(struct loop_timer *timer, int64_t us, void (*fire)(struct loop_timer *))
{
	timer->fire = fire;
	lws_sul_schedule(loop.context, 0, &timer->sul, timer_fired, us > 0 ? us : 1);
}

void loop_timer_stop(struct loop_timer *timer)
{
	lws_sul_cancel(&timer->sul);
}
