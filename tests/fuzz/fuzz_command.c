/* What a client may send over /ws: text or MessagePack (the first byte says which), decoded and dispatched to the
 * commands. Sessions, runs and the journal around them are stood in for here. */
#include "wsd/protocol.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/history.h"
#include "wsd/job_message.h"
#include "wsd/journal.h"
#include "wsd/kinds.h"
#include "wsd/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const struct session_ops updates_ops;
const struct session_ops download_ops;
const struct session_ops terminal_ops;

static struct job the_job = { .user_id = (char *)(uintptr_t)"1", .workflow_id = (char *)(uintptr_t)"", .status = "running" };
static struct watch *the_watch;

/* Every answer must be a map that both encodings can carry. */
void session_send(struct session *s, struct value *v)
{
	struct buf out;

	buf_init(&out, BUF_MAX_RESPONSE);
	if (!value_is(v, VALUE_MAP) || (s->text ? json_write(&out, v, JSON_COMPACT) : msgpack_write(&out, v, false)))
		abort();
	buf_free(&out);
	value_unref(v);
}

void session_send_blob(struct session *s, struct blob *blob)
{
	(void)s;
	(void)blob;
}

struct value *blob_value(const struct blob *blob)
{
	(void)blob;
	return value_map();
}

struct job *job_start(struct job_spec *spec)
{
	value_unref(spec->graph);
	value_unref(spec->params);
	return &the_job;
}

struct job *job_find(const char *id, const char *user_id)
{
	(void)user_id;
	return strcmp(id, "there") == 0 ? &the_job : NULL;
}

bool job_is_active(const struct job *job)
{
	(void)job;
	return true;
}

bool job_cancel(struct job *job)
{
	(void)job;
	return true;
}

void job_send(struct job *job, enum runner_frame kind, const struct value *payload)
{
	(void)job;
	(void)kind;
	if (!value_is(payload, VALUE_MAP))
		abort();
}

struct watch *job_watch(struct job *job, const struct watch *model, lws_dll2_owner_t *list)
{
	the_watch = xcalloc(1, sizeof(*the_watch));
	*the_watch = *model;
	the_watch->job = job;
	(void)list;
	return the_watch;
}

void job_unwatch(struct watch *watch)
{
	(void)watch;
}

void job_relieved(struct job *job)
{
	(void)job;
}

bool jobs_full(void)
{
	return false;
}

struct value *job_update(const char *job_id, const char *workflow_id, const char *status, const char *error)
{
	struct value *v = value_map();

	map_set_str(v, "job_id", job_id);
	map_set_str(v, "workflow_id", workflow_id);
	map_set_str(v, "status", status);
	map_set_str(v, "error", error);
	return v;
}

struct value *job_running_update(const struct job *job)
{
	return job_update(job->id, job->workflow_id, "running", NULL);
}

struct blob *history_at(const struct history *h, size_t i)
{
	(void)h;
	(void)i;
	return NULL;
}

size_t history_after(const struct history *h, uint32_t seq)
{
	(void)seq;
	return h->count;
}

uint32_t history_first_seq(const struct history *h)
{
	(void)h;
	return 1;
}

struct journal_op *journal_op_new(enum journal_kind kind, void (*done)(struct journal_op *), void *arg)
{
	struct journal_op *op = xcalloc(1, sizeof(*op));

	op->kind = kind;
	op->done = done;
	op->arg = arg;
	op->arena = arena_new();
	return op;
}

/* The row is never there. */
void journal_submit(struct journal_op *op)
{
	op->rc = 1;
	if (op->done)
		op->done(op);
	arena_free(op->arena);
	free(op);
}

bool rpc_take(struct session *s, const char *command, const struct value *message, const struct value *data)
{
	(void)s;
	(void)command;
	(void)data;
	return value_is(map_get(message, "request_id"), VALUE_STR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session s = { .kind = SESSION_MAIN, .user = (char *)(uintptr_t)"1" };

	if (!size)
		return 0;
	log_set_level(LOG_LVL_ERROR);
	s.text = data[0] & 1;
	protocol_ops.message(&s, data + 1, size - 1, s.text);
	if (the_watch) {
		free(the_watch->workflow_id);
		free(the_watch);
		the_watch = NULL;
	}
	return 0;
}
