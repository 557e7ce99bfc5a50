/* nodetool-client: the command line. */
#include "client/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
	"usage: nodetool-client [--url URL] [--token TOKEN] COMMAND\n"
	"\n"
	"  store FILE...             store workflow files: each under the id in it, or as a new workflow\n"
	"  list                      ids and names of the stored workflows\n"
	"  run [OPTION...] WORKFLOW  run a workflow: an id, or a file that holds a graph\n"
	"      --param NAME=VALUE    value of an input: JSON, or else the text itself\n"
	"      --file NAME=PATH      value of an input: the text in that file\n"
	"      --json                print every message as a line of JSON\n"
	"      --quiet               print the outputs alone\n"
	"      --timeout SECONDS     give up after that long without a message (120)\n"
	"\n"
	"URL: NODETOOL_API_URL or http://127.0.0.1:7777. TOKEN: NODETOOL_TOKEN.\n";

static int store(const struct client *client, const char *path, struct err *err)
{
	struct value *workflow = json_read_file(path, BUF_MAX_BODY, err);
	struct value *answer = NULL;
	const char *id;
	char *target;
	int result;

	if (!workflow)
		return -1;
	id = map_str(workflow, "id", "");
	if (*id && !id_safe(id)) {
		value_unref(workflow);
		return err_set(err, 422, "%s: the id is none", path);
	}
	target = xasprintf("/api/workflows/%s", id);
	result = rest_request(client, *id ? "PUT" : "POST", target, workflow, &answer, err);
	if (result == 0)
		printf("%s  %s\n", map_str(answer, "id", "?"), map_str(answer, "name", ""));
	free(target);
	value_unref(answer);
	value_unref(workflow);
	return result;
}

static int list(const struct client *client, struct err *err)
{
	struct value *answer = NULL;
	const struct value *workflows;

	if (rest_request(client, "GET", "/api/workflows/?columns=id,name&limit=1000", NULL, &answer, err) < 0)
		return -1;
	workflows = map_get(answer, "workflows");
	for (size_t i = 0; i < value_len(workflows); i++) {
		const struct value *w = list_at(workflows, i);

		printf("%s  %s\n", map_str(w, "id", "?"), map_str(w, "name", ""));
	}
	value_unref(answer);
	return 0;
}

/* NAME=VALUE (a JSON value, or else a text), or NAME=PATH with `from_file`. */
static int add_param(struct value *params, const char *text, bool from_file, struct err *err)
{
	const char *equals = strchr(text, '=');
	struct json_error fault;
	struct value *v = NULL;
	struct buf content;

	if (!equals || equals == text)
		return err_set(err, 400, "%s: expected NAME=%s", text, from_file ? "PATH" : "VALUE");
	if (from_file) {
		buf_init(&content, BUF_MAX_BODY);
		if (file_read(equals + 1, &content, err) < 0) {
			buf_free(&content);
			return -1;
		}
		if (!utf8_valid(content.data ? content.data : "", content.len)) {
			buf_free(&content);
			return err_set(err, 422, "%s is no UTF-8 text", equals + 1);
		}
		v = value_strn(content.data ? content.data : "", content.len);
		buf_free(&content);
	} else {
		v = json_parse(equals + 1, strlen(equals + 1), &fault);
		if (!v)
			v = value_str(equals + 1);
	}
	map_setn(params, text, (size_t)(equals - text), v);
	return 0;
}

/* The data of run_job: a stored workflow by its id, or a graph out of a file. */
static int describe_run(const char *workflow, struct value *params, struct value **data, struct err *err)
{
	struct value *file = NULL;
	struct value *graph = NULL;

	if (strchr(workflow, '/') || str_ends(workflow, ".json")) {
		file = json_read_file(workflow, BUF_MAX_BODY, err);
		if (!file)
			return -1;
		graph = map_get(file, "graph");
		if (!graph && map_get(file, "nodes"))
			graph = file;
		if (!graph) {
			value_unref(file);
			return err_set(err, 422, "%s holds no graph", workflow);
		}
	}
	*data = value_map();
	map_set_str(*data, "type", "run_job_request");
	map_set_str(*data, "job_type", "workflow");
	map_set_str(*data, "workflow_id", file ? map_str(file, "id", "") : workflow);
	map_set(*data, "params", value_ref(params));
	if (graph)
		map_set(*data, "graph", value_ref(graph));
	value_unref(file);
	return 0;
}

static int run(struct client *client, char **args, struct err *err)
{
	struct value *params = value_map();
	struct value *data = NULL;
	int result = 0;

	for (; result == 0 && *args && str_starts(*args, "--"); args++) {
		if (strcmp(*args, "--json") == 0)
			client->json = true;
		else if (strcmp(*args, "--quiet") == 0)
			client->quiet = true;
		else if (!args[1])
			result = err_set(err, 400, "%s is unknown or needs a value", *args);
		else if (strcmp(*args, "--param") == 0)
			result = add_param(params, *++args, false, err);
		else if (strcmp(*args, "--file") == 0)
			result = add_param(params, *++args, true, err);
		else if (strcmp(*args, "--timeout") == 0)
			client->timeout = (int)strtol(*++args, NULL, 10);
		else
			result = err_set(err, 400, "%s is unknown", *args);
	}
	if (result == 0 && (!*args || args[1]))
		result = err_set(err, 400, "run needs one workflow");
	if (result == 0)
		result = describe_run(*args, params, &data, err);
	if (result == 0)
		result = run_job(client, data, err);
	value_unref(data);
	value_unref(params);
	return result;
}

static int command(struct client *client, char **args, struct err *err)
{
	int result = 0;

	if (*args && strcmp(*args, "list") == 0 && !args[1])
		return list(client, err);
	if (*args && strcmp(*args, "run") == 0)
		return run(client, args + 1, err);
	if (*args && strcmp(*args, "store") == 0 && args[1]) {
		for (args++; result == 0 && *args; args++)
			result = store(client, *args, err);
		return result;
	}
	fputs(usage_text, stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	const char *url = getenv("NODETOOL_API_URL");
	struct client client = { .token = getenv("NODETOOL_TOKEN"), .timeout = 120 };
	struct err err = { 0 };
	char **args = argv + 1;
	char *copy;
	int result;

	(void)argc;
	log_init("nodetool-client");
	for (; args[0] && args[1] && str_starts(args[0], "--"); args += 2) {
		if (strcmp(args[0], "--url") == 0)
			url = args[1];
		else if (strcmp(args[0], "--token") == 0)
			client.token = args[1];
		else
			break;
	}
	copy = xstrdup(url && *url ? url : "http://127.0.0.1:7777");
	while (str_ends(copy, "/"))
		copy[strlen(copy) - 1] = '\0';
	client.url = copy;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	result = command(&client, args, &err);
	if (result)
		fprintf(stderr, "nodetool-client: %s\n", err.detail);
	curl_global_cleanup();
	free(copy);
	return result ? 1 : 0;
}
