/* Agent mode: a plan, then its steps one after the other, each a conversation with the model and its tools. */
#include "wsd/chat/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wsd/nodes/json_schema.h"

#define TEXT_MAX     ((size_t)4 << 20) /* what a step gets to read */
#define STEPS_MAX    20
#define TOKENS_MAX   1000000
#define SECONDS_MAX  1800
#define COST_CENTS   500

static void next_step(struct turn *turn);

/* ---- conversations ------------------------------------------------------------------------------------- */

static struct value *say_as(const char *role, const char *text)
{
	struct value *m = value_map();

	map_set_str(m, "role", role);
	map_set_str(m, "content", text);
	return m;
}

/* What the model is asked next begins anew; takes the references to messages and schema. */
static void converse(struct turn *turn, struct value *messages, struct value *schema, const char *schema_name, bool tools)
{
	struct agent *agent = turn->agent;
	struct value *spec;

	value_unref(turn->messages);
	value_unref(turn->calls);
	value_unref(turn->tools);
	value_unref(turn->format);
	value_unref(agent->schema);
	turn->messages = messages;
	turn->calls = NULL;
	turn->tools = tools && agent->tools ? value_ref(agent->tools) : NULL;
	turn->format = NULL;
	turn->rounds = 0;
	turn->quiet = schema != NULL;
	agent->schema = schema;
	agent->tries = 0;
	if (!schema)
		return;
	spec = value_map();
	map_set_str(spec, "name", schema_name);
	map_set(spec, "schema", value_ref(schema));
	turn->format = value_map();
	map_set_str(turn->format, "type", "json_schema");
	map_set(turn->format, "json_schema", spec);
}

static void fail_agent(struct turn *turn, const char *text)
{
	struct agent *agent = turn->agent;
	const struct value *step = agent->task ? list_at(map_get(agent->task, "steps"), agent->step) : NULL;

	if (step) {
		agent_say_task(turn, step, "step_failed");
		agent_say_result(turn, step, NULL, text, false);
	} else {
		agent_say_planning(turn, "Planning", "Failed", text);
	}
	turn_fail(turn, NULL, text);
	model_send_end(turn);
}

/* The model hears what is wrong with its answer. False when it has had its tries. */
static bool try_again(struct turn *turn, const char *fault)
{
	char *text;

	if (++turn->agent->tries >= AGENT_TRIES)
		return false;
	list_push(turn->messages, say_as("assistant", turn->text.data ? turn->text.data : ""));
	text = xasprintf("This answer cannot be used: %s. %s", fault, agent_prompt("agent_schema"));
	list_push(turn->messages, say_as("user", text));
	free(text);
	return true;
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

static char *plan_prompt(const struct agent *agent)
{
	struct buf out;
	char *text;

	buf_init(&out, TEXT_MAX);
	buf_printf(&out, "%s\nAt most %d steps.\n", agent_prompt("agent_plan"), (int)agent->steps_max);
	for (size_t i = 0; i < value_len(agent->tools); i++)
		buf_printf(&out, "%s- %s: %s\n", i ? "" : "Tools that steps can use:\n",
			   map_str(list_at(agent->tools, i), "name", ""),
			   map_str(list_at(agent->tools, i), "description", ""));
	text = xstrndup(out.failed ? "" : out.data, out.failed ? 0 : out.len);
	buf_free(&out);
	return text;
}

static void begin_plan(struct turn *turn, struct value *history)
{
	char *prompt = plan_prompt(turn->agent);

	list_insert(history, 0, say_as("system", prompt));
	free(prompt);
	converse(turn, history, agent_plan_schema(), "plan", false);
	agent_say_planning(turn, "Initialization", "Starting", "The objective is looked at");
	agent_say_planning(turn, "Planning", "Running", NULL);
}

/* When the model can make no plan that holds, the objective is the only step. */
static struct value *plain_task(const struct agent *agent)
{
	struct value *plan = value_map();
	struct value *steps = value_list();
	struct value *step = value_map();
	struct value *task;
	struct err err;

	map_set_str(step, "id", "step_1");
	map_set_str(step, "instructions", *agent->objective ? agent->objective : "Answer the user");
	list_push(steps, step);
	map_set(plan, "steps", steps);
	task = agent_make_task(plan, agent->objective, 1, &err);
	value_unref(plan);
	return task;
}

static void take_plan(struct turn *turn)
{
	struct agent *agent = turn->agent;
	struct err err = { 0 };
	struct value *plan = agent_read_json(turn->text.data, turn->text.len, &err);

	agent->task = plan ? agent_make_task(plan, agent->objective, agent->steps_max, &err) : NULL;
	value_unref(plan);
	if (!agent->task && try_again(turn, err.detail))
		return;
	if (!agent->task)
		agent->task = plain_task(agent);
	agent_say_planning(turn, "Planning", "Success", map_str(agent->task, "title", ""));
	agent_say_task(turn, NULL, "task_created");
	next_step(turn);
}

/* ---- steps --------------------------------------------------------------------------------------------- */

static struct value *steps_of(const struct agent *agent)
{
	return map_get(agent->task, "steps");
}

static void add_json(struct buf *out, const struct value *v)
{
	if (value_is(v, VALUE_STR))
		buf_add(out, value_text(v), value_len(v));
	else
		json_write(out, v, JSON_SPACED);
}

/* The schema that the plan asks for; NULL when there is none, or none that can be used. */
static struct value *step_schema(const struct value *step)
{
	const char *text = map_str(step, "output_schema", "");
	struct json_error why;
	struct value *schema = *text ? json_parse(text, strlen(text), &why) : NULL;
	struct value *nothing = value_null();
	struct err err;
	bool usable = value_is(schema, VALUE_MAP) && json_schema_validate(nothing, schema, &err) >= 0;

	value_unref(nothing);
	if (usable)
		return schema;
	value_unref(schema);
	return NULL;
}

static struct value *step_messages(const struct agent *agent, const struct value *step, const struct value *schema)
{
	const struct value *needs = map_get(step, "depends_on");
	struct value *list = value_list();
	struct value *m = value_map();
	struct buf out;

	list_push(list, say_as("system", agent_prompt("agent_step")));
	buf_init(&out, TEXT_MAX);
	buf_printf(&out, "The objective of the whole plan, for orientation:\n");
	buf_adds(&out, agent->objective);
	for (size_t i = 0; i < value_len(needs); i++) {
		const char *id = value_text(list_at(needs, i));

		buf_printf(&out, "\n\nThe result of step %s:\n", id);
		add_json(&out, map_get(agent->results, id));
	}
	if (schema) {
		buf_printf(&out, "\n\n%s", agent_prompt("agent_schema"));
		json_write(&out, schema, JSON_COMPACT);
	}
	buf_adds(&out, "\n\nYour step:\n");
	buf_adds(&out, map_str(step, "instructions", ""));
	map_set_str(m, "role", "user");
	map_set(m, "content", value_strn(out.failed ? "" : out.data, out.failed ? 0 : out.len));
	list_push(list, m);
	buf_free(&out);
	return list;
}

static void end_agent(struct turn *turn, const struct value *result)
{
	struct buf out;

	agent_say_task(turn, NULL, "task_completed");
	buf_init(&out, TEXT_MAX);
	add_json(&out, result);
	model_say_answer(turn, value_strn(out.data ? out.data : "", out.len), true);
	buf_free(&out);
	model_send_end(turn);
	turn->end = "completed";
}

/* The next step that has no result yet begins; without one the agent is done. */
static void next_step(struct turn *turn)
{
	struct agent *agent = turn->agent;
	struct value *steps = steps_of(agent);
	struct value *schema;
	struct value *step;

	for (agent->step = 0; agent->step < value_len(steps); agent->step++)
		if (!map_get(agent->results, map_str(list_at(steps, agent->step), "id", "")))
			break;
	step = list_at(steps, agent->step);
	if (!step) {
		step = list_at(steps, value_len(steps) - 1);
		end_agent(turn, map_get(agent->results, map_str(step, "id", "")));
		return;
	}
	map_set_int(step, "start_time", time_now_us() / 1000000);
	turn->step_id = map_str(step, "id", NULL);
	schema = step_schema(step);
	converse(turn, step_messages(agent, step, schema), schema, "result", true);
	agent_say_task(turn, step, "step_started");
}

/* What the step gave: the text, or with a schema the valid value. NULL with the reason. */
static struct value *step_value(const struct turn *turn, struct err *err)
{
	const struct value *schema = turn->agent->schema;
	struct value *v;
	int valid;

	if (!schema)
		return value_strn(turn->text.data ? turn->text.data : "", turn->text.len);
	v = agent_read_json(turn->text.data, turn->text.len, err);
	valid = v ? json_schema_validate(v, schema, err) : -1;
	if (valid > 0)
		return v;
	if (valid == 0)
		err_set(err, 422, "it does not fit the JSON schema");
	value_unref(v);
	return NULL;
}

static void take_result(struct turn *turn)
{
	struct agent *agent = turn->agent;
	struct value *step = list_at(steps_of(agent), agent->step);
	struct err err = { 0 };
	struct value *result = step_value(turn, &err);
	char text[sizeof(err.detail) + 64];

	if (!result && try_again(turn, err.detail))
		return;
	if (!result) {
		snprintf(text, sizeof(text), "The result of a step is not usable: %s", err.detail);
		fail_agent(turn, text);
		return;
	}
	map_set_int(step, "end_time", time_now_us() / 1000000);
	map_set_bool(step, "completed", true);
	map_set(agent->results, map_str(step, "id", ""), result);
	agent_say_task(turn, step, "step_completed");
	agent_say_result(turn, step, result, NULL, agent->step + 1 == value_len(steps_of(agent)));
	next_step(turn);
}

void agent_answer(struct turn *turn)
{
	if (turn->agent->task)
		take_result(turn);
	else
		take_plan(turn);
}

/* ---- limits -------------------------------------------------------------------------------------------- */

void agent_use(struct turn *turn)
{
	const struct provider_result *result = provider_result(turn->call);
	double cost;

	turn->agent->tokens_left -= result->prompt_tokens + result->completion_tokens;
	if (provider_cost(turn->provider_name, turn->model, result->prompt_tokens, result->completion_tokens, &cost) == 0)
		turn->agent->cost_left -= cost;
}

int agent_time_left(const struct turn *turn)
{
	int64_t left = (turn->agent->deadline - time_mono_us() + 999) / 1000;

	return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

bool agent_in_time(struct turn *turn)
{
	if (agent_time_left(turn))
		return true;
	fail_agent(turn, "The agent has had the time that one task may take");
	return false;
}

bool agent_goes_on(struct turn *turn)
{
	const struct agent *agent = turn->agent;
	const char *text = NULL;

	if (!agent_in_time(turn))
		return false;
	if (agent->tokens_left <= 0)
		text = "The agent has used the tokens that one task may use";
	else if (agent->cost_left <= 0)
		text = "The agent has spent what one task may cost";
	else if (turn->rounds >= ROUNDS_MAX)
		text = "The model has called tools for too many rounds";
	if (text)
		fail_agent(turn, text);
	return !text;
}

/* ---- from begin to end --------------------------------------------------------------------------------- */

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	free(agent->objective);
	value_unref(agent->task);
	value_unref(agent->results);
	value_unref(agent->tools);
	value_unref(agent->schema);
	free(agent);
}

static void set_limits(struct agent *agent)
{
	agent->steps_max = config_int("NODETOOL_AGENT_STEPS", 1, 1000, STEPS_MAX);
	agent->tokens_left = config_int("NODETOOL_AGENT_TOKENS", 1, INT64_MAX / 2, TOKENS_MAX);
	agent->cost_left = (double)config_int("NODETOOL_AGENT_COST_CENTS", 1, 1000000, COST_CENTS) / 100;
	agent->deadline = time_mono_us() + config_int("NODETOOL_AGENT_SECONDS", 1, 1000000, SECONDS_MAX) * 1000000;
}

void agent_begin(struct turn *turn)
{
	struct agent *agent = xcalloc(1, sizeof(*agent));
	struct value *text = turn_plain_text(map_get(turn->message, "content"));
	struct value *history;
	struct err err = { 0 };

	turn->agent = agent;
	turn_make_uuid(agent->id);
	agent->objective = xstrdup(value_text(text));
	agent->results = value_map();
	value_unref(text);
	set_limits(agent);
	history = model_open(turn, &err);
	if (!history) {
		turn_fail(turn, NULL, err.detail);
		return;
	}
	agent->tools = turn->tools;
	turn->tools = NULL;
	if (agent_recall(turn)) {
		value_unref(history);
		agent_say_planning(turn, "Planning", "Success", "Going on where the work was interrupted");
		next_step(turn);
	} else {
		begin_plan(turn, history);
	}
}
