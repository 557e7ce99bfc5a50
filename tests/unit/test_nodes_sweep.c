/* Every node that is built in, with every property set to what nobody would set it to: no crash, no hang, no finding of a
 * sanitizer, texts stay UTF-8, and where a run fails that went well before, the reason names the property.
 *
 * Each node type runs in a child process of its own, which tells in shared memory what it is doing. With the name of a node
 * type as argument only that one runs, and what each value leads to is printed. */
#include "auth/auth.h"
#include "nodes/node.h"
#include "wsd/engine/engine.h"
#include "wsd/nodes/raster.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define NODE_SECONDS 60          /* of the processor, for one node type with all its values */
#define HANG_SECONDS 600         /* the same by the clock, on a machine that is busy with other things */
#define STEPS_MAX    20000       /* of one run: an endless generator is no hang */
#define WAIT_MAX_MS  3000        /* in one run without an answer: a node that asks for more waits on purpose */
#define MESSAGES_MAX ((size_t)64 << 20)
#define LONG_TEXT    100000
#define DEPTH        100
#define MEMORY_MAX   ((long)2 << 20) /* KiB of a child, shadow of the sanitizer included */

/* What a child tells. */
struct report {
	size_t runs;
	char doing[512];
	char found[16384];
};

static struct report *report;
static struct value *hostile; /* a map: what it is -> value */
static struct value *usual;   /* a map: type -> a value that a user would give */
static char folder[] = "/tmp/nodetool-sweep-XXXXXX";
static bool verbose;

static struct value *json(const char *text)
{
	struct json_error why;
	struct value *v = json_parse(text, strlen(text), &why);

	if (!v)
		fail_msg("%s: %s", text, why.message);
	return v;
}

/* ---- values ------------------------------------------------------------------------------------------- */

static struct value *nested(bool maps)
{
	struct value *v = value_int(1);

	for (int i = 0; i < DEPTH; i++) {
		struct value *outer = maps ? value_map() : value_list();

		if (maps)
			map_set(outer, "a", v);
		else
			list_push(outer, v);
		v = outer;
	}
	return v;
}

static struct value *long_text(void)
{
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	while (text.len < LONG_TEXT)
		buf_adds(&text, "({[<%\xc3\xa9" "a.*'\"\\");
	return value_str_take(buf_take(&text), strlen(text.data));
}

static void make_hostile(void)
{
	static const struct {
		const char *name;
		const char *json;
	} plain[] = {
		{ "null", "null" }, { "true", "true" }, { "0", "0" }, { "-1", "-1" }, { "7", "7" }, { "1.5", "1.5" },
		{ "-0.5", "-0.5" }, { "1e308", "1e308" }, { "-1e308", "-1e308" }, { "largest int", "9223372036854775807" },
		{ "smallest int", "-9223372036854775808" },
		{ "beyond int", "123456789012345678901234567890123456789" }, { "empty text", "\"\"" },
		{ "blank", "\" \"" }, { "NUL in a text", "\"a\\u0000b\"" }, { "open group", "\"((((\"" },
		{ "upwards", "\"../../../etc/passwd\"" }, { "no address", "\"http://[::1\"" },
		{ "empty list", "[]" }, { "empty object", "{}" }, { "list of kinds", "[null, true, -1, 1e308, \"x\", [], {}]" },
		{ "texts", "[\"\", \"a\", \"\\u0000\"]" }, { "ints", "[9223372036854775807, -9223372036854775808, 0]" },
		{ "floats", "[1e308, -1e308, 0.0]" }, { "maps", "[{\"a\": []}, {\"b\": null}, 5]" },
		{ "object", "{\"\": 1, \"type\": 5, \"a\": {\"b\": []}}" },
		{ "plain object", "{\"\": null, \"columns\": 5, \"data\": \"x\", \"uri\": \"\"}" },
	};

	hostile = value_map();
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		map_set(hostile, plain[i].name, json(plain[i].json));
	map_set(hostile, "nested lists", nested(false));
	map_set(hostile, "nested objects", nested(true));
	map_set(hostile, "long text", long_text());
	map_set(hostile, "bytes", value_bytes("\xff\xfe\0\x80%PDF-PK\3\4", 13));
	map_set(hostile, "not a number", value_float(strtod("nan", NULL)));
	map_set(hostile, "infinity", value_float(-strtod("inf", NULL)));
}

/* Values of a class whose inside is wrong; {T} stands for its name. */
static const struct {
	const char *class; /* NULL: every class */
	const char *json;
} broken[] = {
	{ NULL, "{\"type\": \"{T}\", \"uri\": \"file:///etc/passwd\"}" },
	{ NULL, "{\"type\": \"{T}\", \"uri\": \"data:;base64,AAAA\"}" },
	{ NULL, "{\"type\": \"{T}\", \"asset_id\": \"../x\", \"metadata\": {\"a\": []}}" },
	{ "dataframe", "{\"type\": \"{T}\", \"columns\": [], \"data\": [[1, 2], [], [null]]}" },
	{ "dataframe", "{\"type\": \"{T}\", \"columns\": [{\"name\": \"\", \"data_type\": \"int\"}, "
		       "{\"name\": \"\", \"data_type\": \"float\"}], \"data\": [[\"x\"], [{}, [], 1e308]]}" },
	{ "dataframe", "{\"type\": \"{T}\", \"columns\": [{\"name\": \"a\", \"data_type\": \"datetime\"}], \"data\": [[5]]}" },
	{ "np_array", "{\"type\": \"{T}\", \"value\": \"abc\", \"dtype\": \"<f8\", \"shape\": [1000000000000, 1000000000000]}" },
	{ "np_array", "{\"type\": \"{T}\", \"value\": \"abcdefgh\", \"dtype\": \"<f8\", \"shape\": [-1]}" },
	{ "np_array", "{\"type\": \"{T}\", \"value\": \"abcdefgh\", \"dtype\": \"|O\", \"shape\": []}" },
	{ "np_array", "{\"type\": \"{T}\", \"value\": \"\", \"dtype\": \"<i8\", \"shape\": [0]}" },
	{ "datetime", "{\"type\": \"{T}\", \"year\": -1, \"month\": 99, \"day\": 0, \"hour\": 9223372036854775807}" },
	{ "datetime", "{\"type\": \"{T}\", \"year\": 9999, \"month\": 12, \"day\": 31, \"utc_offset\": 1e308, \"tzinfo\": \"x\"}" },
	{ "date", "{\"type\": \"{T}\", \"year\": 99999, \"month\": -5, \"day\": 31}" },
	{ "color", "{\"type\": \"{T}\", \"value\": \"#zzzzzzzzzzzz\"}" },
	{ "record_type", "{\"type\": \"{T}\", \"columns\": [{\"name\": \"\", \"data_type\": \"object\"}]}" },
	{ "svg_element", "{\"type\": \"{T}\", \"name\": \"<\\u0000>\", \"attributes\": {\"\": \"\\\"\"}, \"content\": \"]]>\"}" },
	{ "image_size", "{\"type\": \"{T}\", \"width\": -1, \"height\": 9223372036854775807}" },
};

static struct value *asset_of(const char *type, const void *data, size_t len)
{
	struct value *v = value_map();

	map_set_str(v, "type", type);
	map_set(v, "data", value_bytes(data, len));
	return v;
}

/* A second of a saw-tooth, 800 samples. */
static struct value *sound(void)
{
	static const unsigned char head[] = { 'R', 'I', 'F', 'F', 0x64, 6, 0, 0, 'W', 'A', 'V', 'E', 'f', 'm', 't', ' ', 16, 0, 0,
					      0, 1, 0, 1, 0, 0x20, 3, 0, 0, 0x40, 6, 0, 0, 2, 0, 16, 0, 'd', 'a', 't', 'a',
					      0x40, 6, 0, 0 };
	unsigned char wav[sizeof(head) + 1600];

	memcpy(wav, head, sizeof(head));
	for (size_t i = 0; i < 1600; i++)
		wav[sizeof(head) + i] = (unsigned char)(i * 3);
	return asset_of("audio", wav, sizeof(wav));
}

static struct value *picture(void)
{
	struct arena *arena = arena_new();
	struct err err;
	struct raster *r = raster_new(arena, 8, 6, 3, &err);
	struct value *v;
	struct buf png;

	assert_non_null(r);
	for (size_t i = 0; i < raster_size(r); i++)
		r->px[i] = (unsigned char)(i * 7);
	buf_init(&png, BUF_MAX_BODY);
	assert_int_equal(raster_write_png(r, &png, &err), 0);
	v = asset_of("image", png.data, png.len);
	buf_free(&png);
	arena_free(arena);
	return v;
}

static struct value *numbers(void)
{
	static const double three[] = { 1, 2.5, -3 };
	struct value *v = json("{\"type\": \"np_array\", \"dtype\": \"<f8\", \"shape\": [3]}");

	map_set(v, "value", value_bytes(three, sizeof(three)));
	return v;
}

static void make_usual(void)
{
	usual = json("{\"str\": \"abc\", \"any\": \"abc\", \"list\": [3, 1, 2], \"list[str]\": [\"b\", \"a\"], \"dict\": {\"a\": 1},"
		     " \"int\": 2, \"float\": 1.5,"
		     " \"dataframe\": {\"type\": \"dataframe\", \"columns\": [{\"name\": \"a\", \"data_type\": \"int\"},"
		     " {\"name\": \"b\", \"data_type\": \"string\"}], \"data\": [[1, \"x\"], [2, \"y\"]]},"
		     " \"datetime\": {\"type\": \"datetime\", \"year\": 2024, \"month\": 2, \"day\": 29, \"hour\": 12},"
		     " \"date\": {\"type\": \"date\", \"year\": 2024, \"month\": 2, \"day\": 29},"
		     " \"collection\": {\"type\": \"collection\", \"name\": \"things\"}}");
	map_set(usual, "image", picture());
	map_set(usual, "audio", sound());
	map_set(usual, "np_array", numbers());
	map_set(usual, "document", asset_of("document", "# Title\n\nOne. Two.\n", 19));
}

/* A value that a user would give; NULL: the default. */
static struct value *usual_for(const struct node_prop *prop)
{
	static const char *const whole[] = { "union[int,float,np_array]", "np_array" };
	bool empty = !prop->def || strcmp(prop->def, "null") == 0 || strcmp(prop->def, "\"\"") == 0 ||
		     strcmp(prop->def, "[]") == 0 || strcmp(prop->def, "{}") == 0 || prop->def[0] == '{';
	const char *type = prop->type;
	struct value *v;

	if (!empty)
		return NULL;
	if (strcmp(type, whole[0]) == 0)
		type = whole[1];
	v = map_get(usual, type);
	if (!v && strncmp(type, "list[", 5) == 0)
		v = map_get(usual, strstr(type, "str") ? "list[str]" : "list");
	if (!v && strncmp(type, "dict", 4) == 0)
		v = map_get(usual, "dict");
	return v;
}

/* ---- one run ------------------------------------------------------------------------------------------ */

struct outcome {
	const struct node_type *type;
	size_t bytes; /* of messages */
	char error[1024]; /* "": it went well, or waits */
};

static void found(const char *what)
{
	size_t len = strlen(report->found);

	snprintf(report->found + len, sizeof(report->found) - len, "%s: %s\n", report->doing, what);
}

static void on_message(void *ctx, const struct run_message *m)
{
	struct outcome *out = ctx;
	struct json_error why;
	struct value *message = msgpack_parse(m->data, m->len, &why);

	out->bytes += m->len;
	if (!message)
		found(why.message);
	value_unref(message);
}

static void drive(struct run *run, const struct outcome *out)
{
	struct pollfd fds[16];
	int64_t waited_ms = 0;
	size_t steps = 0;
	int timeout;
	size_t n;

	while (!run_end(run) && steps < STEPS_MAX && out->bytes < MESSAGES_MAX) {
		steps += 10;
		if (run_step(run, 10) || run_end(run))
			continue;
		n = run_poll(run, fds, ARRAY_LEN(fds), &timeout);
		if (str_starts(out->type->type, "nodetool.triggers."))
			break; /* they wait for the world */
		if (n == 0 && (timeout < 0 || (waited_ms += timeout) > WAIT_MAX_MS))
			break; /* it waits for its time, or for events */
		poll(fds, n, timeout);
		run_wake(run, fds, n);
	}
	if (!run_end(run))
		run_cancel(run);
}

static struct value *node_of(struct value *graph, const char *id, const char *type)
{
	struct value *node = value_map();
	struct value *data = value_map();

	map_set_str(node, "id", id);
	map_set_str(node, "type", type);
	map_set(node, "data", data);
	list_push(map_get(graph, "nodes"), node);
	return data;
}

/* The value comes over an edge. */
static void give_by_edge(struct value *graph, const char *handle, struct value *v)
{
	char id[64];
	struct value *list = value_list();
	struct value *edge = value_map();
	struct value *data;

	snprintf(id, sizeof(id), "of_%.50s", handle);
	data = node_of(graph, id, "nodetool.list.GetElement");
	list_push(list, value_ref(v));
	map_set(data, "values", list);
	map_set_str(edge, "id", id);
	map_set_str(edge, "source", id);
	map_set_str(edge, "sourceHandle", "output");
	map_set_str(edge, "target", "node");
	map_set_str(edge, "targetHandle", handle);
	list_push(map_get(graph, "edges"), edge);
}

/* Runs the node with usual values, and the property `prop` (or none, NULL) as `v`. */
static void run_one(const struct node_type *type, const struct node_prop *prop, struct value *v, bool by_edge, struct outcome *out)
{
	struct value *graph = json("{\"nodes\": [], \"edges\": []}");
	struct value *data = node_of(graph, "node", type->type);
	struct run_options options = { .job_id = "job", .workflow_id = "", .user_id = "1", .workspace = folder, .graph = graph,
				       .message = on_message, .ctx = out };
	const struct run_end *end;
	struct run *run;

	*out = (struct outcome){ .type = type };
	for (const struct node_prop *p = type->props; p && p->name; p++) {
		struct value *given = p == prop ? v : usual_for(p);

		if (given && (p->required || (p == prop && by_edge)))
			give_by_edge(graph, p->name, given);
		else if (given)
			map_set(data, p->name, value_ref(given));
	}
	run = run_new(&options);
	drive(run, out);
	end = run_end(run);
	if (end && end->status == RUN_FAILED)
		snprintf(out->error, sizeof(out->error), "%s", end->error && *end->error ? end->error : "(no reason)");
	run_free(run);
	value_unref(graph);
	report->runs++;
}

/* ---- one node ----------------------------------------------------------------------------------------- */

/* The failure says which property it is about. */
static bool names(const struct node_type *type, const struct node_prop *prop, const char *error)
{
	if (strstr(error, prop->name))
		return true;
	/* Another one, that does not fit the value: "folder: …". */
	for (const struct node_prop *p = type->props; p && p->name; p++)
		if (str_starts(error, p->name) && error[strlen(p->name)] == ':')
			return true;
	/* The original's words, and the system's about the path that they end with. */
	return (str_starts(error, "Cannot ") && str_ends(error, "empty list")) || str_starts(error, "[Errno ");
}

static void try_value(const struct node_type *type, const struct node_prop *prop, const char *what, struct value *v,
		      const char *before)
{
	struct outcome out;

	for (int by_edge = 0; by_edge < ((type->flags & NODE_STREAMS_INPUT) ? 2 : 1); by_edge++) {
		snprintf(report->doing, sizeof(report->doing), "%s, %s = %s%s", type->type, prop->name, what,
			 by_edge ? " (edge)" : "");
		run_one(type, prop, v, by_edge, &out);
		if (verbose)
			printf("%s: %s\n", report->doing, out.error);
		if (!*before && *out.error && !names(type, prop, out.error))
			found(out.error);
	}
}

static void try_broken(const struct node_type *type, const struct node_prop *prop, const char *before)
{
	char name[64];
	char text[1024];
	struct value *v;

	if (sscanf(prop->type, "list[%63[a-z_0-9]", name) != 1 && sscanf(prop->type, "%63[a-z_0-9]", name) != 1)
		return;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		const char *rest = strstr(broken[i].json, "{T}") + 3;

		if (broken[i].class ? !strstr(prop->type, broken[i].class) : !map_get(usual, name))
			continue;
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(rest - 3 - broken[i].json), broken[i].json,
			 broken[i].class ? broken[i].class : name, rest);
		v = json(text);
		try_value(type, prop, text, v, before);
		value_unref(v);
	}
	snprintf(text, sizeof(text), "%s of wrong bytes", name);
	v = asset_of(name, "\x89PNG\r\n\x1a\n\xff\xfe\0RIFF", 15);
	try_value(type, prop, text, v, before);
	value_unref(v);
}

static void sweep(const struct node_type *type)
{
	struct outcome usual_run;
	struct rusage usage;
	struct sv name;
	struct value *v;

	snprintf(report->doing, sizeof(report->doing), "%s as usual", type->type);
	run_one(type, NULL, NULL, false, &usual_run);
	if (verbose)
		printf("as usual: %s\n", usual_run.error);
	for (const struct node_prop *p = type->props; p && p->name; p++) {
		/* Starting interpreters takes most of the time: each property gets another part of the values. */
		size_t every = str_starts(type->type, "nodetool.code.") ? 5 : 1;

		for (size_t i = (size_t)(p - type->props) % every; map_entry(hostile, i, &name, &v); i += every)
			try_value(type, p, name.p, v, usual_run.error);
		try_broken(type, p, usual_run.error);
	}
	getrusage(RUSAGE_SELF, &usage);
	if (usage.ru_maxrss > MEMORY_MAX)
		found("too much memory");
}

static bool sweep_in_child(const struct node_type *type)
{
	pid_t pid;
	int status = 0;

	memset(report, 0, sizeof(*report));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CPU, &(struct rlimit){ NODE_SECONDS, NODE_SECONDS });
		alarm(HANG_SECONDS);
		sweep(type);
		exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		printf("%s: %s\n", report->doing, strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		printf("%s: ended with status %d\n", report->doing, WEXITSTATUS(status));
	printf("%s", report->found);
	return status == 0 && !*report->found;
}

static void test_every_node(void **state)
{
	const char *only = *state;
	size_t wrong = 0;
	size_t runs = 0;

	for (size_t i = 0; i < node_type_count(); i++) {
		const struct node_type *type = node_type_at(i);

		if (only && strcmp(type->type, only) != 0)
			continue;
		wrong += !sweep_in_child(type);
		runs += report->runs;
	}
	printf("%zu runs\n", runs);
	assert_true(runs > 0);
	assert_int_equal(wrong, 0);
}

static void remove_folder(void)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		printf("%s stays\n", folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(test_every_node, argc > 1 ? argv[1] : NULL) };
	char here[4096];
	char db[64];
	struct err err;
	int failed;

	verbose = argc > 1;
	signal(SIGPIPE, SIG_IGN); /* as in a runner */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(folder) || !getcwd(here, sizeof(here)))
		return 1;
	snprintf(db, sizeof(db), "%s/nodetool.sqlite3", folder);
	setenv("HOME", folder, 1);
	setenv("DB_PATH", db, 1);
	setenv("ASSET_FOLDER", folder, 1);
	setenv("AUTH_PROVIDER", "static", 1); /* paths stay in the workspace, requests out of this machine's networks */
	setenv("SERVER_AUTH_TOKEN", "0123456789abcdef0123456789abcdef", 1);
	setenv("NODETOOL_LIBEXEC_DIR", here, 0);
	setenv("LOG_LEVEL", "ERROR", 1);
	if (config_load(&err) != 0 || auth_init(&err) != 0)
		return 1;
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return 1;
	make_hostile();
	make_usual();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	value_unref(hostile);
	value_unref(usual);
	remove_folder();
	return failed;
}
