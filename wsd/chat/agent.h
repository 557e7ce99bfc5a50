/*
 * agent: what the files of agent mode share. An agent plans (agent_plan.c), then takes one step after the other (agent.c),
 * telling of it in messages (agent_event.c). The conversations with the model are those of model.c.
 */
#ifndef CHAT_AGENT_H
#define CHAT_AGENT_H

#include "wsd/chat/internal.h"

#define AGENT_TRIES 3 /* answers of the model for one plan or one result */

struct agent {
	char id[ID_SIZE];      /* agent_execution_id: a UUID with dashes */
	char *objective;       /* what the user said, as text */
	struct value *task;    /* {type, id, title, description, steps}; NULL while it is planned */
	struct value *results; /* step id -> result */
	struct value *tools;   /* for the steps; NULL: none */
	struct value *schema;  /* of the answer that is asked for; NULL: any text */
	size_t step;	       /* of task.steps, which stand in the order in which they are taken */
	int tries;
	int64_t steps_max;
	int64_t tokens_left;
	double cost_left;
	int64_t deadline; /* time_mono_us */
};

/* ---- agent_plan.c -------------------------------------------------------------------------------------- */

/* The schema of a plan; new reference. */
struct value *agent_plan_schema(void);
/* The JSON value in an answer, whatever stands around it; new reference; NULL with the reason. */
struct value *agent_read_json(const char *text, size_t len, struct err *err);
/* A plan {title, steps} made a task: ids unique, what a step needs before it, dependencies that cannot be met left out. NULL
 * with the reason. */
struct value *agent_make_task(const struct value *plan, const char *objective, int64_t steps_max, struct err *err);
/* A text of prompts.json; "" when the file lacks it. Lent for ever. */
const char *agent_prompt(const char *name);

/* ---- agent_event.c ------------------------------------------------------------------------------------- */

void agent_say_planning(struct turn *turn, const char *phase, const char *status, const char *content);
/* `step` may be NULL. */
void agent_say_task(struct turn *turn, const struct value *step, const char *event);
void agent_say_result(struct turn *turn, const struct value *step, const struct value *result, const char *error, bool last);
/* Takes over what an interrupted execution of this thread had done: the one that the message names, or the last one when
 * its objective is the same. False when there is none. */
bool agent_recall(struct turn *turn);

#endif
