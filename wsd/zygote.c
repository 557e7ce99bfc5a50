/* The process that forks runners: see pool.h. */
#include "wsd/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/curl.h"

#define MAX_CHILDREN 1024
#define RUNNER_MAX_FILES 1024
#define RUNNER_MEMORY_MB 8192 /* address space, not memory in use */

extern char **environ;

static struct {
	int control;
	int signals;
	pid_t children[MAX_CHILDREN];
	int count;
} zygote;

static void limit(int resource, rlim_t value)
{
	struct rlimit old;

	if (getrlimit(resource, &old) == 0 && (old.rlim_max == RLIM_INFINITY || old.rlim_max > value)) {
		old.rlim_cur = old.rlim_max = value;
		setrlimit(resource, &old);
	}
}

static void limit_runner(void)
{
	int64_t mb = config_int("NODETOOL_RUNNER_MEMORY_MB", 64, 1 << 20, RUNNER_MEMORY_MB);

	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, RUNNER_MAX_FILES);
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory takes terabytes of address space */
	limit(RLIMIT_AS, (rlim_t)mb << 20);
#else
	(void)mb;
#endif
}

/* In the new runner: forgets the zygote, then serves runs until the daemon closes its end. */
static void become_runner(int fd)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "wsd-runner");
	close(zygote.control);
	close(zygote.signals);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	limit_runner();
	log_init("wsd-runner");
	exit(runner_main(fd));
}

/* Sends a message, with a descriptor when fd >= 0. */
static void tell(const struct zygote_msg *msg, int fd)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)msg, .iov_len = sizeof(*msg) };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		mh.msg_control = control.space;
		mh.msg_controllen = sizeof(control.space);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(int));
	}
	while (sendmsg(zygote.control, &mh, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void spawn(void)
{
	struct zygote_msg msg = { .kind = ZYGOTE_BORN };
	int pair[2];
	pid_t pid;

	if (zygote.count == MAX_CHILDREN || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		msg.status = zygote.count == MAX_CHILDREN ? EAGAIN : errno;
		tell(&msg, -1);
		return;
	}
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		become_runner(pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		msg.status = errno;
		tell(&msg, -1);
	} else {
		zygote.children[zygote.count++] = pid;
		msg.pid = pid;
		tell(&msg, pair[0]);
	}
	close(pair[0]);
}

static void kill_child(pid_t pid)
{
	int i;

	for (i = 0; i < zygote.count; i++)
		if (zygote.children[i] == pid)
			kill(pid, SIGKILL);
}

static void reap(void)
{
	struct signalfd_siginfo info;
	struct zygote_msg msg;
	int status;
	pid_t pid;
	int i;

	while (read(zygote.signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < zygote.count; i++)
			if (zygote.children[i] == pid)
				zygote.children[i] = zygote.children[--zygote.count];
		msg = (struct zygote_msg){ .kind = ZYGOTE_DIED, .pid = pid, .status = status };
		tell(&msg, -1);
	}
}

/* False when the daemon is gone. */
static bool serve_request(void)
{
	struct zygote_msg msg;
	ssize_t n = recv(zygote.control, &msg, sizeof(msg), 0);

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		return false;
	if (n != (ssize_t)sizeof(msg))
		return true;
	if (msg.kind == ZYGOTE_SPAWN)
		spawn();
	else if (msg.kind == ZYGOTE_KILL)
		kill_child(msg.pid);
	return true;
}

int zygote_main(int fd)
{
	struct pollfd fds[2];
	sigset_t set;

	prctl(PR_SET_NAME, "wsd-zygote");
	log_init("wsd-zygote");
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN); /* it ends when the daemon does */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	zygote.control = fd;
	zygote.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (zygote.signals < 0)
		return 1;
	curl_preload(NULL); /* the runners share it */
	fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = zygote.signals, .events = POLLIN };
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (fds[1].revents)
			reap();
		if (fds[0].revents && !serve_request())
			return 0;
	}
}

int zygote_start(int *fd, pid_t *pid, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, 500, "socketpair: %s", strerror(errno));
	*pid = fork();
	if (*pid < 0) {
		err_set(err, 500, "fork: %s", strerror(errno));
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (*pid == 0) {
		close(pair[0]);
		if (pair[1] > 3) /* whatever the daemon has open, it is not for runners */
			close_range(3, (unsigned)pair[1] - 1, 0);
		close_range((unsigned)pair[1] + 1, ~0u, 0);
		_exit(zygote_main(pair[1]));
	}
	close(pair[1]);
	*fd = pair[0];
	return 0;
}

int zygote_restart(int *fd, pid_t *pid, struct err *err)
{
	char number[16];
	char option[] = "--zygote";
	char name[] = "wsd";
	char *argv[] = { name, option, number, NULL };
	int pair[2];
	int rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, 500, "socketpair: %s", strerror(errno));
	snprintf(number, sizeof(number), "%d", pair[1]);
	fcntl(pair[1], F_SETFD, 0);
	rc = posix_spawn(pid, "/proc/self/exe", NULL, NULL, argv, environ);
	close(pair[1]);
	if (rc) {
		close(pair[0]);
		return err_set(err, 500, "the zygote could not be started: %s", strerror(rc));
	}
	*fd = pair[0];
	return 0;
}
