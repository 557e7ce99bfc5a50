/* The pool of runners, seen from the daemon: see pool.h. */
#include "wsd/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wsd/loop.h"

#define DEFAULT_WARM 2
#define DEFAULT_MAX 64
#define MAX_RUNS 100                   /* runs of one process */
#define GROWN_PAGES ((long)64 << 8)    /* 64 MiB of 4 KiB pages more than at first: discarded */
#define CHECK_MEMORY_EACH 10           /* runs */
#define IDLE_US ((int64_t)30 * 1000000) /* a runner beyond the warm ones that idles so long ends */
#define RESPAWN_US ((int64_t)500000)   /* after a fork that failed */
#define READ_SIZE ((size_t)64 << 10)
#define UNREAD_MAX ((size_t)512 << 20) /* bytes that a runner may leave unread */
#define FRAME_HEAD 5

struct runner {
	struct loop_fd lf;
	lws_dll2_t link; /* pool.runners */
	pid_t pid;
	char user[129]; /* "" until its first run */
	struct pool_run *run;
	bool leaving; /* gets no further run */
	bool paused;  /* not read from */
	int runs;
	long first_pages;
	int64_t idle_since;
	struct buf in;
	size_t in_at; /* bytes of `in` that are used up */
	struct buf out;
	size_t out_at;
};

static struct {
	struct loop_fd control;
	pid_t zygote;
	lws_dll2_owner_t runners;
	struct fair_queue queue; /* runs that wait */
	struct loop_timer assign; /* hands runners to runs that wait */
	struct loop_timer trim;
	int spawning;
	int warm;
	int max;
	bool closing;
	bool held; /* nobody gets a runner */
	int64_t retry_at;
	int64_t spawned;
	int64_t crashed;
} pool = { .control = { .fd = -1 } };

static void assign(struct loop_timer *timer);
static void attach_zygote(int fd, pid_t pid);

static void ask_zygote(int kind, pid_t pid)
{
	struct zygote_msg msg = { .kind = kind, .pid = pid };

	if (pool.control.fd >= 0 && send(pool.control.fd, &msg, sizeof(msg), MSG_NOSIGNAL) < 0)
		log_error("the zygote does not take requests: %s", strerror(errno));
}

static void spawn(void)
{
	pool.spawning++;
	ask_zygote(ZYGOTE_SPAWN, 0);
}

static void schedule(int64_t us)
{
	if (!pool.closing)
		loop_timer_set(&pool.assign, us, assign);
}

/* Closes the runner's socket; the process ends by itself or is killed. */
static void discard(struct runner *r, bool kill_it)
{
	if (r->run) {
		r->run->runner = NULL;
		fair_end(&pool.queue, &r->run->turn);
	}
	r->run = NULL;
	if (kill_it)
		ask_zygote(ZYGOTE_KILL, r->pid);
	lws_dll2_remove(&r->link);
	loop_fd_close(&r->lf);
	buf_free(&r->in);
	buf_free(&r->out);
	loop_free(r);
	schedule(0);
}

static int count_idle(bool unbound)
{
	int n = 0;

	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&pool.runners)) {
		struct runner *r = lws_container_of(d, struct runner, link);

		if (!r->run && !r->leaving && (!unbound || !r->user[0]))
			n++;
	} lws_end_foreach_dll(d);
	return n;
}

/* An idle runner for the user: one of his own, else a fresh one. */
static struct runner *find_runner(const char *user)
{
	struct runner *fresh = NULL;

	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&pool.runners)) {
		struct runner *r = lws_container_of(d, struct runner, link);

		if (!r->run && !r->leaving) {
			if (!strcmp(r->user, user))
				return r;
			if (!r->user[0] && !fresh)
				fresh = r;
		}
	} lws_end_foreach_dll(d);
	return fresh;
}

/* Makes room for another user's run by ending an idle runner; false when none idles. */
static bool evict_idle(void)
{
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&pool.runners)) {
		struct runner *r = lws_container_of(d, struct runner, link);

		if (!r->run && !r->leaving) {
			discard(r, false);
			return true;
		}
	} lws_end_foreach_dll(d);
	return false;
}

static void give(struct runner *r, struct pool_run *run)
{
	fair_begin(&pool.queue, &run->turn);
	if (!r->user[0])
		snprintf(r->user, sizeof(r->user), "%s", run->user);
	r->run = run;
	r->runs++;
	run->runner = r;
	run->start(run);
}

/* One more process, in the place of an idle one when there are so many; false when that cannot be now. */
static bool provide(void)
{
	if (time_mono_us() < pool.retry_at) {
		schedule(pool.retry_at - time_mono_us());
		return false;
	}
	if ((int)pool.runners.count + pool.spawning >= pool.max && !evict_idle())
		return false;
	spawn();
	return true;
}

/* Whoever is next gets a runner, or the next one that is on its way. */
static void assign(struct loop_timer *timer)
{
	struct fair_item *item;
	int coming = pool.spawning;

	(void)timer;
	if (pool.closing || pool.held)
		return;
	fair_round(&pool.queue);
	while ((item = fair_next(&pool.queue))) {
		struct pool_run *run = lws_container_of(item, struct pool_run, turn);
		struct runner *r = find_runner(run->user);

		if (r)
			give(r, run);
		else if (coming > 0)
			coming--;
		else if (!provide())
			return;
	}
	while (coming + count_idle(true) < pool.warm && (int)pool.runners.count + pool.spawning < pool.max && provide())
		coming++;
}

/* Ends runners that idle beyond the warm ones. */
static void trim(struct loop_timer *timer)
{
	int64_t now = time_mono_us();
	int idle = count_idle(false);

	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&pool.runners)) {
		struct runner *r = lws_container_of(d, struct runner, link);

		if (idle > pool.warm && !r->run && r->user[0] && now - r->idle_since > IDLE_US) {
			discard(r, false);
			idle--;
		}
	} lws_end_foreach_dll_safe(d, next);
	loop_timer_set(timer, IDLE_US, trim);
}

/* ---- a runner's socket --------------------------------------------------------------------------------- */

static void runner_gone(struct runner *r, const char *reason)
{
	struct pool_run *run = r->run;
	char why[128];

	snprintf(why, sizeof(why), "%s", reason);
	discard(r, true);
	if (!run)
		return;
	pool.crashed++;
	run->died(run, why);
}

static void want_events(struct runner *r)
{
	loop_fd_events(&r->lf, (r->paused ? 0u : (uint32_t)EPOLLIN) | (r->out.len ? (uint32_t)EPOLLOUT : 0u));
}

static void flush_out(struct runner *r)
{
	ssize_t n;

	while (r->out_at < r->out.len) {
		n = send(r->lf.fd, r->out.data + r->out_at, r->out.len - r->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* full: EPOLLOUT tells; broken: EPOLLHUP does */
		r->out_at += (size_t)n;
	}
	if (r->out_at == r->out.len) {
		r->out_at = 0;
		if (r->out.cap > READ_SIZE)
			buf_free(&r->out);
		else
			buf_reset(&r->out);
	}
	want_events(r);
}

/* Hands complete frames to the run. False when the runner is gone. */
static bool take_frames(struct runner *r)
{
	struct pool_run *run;
	uint32_t len;
	const char *at;

	while (r->in.len - r->in_at >= FRAME_HEAD) {
		at = r->in.data + r->in_at;
		memcpy(&len, at, sizeof(len));
		if (len == 0 || len > RUNNER_FRAME_MAX) {
			runner_gone(r, "sent a broken message");
			return false;
		}
		if (r->in.len - r->in_at - sizeof(len) < len)
			break;
		r->in_at += sizeof(len) + len;
		run = r->run;
		if (!run)
			continue; /* late words of a run that is over */
		if (at[4] == RUNNER_DONE) {
			r->run = NULL;
			r->leaving = true; /* until pool_finished says otherwise */
			r->idle_since = time_mono_us();
		}
		run->frame(run, (enum runner_frame)at[4], at + FRAME_HEAD, len - 1);
		if (r->lf.fd < 0)
			return false;
	}
	if (r->in_at == r->in.len) {
		r->in_at = 0;
		if (r->in.cap > READ_SIZE * 2)
			buf_free(&r->in);
		else
			buf_reset(&r->in);
	} else if (r->in_at > READ_SIZE) {
		buf_consume(&r->in, r->in_at);
		r->in_at = 0;
	}
	return true;
}

static void runner_ready(struct loop_fd *lf, uint32_t events)
{
	struct runner *r = lws_container_of(lf, struct runner, lf);
	char *room;
	ssize_t n;

	if (events & EPOLLOUT)
		flush_out(r);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	room = buf_reserve(&r->in, READ_SIZE);
	n = room ? recv(lf->fd, room, READ_SIZE, MSG_DONTWAIT) : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		r->in.len += (size_t)n;
		if (take_frames(r) && r->run && r->run->settled)
			r->run->settled(r->run);
		return;
	}
	/* Its end. Why, the zygote says in a moment: see runner_died. Until then it gets no further run. */
	r->leaving = true;
	loop_fd_close(lf);
	ask_zygote(ZYGOTE_KILL, r->pid);
	if (!r->run)
		discard(r, false);
}

static void runner_born(pid_t pid, int fd)
{
	struct runner *r = xcalloc(1, sizeof(*r));

	pool.spawned++;
	r->pid = pid;
	r->idle_since = time_mono_us();
	buf_init(&r->in, (size_t)RUNNER_FRAME_MAX + 2 * READ_SIZE);
	buf_init(&r->out, UNREAD_MAX);
	lws_dll2_add_tail(&r->link, &pool.runners);
	loop_fd_add(&r->lf, fd, EPOLLIN, runner_ready);
	schedule(0);
}

static void runner_died(pid_t pid, int status)
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

		if (r->pid == pid) {
			/* What it said before its end still counts. */
			while (r->lf.fd >= 0 && r->run && recv(r->lf.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
				runner_ready(&r->lf, EPOLLIN);
			if (!lws_dll2_is_detached(&r->link))
				runner_gone(r, reason);
			return;
		}
	} lws_end_foreach_dll(d);
}

/* ---- the zygote's socket ------------------------------------------------------------------------------- */

static int receive(struct zygote_msg *msg, int *fd)
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
	n = recvmsg(pool.control.fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n != (ssize_t)sizeof(*msg))
		return -1;
	cm = CMSG_FIRSTHDR(&mh);
	if (cm && cm->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cm), sizeof(int));
	return 1;
}

static void zygote_gone(void)
{
	struct err err = { 0 };
	pid_t pid;
	int fd;

	log_error("the zygote died: its runs fail, a new one is started");
	loop_fd_close(&pool.control);
	waitpid(pool.zygote, NULL, WNOHANG);
	pool.spawning = 0;
	while (pool.runners.head)
		runner_gone(lws_container_of(pool.runners.head, struct runner, link), "lost its parent process");
	if (zygote_restart(&fd, &pid, &err) < 0) {
		log_error("%s", err.detail);
		return;
	}
	attach_zygote(fd, pid);
}

static void zygote_ready(struct loop_fd *lf, uint32_t events)
{
	struct zygote_msg msg;
	int rc;
	int fd;

	(void)lf;
	(void)events;
	while ((rc = receive(&msg, &fd)) > 0) {
		if (msg.kind == ZYGOTE_DIED) {
			runner_died(msg.pid, msg.status);
		} else if (msg.kind == ZYGOTE_BORN) {
			pool.spawning -= pool.spawning > 0;
			if (fd >= 0) {
				runner_born(msg.pid, fd);
				continue;
			}
			log_error("no new runner: %s", strerror(msg.status));
			pool.retry_at = time_mono_us() + RESPAWN_US;
			schedule(RESPAWN_US);
		}
	}
	if (rc < 0)
		zygote_gone();
}

static void attach_zygote(int fd, pid_t pid)
{
	pool.zygote = pid;
	loop_fd_add(&pool.control, fd, EPOLLIN, zygote_ready);
	schedule(0);
}

/* ---- interface ----------------------------------------------------------------------------------------- */

void pool_init(int zygote_fd, pid_t zygote_pid)
{
	pool.max = (int)config_int("NODETOOL_RUNNERS_MAX", 1, 1000, DEFAULT_MAX);
	pool.warm = (int)config_int("NODETOOL_RUNNERS_WARM", 0, pool.max, DEFAULT_WARM < pool.max ? DEFAULT_WARM : pool.max);
	pool.queue.per_user = (int)config_int("NODETOOL_RUNNERS_PER_USER", 1, 1000, pool.max);
	attach_zygote(zygote_fd, zygote_pid);
	loop_timer_set(&pool.trim, IDLE_US, trim);
}

void pool_destroy(void)
{
	pool.closing = true;
	loop_timer_stop(&pool.assign);
	loop_timer_stop(&pool.trim);
	while (pool.runners.head)
		discard(lws_container_of(pool.runners.head, struct runner, link), true);
	if (pool.control.fd >= 0)
		loop_fd_close(&pool.control);
	if (pool.zygote > 0)
		waitpid(pool.zygote, NULL, 0);
}

void pool_enqueue(struct pool_run *run)
{
	fair_add(&pool.queue, run->user, &run->turn);
	schedule(0);
}

bool pool_dequeue(struct pool_run *run)
{
	if (run->runner || lws_dll2_is_detached(&run->turn.link))
		return false;
	fair_remove(&pool.queue, &run->turn);
	return true;
}

bool pool_must_wait(const struct pool_run *run)
{
	return fair_must_wait(&pool.queue, &run->turn, pool.max);
}

void pool_hold(bool on)
{
	pool.held = on;
	if (!on)
		schedule(0);
}

struct fair_user *pool_user(const char *name)
{
	return fair_hold(&pool.queue, name);
}

void pool_send(struct pool_run *run, enum runner_frame kind, const void *payload, size_t len)
{
	struct runner *r = run->runner;
	uint32_t size = (uint32_t)len + 1;
	char head[FRAME_HEAD];
	bool was_empty;

	if (!r)
		return;
	was_empty = r->out.len == 0;
	memcpy(head, &size, sizeof(size));
	head[4] = (char)kind;
	if (len >= RUNNER_FRAME_MAX || buf_add(&r->out, head, sizeof(head)) < 0 ||
	    buf_add(&r->out, payload, len) < 0) {
		runner_gone(r, "does not take its input, or too much at once");
		return;
	}
	if (was_empty)
		flush_out(r);
}

void pool_kill(struct pool_run *run)
{
	if (run->runner)
		discard(run->runner, true);
}

void pool_pause(struct pool_run *run, bool pause)
{
	if (!run->runner || run->runner->paused == pause)
		return;
	run->runner->paused = pause;
	want_events(run->runner);
}

static long pages_of(pid_t pid)
{
	char path[64];
	long size;
	long resident = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident;
}

static bool has_grown(struct runner *r)
{
	long pages;

	if (r->runs % CHECK_MEMORY_EACH != 1)
		return false;
	pages = pages_of(r->pid);
	if (!r->first_pages)
		r->first_pages = pages;
	return pages - r->first_pages > GROWN_PAGES;
}

void pool_finished(struct pool_run *run, bool clean)
{
	struct runner *r = run->runner;

	if (!r)
		return;
	pool_pause(run, false);
	run->runner = NULL;
	fair_end(&pool.queue, &run->turn);
	if (!clean || r->runs >= MAX_RUNS || has_grown(r)) {
		discard(r, true);
		return;
	}
	r->leaving = false;
	schedule(0);
}

void pool_get_stats(struct pool_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->runners = (int)pool.runners.count;
	out->busy = out->runners - count_idle(false);
	out->waiting = pool.queue.waiting;
	out->spawned = pool.spawned;
	out->crashed = pool.crashed;
}
