/* A server that is a program: a JSON message a line, over its standard input and output, in the sandbox of the code
 * nodes. */
#include "sandbox/sandbox.h"
#include "wsd/chat/mcp.h"
#include "wsd/nodes/code_limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 64
#define PIECE     65536

struct stdio_link {
	struct mcp_link link;
	struct sandbox box;
	struct buf out; /* what is to be written */
	size_t written;
	struct buf line; /* what was read of a line */
	struct buf said; /* the beginning of what it says on its standard error */
	int64_t id;
	struct value *answer;
};

static int stdio_send(struct mcp_link *link, const struct value *message, int64_t id, struct err *err)
{
	struct stdio_link *s = (struct stdio_link *)link;

	buf_reset(&s->out);
	s->written = 0;
	s->id = id;
	value_unref(s->answer);
	s->answer = NULL;
	if (json_write(&s->out, message, JSON_COMPACT) || buf_addc(&s->out, '\n'))
		return err_set(err, 413, "the request is too long");
	return 0;
}

static size_t stdio_poll(struct mcp_link *link, struct pollfd *fds, size_t max, int *timeout_ms)
{
	struct stdio_link *s = (struct stdio_link *)link;
	size_t n = 0;

	*timeout_ms = -1;
	if (max < 3)
		return 0;
	if (s->written < s->out.len && s->box.in >= 0)
		fds[n++] = (struct pollfd){ .fd = s->box.in, .events = POLLOUT };
	if (s->box.out >= 0)
		fds[n++] = (struct pollfd){ .fd = s->box.out, .events = POLLIN };
	if (s->box.errors >= 0)
		fds[n++] = (struct pollfd){ .fd = s->box.errors, .events = POLLIN };
	return n;
}

static void write_some(struct stdio_link *s)
{
	ssize_t n;

	while (s->written < s->out.len) {
		n = write(s->box.in, s->out.data + s->written, s->out.len - s->written);
		if (n < 0)
			return; /* full, or gone: reading tells */
		s->written += (size_t)n;
	}
}

static void take_line(struct stdio_link *s)
{
	struct json_error why;
	struct value *m = s->line.len ? json_parse(s->line.data, s->line.len, &why) : NULL;

	if (m && !s->answer && mcp_is_answer(m, s->id))
		s->answer = value_ref(m);
	value_unref(m);
	buf_reset(&s->line);
}

/* Reads what there is. -1 when the program has closed its output or a line is too long. */
static int read_lines(struct stdio_link *s)
{
	char piece[PIECE];
	ssize_t n;

	while ((n = read(s->box.out, piece, sizeof(piece))) > 0) {
		for (ssize_t from = 0, i = 0; i <= n; i++) {
			if (i < n && piece[i] != '\n')
				continue;
			if (buf_add(&s->line, piece + from, (size_t)(i - from)))
				return -1;
			if (i < n)
				take_line(s);
			from = i + 1;
		}
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void read_errors(struct stdio_link *s)
{
	char piece[4096];
	ssize_t n;

	while (s->box.errors >= 0 && (n = read(s->box.errors, piece, sizeof(piece))) > 0)
		if (s->said.len + (size_t)n <= s->said.max)
			buf_add(&s->said, piece, (size_t)n);
}

/* Why the program is not there any more. */
static int explain(struct stdio_link *s, struct err *err)
{
	struct err why = { 0 };
	int status = 0;
	struct sv said;
	size_t from;

	if (sandbox_wait(&s->box, &status, &why) == SANDBOX_NOT_STARTED)
		return err_set(err, 502, "it was not started: %.300s", why.detail);
	read_errors(s);
	said = sv_trim((struct sv){ s->said.data ? s->said.data : "", s->said.len });
	from = said.n > 300 ? said.n - 300 : 0;
	return err_set(err, 502, "its program has ended (%d)%s%.*s", status, said.n ? ": " : "", (int)(said.n - from),
		       said.p + from);
}

static int stdio_step(struct mcp_link *link, struct value **answer, struct err *err)
{
	struct stdio_link *s = (struct stdio_link *)link;
	bool gone;

	write_some(s);
	read_errors(s);
	gone = read_lines(s) != 0;
	*answer = NULL;
	if (s->answer || (s->id < 0 && s->written == s->out.len)) {
		*answer = s->answer;
		s->answer = NULL;
		return 1;
	}
	return gone ? explain(s, err) : 0;
}

static void stdio_agree(struct mcp_link *link, const char *revision)
{
	(void)link;
	(void)revision;
}

static void stdio_free(struct mcp_link *link)
{
	struct stdio_link *s = (struct stdio_link *)link;

	sandbox_free(&s->box);
	value_unref(s->answer);
	buf_free(&s->out);
	buf_free(&s->line);
	buf_free(&s->said);
	free(s);
}

static const struct mcp_transport stdio = { stdio_send, stdio_poll, stdio_step, stdio_agree, stdio_free };

/* ---- opening ------------------------------------------------------------------------------------------- */

static bool good_word(const struct value *v)
{
	return value_is(v, VALUE_STR) && value_len(v) < SANDBOX_ARG_MAX && !memchr(value_text(v), '\0', value_len(v));
}

/* "env NAME=value … COMMAND ARGS": lent by the configuration and by `made`. */
static int words_of(const struct value *config, const char *argv[WORDS_MAX + 1], struct value *made, struct err *err)
{
	const struct value *command = map_get(config, "command");
	const struct value *args = map_get(config, "args");
	struct value *v;
	struct sv name;
	size_t n = 0;

	if (!good_word(command) || !value_len(command))
		return err_set(err, 422, "a url, or a command is needed");
	argv[n++] = "env";
	for (size_t i = 0; map_entry(map_get(config, "env"), i, &name, &v); i++) {
		if (n + 1 >= WORDS_MAX || !good_word(v) || !name.n || memchr(name.p, '=', name.n))
			return err_set(err, 422, "env: names and texts are needed, at most %d", WORDS_MAX - 2);
		list_push(made, value_strf("%.*s=%s", (int)name.n, name.p, value_text(v)));
		argv[n++] = value_text(list_at(made, value_len(made) - 1));
	}
	argv[n++] = value_text(command);
	for (size_t i = 0; value_is(args, VALUE_LIST) && i < value_len(args); i++) {
		if (n >= WORDS_MAX || !good_word(list_at(args, i)))
			return err_set(err, 422, "args: texts are needed, at most %d", WORDS_MAX);
		argv[n++] = value_text(list_at(args, i));
	}
	argv[n] = NULL;
	return 0;
}

struct mcp_link *mcp_stdio_open(const struct value *config, struct err *err)
{
	const char *argv[WORDS_MAX + 1];
	struct value *made = value_list();
	struct arena *arena = arena_new();
	struct sandbox_options options;
	struct stdio_link *s = NULL;

	if (words_of(config, argv, made, err) == 0 && code_limits(arena, &options, err) == 0) {
		s = xcalloc(1, sizeof(*s));
		s->link.transport = &stdio;
		buf_init(&s->out, MCP_MESSAGE_MAX);
		buf_init(&s->line, MCP_MESSAGE_MAX);
		buf_init(&s->said, 8192);
		options.argv = argv;
		if (sandbox_start(&options, &s->box, err)) {
			stdio_free(&s->link);
			s = NULL;
		}
	}
	arena_free(arena);
	value_unref(made);
	return s ? &s->link : NULL;
}
