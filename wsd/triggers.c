/* Trigger workflows and their events: see triggers.h. */
#include "wsd/triggers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/trigger.h"
#include "wsd/handover.h"

#define EVENTS_AT_ONCE 64 /* that a run may have without having taken them */
#define REASON_RESTART "Server shutdown while job was running"

struct trigger {
	lws_dll2_t link;
	char job_id[ID_SIZE];
	char *workflow_id;
	struct job *job; /* while it runs */
	struct schedules *schedules;
	int64_t sent; /* number of the last event that it was given */
	int in_flight;
	bool looking;
	bool again;
};

static struct {
	lws_dll2_owner_t all;
	int64_t fired;
} triggers;

static void look(struct trigger *t);

static struct trigger *find(const char *job_id)
{
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&triggers.all)) {
		struct trigger *t = lws_container_of(d, struct trigger, link);

		if (!strcmp(t->job_id, job_id))
			return t;
	} lws_end_foreach_dll(d);
	return NULL;
}

static struct trigger *find_workflow(const char *workflow_id)
{
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&triggers.all)) {
		struct trigger *t = lws_container_of(d, struct trigger, link);

		if (!strcmp(t->workflow_id, workflow_id))
			return t;
	} lws_end_foreach_dll(d);
	return NULL;
}

static struct trigger *add(const char *workflow_id)
{
	struct trigger *t = xcalloc(1, sizeof(*t));

	t->workflow_id = xstrdup(workflow_id);
	lws_dll2_add_tail(&t->link, &triggers.all);
	return t;
}

void triggers_start(const char *user_id, const char *workflow_id, const char *job_id)
{
	struct job_spec spec = {
		.id = job_id,
		.user_id = user_id,
		.workflow_id = workflow_id ? workflow_id : "",
		.job_type = "workflow",
	};
	struct trigger *t;

	if (find_workflow(spec.workflow_id))
		return; /* a wish from before a restart, which has started it already */
	spec.params = value_map();
	t = add(spec.workflow_id);
	snprintf(t->job_id, sizeof(t->job_id), "%s", job_start(&spec)->id);
}

/* ---- at the start of the daemon ------------------------------------------------------------------------ */

struct boot {
	struct trigger_start *list;
	size_t count;
};

static int collect(const struct trigger_start *start, void *arg)
{
	struct boot *boot = arg;

	boot->list = xrealloc(boot->list, (boot->count + 1) * sizeof(*boot->list));
	boot->list[boot->count++] = *start;
	return 0;
}

static int boot_call(struct db *db, struct journal_op *op)
{
	struct boot *boot = op->data;
	size_t i;

	free(boot->list);
	*boot = (struct boot){ 0 };
	if (trigger_all(db, op->arena, collect, boot, &op->err) < 0)
		return -1;
	for (i = 0; i < boot->count; i++)
		if (!handover_run(boot->list[i].job_id) &&
		    trigger_renew(db, op->arena, &boot->list[i], REASON_RESTART, &op->err) < 0)
			return -1;
	return 0;
}

static void boot_done(struct journal_op *op)
{
	struct boot *boot = op->data;
	size_t i;

	if (op->rc < 0)
		log_error("trigger workflows could not be started: %s", op->err.detail);
	for (i = 0; op->rc == 0 && i < boot->count; i++) {
		const struct trigger_start *start = &boot->list[i];

		if (handover_run(start->job_id)) /* its run comes back by itself */
			snprintf(add(start->workflow_id)->job_id, ID_SIZE, "%s", start->job_id);
		else
			triggers_start(start->user_id, start->workflow_id, start->job_id);
	}
	if (op->rc == 0 && boot->count)
		log_info("%zu trigger workflows started", boot->count);
	free(boot->list);
}

void triggers_init(void)
{
	struct journal_op *op = journal_op_new(JOURNAL_CALL, boot_done, NULL);

	op->call = boot_call;
	op->data = arena_alloc(op->arena, sizeof(struct boot));
	journal_submit(op);
}

/* ---- events --------------------------------------------------------------------------------------------- */

struct events {
	const char *job_id;
	const char *workflow_id;
	int64_t after;
	int count;
	struct trigger_event list[EVENTS_AT_ONCE];
};

static int events_call(struct db *db, struct journal_op *op)
{
	struct events *events = op->data;

	events->count = trigger_event_list(db, op->arena, events->workflow_id, events->after, ARRAY_LEN(events->list),
					   events->list, &op->err);
	return events->count < 0 ? -1 : 0;
}

static void give(struct trigger *t, const struct trigger_event *event)
{
	struct json_error why;
	struct value *payload = event->payload ? json_parse(event->payload, strlen(event->payload), &why) : NULL;
	struct value *frame = value_map();

	map_set_str(frame, "node_id", event->node_id);
	map_set_int(frame, "number", event->number);
	map_set(frame, "event", payload ? payload : value_map());
	job_send(t->job, RUNNER_EVENT, frame);
	value_unref(frame);
	t->sent = event->number;
	t->in_flight++;
	triggers.fired++;
	log_job(LOG_LVL_INFO, t->job_id, "node %s: event %s", event->node_id, event->event_id);
}

static void events_done(struct journal_op *op)
{
	const struct events *events = op->data;
	struct trigger *t = find(events->job_id);
	int i;

	if (op->rc < 0)
		log_error("the events of a trigger could not be read: %s", op->err.detail);
	if (!t)
		return;
	t->looking = false;
	for (i = 0; op->rc == 0 && t->job && i < events->count; i++)
		give(t, &events->list[i]);
	if (t->again)
		look(t);
}

/* Gives the run its next events, unless it has not taken those before. */
static void look(struct trigger *t)
{
	struct journal_op *op;
	struct events *events;

	t->again = t->looking;
	if (t->looking || !t->job || t->in_flight)
		return;
	t->looking = true;
	op = journal_op_new(JOURNAL_CALL, events_done, NULL);
	op->call = events_call;
	op->data = events = arena_alloc(op->arena, sizeof(*events));
	events->job_id = arena_strdup(op->arena, t->job_id);
	events->workflow_id = arena_strdup(op->arena, t->workflow_id);
	events->after = t->sent;
	journal_submit(op);
}

void triggers_look(const char *workflow_id)
{
	struct trigger *t = find_workflow(workflow_id);

	if (t)
		look(t);
}

static int taken_call(struct db *db, struct journal_op *op)
{
	return trigger_event_taken(db, op->number, &op->err);
}

void triggers_event_taken(const struct job *job, const void *payload, size_t len)
{
	struct trigger *t = find(job->id);
	struct journal_op *op;

	if (!t || len != sizeof(op->number))
		return;
	op = journal_op_new(JOURNAL_CALL, NULL, NULL);
	op->call = taken_call;
	memcpy(&op->number, payload, len);
	journal_submit(op);
	t->in_flight -= t->in_flight > 0;
	look(t);
}

/* ---- the run -------------------------------------------------------------------------------------------- */

void triggers_run_began(struct job *job)
{
	struct trigger *t = triggers.all.count ? find(job->id) : NULL;

	if (!t)
		return;
	t->job = job;
	schedules_begin(job, &t->schedules);
	look(t);
}

void triggers_hand_over(const struct job *job, struct value *state)
{
	const struct trigger *t = triggers.all.count ? find(job->id) : NULL;

	if (!t)
		return;
	map_set_int(state, "sent", t->sent);
	map_set_int(state, "in_flight", t->in_flight);
}

void triggers_take_over(struct job *job, const struct value *state)
{
	struct trigger *t = triggers.all.count ? find(job->id) : NULL;

	if (!t)
		return;
	t->sent = map_int(state, "sent", 0);
	t->in_flight = (int)map_int(state, "in_flight", 0);
	triggers_run_began(job);
}

static int ended_call(struct db *db, struct journal_op *op)
{
	return trigger_ended(db, op->id, &op->err);
}

void triggers_run_ended(const struct job *job, bool closing)
{
	struct trigger *t = triggers.all.count ? find(job->id) : NULL;
	struct journal_op *op;

	if (!t)
		return;
	if (!closing) {
		op = journal_op_new(JOURNAL_CALL, NULL, NULL);
		op->call = ended_call;
		op->id = arena_strdup(op->arena, job->id);
		journal_submit(op);
	}
	schedules_end(t->schedules);
	lws_dll2_remove(&t->link);
	free(t->workflow_id);
	free(t);
}

int triggers_count(void)
{
	return (int)triggers.all.count;
}

int64_t triggers_fired(void)
{
	return triggers.fired;
}
