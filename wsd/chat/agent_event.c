/* What an agent tells the client, and what is read again of it after an interruption (notes-ws section 9 "Agent"). */
#include "wsd/chat/agent.h"

#include <string.h>

#include "model/model.h"

static struct value *event_of(const struct turn *turn, const char *type)
{
	struct value *m = value_map();

	map_set_str(m, "type", type);
	map_set(m, "node_id", value_null());
	map_set_str(m, "thread_id", turn->thread_id);
	map_set_str(m, "workflow_id", turn->workflow_id);
	return m;
}

/* Takes the reference. */
static void say(struct turn *turn, struct value *event)
{
	struct value *m = turn_message(turn, "agent_execution");

	map_set_bool(m, "agent_mode", true);
	map_set_str(m, "agent_execution_id", turn->agent->id);
	map_set(m, "execution_event_type", value_ref(map_get(event, "type")));
	map_set(m, "content", event);
	turn_say(turn, m);
}

void agent_say_planning(struct turn *turn, const char *phase, const char *status, const char *content)
{
	struct value *event = event_of(turn, "planning_update");

	map_set_str(event, "phase", phase);
	map_set_str(event, "status", status);
	map_set_str(event, "content", content);
	say(turn, event);
}

/* Tasks and steps change later: an event has them as they are now. */
void agent_say_task(struct turn *turn, const struct value *step, const char *event_name)
{
	struct value *event = event_of(turn, "task_update");

	map_set(event, "task", value_copy(turn->agent->task));
	map_set(event, "step", step ? value_copy(step) : value_null());
	map_set_str(event, "event", event_name);
	say(turn, event);
}

void agent_say_result(struct turn *turn, const struct value *step, const struct value *result, const char *error, bool last)
{
	struct value *event = event_of(turn, "step_result");

	map_remove(event, "node_id");
	map_set(event, "step", value_copy(step));
	map_set(event, "result", result ? value_copy(result) : value_null());
	map_set_str(event, "error", error);
	map_set_bool(event, "is_task_result", last);
	say(turn, event);
}

/* ---- an interrupted execution -------------------------------------------------------------------------- */

struct recall {
	struct turn *turn;
	char id[ID_SIZE]; /* "": the first one that is met, which is the last one that began */
	bool over;
	struct value *task;
	struct value *results;
};

static void recall_event(struct recall *recall, const struct value *event)
{
	const char *type = map_str(event, "type", "");
	const char *what = map_str(event, "event", "");
	struct value *result = map_get(event, "result");

	if (strcmp(type, "task_update") == 0 && strcmp(what, "task_completed") == 0) {
		recall->over = true;
	} else if (strcmp(type, "task_update") == 0 && strcmp(what, "task_created") == 0) {
		value_unref(recall->task);
		recall->task = value_copy(map_get(event, "task"));
	} else if (strcmp(type, "step_result") == 0 && value_is_null(map_get(event, "error")) && result) {
		map_set(recall->results, map_str(map_get(event, "step"), "id", ""), value_copy(result));
	}
}

static int recall_row(const struct message *row, void *arg)
{
	struct recall *recall = arg;
	struct sv id = row->c[MESSAGE_AGENT_EXECUTION_ID];
	struct sv content = row->c[MESSAGE_CONTENT];
	struct json_error why;
	struct value *event;

	if (!sv_eq(row->c[MESSAGE_ROLE], "agent_execution") || !sv_eq(row->c[MESSAGE_USER_ID], recall->turn->user_id) ||
	    !id.n || id.n >= sizeof(recall->id))
		return 0;
	if (!recall->id[0])
		memcpy(recall->id, id.p, id.n);
	if (!sv_eq(id, recall->id))
		return 0;
	event = content.p ? json_parse(content.p, content.n, &why) : NULL;
	recall_event(recall, event);
	value_unref(event);
	return 0;
}

/* True when the message means to go on with it. */
static bool is_meant(const struct recall *recall, bool named)
{
	return !recall->over && value_len(map_get(recall->task, "steps")) &&
	       (named || strcmp(map_str(recall->task, "description", ""), recall->turn->agent->objective) == 0);
}

bool agent_recall(struct turn *turn)
{
	const char *named = map_str(turn->message, "agent_execution_id", "");
	struct recall recall = { .turn = turn, .results = value_map() };
	struct agent *agent = turn->agent;
	struct arena *arena = arena_new();
	struct err err = { 0 };
	struct db *db = db_default(&err);
	bool meant;
	bool more;

	if (strlen(named) < sizeof(recall.id))
		memcpy(recall.id, named, strlen(named));
	if (!db || message_list(db, arena, turn->thread_id, NULL, HISTORY_MAX, true, recall_row, &recall, &more, &err))
		log_error("what the agent of thread %s did cannot be read: %s", turn->thread_id, err.detail);
	meant = is_meant(&recall, *named);
	if (meant) {
		memcpy(agent->id, recall.id, sizeof(agent->id));
		agent->task = value_ref(recall.task);
		value_unref(agent->results);
		agent->results = value_ref(recall.results);
	}
	value_unref(recall.task);
	value_unref(recall.results);
	arena_free(arena);
	return meant;
}
