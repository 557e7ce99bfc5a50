/*
 * WebSocket commands: the first byte says how the frame comes (bit 0: text), the rest is the frame; several frames are
 * separated by a byte 0xff and two of 0x00. The session is real, everything behind the registry of runs is played here.
 * Each answer must be a map that can be encoded; nothing may leak.
 */
#include <stdlib.h>
#include <string.h>

#include "wsd/job_message.h"
#include "wsd/job_queue.h"
#include "wsd/chat.h"
#include "wsd/kinds.h"
#include "wsd/protocol.h"
#include "wsd/replay.h"
#include "wsd/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct job job;
static char user[] = "1";
static char workflow[] = "w";

/* ---- the daemon around it ------------------------------------------------------------------------------ */

const struct session_ops updates_ops;
const struct session_ops download_ops;
const struct session_ops terminal_ops;

void session_send(struct session *s, struct value *v)
{
	struct blob *blob = blob_of_value(v);

	(void)s;
	if (!value_is(v, VALUE_MAP) || !blob_need_text(blob))
		abort();
	blob_unref(blob);
	value_unref(v);
}

void session_send_blob(struct session *s, struct blob *blob)
{
	(void)s;
	if (!blob_need_text(blob))
		abort();
}

struct job *job_find(const char *id, const char *user_id)
{
	return !strcmp(id, job.id) && !strcmp(user_id, user) ? &job : NULL;
}

bool job_is_active(const struct job *j)
{
	return j->state < JOB_ENDED;
}

bool job_cancel(struct job *j)
{
	return j == &job;
}

const char *job_shown_status(const struct job *j)
{
	return j->status;
}

struct value *job_queued_update(const struct job *j)
{
	return job_running_update(j);
}

bool jobs_full(const char *user_id)
{
	(void)user_id;
	return false;
}

void job_send(struct job *j, enum runner_frame kind, const struct value *payload)
{
	struct buf out;

	(void)j;
	(void)kind;
	buf_init(&out, RUNNER_FRAME_MAX);
	if (!map_str(payload, "input", NULL) || msgpack_write(&out, payload, true) < 0)
		abort();
	buf_free(&out);
}

struct job *job_start(struct job_spec *spec)
{
	if (!value_is(spec->params, VALUE_MAP) || (spec->graph && !value_is(map_get(spec->graph, "nodes"), VALUE_LIST)))
		abort();
	value_unref(spec->graph);
	value_unref(spec->params);
	return &job;
}

struct job *job_resume(struct job_spec *spec)
{
	value_unref(spec->resume);
	return job_start(spec);
}

struct watch *job_watch(struct job *j, const struct watch *model, lws_dll2_owner_t *list)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->job = j;
	w->owner = model->owner;
	lws_dll2_add_tail(&w->in_owner, list);
	return w;
}

void job_unwatch(struct watch *w)
{
	lws_dll2_remove(&w->in_owner);
	free(w->workflow_id);
	free(w);
}

void job_relieved(struct job *j)
{
	(void)j;
}

bool rpc_take(struct session *s, const char *command, const struct value *message, const struct value *data)
{
	(void)s;
	(void)data;
	return map_str(message, "request_id", NULL) && !command_find(command);
}

/* ---- chats: the daemon's side starts runners, so it stays outside; the values that reach it are read ------ */

static size_t chat_bytes;

void chat_message(struct session *s, struct value *data)
{
	(void)s;
	chat_bytes += strlen(map_str(data, "content", ""));
}

void chat_stop(struct session *s, const char *thread_id)
{
	(void)s;
	chat_bytes += thread_id ? strlen(thread_id) : 0;
}

void chat_manifest(struct session *s, struct value *tools)
{
	(void)s;
	(void)tools;
}

void chat_tool_result(struct session *s, const struct value *m)
{
	(void)s;
	chat_bytes += strlen(map_str(m, "tool_call_id", ""));
}

void chat_session_over(struct session *s)
{
	(void)s;
}

void chat_relieved(struct session *s)
{
	(void)s;
}

struct journal_op *journal_op_new(enum journal_kind kind, void (*done)(struct journal_op *), void *arg)
{
	struct arena *arena = arena_new();
	struct journal_op *op = arena_alloc(arena, sizeof(*op));

	op->arena = arena;
	op->kind = kind;
	op->done = done;
	op->arg = arg;
	return op;
}

void chat_resume(struct session *s, struct value *data)
{
	(void)s;
	(void)data;
}

void chat_list_turns(struct session *s, struct value *data)
{
	(void)s;
	(void)data;
}

void replay_start(struct session *s, const char *job_id, const char *workflow_id, uint32_t last_seq, struct value *end)
{
	send_resumed(s, job_id, workflow_id, "finished", last_seq, 0, true);
	value_unref(end);
}

void replay_relieved(struct session *s)
{
	(void)s;
}

void replay_session_over(struct session *s)
{
	(void)s;
}

/* The database knows some ids. */
void journal_submit(struct journal_op *op)
{
	op->rc = op->id[0] == 's' || op->id[0] == 'c' ? 0 : 1;
	op->found = (struct job_found){ .status = op->id[0] == 's' ? "suspended" : "completed",
					.graph = "{\"nodes\": [], \"edges\": []}",
					.params = "{}",
					.node_id = "n",
					.result = "{\"out\": [1]}" };
	op->done(op);
	arena_free(op->arena);
}

/* ---- input --------------------------------------------------------------------------------------------- */

static void begin(void)
{
	static const struct history_limits limits = { 10, 1 << 20 };
	struct value *m;

	if (job.id[0])
		return;
	memcpy(job.id, "there", 6);
	job.user_id = user;
	job.workflow_id = workflow;
	job.status = "running";
	m = value_map();
	map_set_str(m, "type", "node_update");
	for (int i = 1; i < 20; i++) {
		struct blob *blob = blob_of_value(m);

		blob->seq = (uint32_t)i;
		history_add(&job.history, blob, &limits);
	}
	value_unref(m);
	log_set_level(LOG_LVL_ERROR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session s = { .user = user };
	const uint8_t *end;
	size_t len;

	begin();
	job.delivered = 5;
	job.state = JOB_RUNNING;
	while (size > 1) {
		end = memmem(data + 1, size - 1, "\xff\0\0", 3);
		len = end ? (size_t)(end - data) : size;
		if (data[0] & 2)
			job.state = JOB_ENDED;
		protocol_ops.message(&s, data + 1, len - 1, data[0] & 1);
		len += end ? 3 : 0;
		data += len;
		size -= len;
	}
	protocol_ops.closed(&s);
	return 0;
}
