/*
 * The daemon's loop: libwebsockets serves the sockets of clients; every other descriptor (runners, listening sockets,
 * datagrams, the journal's eventfd, FastCGI, terminals) sits in one epoll descriptor that the loop of libwebsockets
 * watches. One thread; nothing here may be called from another one.
 */
#ifndef WSD_LOOP_H
#define WSD_LOOP_H

#include "base/base.h"

#include <libwebsockets.h>
#include <sys/epoll.h>

/* A watched descriptor; part of the structure that owns it. */
struct loop_fd {
	int fd; /* -1: not watched */
	uint32_t events;
	/* `events` as epoll reports them. The handler may call loop_fd_close on this or any other descriptor, but its owner
	 * must be freed by loop_free, because its events may be in hand. */
	void (*ready)(struct loop_fd *lf, uint32_t events);
};

/* A timer; part of the structure that owns it. Zeroed: not set. */
struct loop_timer {
	lws_sorted_usec_list_t sul;
	void (*fire)(struct loop_timer *timer);
};

/* Makes the epoll descriptor; needed before any loop_fd_add. */
int loop_init(struct err *err) MUST_CHECK;
/* Adopts the epoll descriptor into the vhost, whose list of protocols holds loop_callback as "loop". */
int loop_attach(struct lws_context *context, struct lws_vhost *vhost, struct err *err) MUST_CHECK;
/* After lws_context_destroy: frees what is left. */
void loop_destroy(void);

/* Watches `fd` (made non-blocking and close-on-exec) for `events` (EPOLLIN, EPOLLOUT). */
void loop_fd_add(struct loop_fd *lf, int fd, uint32_t events, void (*ready)(struct loop_fd *, uint32_t));
void loop_fd_events(struct loop_fd *lf, uint32_t events);
/* Stops watching and closes the descriptor. */
void loop_fd_close(struct loop_fd *lf);
/* Frees memory after the events in hand have been dealt with. */
void loop_free(void *ptr);

/* (Re)starts the timer: fires once, `us` microseconds from now. */
void loop_timer_set(struct loop_timer *timer, int64_t us, void (*fire)(struct loop_timer *));
void loop_timer_stop(struct loop_timer *timer);

/* The protocol entry of the epoll descriptor. */
int loop_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

#endif
