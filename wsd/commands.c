/* The commands of notes-ws section 3 that need no file of their own. */
#include "wsd/protocol.h"

#include <string.h>

#include "wsd/chat.h"
#include "wsd/job_queue.h"

static void answer_error(struct session *s, const char *text)
{
	struct value *m = value_map();

	map_set_str(m, "error", text);
	session_send(s, m);
}

bool command_job_id(struct session *s, const struct value *data, const char **id, struct value **shown)
{
	struct value *v = map_get(data, "job_id");

	*shown = v;
	*id = value_is(v, VALUE_STR) ? value_text(v) : NULL;
	if (v && value_truthy(v))
		return true;
	answer_error(s, "job_id is required");
	return false;
}

/* Answers `{<key>: text, job_id, workflow_id}`; a missing workflow_id is shown as "". */
static void answer_job(struct session *s, const char *key, const char *text, struct value *id, const struct value *data)
{
	struct value *m = value_map();
	struct value *workflow = map_get(data, "workflow_id");

	map_set_str(m, key, text);
	map_set(m, "job_id", value_ref(id));
	map_set(m, "workflow_id", workflow && value_truthy(workflow) ? value_ref(workflow) : value_str(""));
	session_send(s, m);
}

static void cancel_job(struct session *s, struct value *data)
{
	struct value *shown;
	const char *id;
	struct job *job;

	if (!command_job_id(s, data, &id, &shown))
		return;
	job = id ? job_find(id, s->user) : NULL;
	if (job && job_cancel(job))
		answer_job(s, "message", "Job cancellation requested", shown, data);
	else
		answer_job(s, "error", "Job not found or already completed", shown, data);
}

static struct value *status_of(const struct watch *w)
{
	struct value *m = value_map();

	map_set_str(m, "status", job_shown_status(w->job));
	map_set_str(m, "job_id", w->job->id);
	map_set_str(m, "workflow_id", w->workflow_id ? w->workflow_id : w->job->workflow_id);
	return m;
}

static void get_status(struct session *s, struct value *data)
{
	struct value *shown = map_get(data, "job_id");
	struct watch *w;
	struct value *m;
	struct value *list;

	if (shown && value_truthy(shown)) {
		w = value_is(shown, VALUE_STR) ? session_watch(s, value_text(shown)) : NULL;
		if (w) {
			session_send(s, status_of(w));
			return;
		}
		m = value_map();
		map_set_str(m, "status", "not_found");
		map_set(m, "job_id", value_ref(shown));
		session_send(s, m);
		return;
	}
	list = value_list();
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&s->watches)) {
		list_push(list, status_of(lws_container_of(d, struct watch, in_owner)));
	} lws_end_foreach_dll(d);
	m = value_map();
	map_set(m, "active_jobs", list);
	session_send(s, m);
}

static void set_mode(struct session *s, struct value *data)
{
	const char *mode = map_str(data, "mode", "");
	struct value *m;

	if (strcmp(mode, "text") != 0 && strcmp(mode, "binary") != 0) {
		protocol_invalid(s, "mode: \"text\" or \"binary\" is required");
		return;
	}
	s->text = !strcmp(mode, "text");
	m = value_map();
	map_set(m, "message", value_strf("Mode set to %s", mode));
	session_send(s, m);
}

static void clear_models(struct session *s, struct value *data)
{
	struct value *m = value_map();

	(void)data;
	map_set_str(m, "message",
		    config_production() ? "Model clearing is disabled in production" : "Unused models cleared");
	session_send(s, m);
}

static struct value *or_null(const struct value *data, const char *key)
{
	struct value *v = map_get(data, key);

	return v && value_truthy(v) ? value_ref(v) : value_null();
}

static void stop(struct session *s, struct value *data)
{
	struct value *job = map_get(data, "job_id");
	struct value *thread = map_get(data, "thread_id");
	struct watch *w;
	struct value *m;

	if (!(job && value_truthy(job)) && !(thread && value_truthy(thread))) {
		answer_error(s, "job_id or thread_id is required for stop command");
		return;
	}
	w = value_is(job, VALUE_STR) ? session_watch(s, value_text(job)) : NULL;
	if (w)
		job_unwatch(w);
	if (value_is(thread, VALUE_STR))
		chat_stop(s, value_text(thread));
	m = value_map();
	map_set_str(m, "type", "generation_stopped");
	map_set_str(m, "message", "Generation stopped by user");
	map_set(m, "job_id", or_null(data, "job_id"));
	map_set(m, "thread_id", or_null(data, "thread_id"));
	session_send(s, m);
	m = value_map();
	map_set_str(m, "message", "Stop command processed");
	map_set(m, "job_id", or_null(data, "job_id"));
	map_set(m, "thread_id", or_null(data, "thread_id"));
	session_send(s, m);
}

static void update_node_properties(struct session *s, struct value *data)
{
	struct value *shown;
	const char *id;

	if (command_job_id(s, data, &id, &shown))
		answer_job(s, "error", "Properties of a node cannot be changed while it runs", shown, data);
}

static const struct command commands[] = {
	{ "run_job", command_run_job },
	{ "cancel_job", cancel_job },
	{ "get_status", get_status },
	{ "reconnect_job", command_reconnect_job },
	{ "resume_job", command_resume_job },
	{ "stream_input", command_stream_input },
	{ "end_input_stream", command_end_input_stream },
	{ "set_mode", set_mode },
	{ "clear_models", clear_models },
	{ "chat_message", chat_message },
	{ "stop", stop },
	{ "resume_chat", chat_resume },
	{ "list_chat_turns", chat_list_turns },
	{ "update_node_properties", update_node_properties },
};

const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}
