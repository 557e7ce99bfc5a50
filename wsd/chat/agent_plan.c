/* Plans of agents: what the model gets, and what is made of its answer. */
#include "wsd/chat/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROMPTS_MAX ((size_t)1 << 20)
#define ID_TEXT_MAX 64

static const char plan_schema[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"title\",\"steps\"],\"properties\":{"
	"\"title\":{\"type\":\"string\"},\"steps\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
	"\"additionalProperties\":false,\"required\":[\"id\",\"instructions\",\"depends_on\",\"output_schema\"],"
	"\"properties\":{\"id\":{\"type\":\"string\"},\"instructions\":{\"type\":\"string\"},"
	"\"depends_on\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"output_schema\":{\"type\":\"string\"}}}}}}";

struct value *agent_plan_schema(void)
{
	struct json_error why;

	return json_parse(plan_schema, sizeof(plan_schema) - 1, &why);
}

/* prompts.json of the shared folder, read once. */
static const struct value *prompts(void)
{
	static struct value *table;
	struct err err;

	if (table)
		return table;
	table = json_read_share("prompts.json", PROMPTS_MAX, &err);
	if (!table) {
		log_error("%s: agents work without their prompts", err.detail);
		table = value_map();
	}
	return table;
}

const char *agent_prompt(const char *name)
{
	return map_str(prompts(), name, "");
}

struct value *agent_read_json(const char *text, size_t len, struct err *err)
{
	struct json_error why = { 0 };
	struct value *v = json_parse(text, len, &why);
	const char *first;
	const char *last;

	if (v)
		return v;
	first = text ? memchr(text, '{', len) : NULL;
	last = first ? memrchr(first, '}', len - (size_t)(first - text)) : NULL;
	v = last ? json_parse(first, (size_t)(last - first) + 1, &why) : NULL;
	if (!v)
		err_set(err, 422, "this is no JSON: %s", last ? why.message : "no object stands in it");
	return v;
}

/* ---- steps --------------------------------------------------------------------------------------------- */

static size_t find_step(const struct value *steps, const char *id)
{
	size_t i;

	for (i = 0; i < value_len(steps); i++)
		if (strcmp(map_str(list_at(steps, i), "id", ""), id) == 0)
			break;
	return i;
}

static struct value *make_step(const struct value *in, const struct value *before)
{
	const char *id = map_str(in, "id", "");
	struct value *m = value_map();

	map_set_str(m, "type", "step");
	if (*id && strlen(id) <= ID_TEXT_MAX && find_step(before, id) == value_len(before))
		map_set_str(m, "id", id);
	else
		map_set(m, "id", value_strf("step_%zu", value_len(before) + 1));
	map_set_str(m, "instructions", map_str(in, "instructions", ""));
	map_set(m, "logs", value_list());
	map_set_bool(m, "completed", false);
	map_set_int(m, "start_time", 0);
	map_set_int(m, "end_time", 0);
	map_set(m, "depends_on", value_list());
	map_set(m, "tools", value_null());
	map_set_str(m, "output_schema", map_str(in, "output_schema", ""));
	return m;
}

static void add_needs(const struct value *steps, struct value *step, const struct value *needs)
{
	for (size_t i = 0; value_is(needs, VALUE_LIST) && i < value_len(needs); i++) {
		const struct value *need = list_at(needs, i);

		if (value_is(need, VALUE_STR) && strcmp(value_text(need), map_str(step, "id", "")) != 0 &&
		    find_step(steps, value_text(need)) < value_len(steps))
			list_push(map_get(step, "depends_on"), value_ref(list_at(needs, i)));
	}
}

static bool is_ready(const struct value *step, const struct value *done)
{
	const struct value *needs = map_get(step, "depends_on");

	for (size_t i = 0; i < value_len(needs); i++)
		if (find_step(done, value_text(list_at(needs, i))) == value_len(done))
			return false;
	return true;
}

/* The steps so that each stands behind those that it needs; in a circle the first loses its needs. */
static struct value *in_order(const struct value *steps)
{
	struct value *out = value_list();

	while (value_len(out) < value_len(steps)) {
		struct value *next = NULL;
		struct value *stuck = NULL;

		for (size_t i = 0; !next && i < value_len(steps); i++) {
			struct value *step = list_at(steps, i);

			if (find_step(out, map_str(step, "id", "")) < value_len(out))
				continue;
			stuck = stuck ? stuck : step;
			next = is_ready(step, out) ? step : NULL;
		}
		if (!next)
			map_set(stuck, "depends_on", value_list());
		list_push(out, value_ref(next ? next : stuck));
	}
	return out;
}

static const struct value *check_plan(const struct value *plan, int64_t steps_max, struct err *err)
{
	const struct value *steps = map_get(plan, "steps");

	if (!value_is(steps, VALUE_LIST) || !value_len(steps)) {
		err_set(err, 422, "the plan has no steps");
		return NULL;
	}
	if ((int64_t)value_len(steps) > steps_max) {
		err_set(err, 422, "the plan has %zu steps, at most %lld are possible", value_len(steps), (long long)steps_max);
		return NULL;
	}
	for (size_t i = 0; i < value_len(steps); i++) {
		if (!*map_str(list_at(steps, i), "instructions", "")) {
			err_set(err, 422, "a step has no instructions");
			return NULL;
		}
	}
	return steps;
}

struct value *agent_make_task(const struct value *plan, const char *objective, int64_t steps_max, struct err *err)
{
	const struct value *in = check_plan(plan, steps_max, err);
	struct value *steps;
	struct value *task;
	char id[ID_SIZE];

	if (!in)
		return NULL;
	steps = value_list();
	for (size_t i = 0; i < value_len(in); i++)
		list_push(steps, make_step(list_at(in, i), steps));
	for (size_t i = 0; i < value_len(in); i++)
		add_needs(steps, list_at(steps, i), map_get(list_at(in, i), "depends_on"));
	task = value_map();
	id_new(id);
	map_set_str(task, "type", "task");
	map_set_str(task, "id", id);
	map_set_str(task, "title", map_str(plan, "title", ""));
	map_set_str(task, "description", objective);
	map_set(task, "steps", in_order(steps));
	value_unref(steps);
	return task;
}
