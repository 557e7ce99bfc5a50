/* The processes that fork runners, seen from the daemon: see pool.h. */
#include "wsd/pool_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void zygote_ask(struct zygote *zygote, int kind, pid_t pid)
{
	struct zygote_msg msg = { .kind = kind, .pid = pid };

	if (zygote->control.fd >= 0 && send(zygote->control.fd, &msg, sizeof(msg), MSG_NOSIGNAL) < 0)
		log_error("the zygote does not take requests: %s", strerror(errno));
}

void zygote_end(struct zygote *zygote)
{
	if (zygote->control.fd >= 0)
		loop_fd_close(&zygote->control);
	if (zygote->pid > 0)
		waitpid(zygote->pid, NULL, 0);
	zygote->pid = 0;
	if (!zygote->leaving)
		return;
	lws_dll2_remove(&zygote->link);
	loop_free(zygote);
}

/* Its end comes as the end of the socket. */
void zygote_let_go(struct zygote *zygote)
{
	if (--zygote->runners == 0 && zygote->leaving && zygote->control.fd >= 0)
		shutdown(zygote->control.fd, SHUT_WR);
}

static void runner_died(const struct zygote *zygote, pid_t pid, int status)
{
	char reason[128];
	char byte;

	if (WIFSIGNALED(status))
		snprintf(reason, sizeof(reason), "was ended by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(reason, sizeof(reason), "ended by itself with status %d", WEXITSTATUS(status));
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&pool.runners)) {
		struct runner *r = lws_container_of(d, struct runner, link);

		if (r->pid == pid && r->zygote == zygote) {
			/* What it said before its end still counts. */
			while (r->lf.fd >= 0 && r->run && recv(r->lf.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
				runner_ready(&r->lf, EPOLLIN);
			if (!lws_dll2_is_detached(&r->link))
				runner_gone(r, reason);
			return;
		}
	} lws_end_foreach_dll(d);
}

static int receive(const struct zygote *zygote, struct zygote_msg *msg, int *fd)
{
	struct iovec iov = { .iov_base = msg, .iov_len = sizeof(*msg) };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.space,
			     .msg_controllen = sizeof(control.space) };
	struct cmsghdr *cm;
	ssize_t n;

	*fd = -1;
	n = recvmsg(zygote->control.fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n != (ssize_t)sizeof(*msg))
		return -1;
	cm = CMSG_FIRSTHDR(&mh);
	if (cm && cm->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cm), sizeof(int));
	return 1;
}

/* All runners of it are gone, and their runs with them. */
static void lose_runners(const struct zygote *zygote)
{
	struct runner *r;

	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&pool.runners)) {
		r = lws_container_of(d, struct runner, link);
		if (r->zygote == zygote)
			runner_gone(r, "lost its parent process");
	} lws_end_foreach_dll_safe(d, next);
}

static void zygote_gone(struct zygote *zygote)
{
	struct err err = { 0 };
	pid_t pid;
	int fd;

	if (!zygote->leaving || zygote->runners)
		log_error("the zygote died: its runs fail%s", zygote->leaving ? "" : ", a new one is started");
	lose_runners(zygote);
	if (zygote->leaving) {
		zygote_end(zygote);
		return;
	}
	loop_fd_close(&zygote->control);
	waitpid(zygote->pid, NULL, WNOHANG);
	pool.spawning = 0;
	if (zygote_restart(&fd, &pid, &err) < 0) {
		log_error("%s", err.detail);
		return;
	}
	zygote_attach(zygote, fd, pid);
}

static void born(struct zygote *zygote, const struct zygote_msg *msg, int fd)
{
	if (zygote->leaving) { /* asked for by the program before */
		if (fd >= 0)
			close(fd);
		return;
	}
	pool.spawning -= pool.spawning > 0;
	if (fd >= 0) {
		pool.spawned++;
		runner_add(zygote, msg->pid, fd);
		return;
	}
	log_error("no new runner: %s", strerror(msg->status));
	pool.retry_at = time_mono_us() + RESPAWN_US;
	pool_schedule(RESPAWN_US);
}

static void zygote_ready(struct loop_fd *lf, uint32_t events)
{
	struct zygote *zygote = lws_container_of(lf, struct zygote, control);
	struct zygote_msg msg;
	int rc;
	int fd;

	(void)events;
	while ((rc = receive(zygote, &msg, &fd)) > 0) {
		if (msg.kind == ZYGOTE_DIED)
			runner_died(zygote, msg.pid, msg.status);
		else if (msg.kind == ZYGOTE_BORN)
			born(zygote, &msg, fd);
	}
	if (rc < 0)
		zygote_gone(zygote);
}

void zygote_attach(struct zygote *zygote, int fd, pid_t pid)
{
	zygote->pid = pid;
	loop_fd_add(&zygote->control, fd, EPOLLIN, zygote_ready);
	pool_schedule(0);
}
