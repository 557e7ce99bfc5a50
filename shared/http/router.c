/* The life of a router program: FastCGI and plain CGI by the same binary. */
#include "http/internal.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int (*router_setup)(struct err *err);
void (*router_after)(void);
void (*router_teardown)(void);

extern char **environ;

static volatile sig_atomic_t stopping;

static void on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

#define KEPT_MEMORY (4 << 20)

static void harden(void)
{
	const struct rlimit none = { 0, 0 };

	/* Bodies and answers come and go with each request: memory of their size is kept instead of being given back to the
	 * kernel and asked for again. */
	mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
	mallopt(M_MMAP_THRESHOLD, KEPT_MEMORY);
	mallopt(M_TOP_PAD, KEPT_MEMORY / 8);
	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		log_warn("no_new_privs: %s", strerror(errno));
}

/* ---- FastCGI ------------------------------------------------------------------------------------------- */

struct fastcgi_io {
	struct http_io io;
	FCGX_Request request;
};

static ssize_t fastcgi_read(struct http_io *io, void *data, size_t len)
{
	struct fastcgi_io *f = (struct fastcgi_io *)io;

	return FCGX_GetStr(data, len > (1 << 20) ? 1 << 20 : (int)len, f->request.in);
}

static int fastcgi_write(struct http_io *io, const void *data, size_t len)
{
	struct fastcgi_io *f = (struct fastcgi_io *)io;
	const char *p = data;

	while (len) {
		int n = len > (1 << 20) ? 1 << 20 : (int)len;

		if (FCGX_PutStr(p, n, f->request.out) != n)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int fastcgi_flush(struct http_io *io)
{
	struct fastcgi_io *f = (struct fastcgi_io *)io;

	return FCGX_FFlush(f->request.out) < 0 ? -1 : 0;
}

/* Signals to stop come through only while the process waits for a connection: libfcgi drops a connection that it has just
 * accepted when a signal interrupts it. Several processes wait on one socket, which does not block, so that whoever comes
 * too late waits again instead of sitting in accept() deaf to signals. -1 when the process must end. */
static int wait_for_connection(int epoll, const sigset_t *open)
{
	struct epoll_event event;

	while (!stopping) {
		if (epoll_pwait(epoll, &event, 1, -1, open) > 0)
			return 0;
		if (errno != EINTR) {
			log_error("epoll: %s", strerror(errno));
			return -1;
		}
	}
	return -1;
}

static int open_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0 ||
	    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK) < 0) {
		log_error("the listening socket cannot be watched: %s", strerror(errno));
		return -1;
	}
	return epoll;
}

static void serve_request(const struct router *router, struct fastcgi_io *f, struct arena *arena)
{
	f->io.env = f->request.envp;
	http_serve(router, &f->io, arena);
	served_count();
	FCGX_Finish_r(&f->request);
	if (router_after)
		router_after();
	arena_reset(arena);
}

static int serve_fastcgi(const struct router *router, struct arena *arena)
{
	struct fastcgi_io f = { .io = { fastcgi_read, fastcgi_write, fastcgi_flush, NULL } };
	int epoll = open_epoll();
	int result = 0;
	sigset_t stops;
	sigset_t open;

	if (epoll < 0 || FCGX_InitRequest(&f.request, STDIN_FILENO, FCGI_FAIL_ACCEPT_ON_INTR)) {
		log_error("libfcgi cannot be initialised");
		return EXIT_FAILURE;
	}
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, &open);
	served_open();
	while (result == 0 && wait_for_connection(epoll, &open) == 0) {
		errno = 0;
		result = FCGX_Accept_r(&f.request);
		if (result == 0)
			serve_request(router, &f, arena);
		else if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			result = 0;
		else
			log_error("accept: %s", strerror(errno));
	}
	FCGX_Free(&f.request, 1);
	close(epoll);
	sigprocmask(SIG_SETMASK, &open, NULL);
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- plain CGI ----------------------------------------------------------------------------------------- */

static ssize_t cgi_read(struct http_io *io, void *data, size_t len)
{
	ssize_t n;

	(void)io;
	do
		n = read(STDIN_FILENO, data, len);
	while (n < 0 && errno == EINTR);
	return n;
}

static int cgi_write(struct http_io *io, const void *data, size_t len)
{
	const char *p = data;

	(void)io;
	while (len) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int cgi_flush(struct http_io *io)
{
	(void)io;
	return 0;
}

static int serve_cgi(const struct router *router, struct arena *arena)
{
	struct http_io io = { cgi_read, cgi_write, cgi_flush, environ };

	if (!getenv("REQUEST_METHOD")) {
		fprintf(stderr,
			"%s is a FastCGI program (descriptor 0: a listening socket) and a CGI program (environment);\n"
			"%s --describe prints its part of the OpenAPI document.\n",
			router->name, router->name);
		return EXIT_FAILURE;
	}
	http_serve(router, &io, arena);
	if (router_after)
		router_after();
	return EXIT_SUCCESS;
}

/* ---- program ------------------------------------------------------------------------------------------- */

static int run(const struct router *router)
{
	struct err err = { 0 };
	struct arena *arena;
	int status = EXIT_FAILURE;

	if (config_load(&err) || auth_init(&err) || (router_setup && router_setup(&err))) {
		log_error("%s cannot start: %s", router->name, err.detail);
		return status;
	}
	arena = arena_new();
	if (FCGX_Init() == 0) {
		catch_signals();
		status = FCGX_IsCGI() ? serve_cgi(router, arena) : serve_fastcgi(router, arena);
	}
	arena_free(arena);
	if (router_teardown)
		router_teardown();
	auth_free();
	return status;
}

int router_main(int argc, char **argv, const char *name, const struct route *routes, size_t count)
{
	const struct router router = { name, routes, count };

	log_init(name);
	if (argc > 1 && strcmp(argv[1], "--describe") == 0)
		return openapi_describe(&router);
	harden();
	return run(&router);
}
