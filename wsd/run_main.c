/*
 * nodetool-run: runs a graph in this process, without a server.
 *
 *	nodetool-run [--json] [--trace] [--quiet] GRAPH.json [name=value …]
 *
 * Exit status: 0 completed, 1 failed, 2 wrong use or unreadable graph, 3 suspended, 130 interrupted.
 */
#include "config.h"
#include "wsd/engine/engine.h"
#include "graph/graph.h"
#include "nodes/node.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define EXIT_SUSPENDED 3
#define EXIT_INTERRUPTED 130
#define STEPS_PER_ROUND 1024
#define POLL_MAX 256

static volatile sig_atomic_t interrupted;

struct cli {
	bool json;
	bool trace;
	bool quiet;
	const char *path;
	struct value *graph;  /* {nodes, edges} */
	struct value *params;
};

static const char usage[] =
	"usage: nodetool-run [--json] [--trace] [--quiet] GRAPH.json [name=value ...]\n"
	"Runs a workflow graph and prints what its output nodes give.\n"
	"  GRAPH.json   a graph {nodes, edges}, or a workflow with a member `graph`; - reads the standard input\n"
	"  name=value   the value of the input node of that name: a text, or JSON where the input is no text;\n"
	"               name=@FILE takes the text of a file\n"
	"  --json       one JSON object with status, error, outputs and duration instead of lines\n"
	"  --trace      every message of the run as a line of JSON on the standard error\n"
	"  --quiet      no progress on the standard error\n"
	"  --version    the version\n"
	"Exit status: 0 completed, 1 failed, 2 wrong use, 3 suspended, 130 interrupted.\n";

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "nodetool-run: %s: %s\n", what, why);
	return -1;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static int read_text(const char *path, struct buf *out)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	char *p;

	if (fd < 0)
		return complain(path, strerror(errno));
	while ((p = buf_reserve(out, 65536)) && (n = read(fd, p, 65536)) > 0)
		out->len += (size_t)n;
	if (fd != STDIN_FILENO)
		close(fd);
	if (n < 0)
		return complain(path, strerror(errno));
	return p ? 0 : complain(path, "too long");
}

static int read_graph(struct cli *cli)
{
	struct json_error why = { 0 };
	struct value *json;
	struct value *graph;
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	if (read_text(cli->path, &text) != 0) {
		buf_free(&text);
		return -1;
	}
	json = json_parse(text.data ? text.data : "", text.len, &why);
	buf_free(&text);
	if (!json)
		return complain(cli->path, why.message);
	graph = map_get(json, "graph");
	cli->graph = value_ref(value_is(graph, VALUE_MAP) ? graph : json);
	value_unref(json);
	return 0;
}

/* The type of the `value` of the input node with this name; NULL when there is none. */
static const struct type *input_type(const struct cli *cli, const char *name)
{
	const struct value *nodes = map_get(cli->graph, "nodes");
	const struct node_info *info;
	const struct value *node;

	for (size_t i = 0; i < value_len(nodes); i++) {
		node = list_at(nodes, i);
		info = node_info_find(map_str(node, "type", ""));
		if (!info || !(info->type->flags & NODE_INPUT) ||
		    strcmp(map_str(map_get(node, "data"), "name", ""), name) != 0)
			continue;
		for (size_t k = 0; k < info->prop_count; k++)
			if (strcmp(info->props[k].name, "value") == 0)
				return info->props[k].type;
	}
	return NULL;
}

static struct value *param_value(const struct type *type, const char *text, size_t len)
{
	struct json_error why;
	struct value *v = NULL;

	if (type->kind != TYPE_STR)
		v = json_parse(text, len, &why);
	if (v && type->kind == TYPE_FLOAT && value_is(v, VALUE_INT)) {
		value_unref(v);
		v = value_float(strtod(text, NULL));
	}
	return v ? v : value_strn(text, len);
}

static int read_param(struct cli *cli, const char *arg)
{
	const char *eq = strchr(arg, '=');
	const struct type *type;
	struct buf text;
	char *name;
	int status = 0;

	if (!eq)
		return complain(arg, "not of the form name=value");
	name = xstrndup(arg, (size_t)(eq - arg));
	type = input_type(cli, name);
	buf_init(&text, BUF_MAX_BODY);
	if (!type) {
		status = complain(name, "the graph has no input of this name");
	} else if (eq[1] == '@') {
		status = read_text(eq + 2, &text);
		if (status == 0 && !utf8_valid(text.data ? text.data : "", text.len))
			status = complain(eq + 2, "not UTF-8 text");
		if (status == 0)
			map_set(cli->params, name, param_value(type, text.data ? text.data : "", text.len));
	} else {
		map_set(cli->params, name, param_value(type, eq + 1, strlen(eq + 1)));
	}
	buf_free(&text);
	free(name);
	return status;
}

/* ---- showing ------------------------------------------------------------------------------------------ */

static void print_json(FILE *to, const struct value *v, int style)
{
	struct buf text;

	buf_init(&text, BUF_MAX_RESPONSE);
	if (json_write(&text, v, style) == 0)
		fprintf(to, "%.*s\n", (int)text.len, text.data);
	buf_free(&text);
}

static void show_output(const struct value *message)
{
	const struct value *v = map_get(message, "value");

	printf("%s: ", map_str(message, "output_name", ""));
	if (value_is(v, VALUE_STR))
		printf("%.*s\n", (int)value_len(v), value_text(v));
	else
		print_json(stdout, v, JSON_SPACED);
}

static void show_progress(const struct value *message)
{
	const char *type = map_str(message, "type", "");
	const char *status = map_str(message, "status", "");

	if (strcmp(type, "node_update") == 0 && strcmp(status, "error") == 0)
		fprintf(stderr, "%s (%s): error: %s\n", map_str(message, "node_id", ""),
			map_str(message, "node_name", ""), map_str(message, "error", ""));
	else if (strcmp(type, "node_update") == 0 && strcmp(status, "completed") == 0)
		fprintf(stderr, "%s (%s): %s\n", map_str(message, "node_id", ""), map_str(message, "node_name", ""),
			status);
	else if (strcmp(type, "node_progress") == 0)
		fprintf(stderr, "%s: %lld of %lld\n", map_str(message, "node_id", ""),
			(long long)map_int(message, "progress", 0), (long long)map_int(message, "total", 0));
	else if (strcmp(type, "log_update") == 0)
		fprintf(stderr, "%s: %s: %s\n", map_str(message, "node_id", ""), map_str(message, "severity", ""),
			map_str(message, "content", ""));
}

static void on_message(void *ctx, const struct run_message *m)
{
	const struct cli *cli = ctx;
	struct json_error why;
	struct value *message = msgpack_parse(m->data, m->len, &why);

	if (!message)
		return;
	if (cli->trace)
		print_json(stderr, message, JSON_COMPACT);
	else if (!cli->quiet)
		show_progress(message);
	if (!cli->json && m->type == RUNNER_MSG_OUTPUT_UPDATE)
		show_output(message);
	value_unref(message);
}

static const char *status_text(enum run_status status)
{
	static const char *const names[] = { "completed", "failed", "cancelled", "suspended" };

	return names[status];
}

static void show_end(const struct cli *cli, const struct run_end *end)
{
	struct value *summary;

	if (!cli->json) {
		if (end->error)
			fprintf(stderr, "failed: %s\n", end->error);
		else if (end->status != RUN_COMPLETED)
			fprintf(stderr, "%s\n", status_text(end->status));
		return;
	}
	summary = value_map();
	map_set_str(summary, "status", status_text(end->status));
	map_set_str(summary, "error", end->error);
	map_set(summary, "outputs", end->result ? value_ref(end->result) : value_null());
	map_set_float(summary, "duration", end->duration);
	print_json(stdout, summary, JSON_COMPACT);
	value_unref(summary);
}

/* ---- running ------------------------------------------------------------------------------------------ */

static void drive(struct run *run)
{
	struct pollfd fds[POLL_MAX];
	int timeout;
	size_t n;

	while (!run_end(run)) {
		if (interrupted) {
			run_cancel(run);
			break;
		}
		if (run_step(run, STEPS_PER_ROUND) || run_end(run))
			continue;
		n = run_poll(run, fds, ARRAY_LEN(fds), &timeout);
		if (poll(fds, n, timeout) < 0 && errno != EINTR)
			run_abort(run, "RuntimeError", "poll failed");
		run_wake(run, fds, n);
	}
}

static int run_graph(struct cli *cli)
{
	static const int statuses[] = { EXIT_SUCCESS, EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_SUSPENDED };
	char job[ID_SIZE];
	char folder[4096];
	struct run_options options = {
		.job_id = job,
		.workflow_id = "",
		.user_id = "1",
		.workspace = getcwd(folder, sizeof(folder)),
		.graph = cli->graph,
		.params = cli->params,
		.message = on_message,
		.ctx = cli,
	};
	struct run *run;
	int status;

	id_new(job);
	if (!cli->trace)
		options.mute = RUN_MUTE(RUNNER_MSG_EDGE_UPDATE);
	if (!cli->trace && cli->quiet)
		options.mute |= RUN_MUTE(RUNNER_MSG_NODE_UPDATE) | RUN_MUTE(RUNNER_MSG_OTHER);
	if (!cli->trace && cli->json)
		options.mute |= RUN_MUTE(RUNNER_MSG_OUTPUT_UPDATE);
	run = run_new(&options);
	drive(run);
	show_end(cli, run_end(run));
	status = statuses[run_end(run)->status];
	run_free(run);
	return status;
}

static int read_arguments(struct cli *cli, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && str_starts(argv[i], "--"); i++) {
		if (strcmp(argv[i], "--json") == 0)
			cli->json = true;
		else if (strcmp(argv[i], "--trace") == 0)
			cli->trace = true;
		else if (strcmp(argv[i], "--quiet") == 0)
			cli->quiet = true;
		else
			return complain(argv[i], "unknown option");
	}
	if (i == argc) {
		fputs(usage, stderr);
		return -1;
	}
	cli->path = argv[i++];
	if (read_graph(cli) != 0)
		return -1;
	cli->params = value_map();
	for (; i < argc; i++)
		if (read_param(cli, argv[i]) != 0)
			return -1;
	return 0;
}

static bool is_argument(int argc, char **argv, const char *name)
{
	return argc == 2 && strcmp(argv[1], name) == 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct cli cli = { 0 };
	struct err err;
	int status = EXIT_USAGE;

	log_init("nodetool-run");
	if (is_argument(argc, argv, "--help") || is_argument(argc, argv, "--version")) {
		fputs(argv[1][2] == 'h' ? usage : "nodetool-run " PACKAGE_VERSION "\n", stdout);
		return EXIT_SUCCESS;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (config_load(&err) != 0)
		complain("configuration", err.detail);
	else if (read_arguments(&cli, argc, argv) == 0)
		status = run_graph(&cli);
	value_unref(cli.graph);
	value_unref(cli.params);
	return status;
}
