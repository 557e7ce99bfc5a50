/*
 * A runner that plays a script instead of running a graph: for tests of the daemon. Each node of the graph is one step:
 *     {"id", "type": "fake.<step>", "data": {…}}
 * say {text}: an output_update and a result; flood {count, size}: so many output_updates; wait: until its input ends, or
 * CANCEL (each INPUT becomes an output_update); hang: as wait, but deaf to CANCEL; crash {signal}; exit {status};
 * fail {error}: a node error; early {error}: fails before it began; suspend {reason} (resumed: says its state); sleep {ms}; grow {mb}; garbage: a
 * frame that is none; silent: closes the socket and goes on.
 */
#include "wsd/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "value/value.h"

static struct {
	int fd;
	int64_t seq;
	const char *job_id;
	const char *workflow_id;
	struct value *result;
	struct value *done;
	bool cancelled;
	const struct value *resume;
} fake;

static bool read_all(void *data, size_t len)
{
	char *at = data;
	ssize_t n;

	while (len) {
		n = read(fake.fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static void write_all(const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	while (len) {
		n = write(fake.fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			exit(3);
		at += n;
		len -= (size_t)n;
	}
}

static void send_frame(int kind, const void *payload, size_t len)
{
	uint32_t size = (uint32_t)len + 1;
	char k = (char)kind;

	write_all(&size, sizeof(size));
	write_all(&k, 1);
	write_all(payload, len);
}

/* Takes the reference. */
static void send_message(int type, const char *key, struct value *m)
{
	struct runner_message_head head = { (uint8_t)type, 0, (uint16_t)strlen(key) };
	struct buf out;

	map_set_str(m, "job_id", fake.job_id);
	map_set_str(m, "workflow_id", fake.workflow_id);
	map_set_int(m, "job_seq", fake.seq++);
	buf_init(&out, BUF_MAX_RESPONSE);
	buf_add(&out, &head, sizeof(head));
	buf_adds(&out, key);
	msgpack_write(&out, m, true);
	send_frame(RUNNER_MESSAGE, out.data, out.len);
	buf_free(&out);
	value_unref(m);
}

static struct value *message(const char *type)
{
	struct value *m = value_map();

	map_set_str(m, "type", type);
	return m;
}

static void node_update(const struct value *node, const char *status, const char *error)
{
	struct value *m = message("node_update");

	map_set_str(m, "node_id", map_str(node, "id", ""));
	map_set_str(m, "node_name", "Fake");
	map_set_str(m, "node_type", map_str(node, "type", ""));
	map_set_str(m, "status", status);
	map_set_str(m, "error", error);
	map_set(m, "result", value_null());
	map_set(m, "properties", value_map());
	send_message(RUNNER_MSG_NODE_UPDATE, map_str(node, "id", ""), m);
}

/* A record for the log of the run, which says nothing but the node. */
static void record(int type, const struct value *node)
{
	const char *key = map_str(node, "id", "");
	struct runner_message_head head = { (uint8_t)type, RUNNER_MSG_JOINED, (uint16_t)strlen(key) };
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	buf_add(&out, &head, sizeof(head));
	buf_adds(&out, key);
	send_frame(RUNNER_MESSAGE, out.data, out.len);
	buf_free(&out);
}

static void output(const struct value *node, struct value *v)
{
	struct value *m = message("output_update");
	const char *name = map_str(map_get(node, "data"), "name", "out");
	struct value *list = map_get(fake.result, name);

	if (!list) {
		list = value_list();
		map_set(fake.result, name, list);
	}
	list_push(list, value_ref(v));
	if (map_int(map_get(fake.resume, "shown"), map_str(node, "id", ""), 0) > 0) { /* before the daemon was killed */
		value_unref(v);
		value_unref(m);
		return;
	}
	map_set_str(m, "node_id", map_str(node, "id", ""));
	map_set_str(m, "node_name", name);
	map_set_str(m, "output_name", name);
	map_set(m, "value", v);
	map_set_str(m, "output_type", "str");
	map_set(m, "metadata", value_map());
	send_message(RUNNER_MSG_OUTPUT_UPDATE, map_str(node, "id", ""), m);
}

/* One frame from the daemon; NULL payload at its end. The caller frees. */
static char *next_frame(uint32_t *len)
{
	char *data;

	if (!read_all(len, sizeof(*len)))
		exit(0);
	data = xmalloc(*len + 1);
	if (!read_all(data, *len))
		exit(0);
	return data;
}

static void wait_for_end(const struct value *node, bool deaf)
{
	struct json_error error;
	struct value *v;
	uint32_t len;
	char *frame;

	for (;;) {
		frame = next_frame(&len);
		v = msgpack_parse(frame + 1, len - 1, &error);
		if (frame[0] == RUNNER_INPUT)
			output(node, value_ref(map_get(v, "value")));
		if (frame[0] == RUNNER_CANCEL && !deaf)
			fake.cancelled = true;
		len = (uint32_t)frame[0];
		value_unref(v);
		free(frame);
		if (fake.cancelled || (len == RUNNER_END_INPUT && !deaf))
			return;
	}
}

static void finish(const char *status, const char *error)
{
	if (!fake.done)
		fake.done = value_map();
	map_set_str(fake.done, "status", status);
	map_set_str(fake.done, "error", error);
	map_set_str(fake.done, "error_kind", error ? "ValueError" : NULL);
}

static void flood(const struct value *node, const struct value *data)
{
	int64_t count = map_int(data, "count", 1000);
	size_t size = (size_t)map_int(data, "size", 100);
	char *text = xmalloc(size + 1);

	memset(text, 'x', size);
	for (; count > 0; count--) {
		struct value *m = message("output_update");

		map_set_str(m, "node_id", map_str(node, "id", ""));
		map_set(m, "value", value_strn(text, size));
		send_message(RUNNER_MSG_OUTPUT_UPDATE, "", m);
	}
	free(text);
}

static void grow(const struct value *data)
{
	size_t size = (size_t)map_int(data, "mb", 100) << 20;
	char *memory = xmalloc(size);

	memset(memory, 1, size);
}

static void end_hard(const char *step, const struct value *data)
{
	if (!strcmp(step, "fake.crash")) {
		signal((int)map_int(data, "signal", SIGSEGV), SIG_DFL);
		kill(getpid(), (int)map_int(data, "signal", SIGSEGV));
	} else if (!strcmp(step, "fake.exit")) {
		_exit((int)map_int(data, "status", 1));
	} else if (!strcmp(step, "fake.garbage")) {
		write_all("\xff\xff\xff\xff\xff\xff", 6);
	} else if (!strcmp(step, "fake.silent")) {
		close(fake.fd);
		for (;;)
			pause();
	}
}

static void play(const struct value *node)
{
	const struct value *data = map_get(node, "data");
	const char *step = map_str(node, "type", "");

	node_update(node, "running", NULL);
	end_hard(step, data);
	if (!strcmp(step, "fake.say"))
		output(node, value_str(map_str(data, "text", "hello")));
	else if (!strcmp(step, "fake.flood"))
		flood(node, data);
	else if (!strcmp(step, "fake.wait"))
		wait_for_end(node, false);
	else if (!strcmp(step, "fake.hang"))
		wait_for_end(node, true);
	else if (!strcmp(step, "fake.sleep"))
		usleep((useconds_t)map_int(data, "ms", 100) * 1000);
	else if (!strcmp(step, "fake.grow"))
		grow(data);
	else if (!strcmp(step, "fake.suspend") && !strcmp(map_str(fake.resume, "node_id", ""), map_str(node, "id", "")))
		output(node, value_ref(map_get(fake.resume, "state")));
	else if (!strcmp(step, "fake.suspend")) {
		finish("suspended", NULL);
		map_set(fake.done, "state", value_str("remembered"));
		map_set_str(fake.done, "node_id", map_str(node, "id", ""));
		map_set_str(fake.done, "reason", map_str(data, "reason", "Waiting"));
		node_update(node, "suspended", NULL);
		return;
	} else if (!strcmp(step, "fake.fail")) {
		node_update(node, "error", map_str(data, "error", "failed"));
		finish("failed", map_str(data, "error", "failed"));
		return;
	}
	record(RUNNER_MSG_NODE_DONE, node);
	node_update(node, "completed", NULL);
}

static bool is_completed(const struct value *node)
{
	const struct value *ids = map_get(fake.resume, "completed");
	size_t i;

	for (i = 0; i < value_len(ids); i++)
		if (!strcmp(value_text(list_at(ids, i)), map_str(node, "id", "")))
			return true;
	return false;
}

static void run(const struct value *order)
{
	const struct value *nodes = map_get(map_get(order, "graph"), "nodes");
	const struct value *first = list_at(nodes, 0);
	struct buf out;
	size_t i;

	fake.seq = map_int(order, "first_seq", 1);
	fake.job_id = map_str(order, "job_id", "");
	fake.workflow_id = map_str(order, "workflow_id", "");
	fake.result = value_map();
	fake.done = NULL;
	fake.cancelled = false;
	fake.resume = map_get(order, "resume");
	if (!strcmp(map_str(first, "type", ""), "fake.early")) {
		finish("failed", map_str(map_get(first, "data"), "error", "Invalid node type: fake.early"));
		map_set_bool(fake.done, "early", true);
	}
	for (i = 0; !fake.done && !fake.cancelled && i < value_len(nodes); i++)
		if (!is_completed(list_at(nodes, i)))
			play(list_at(nodes, i));
	if (fake.cancelled)
		finish("cancelled", NULL);
	else if (!fake.done)
		finish("completed", NULL);
	map_set(fake.done, "result", fake.result);
	map_set_float(fake.done, "duration", 0.001);
	map_set_int(fake.done, "next_seq", fake.seq);
	buf_init(&out, BUF_MAX_RESPONSE);
	msgpack_write(&out, fake.done, true);
	send_frame(RUNNER_DONE, out.data, out.len);
	buf_free(&out);
	value_unref(fake.done);
}

int runner_main(int fd)
{
	struct json_error error;
	struct value *order;
	uint32_t len;
	char *frame;

	fake.fd = fd;
	for (;;) {
		frame = next_frame(&len);
		order = frame[0] == RUNNER_RUN ? msgpack_parse(frame + 1, len - 1, &error) : NULL;
		if (order)
			run(order);
		value_unref(order);
		free(frame);
	}
}
