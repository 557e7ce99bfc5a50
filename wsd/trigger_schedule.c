/* The timers of ScheduleTrigger nodes: see triggers.h. */
#include <stdlib.h>
#include <string.h>

#include "cron/cron.h"
#include "model/trigger.h"
#include "wsd/triggers.h"

#define NODE_TYPE "nodetool.triggers.ScheduleTrigger"
#define SCHEDULES_MAX 100                     /* of one workflow */
#define CATCH_UP_MAX 100                      /* times of one schedule that are made up for */
#define CHECK_US ((int64_t)3600 * 1000000)    /* a clock that was set is seen within this time */
#define AGAIN_US ((int64_t)1000000)           /* after a failure of the database */
#define LATE_S 60

enum catch_up { CATCH_UP_SKIP, CATCH_UP_LAST, CATCH_UP_ALL };

struct schedule {
	struct schedules *owner;
	struct loop_timer timer;
	char *node_id;
	struct cron cron;
	struct zone *zone;
	int64_t due;
};

struct schedules {
	char *user_id;
	char *workflow_id;
	size_t count;
	struct schedule list[];
};

/* What the journal's thread needs to know and finds out. */
struct plan {
	const char *node_id;
	const char *cron_text;
	const char *zone_name;
	enum catch_up catch_up;
	bool good;
	struct cron cron;
	struct zone *zone; /* handed over to the schedule */
};

struct plans {
	const char *job_id;
	const char *user_id;
	const char *workflow_id;
	struct schedules **out;
	size_t count;
	struct plan list[SCHEDULES_MAX];
};

/* ---- one time that has come ----------------------------------------------------------------------------- */

static const char *key_of(struct arena *arena, const char *workflow_id, const char *node_id)
{
	return arena_printf(arena, "%s:%s", workflow_id, node_id);
}

static int add_event(struct db *db, struct arena *arena, const struct plans *plans, const char *node_id, int64_t due,
		     struct err *err)
{
	const char *key = key_of(arena, plans->workflow_id, node_id);
	struct trigger_event event = {
		.event_id = arena_printf(arena, "%s:%lld", key, (long long)due),
		.user_id = plans->user_id,
		.workflow_id = plans->workflow_id,
		.node_id = node_id,
	};
	struct value *payload = value_map();
	char stamp[TIME_TEXT_MAX];
	int rc;

	map_set_str(payload, "scheduled_at", time_utc(due * 1000000, "+00:00", stamp));
	map_set_bool(payload, "late", time_now_us() / 1000000 - due > LATE_S);
	map_set_str(payload, "timestamp", time_utc(time_now_us(), "+00:00", stamp));
	map_set_str(payload, "source", "schedule");
	map_set_str(payload, "event_type", "schedule");
	event.payload = json_text(arena, payload, JSON_COMPACT);
	value_unref(payload);
	rc = trigger_event_add(db, &event, err);
	if (rc < 0 && err->status == 429) /* a run that takes nothing: this time is left out */
		rc = 0;
	return rc < 0 ? -1 : trigger_schedule_set(db, key, plans->workflow_id, due, err);
}

static int fire_call(struct db *db, struct journal_op *op)
{
	const struct plans *plans = op->data;

	return add_event(db, op->arena, plans, op->id, op->number, &op->err);
}

static void fire_done(struct journal_op *op)
{
	if (op->rc < 0)
		log_error("a scheduled time could not be stored: %s", op->err.detail);
	else
		triggers_look(op->workflow_id);
}

static void arm(struct schedule *s);

static void timer_over(struct loop_timer *timer)
{
	struct schedule *s = lws_container_of(timer, struct schedule, timer);
	int64_t now = time_now_us() / 1000000;
	struct journal_op *op;
	struct plans *plans;

	if (s->due > now) { /* not yet: the clock was set, or it is a long time */
		arm(s);
		return;
	}
	op = journal_op_new(JOURNAL_CALL, fire_done, NULL);
	op->call = fire_call;
	op->data = plans = arena_alloc(op->arena, sizeof(*plans));
	op->id = arena_strdup(op->arena, s->node_id);
	op->number = s->due;
	op->workflow_id = plans->workflow_id = arena_strdup(op->arena, s->owner->workflow_id);
	plans->user_id = arena_strdup(op->arena, s->owner->user_id);
	journal_submit(op);
	if (cron_next(&s->cron, s->zone, s->due > now - LATE_S ? s->due : now, &s->due))
		arm(s);
}

static void arm(struct schedule *s)
{
	int64_t us = s->due * 1000000 - time_now_us();

	loop_timer_set(&s->timer, us < 0 ? 0 : us < CHECK_US ? us : CHECK_US, timer_over);
}

/* ---- the beginning -------------------------------------------------------------------------------------- */

static int catch_up(struct db *db, struct journal_op *op, struct plan *plan, int64_t now)
{
	struct plans *plans = op->data;
	const char *key = key_of(op->arena, plans->workflow_id, plan->node_id);
	int64_t missed[CATCH_UP_MAX];
	int64_t at;
	size_t count = 0;
	size_t i;
	int rc = trigger_schedule_get(db, key, &at, &op->err);

	if (rc < 0)
		return -1;
	if (rc == 0 && plan->catch_up != CATCH_UP_SKIP) {
		while (count < ARRAY_LEN(missed) && cron_next(&plan->cron, plan->zone, at, &at) && at <= now)
			missed[plan->catch_up == CATCH_UP_ALL ? count++ : 0] = at, count += !count;
		for (i = 0; i < count; i++)
			if (add_event(db, op->arena, plans, plan->node_id, missed[i], &op->err) < 0)
				return -1;
	}
	return trigger_schedule_set(db, key, plans->workflow_id, now, &op->err);
}

static int begin_call(struct db *db, struct journal_op *op)
{
	struct plans *plans = op->data;
	int64_t now = time_now_us() / 1000000;
	struct err err;
	size_t i;

	for (i = 0; i < plans->count; i++) {
		struct plan *plan = &plans->list[i];

		if (!plan->good) /* a batch that failed is tried again */
			plan->good = cron_parse(plan->cron_text, &plan->cron, &err) == 0 &&
				     zone_load(plan->zone_name, &plan->zone, &err) == 0;
		if (plan->good && catch_up(db, op, plan, now) < 0)
			return -1;
	}
	return 0;
}

static void stand(struct plans *plans)
{
	struct schedules *all = xcalloc(1, sizeof(*all) + plans->count * sizeof(all->list[0]));
	size_t i;

	all->user_id = xstrdup(plans->user_id);
	all->workflow_id = xstrdup(plans->workflow_id);
	for (i = 0; i < plans->count; i++) {
		struct plan *plan = &plans->list[i];
		struct schedule *s = &all->list[all->count];

		if (!plan->good)
			continue; /* the node itself fails with the reason */
		*s = (struct schedule){ .owner = all, .node_id = xstrdup(plan->node_id), .cron = plan->cron, .zone = plan->zone };
		plan->zone = NULL;
		all->count++;
		if (cron_next(&s->cron, s->zone, time_now_us() / 1000000, &s->due))
			arm(s);
	}
	*plans->out = all;
}

static void begin_done(struct journal_op *op)
{
	struct plans *plans = op->data;
	struct job *job = job_find(plans->job_id, plans->user_id);
	size_t i;

	if (op->rc < 0)
		log_job(LOG_LVL_ERROR, plans->job_id, "its schedules could not be read: %s", op->err.detail);
	if (job && job->state == JOB_RUNNING) {
		stand(plans);
		triggers_look(plans->workflow_id);
	}
	for (i = 0; i < plans->count; i++)
		zone_free(plans->list[i].zone);
}

static enum catch_up catch_up_of(const char *word)
{
	return !strcmp(word, "skip") ? CATCH_UP_SKIP : !strcmp(word, "all") ? CATCH_UP_ALL : CATCH_UP_LAST;
}

void schedules_begin(const struct job *job, struct schedules **out)
{
	const struct value *nodes = map_get(job->graph, "nodes");
	struct journal_op *op = journal_op_new(JOURNAL_CALL, begin_done, NULL);
	struct plans *plans = arena_alloc(op->arena, sizeof(*plans));
	size_t i;

	for (i = 0; i < value_len(nodes) && plans->count < SCHEDULES_MAX; i++) {
		const struct value *node = list_at(nodes, i);
		const struct value *data = map_get(node, "data");

		if (strcmp(map_str(node, "type", ""), NODE_TYPE) != 0)
			continue;
		plans->list[plans->count++] = (struct plan){
			.node_id = arena_strdup(op->arena, map_str(node, "id", "")),
			.cron_text = arena_strdup(op->arena, map_str(data, "cron", "0 * * * *")),
			.zone_name = arena_strdup(op->arena, map_str(data, "time_zone", "UTC")),
			.catch_up = catch_up_of(map_str(data, "catch_up", "last")),
		};
	}
	if (!plans->count) {
		arena_free(op->arena);
		return;
	}
	plans->job_id = arena_strdup(op->arena, job->id);
	plans->user_id = arena_strdup(op->arena, job->user_id);
	plans->workflow_id = arena_strdup(op->arena, job->workflow_id);
	plans->out = out;
	op->call = begin_call;
	op->data = plans;
	journal_submit(op);
}

void schedules_end(struct schedules *schedules)
{
	size_t i;

	if (!schedules)
		return;
	for (i = 0; i < schedules->count; i++) {
		loop_timer_stop(&schedules->list[i].timer);
		free(schedules->list[i].node_id);
		zone_free(schedules->list[i].zone);
	}
	free(schedules->user_id);
	free(schedules->workflow_id);
	free(schedules);
}
