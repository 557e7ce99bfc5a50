/* /ws/terminal: a shell on a pty. See terminal.h. */
#include "wsd/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wsd/kinds.h"
#include "wsd/loop.h"
#include "wsd/protocol.h"

#define OUTPUT_MAX 4096
#define INPUT_MAX ((size_t)1 << 20) /* bytes that the shell may leave unread */
#define KILL_US ((int64_t)2000000)
#define FIRST_US ((int64_t)500000) /* for the client to show whether it speaks text */

struct terminal {
	struct loop_fd lf;
	struct loop_timer reap;
	struct loop_timer first; /* the prompt waits for the client's first frame, but not for ever */
	struct session *session; /* NULL: closed */
	pid_t pid;
	struct buf in; /* for the shell */
	char rest[4];  /* an unfinished UTF-8 sequence */
	size_t rest_len;
	int waits;
};

bool terminal_enabled(void)
{
	const char *stored = config_get_stored("NODETOOL_ENABLE_TERMINAL_WS");
	const char *given = getenv("NODETOOL_ENABLE_TERMINAL_WS");

	if (config_production() || !mode_allows(FEATURE_TERMINAL))
		return false;
	return ((stored && stored[0]) || (given && given[0])) && config_bool("NODETOOL_ENABLE_TERMINAL_WS", false);
}

static void send_simple(struct session *s, const char *type, const char *key, struct value *v)
{
	struct value *m = value_map();

	map_set_str(m, "type", type);
	map_set(m, key, v);
	session_send(s, m);
}

/* ---- the end of a shell -------------------------------------------------------------------------------- */

static void free_terminal(struct terminal *t)
{
	loop_timer_stop(&t->reap);
	loop_timer_stop(&t->first);
	loop_fd_close(&t->lf);
	buf_free(&t->in);
	if (t->session)
		t->session->extra = NULL;
	loop_free(t);
}

static void reap(struct loop_timer *timer)
{
	struct terminal *t = lws_container_of(timer, struct terminal, reap);
	int status = 0;
	pid_t pid = waitpid(t->pid, &status, WNOHANG);

	if (pid == 0) {
		if (!t->session && ++t->waits == (int)(KILL_US / 50000))
			kill(-t->pid, SIGKILL);
		loop_timer_set(timer, 50000, reap);
		return;
	}
	if (t->session) {
		send_simple(t->session, "exit", "code",
			    value_int(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status)));
		session_close(t->session, CLOSE_NORMAL, "", false);
	}
	free_terminal(t);
}

/* ---- output -------------------------------------------------------------------------------------------- */

/* Length of the beginning of `data` that ends with a whole character. */
static size_t whole(const char *data, size_t len)
{
	size_t back = 0;
	unsigned char c;
	size_t need;

	while (back < 3 && back < len && ((unsigned char)data[len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back == len)
		return len;
	c = (unsigned char)data[len - 1 - back];
	need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
	return need > back + 1 ? len - back - 1 : len;
}

static void send_output(struct terminal *t, const char *data, size_t len)
{
	struct buf text;
	char c[4];
	size_t at = 0;

	buf_init(&text, (size_t)OUTPUT_MAX * 4);
	while (at < len)
		buf_add(&text, c, utf8_encode(utf8_decode(data, len, &at), c));
	send_simple(t->session, "output", "data", value_strn(text.data ? text.data : "", text.len));
	buf_free(&text);
}

static void read_output(struct terminal *t)
{
	char data[OUTPUT_MAX + sizeof(t->rest)];
	ssize_t n;
	size_t len;
	size_t good;

	memcpy(data, t->rest, t->rest_len);
	n = read(t->lf.fd, data + t->rest_len, OUTPUT_MAX - t->rest_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* the shell has gone */
		loop_fd_close(&t->lf);
		loop_timer_set(&t->reap, 1, reap);
		return;
	}
	if (!t->session)
		return;
	len = t->rest_len + (size_t)n;
	good = whole(data, len);
	t->rest_len = len - good;
	memcpy(t->rest, data + good, t->rest_len);
	if (good)
		send_output(t, data, good);
	if (t->session->paused) /* the client is behind: the shell waits */
		loop_fd_events(&t->lf, t->lf.events & ~(uint32_t)EPOLLIN);
}

static void write_input(struct terminal *t)
{
	ssize_t n = t->in.len ? write(t->lf.fd, t->in.data, t->in.len) : 0;

	if (n > 0)
		buf_consume(&t->in, (size_t)n);
	loop_fd_events(&t->lf, (t->lf.events & (uint32_t)EPOLLIN) | (t->in.len ? (uint32_t)EPOLLOUT : 0));
}

static void pty_ready(struct loop_fd *lf, uint32_t events)
{
	struct terminal *t = lws_container_of(lf, struct terminal, lf);

	if (events & EPOLLOUT)
		write_input(t);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_output(t);
}

static void read_on(struct terminal *t)
{
	loop_timer_stop(&t->first);
	if (t->lf.fd >= 0)
		loop_fd_events(&t->lf, t->lf.events | EPOLLIN);
}

static void first_over(struct loop_timer *timer)
{
	read_on(lws_container_of(timer, struct terminal, first));
}

static void relieved(struct session *s)
{
	struct terminal *t = s->extra;

	if (t)
		read_on(t);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void take_input(struct terminal *t, const struct value *m)
{
	struct sv text = value_sv(map_get(m, "data"));

	if (t->lf.fd < 0 || !text.n || t->in.len + text.n > INPUT_MAX)
		return;
	buf_add(&t->in, text.p, text.n);
	write_input(t);
}

static void resize(struct terminal *t, const struct value *m)
{
	int64_t cols = map_int(m, "cols", 80);
	int64_t rows = map_int(m, "rows", 24);
	struct winsize size = { 0 };

	if (cols < 1 || rows < 1 || cols > 1000 || rows > 1000 || t->lf.fd < 0)
		return;
	size.ws_col = (unsigned short)cols;
	size.ws_row = (unsigned short)rows;
	ioctl(t->lf.fd, TIOCSWINSZ, &size);
}

static void take_message(struct session *s, const void *data, size_t len, bool text)
{
	struct terminal *t = s->extra;
	const char *why;
	struct value *m = protocol_decode(data, len, text, &why);
	const char *type = map_str(m, "type", "");

	/* Whatever can be decoded says how the client speaks, also what is no message. */
	if (m) {
		s->text = text;
		if (t)
			read_on(t);
	}
	if (value_is(m, VALUE_MAP)) {
		if (!strcmp(type, "ping"))
			send_simple(s, "pong", "ts", value_float((double)time_now_us() / 1e6));
		else if (t && !strcmp(type, "input"))
			take_input(t, m);
		else if (t && !strcmp(type, "resize"))
			resize(t, m);
		else if (t)
			send_simple(s, "error", "message", value_str("Unknown message type"));
	}
	value_unref(m);
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void become_shell(void)
{
	const char *shell = getenv("SHELL");
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setenv("TERM", "xterm-256color", 1);
	if (!shell || access(shell, X_OK) != 0)
		shell = "/bin/bash";
	execl(shell, shell, "-l", (char *)NULL);
	_exit(127);
}

static void opened(struct session *s)
{
	struct winsize size = { .ws_col = 80, .ws_row = 24 };
	struct terminal *t;
	int fd;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	if (pid == 0)
		become_shell();
	if (pid < 0) {
		log_error("no shell: %s", strerror(errno));
		session_close(s, CLOSE_ERROR, "No shell", false);
		return;
	}
	t = xcalloc(1, sizeof(*t));
	t->session = s;
	t->pid = pid;
	buf_init(&t->in, INPUT_MAX);
	s->extra = t;
	loop_fd_add(&t->lf, fd, 0, pty_ready);
	loop_timer_set(&t->first, FIRST_US, first_over);
}

static void closed(struct session *s)
{
	struct terminal *t = s->extra;

	if (!t)
		return;
	t->session = NULL;
	kill(-t->pid, SIGTERM);
	kill(-t->pid, SIGHUP); /* shells that read input ignore the other */
	loop_timer_set(&t->reap, 50000, reap);
}

const struct session_ops terminal_ops = {
	.name = "terminal",
	.binary_first = true,
	.opened = opened,
	.message = take_message,
	.closed = closed,
	.relieved = relieved,
};
