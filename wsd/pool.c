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

#include "wsd/pool_internal.h"

#define DEFAULT_WARM 2
#define DEFAULT_MAX 64
#define MAX_RUNS 100                   /* runs of one process */
#define GROWN_PAGES ((long)64 << 8)    /* 64 MiB of 4 KiB pages more than at first: discarded */
#define CHECK_MEMORY_EACH 10           /* runs */
#define IDLE_US ((int64_t)30 * 1000000) /* a runner beyond the warm ones that idles so long ends */
#define FRAME_HEAD 5

struct pool_state pool = { .zygote = { .control = { .fd = -1 } } };

static void assign(struct loop_timer *timer);

static void spawn(void)
{
	pool.spawning++;
	zygote_ask(&pool.zygote, ZYGOTE_SPAWN, 0);
}

void pool_schedule(int64_t us)
{
	if (!pool.closing)
		loop_timer_set(&pool.assign, us, assign);
}

void runner_discard(struct runner *r, bool kill_it)
{
	if (r->run) {
		r->run->runner = NULL;
		fair_end(&pool.queue, &r->run->turn);
	}
	r->run = NULL;
	if (kill_it)
		zygote_ask(r->zygote, ZYGOTE_KILL, r->pid);
	zygote_let_go(r->zygote);
	lws_dll2_remove(&r->link);
	loop_fd_close(&r->lf);
	buf_free(&r->in);
	buf_free(&r->out);
	loop_free(r);
	pool_schedule(0);
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
			runner_discard(r, false);
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
		pool_schedule(pool.retry_at - time_mono_us());
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
			runner_discard(r, false);
			idle--;
		}
	} lws_end_foreach_dll_safe(d, next);
	loop_timer_set(timer, IDLE_US, trim);
}

/* ---- a runner's socket --------------------------------------------------------------------------------- */

void runner_gone(struct runner *r, const char *reason)
{
	struct pool_run *run = r->run;
	char why[128];

	snprintf(why, sizeof(why), "%s", reason);
	runner_discard(r, true);
	if (!run)
		return;
	pool.crashed++;
	run->died(run, why);
}

void runner_want_events(struct runner *r)
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
	runner_want_events(r);
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

void runner_ready(struct loop_fd *lf, uint32_t events)
{
	struct runner *r = lws_container_of(lf, struct runner, lf);
	char *room;
	ssize_t n;

	if (events & EPOLLOUT)
		flush_out(r);
	if (r->job[0]) /* what it says is for a run that is not there yet */
		return;
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
	zygote_ask(r->zygote, ZYGOTE_KILL, r->pid);
	if (!r->run)
		runner_discard(r, false);
}

struct runner *runner_add(struct zygote *zygote, pid_t pid, int fd)
{
	struct runner *r = xcalloc(1, sizeof(*r));

	r->zygote = zygote;
	zygote->runners++;
	r->pid = pid;
	r->idle_since = time_mono_us();
	buf_init(&r->in, (size_t)RUNNER_FRAME_MAX + 2 * READ_SIZE);
	buf_init(&r->out, UNREAD_MAX);
	lws_dll2_add_tail(&r->link, &pool.runners);
	loop_fd_add(&r->lf, fd, EPOLLIN, runner_ready);
	pool_schedule(0);
	return r;
}

/* ---- interface ----------------------------------------------------------------------------------------- */

void pool_init(int zygote_fd, pid_t zygote_pid)
{
	pool.max = (int)config_int("NODETOOL_RUNNERS_MAX", 1, 1000, DEFAULT_MAX);
	pool.warm = (int)config_int("NODETOOL_RUNNERS_WARM", 0, pool.max, DEFAULT_WARM < pool.max ? DEFAULT_WARM : pool.max);
	pool.queue.per_user = (int)config_int("NODETOOL_RUNNERS_PER_USER", 1, 1000, pool.max);
	zygote_attach(&pool.zygote, zygote_fd, zygote_pid);
	loop_timer_set(&pool.trim, IDLE_US, trim);
}

void pool_destroy(void)
{
	pool.closing = true;
	loop_timer_stop(&pool.assign);
	loop_timer_stop(&pool.trim);
	while (pool.runners.head)
		runner_discard(lws_container_of(pool.runners.head, struct runner, link), true);
	while (pool.old.head)
		zygote_end(lws_container_of(pool.old.head, struct zygote, link));
	zygote_end(&pool.zygote);
}

void pool_enqueue(struct pool_run *run)
{
	fair_add(&pool.queue, run->user, &run->turn);
	pool_schedule(0);
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
		pool_schedule(0);
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
		runner_discard(run->runner, true);
}

void pool_pause(struct pool_run *run, bool pause)
{
	if (!run->runner || run->runner->paused == pause)
		return;
	run->runner->paused = pause;
	runner_want_events(run->runner);
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
	if (!clean || r->zygote->leaving || r->runs >= MAX_RUNS || has_grown(r)) {
		runner_discard(r, true);
		return;
	}
	r->leaving = false;
	pool_schedule(0);
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
