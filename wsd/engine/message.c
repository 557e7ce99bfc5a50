/* The messages of a run (notes-engine section 6, notes-ws section 8), encoded as they are made. */
#include "wsd/engine/internal.h"

#include <msgpack/pack.h>
#include <string.h>

static int write_buf(void *ctx, const char *data, size_t len)
{
	return buf_add(ctx, data, len);
}

static msgpack_packer packer(struct buf *out)
{
	msgpack_packer pk;

	msgpack_packer_init(&pk, out, write_buf);
	return pk;
}

static void put_text(struct buf *out, const char *text)
{
	msgpack_packer pk = packer(out);
	size_t len = strlen(text);

	msgpack_pack_str(&pk, len);
	msgpack_pack_str_body(&pk, text, len);
}

static void put_pair(struct buf *out, const char *key, const char *text)
{
	put_text(out, key);
	if (text)
		put_text(out, text);
	else
		buf_addc(out, (char)0xc0);
}

static void put_int(struct buf *out, const char *key, int64_t n)
{
	msgpack_packer pk = packer(out);

	put_text(out, key);
	msgpack_pack_int64(&pk, n);
}

/* NULL gives nil. */
static void put_value(struct run *run, const char *key, const struct value *v)
{
	put_text(&run->msg, key);
	if (!v) {
		buf_addc(&run->msg, (char)0xc0);
		return;
	}
	run->msg_bigint |= value_has_bigint(v);
	msgpack_write(&run->msg, v, true);
}

static void put_map(struct buf *out, size_t count)
{
	msgpack_packer pk = packer(out);

	msgpack_pack_map(&pk, count);
}

bool message_muted(const struct run *run, enum runner_message_type type)
{
	return run->opt.mute & RUN_MUTE(type);
}

static void begin(struct run *run, size_t pairs)
{
	buf_reset(&run->msg);
	run->msg_bigint = false;
	put_map(&run->msg, pairs);
}

static void deliver(struct run *run, enum runner_message_type type, const char *key)
{
	struct run_message message = { .type = type, .key = key, .key_len = strlen(key) };

	put_int(&run->msg, "job_seq", run->seq);
	if (run->msg.failed) {
		log_error("a message of more than %zu bytes was left out", run->msg.max);
		return;
	}
	run->seq++;
	message.has_bigint = run->msg_bigint;
	message.data = run->msg.data;
	message.len = run->msg.len;
	run->opt.message(run->opt.ctx, &message);
}

void message_record(struct node_ctx *node, enum runner_message_type type, const char *data, size_t len, bool joined)
{
	struct run_message message = { .type = type, .key = node->id, .key_len = strlen(node->id), .data = data, .len = len };

	message.joined = joined;
	node->run->opt.message(node->run->opt.ctx, &message);
}

/* ---- constant parts ----------------------------------------------------------------------------------- */

static struct sv keep_head(struct run *run)
{
	struct sv head = { arena_strndup(run->arena, run->msg.data, run->msg.len), run->msg.len };

	return head;
}

void message_heads(struct run *run)
{
	struct node_ctx *node;

	for (size_t i = 0; i < run->node_count; i++) {
		node = &run->nodes[i];
		buf_reset(&run->msg);
		put_pair(&run->msg, "type", "node_update");
		put_pair(&run->msg, "node_id", node->id);
		put_pair(&run->msg, "node_name", node->type->title);
		put_pair(&run->msg, "node_type", node->type->type);
		put_pair(&run->msg, "workflow_id", run->opt.workflow_id);
		put_pair(&run->msg, "job_id", run->opt.job_id);
		node->head = keep_head(run);
	}
	for (size_t i = 0; i < run->edge_count; i++) {
		buf_reset(&run->msg);
		put_pair(&run->msg, "type", "edge_update");
		put_pair(&run->msg, "edge_id", run->edges[i].id);
		put_pair(&run->msg, "workflow_id", run->opt.workflow_id);
		put_pair(&run->msg, "job_id", run->opt.job_id);
		run->edges[i].head = keep_head(run);
	}
}

#define HEAD_PAIRS_NODE 6
#define HEAD_PAIRS_EDGE 4

/* ---- node_update -------------------------------------------------------------------------------------- */

static void node_update(struct node_ctx *node, const char *status, const char *error, const struct value *result,
			const struct value *properties)
{
	struct run *run = node->run;
	bool cached = node->cached && result;

	if (node->silent)
		return;
	begin(run, HEAD_PAIRS_NODE + 5 + cached);
	buf_add(&run->msg, node->head.p, node->head.n);
	if (cached) {
		put_text(&run->msg, "cached");
		buf_addc(&run->msg, (char)0xc3);
	}
	put_pair(&run->msg, "status", status);
	put_pair(&run->msg, "error", error);
	put_value(run, "result", result);
	put_value(run, "properties", properties);
	deliver(run, RUNNER_MSG_NODE_UPDATE, node->id);
}

void message_running(struct node_ctx *node, struct value *properties)
{
	struct value *shown;

	if (message_muted(node->run, RUNNER_MSG_NODE_UPDATE))
		return;
	shown = properties ? present_value(node->run, properties) : value_map();
	node_update(node, "running", NULL, NULL, shown);
	value_unref(shown);
}

static struct value *result_of(struct node_ctx *node)
{
	bool streams = node->type->flags & (NODE_STREAMS_INPUT | NODE_STREAMS_OUTPUT);
	struct value *map = value_map();
	struct value *shown;
	struct slot *slot;

	for (size_t i = 0; i < node->slot_count && !(node->type->flags & NODE_HIDE_RESULT); i++) {
		slot = &node->slots[i];
		if (!slot->last || (streams && strcmp(slot->name, "chunk") == 0))
			continue;
		map_set(map, slot->name, present_result(node->run, slot->last));
	}
	if (!node->run->opt.explicit_types)
		return map;
	shown = present_explicit(map);
	value_unref(map);
	return shown;
}

void message_completed(struct node_ctx *node)
{
	struct value *result;
	struct value *properties;

	if (message_muted(node->run, RUNNER_MSG_NODE_UPDATE))
		return;
	result = result_of(node);
	properties = value_map();
	node_update(node, "completed", NULL, result, properties);
	value_unref(result);
	value_unref(properties);
}

void message_error(struct node_ctx *node, const char *text)
{
	if (!message_muted(node->run, RUNNER_MSG_NODE_UPDATE))
		node_update(node, "error", text, NULL, NULL);
}

void message_suspended(struct node_ctx *node)
{
	struct value *empty;

	if (message_muted(node->run, RUNNER_MSG_NODE_UPDATE))
		return;
	empty = value_map();
	node_update(node, "suspended", NULL, NULL, empty);
	value_unref(empty);
}

/* ---- edge_update -------------------------------------------------------------------------------------- */

static void edge_update(struct edge *edge, const char *status, int64_t counter)
{
	struct run *run = edge->source->run;

	if (message_muted(run, RUNNER_MSG_EDGE_UPDATE) || edge->source->silent || edge->target->silent)
		return;
	begin(run, HEAD_PAIRS_EDGE + 3);
	buf_add(&run->msg, edge->head.p, edge->head.n);
	put_pair(&run->msg, "status", status);
	if (counter)
		put_int(&run->msg, "counter", counter);
	else
		put_pair(&run->msg, "counter", NULL);
	deliver(run, RUNNER_MSG_EDGE_UPDATE, edge->id);
}

void message_sent(struct edge *edge)
{
	edge_update(edge, "message_sent", ++*edge->counter);
}

/* Once per edge is what clients need; the original says it twice. */
void message_drained(struct edge *edge)
{
	if (edge->drained)
		return;
	edge->drained = true;
	edge_update(edge, "drained", 0);
}

/* ---- others ------------------------------------------------------------------------------------------- */

void message_output(struct node_ctx *node, const char *name, struct value *shown)
{
	struct run *run = node->run;
	struct value *metadata;

	if (message_muted(run, RUNNER_MSG_OUTPUT_UPDATE) || node->hushed-- > 0)
		return;
	metadata = value_map();
	begin(run, 10);
	put_pair(&run->msg, "type", "output_update");
	put_pair(&run->msg, "node_id", node->id);
	put_pair(&run->msg, "node_name", name);
	put_pair(&run->msg, "output_name", name);
	put_pair(&run->msg, "output_type", type_of_value(shown));
	put_value(run, "value", shown);
	put_value(run, "metadata", metadata);
	put_pair(&run->msg, "workflow_id", run->opt.workflow_id);
	put_pair(&run->msg, "job_id", run->opt.job_id);
	deliver(run, RUNNER_MSG_OUTPUT_UPDATE, node->id);
	value_unref(metadata);
}

void message_other(struct node_ctx *node, const struct value *fields)
{
	struct run *run = node->run;
	struct value *v;
	struct sv key;
	size_t pairs = 3;

	if (message_muted(run, RUNNER_MSG_OTHER))
		return;
	for (size_t i = 0; map_entry(fields, i, &key, &v); i++)
		pairs += !sv_eq(key, "workflow_id") && !sv_eq(key, "job_id") && !sv_eq(key, "job_seq");
	begin(run, pairs);
	for (size_t i = 0; map_entry(fields, i, &key, &v); i++)
		if (!sv_eq(key, "workflow_id") && !sv_eq(key, "job_id") && !sv_eq(key, "job_seq"))
			put_value(run, key.p, v);
	put_pair(&run->msg, "workflow_id", run->opt.workflow_id);
	put_pair(&run->msg, "job_id", run->opt.job_id);
	deliver(run, RUNNER_MSG_OTHER, node->id);
}
