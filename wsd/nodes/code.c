/* nodetool.code: programs in Python, JavaScript, Bash, Ruby and Lua, and commands, in the sandbox of sandbox/sandbox.h.
 * Where the original asks for a container, the sandbox takes its place. */
#include "wsd/nodes/code_limits.h"
#include "wsd/nodes/code_source.h"
#include "wsd/nodes/helper.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_MAX        ((size_t)64 << 20) /* what a program may print in all */
#define STDIN_MAX         ((size_t)64 << 20)
#define LINE_MAX_BYTES    ((size_t)16 << 20)
#define CHUNK             65536
#define LINES_AT_ONCE     16
#define ERROR_TAIL        300

static const struct language {
	const char *program;
	const char *flag;
	enum code_language language;
} languages[] = {
	{ "python3", "-c", CODE_PYTHON }, { "node", "-e", CODE_JAVASCRIPT }, { "bash", "-c", CODE_BASH },
	{ "ruby", "-e", CODE_RUBY },      { "lua", "-e", CODE_LUA },
};

static const char *const slots[2] = { "stdout", "stderr" };

struct code_state {
	struct sandbox box;
	bool started;
	struct value *given; /* what came in over edges: handle -> newest value */
	struct buf input;
	size_t input_at;
	struct stream {
		struct buf text; /* what has come and was not sent on */
		size_t line_at;  /* start of the next line */
	} streams[2];
	char tail[ERROR_TAIL + 1]; /* last line of stderr */
	size_t printed;
	int64_t deadline_us;
	int64_t seconds;
};

static void free_state(void *ptr)
{
	struct code_state *s = ptr;

	if (s->started)
		sandbox_free(&s->box);
	s->started = false;
	value_unref(s->given);
	s->given = NULL;
	buf_free(&s->input);
	buf_free(&s->streams[0].text);
	buf_free(&s->streams[1].text);
}

/* ---- starting ----------------------------------------------------------------------------------------- */

static struct value *setting(struct node_ctx *ctx, const char *name)
{
	struct code_state *s = node_state(ctx);
	struct value *v = map_get(s->given, name);

	return v ? v : node_get(ctx, name);
}

static const char *setting_text(struct node_ctx *ctx, const char *name)
{
	struct value *v = setting(ctx, name);

	return value_is(v, VALUE_STR) ? value_text(v) : "";
}

static bool is_property(struct sv name)
{
	static const char *const own[] = { "code",       "command",         "image", "execution_mode",
					   "executable", "timeout_seconds", "stdin" };

	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (sv_eq(name, own[i]))
			return true;
	}
	return false;
}

/* The dynamic properties, and over them what came in over edges. A new reference. */
static struct value *variables(struct node_ctx *ctx)
{
	struct code_state *s = node_state(ctx);
	struct value *all = value_map();
	struct value *sources[2] = { node_dynamic(ctx), s->given };
	struct value *v;
	struct sv key;

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; sources[k] && map_entry(sources[k], i, &key, &v); i++) {
			if (!is_property(key))
				map_setn(all, key.p, key.n, value_ref(v));
		}
	}
	return all;
}

/* A command's words: the original splits at each single blank. */
static const char **split_command(struct arena *arena, const char *command)
{
	size_t count = 1;
	const char **argv;
	struct sv rest = sv_of(command);
	struct sv word;
	size_t n = 0;

	for (const char *p = command; *p; p++)
		count += *p == ' ';
	argv = arena_alloc(arena, (count + 1) * sizeof(*argv));
	while (n < count && sv_split(&rest, ' ', &word))
		argv[n++] = arena_strndup(arena, word.p, word.n);
	return argv;
}

/* The words of the interpreter's call; NULL with the reason. */
static const char **program_of(struct node_ctx *ctx, const struct language *language, const char *text, struct err *err)
{
	struct arena *arena = node_arena(ctx);
	const char **argv;
	struct value *vars;
	struct buf source;
	int bad;

	if (!language)
		return split_command(arena, text);
	buf_init(&source, SANDBOX_ARG_MAX);
	vars = variables(ctx);
	bad = code_source(&source, language->language, text, vars, err);
	value_unref(vars);
	argv = arena_alloc(arena, 4 * sizeof(*argv));
	argv[0] = language->program;
	if (language->language == CODE_LUA && strcmp(setting_text(ctx, "executable"), "luajit") == 0)
		argv[0] = "luajit";
	argv[1] = language->flag;
	argv[2] = arena_strndup(arena, source.data ? source.data : "", source.len);
	buf_free(&source);
	return bad ? NULL : argv;
}

static void set_deadline(struct node_ctx *ctx, struct code_state *s, const struct language *language)
{
	s->seconds = code_seconds();
	if (language && language->language == CODE_LUA) {
		int64_t wanted = value_as_int(setting(ctx, "timeout_seconds"));

		if (wanted > 0 && wanted < s->seconds)
			s->seconds = wanted;
	}
	s->deadline_us = time_mono_us() + s->seconds * 1000000;
}

/* Starts the program whose text the property holds. */
static enum node_result start(struct node_ctx *ctx, const struct language *language, const char *property)
{
	struct code_state *s = node_state(ctx);
	struct sandbox_options options;
	const char *text = setting_text(ctx, property);
	struct err err;

	if (code_limits(node_arena(ctx), &options, &err))
		return fail_err(ctx, &err);
	options.folder = node_workspace(ctx);
	set_deadline(ctx, s, language);
	options.argv = program_of(ctx, language, text, &err);
	if (!options.argv)
		return fail_err(ctx, &err);
	options.cpu_seconds = s->seconds;
	if (sandbox_start(&options, &s->box, &err))
		return node_fail(ctx, "%s: %s", property, err.detail);
	s->started = true;
	s->printed = 0;
	s->tail[0] = '\0';
	for (int i = 0; i < 2; i++) {
		buf_init(&s->streams[i].text, LINE_MAX_BYTES);
		s->streams[i].line_at = 0;
	}
	if (!s->input.len)
		sandbox_close_input(&s->box);
	return NODE_MORE;
}

/* ---- while it runs ------------------------------------------------------------------------------------ */

static void feed(struct code_state *s)
{
	ssize_t n;

	if (s->box.in < 0)
		return;
	n = write(s->box.in, s->input.data + s->input_at, s->input.len - s->input_at);
	if (n > 0)
		s->input_at += (size_t)n;
	if (s->input_at == s->input.len || (n < 0 && errno != EAGAIN && errno != EINTR))
		sandbox_close_input(&s->box);
}

/* Reads what is there of one stream; false when it was too much. */
static bool drain(struct code_state *s, int *fd, struct stream *to)
{
	char chunk[CHUNK];
	ssize_t n;

	if (*fd < 0)
		return true;
	n = read(*fd, chunk, sizeof(chunk));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
	if (n <= 0)
		return true;
	s->printed += (size_t)n;
	buf_consume(&to->text, to->line_at);
	to->line_at = 0;
	return s->printed <= OUTPUT_MAX && buf_add(&to->text, chunk, (size_t)n) == 0;
}

/* A text of what was printed; bytes that are no UTF-8 are left out. */
static struct value *printed_text(struct sv bytes, bool add_newline)
{
	char *text = xmalloc(bytes.n + 2);
	size_t pos = 0;
	size_t len = 0;

	while (pos < bytes.n) {
		size_t from = pos;
		uint32_t cp = utf8_decode(bytes.p, bytes.n, &pos);

		if (cp == 0xFFFD && pos - from == 1)
			continue;
		memcpy(text + len, bytes.p + from, pos - from);
		len += pos - from;
	}
	if (add_newline)
		text[len++] = '\n';
	text[len] = '\0';
	return value_str_take(text, len);
}

static bool next_line(struct stream *stream, bool closed, struct sv *line)
{
	const char *from = stream->text.data ? stream->text.data + stream->line_at : "";
	size_t left = stream->text.len - stream->line_at;
	const char *end = left ? memchr(from, '\n', left) : NULL;

	if (!left || (!end && !closed))
		return false;
	*line = (struct sv){ from, end ? (size_t)(end - from) + 1 : left };
	stream->line_at += line->n;
	return true;
}

static void remember_error(struct code_state *s, struct sv line)
{
	struct sv text = strip(line);

	if (text.n && utf8_valid(text.p, text.n)) {
		size_t n = text.n < ERROR_TAIL ? text.n : ERROR_TAIL;

		while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
			n--;
		memcpy(s->tail, text.p, n);
		s->tail[n] = '\0';
	}
}

/* Sends some lines on; true when there may be more. */
static bool send_lines(struct node_ctx *ctx, struct code_state *s)
{
	int sent = 0;

	for (int i = 0; i < 2; i++) {
		struct sv line;

		while (sent < LINES_AT_ONCE && next_line(&s->streams[i], (i ? s->box.errors : s->box.out) < 0, &line)) {
			bool whole = line.p[line.n - 1] == '\n';
			struct value *text = printed_text(line, !whole);

			if (i)
				remember_error(s, line);
			node_log(ctx, i ? "error" : "info", "%.*s", (int)(value_len(text) - 1), value_text(text));
			node_emit(ctx, slots[i], text);
			sent++;
		}
	}
	return sent > 0;
}

/* After its end. */
static enum node_result judge(struct node_ctx *ctx, struct code_state *s)
{
	struct err err;
	int status;
	enum sandbox_end end = sandbox_wait(&s->box, &status, &err);

	if (end == SANDBOX_NOT_STARTED)
		return node_fail(ctx, "The program could not be started: %s", err.detail);
	if (end == SANDBOX_MEMORY)
		return node_fail(ctx, "The program used more than its %lld MB of memory",
				 (long long)code_memory_mb());
	if (status)
		return node_fail(ctx, "Execution error: Process exited with code %d%s%s", status,
				 s->tail[0] ? ": " : "", s->tail);
	return NODE_DONE;
}

static void wait_for(struct node_ctx *ctx, const struct code_state *s)
{
	if (s->box.in >= 0)
		node_wait_fd(ctx, s->box.in, POLLOUT);
	if (s->box.out >= 0)
		node_wait_fd(ctx, s->box.out, POLLIN);
	if (s->box.errors >= 0)
		node_wait_fd(ctx, s->box.errors, POLLIN);
	if (s->box.out < 0 && s->box.errors < 0)
		node_wait_fd(ctx, s->box.ended, POLLIN);
	node_wait_ms(ctx, (s->deadline_us - time_mono_us()) / 1000 + 1);
}

/* Moves the pipes on: NODE_MORE when the program has ended and everything is read, NODE_WAIT before. */
static enum node_result converse(struct node_ctx *ctx, struct code_state *s)
{
	struct pollfd ended = { .fd = s->box.ended, .events = POLLIN };

	feed(s);
	if (!drain(s, &s->box.out, &s->streams[0]) || !drain(s, &s->box.errors, &s->streams[1]))
		return node_fail(ctx, "The program printed too much: at most %zu MB, a line at most %zu MB",
				 OUTPUT_MAX >> 20, LINE_MAX_BYTES >> 20);
	if (time_mono_us() >= s->deadline_us)
		return node_fail(ctx, "The program did not end within %lld seconds", (long long)s->seconds);
	if (s->box.out < 0 && s->box.errors < 0 && poll(&ended, 1, 0) == 1)
		return NODE_MORE;
	wait_for(ctx, s);
	return NODE_WAIT;
}

/* ---- the two kinds of nodes --------------------------------------------------------------------------- */

/* The streaming ones gather their input first, then run. */
static enum node_result take_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	struct code_state *s = node_state(ctx);

	if (!s->given) {
		s->given = value_map();
		buf_init(&s->input, STDIN_MAX);
	}
	if (strcmp(handle, "stdin") == 0 && value_is(item, VALUE_STR)) {
		if (buf_add(&s->input, value_text(item), value_len(item)) ||
		    (!str_ends(value_text(item), "\n") && buf_addc(&s->input, '\n')))
			return node_fail(ctx, "stdin: more than %zu MB", STDIN_MAX >> 20);
		return NODE_DONE;
	}
	map_set(s->given, handle, value_ref(item));
	return NODE_DONE;
}

/* The property comes before what arrives over an edge; each piece ends with a newline. */
static int complete_input(struct node_ctx *ctx, struct code_state *s)
{
	struct sv text = node_sv(ctx, "stdin");
	struct buf all;

	if (!text.n)
		return 0;
	buf_init(&all, STDIN_MAX);
	buf_add(&all, text.p, text.n);
	if (text.p[text.n - 1] != '\n')
		buf_addc(&all, '\n');
	if (s->input.len)
		buf_add(&all, s->input.data, s->input.len);
	buf_free(&s->input);
	s->input = all;
	return all.failed ? -1 : 0;
}

static bool is_blank(const char *text)
{
	return strip(sv_of(text)).n == 0;
}

static enum node_result begin_streaming(struct node_ctx *ctx, const struct language *language, const char *property)
{
	if (is_blank(setting_text(ctx, property)))
		return node_fail(ctx, "%s is required", language ? "Code" : "Command");
	if (complete_input(ctx, node_state(ctx)))
		return node_fail(ctx, "stdin: more than %zu MB", STDIN_MAX >> 20);
	return start(ctx, language, property);
}

static enum node_result stream(struct node_ctx *ctx)
{
	struct code_state *s = node_state(ctx);
	enum node_result result;

	if (send_lines(ctx, s))
		return NODE_MORE;
	result = converse(ctx, s);
	if (result == NODE_WAIT && send_lines(ctx, s))
		return NODE_MORE;
	return result == NODE_MORE && !send_lines(ctx, s) ? judge(ctx, s) : result;
}

static void emit_all(struct node_ctx *ctx, struct stream *stream, const char *slot)
{
	struct sv text = { stream->text.data ? stream->text.data : "", stream->text.len };

	node_emit(ctx, slot, printed_text(text, text.n && text.p[text.n - 1] != '\n'));
}

/* The others run for each set of inputs and give everything at the end. */
static enum node_result run_whole(struct node_ctx *ctx, const struct language *language)
{
	struct code_state *s = node_state(ctx);
	enum node_result result = NODE_WAIT;

	if (!s->started) {
		if (is_blank(node_text(ctx, "command")))
			return NODE_DONE;
		result = start(ctx, language, "command");
	}
	if (result != NODE_FAILED)
		result = converse(ctx, s);
	if (result == NODE_WAIT)
		return result;
	if (result == NODE_MORE) {
		struct stream *errors = &s->streams[1];

		remember_error(s, (struct sv){ errors->text.data ? errors->text.data : "", errors->text.len });
		result = judge(ctx, s);
	}
	if (result == NODE_DONE) {
		emit_all(ctx, &s->streams[0], slots[0]);
		emit_all(ctx, &s->streams[1], slots[1]);
	}
	free_state(s);
	return result;
}

#define EXECUTE(name, language, property)                                                                              \
	static enum node_result name(struct node_ctx *ctx)                                                             \
	{                                                                                                              \
		return begin_streaming(ctx, language, property);                                                       \
	}
#define RUN(name, language)                                                                                            \
	static enum node_result name(struct node_ctx *ctx)                                                             \
	{                                                                                                              \
		return run_whole(ctx, language);                                                                       \
	}

EXECUTE(execute_python, &languages[0], "code")
EXECUTE(execute_javascript, &languages[1], "code")
EXECUTE(execute_bash, &languages[2], "code")
EXECUTE(execute_ruby, &languages[3], "code")
EXECUTE(execute_lua, &languages[4], "code")
EXECUTE(execute_command, NULL, "command")
RUN(run_python, &languages[0])
RUN(run_javascript, &languages[1])
RUN(run_bash, &languages[2])
RUN(run_ruby, &languages[3])
RUN(run_lua, &languages[4])
RUN(run_command, NULL)

/* ---- declarations ------------------------------------------------------------------------------------- */

#define MODE(preset)                                                                                                   \
	{                                                                                                              \
		.name = "execution_mode",                                                                              \
		.type = "enum(nodetool.nodes.nodetool.code.ExecutionMode:docker|subprocess)", .def = "\"" preset "\"", \
		.description = "Either way the program runs in the server's sandbox"                                   \
	}
#define IMAGE(type_name, words, preset)                                                                                \
	{                                                                                                              \
		.name = "image", .type = "enum(nodetool.nodes.nodetool.code." type_name ":" words ")",                 \
		.def = "\"" preset "\"", .description = "Kept for graphs that name a container image"                  \
	}
#define EXECUTABLE(owner)                                                                                              \
	{                                                                                                              \
		.name = "executable", .type = "enum(nodetool.nodes.nodetool.code." owner ".LuaExecutable:lua|luajit)", \
		.def = "\"lua\"", .description = "Which Lua"                                                           \
	}
#define TIMEOUT                                                                                                        \
	{                                                                                                              \
		.name = "timeout_seconds", .type = "int", .def = "10",                                                 \
		.description = "Seconds after which the program is stopped"                                            \
	}
#define TEXT(prop, what)                                                                                               \
	{                                                                                                              \
		.name = prop, .type = "str", .def = "\"\"", .description = what                                        \
	}
#define STDIN TEXT("stdin", "Text for the program's standard input, before what arrives over an edge")
#define OUTPUTS                                                                                                        \
	.outputs = (const struct node_slot[]){ { .name = "stdout", .type = "str" },                                    \
					       { .name = "stderr", .type = "str" },                                    \
					       { 0 } },                                                                \
	.state_size = sizeof(struct code_state), .destroy = free_state
#define EXECUTE_FLAGS  (NODE_DYNAMIC | NODE_DYNAMIC_OUTPUTS | NODE_STREAMS_INPUT | NODE_STREAMS_OUTPUT | NODE_ONCE)
#define RUN_FLAGS      (NODE_DYNAMIC | NODE_DYNAMIC_OUTPUTS | NODE_ONCE | NODE_NOT_CACHEABLE)
#define PYTHON_IMAGES  "python:3.11-slim|jupyter/scipy-notebook:latest"
#define BASH_IMAGES    "bash:5.2|debian:12|ubuntu:22.04|ubuntu:24.04|jupyter/scipy-notebook:latest"
#define COMMAND_IMAGES "bash:5.2|alpine:3|ubuntu:22.04|ubuntu:24.04"

#define EXECUTE_NODE(name, heading, line, function, flags_of, ...)                                                     \
	{                                                                                                              \
		.type = "nodetool.code." name, .title = heading, .description = line,                                  \
		.props = (const struct node_prop[]){ __VA_ARGS__, STDIN, { 0 } }, OUTPUTS, .flags = flags_of,          \
		.item = take_item, .end = function, .next = stream                                                     \
	}
#define RUN_NODE(name, heading, line, function, ...)                                                                   \
	{                                                                                                              \
		.type = "nodetool.code." name, .title = heading, .description = line,                                  \
		.props = (const struct node_prop[]){ TEXT("command", "The program"), __VA_ARGS__, { 0 } }, OUTPUTS,    \
		.flags = RUN_FLAGS, .process = function                                                                \
	}

static const struct node_type types[] = {
	EXECUTE_NODE("ExecutePython", "Execute Python", "Runs a Python program and passes on its lines.",
		     execute_python, EXECUTE_FLAGS, TEXT("code", "The program; dynamic properties are its variables"),
		     IMAGE("ExecutePython.PythonImage", PYTHON_IMAGES, "python:3.11-slim"), MODE("docker")),
	EXECUTE_NODE("ExecuteJavaScript", "Execute Java Script",
		     "Runs a JavaScript program (Node.js) and passes on its lines.", execute_javascript,
		     EXECUTE_FLAGS & ~NODE_STREAMS_OUTPUT,
		     TEXT("code", "The program; dynamic properties are its constants"),
		     IMAGE("ExecuteJavaScript.JavaScriptImage", "node:22-alpine", "node:22-alpine"), MODE("docker")),
	EXECUTE_NODE("ExecuteBash", "Execute Bash", "Runs a Bash script and passes on its lines.", execute_bash,
		     EXECUTE_FLAGS, TEXT("code", "The script; dynamic properties are its variables"),
		     IMAGE("ExecuteBash.BashImage", BASH_IMAGES, "ubuntu:22.04"), MODE("docker")),
	EXECUTE_NODE("ExecuteRuby", "Execute Ruby", "Runs a Ruby program and passes on its lines.", execute_ruby,
		     EXECUTE_FLAGS, TEXT("code", "The program; dynamic properties are its variables"),
		     IMAGE("ExecuteRuby.RubyImage", "ruby:3.3-alpine", "ruby:3.3-alpine"), MODE("docker")),
	EXECUTE_NODE("ExecuteLua", "Execute Lua", "Runs a Lua program and passes on its lines.", execute_lua,
		     EXECUTE_FLAGS, TEXT("code", "The program; dynamic properties are its variables"),
		     EXECUTABLE("ExecuteLua"), MODE("subprocess"), TIMEOUT),
	EXECUTE_NODE("ExecuteCommand", "Execute Command", "Runs one command, without a shell, and passes on its lines.",
		     execute_command, EXECUTE_FLAGS, TEXT("command", "The command and its words, split at blanks"),
		     IMAGE("ExecuteCommand.CommandImage", COMMAND_IMAGES, "bash:5.2"), MODE("docker")),
	RUN_NODE("RunPythonCommand", "Run Python Command", "Runs a Python program and gives all that it printed.",
		 run_python, IMAGE("RunPythonCommand.PythonImage", PYTHON_IMAGES, "python:3.11-slim"), MODE("docker")),
	RUN_NODE("RunJavaScriptCommand", "Run Java Script Command",
		 "Runs a JavaScript program (Node.js) and gives all that it printed.", run_javascript,
		 IMAGE("RunJavaScriptCommand.JavaScriptImage", "node:22-alpine", "node:22-alpine"), MODE("docker")),
	RUN_NODE("RunBashCommand", "Run Bash Command", "Runs a Bash script and gives all that it printed.", run_bash,
		 IMAGE("RunBashCommand.BashImage", BASH_IMAGES, "ubuntu:22.04"), MODE("docker")),
	RUN_NODE("RunRubyCommand", "Run Ruby Command", "Runs a Ruby program and gives all that it printed.", run_ruby,
		 IMAGE("RunRubyCommand.RubyImage", "ruby:3.3-alpine", "ruby:3.3-alpine"), MODE("docker")),
	RUN_NODE("RunLuaCommand", "Run Lua Command", "Runs a Lua program and gives all that it printed.", run_lua,
		 EXECUTABLE("RunLuaCommand"), MODE("subprocess"), TIMEOUT),
	RUN_NODE("RunShellCommand", "Run Shell Command",
		 "Runs one command, without a shell, and gives all that it printed.", run_command,
		 IMAGE("RunShellCommand.CommandImage", COMMAND_IMAGES, "bash:5.2"), MODE("docker")),
};

NODE_TABLE(nodes_code, types);
