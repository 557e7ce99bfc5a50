/* Runners go from one program of the daemon to the next one: see handover.h. */
#include "wsd/pool_internal.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/handover.h"

/* 0 is the present one. */
static int64_t number_of(const struct zygote *zygote)
{
	int64_t number = 0;

	if (zygote == &pool.zygote)
		return 0;
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&pool.old)) {
		number++;
		if (lws_container_of(d, struct zygote, link) == zygote)
			return number;
	} lws_end_foreach_dll(d);
	return 0;
}

static struct value *zygote_value(const struct zygote *zygote)
{
	struct value *v = value_map();

	map_set(v, "fd", handover_keep(zygote->control.fd));
	map_set_int(v, "pid", zygote->pid);
	return v;
}

struct value *pool_hand_over_run(const struct pool_run *run)
{
	const struct runner *r = run->runner;
	struct value *v;

	if (!r || r->lf.fd < 0 || r->zygote->control.fd < 0)
		return NULL;
	v = value_map();
	map_set(v, "fd", handover_keep(r->lf.fd));
	map_set_int(v, "pid", r->pid);
	map_set_int(v, "zygote", number_of(r->zygote));
	map_set_str(v, "user", r->user);
	map_set_int(v, "runs", r->runs);
	map_set(v, "in", value_bytes(r->in.data + r->in_at, r->in.len - r->in_at));
	map_set(v, "out", value_bytes(r->out.data + r->out_at, r->out.len - r->out_at));
	return v;
}

struct value *pool_hand_over_zygotes(void)
{
	struct value *list = value_list();

	list_push(list, zygote_value(&pool.zygote));
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&pool.old)) {
		list_push(list, zygote_value(lws_container_of(d, struct zygote, link)));
	} lws_end_foreach_dll(d);
	return list;
}

/* ---- in the next program --------------------------------------------------------------------------------- */

static void take_bytes(struct buf *buf, const struct value *v)
{
	struct sv bytes = value_sv(v);

	buf_add(buf, bytes.p, bytes.n);
}

static void take_runner(const struct value *v, struct zygote *zygote)
{
	struct runner *r = runner_add(zygote, (pid_t)map_int(v, "pid", 0), (int)map_int(v, "fd", -1));

	snprintf(r->user, sizeof(r->user), "%s", map_str(v, "user", ""));
	snprintf(r->job, sizeof(r->job), "%s", map_str(v, "job", ""));
	r->runs = (int)map_int(v, "runs", 1);
	r->leaving = true; /* its program is that of the daemon before */
	r->paused = true;  /* until its run is there */
	take_bytes(&r->in, map_get(v, "in"));
	take_bytes(&r->out, map_get(v, "out"));
	runner_want_events(r);
}

void pool_take_over(void)
{
	const struct value *zygotes = map_get(handover_state(), "zygotes");
	const struct value *runs = map_get(handover_state(), "runs");
	struct zygote *z;

	for (size_t i = 0; i < value_len(zygotes); i++) {
		const struct value *v = list_at(zygotes, i);

		z = xcalloc(1, sizeof(*z));
		z->leaving = true;
		lws_dll2_add_tail(&z->link, &pool.old);
		zygote_attach(z, (int)map_int(v, "fd", -1), (pid_t)map_int(v, "pid", 0));
		z->runners = 1; /* as long as they are looked for */
		for (size_t k = 0; k < value_len(runs); k++)
			if (map_int(list_at(runs, k), "zygote", -1) == (int64_t)i)
				take_runner(list_at(runs, k), z);
		zygote_let_go(z);
	}
}

bool pool_attach(struct pool_run *run, const char *job_id)
{
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&pool.runners)) {
		struct runner *r = lws_container_of(d, struct runner, link);

		if (!strcmp(r->job, job_id)) {
			r->job[0] = '\0';
			r->run = run;
			run->runner = r;
			fair_adopt(&pool.queue, run->user, &run->turn);
			return true;
		}
	} lws_end_foreach_dll(d);
	return false;
}

void pool_attached(struct pool_run *run)
{
	run->runner->paused = false;
	runner_want_events(run->runner);
}

void pool_taken_over(void)
{
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&pool.runners)) {
		struct runner *r = lws_container_of(d, struct runner, link);

		if (r->job[0])
			runner_discard(r, true);
	} lws_end_foreach_dll_safe(d, next);
}
