/*
 * wsd: the WebSocket daemon. Sessions of clients, the registry of runs, live updates, supervision of runners; it executes
 * nothing itself. One thread serves everything, one writes (journal.c).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth.h"
#include "wsd/chat.h"
#include "wsd/handover.h"
#include "wsd/handshake.h"
#include "wsd/http_run.h"
#include "wsd/intents.h"
#include "wsd/job_handover.h"
#include "wsd/jobs.h"
#include "wsd/journal.h"
#include "wsd/listen.h"
#include "wsd/loop.h"
#include "wsd/metrics.h"
#include "wsd/pool.h"
#include "wsd/session.h"
#include "wsd/triggers.h"
#include "wsd/updates.h"

#define HEADER_BYTES 16384           /* of one request */
#define RECEIVE_BYTES 2048           /* at a time, per socket */
#define END_RUNS_US ((int64_t)5000000) /* at the end: for runs to be stored */
#define RECOVER_US ((int64_t)30000000) /* at the start: for runs of the daemon before */
#define END_SOCKETS_US ((int64_t)2000000)

/* What a connection is to us: an HTTP request, or a WebSocket. */
struct connection {
	struct session session;
	struct http_run *run;
};

static struct {
	struct loop_fd signals;
	bool stop;
	bool upgrade;
	const char *program;
} daemon_state = { .signals = { .fd = -1 } };

static int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct connection *c = user;

	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return handshake_confirm(wsi);
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		handshake_fill(wsi, &c->session);
		return 0;
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_RECEIVE_PONG:
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_CLOSED:
		return session_callback(wsi, reason, &c->session, in, len);
	case LWS_CALLBACK_HTTP:
	case LWS_CALLBACK_HTTP_BODY:
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
	case LWS_CALLBACK_HTTP_WRITEABLE:
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		return c ? http_run_callback(wsi, reason, &c->run, in, len) : 0;
	default:
		return 0;
	}
}

static const struct lws_protocols protocols[] = {
	{ "http", http_callback, sizeof(struct connection), RECEIVE_BYTES, 0, NULL, 0 },
	{ "loop", loop_callback, 0, 0, 0, NULL, 0 },
	{ 0 },
};

static void log_lws(int level, const char *line)
{
	log_msg(level & LLL_ERR ? LOG_LVL_ERROR : LOG_LVL_WARN, "lws: %.*s", (int)strcspn(line, "\n"), line);
}

static struct lws_context *make_context(struct err *err)
{
	static const lws_retry_bo_t no_policy; /* sessions look after their peers themselves */
	struct lws_context_creation_info info;
	struct lws_context *context;

	lws_set_log_level(LLL_ERR | LLL_WARN, log_lws);
	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
	info.protocols = protocols;
	info.vhost_name = "wsd";
	info.max_http_header_data = HEADER_BYTES;
	info.pt_serv_buf_size = 65536;
	info.retry_and_idle_policy = &no_policy;
	info.gid = (gid_t)-1;
	info.uid = (uid_t)-1;
	context = lws_create_context(&info);
	if (!context)
		err_set(err, 500, "libwebsockets cannot be initialised");
	return context;
}

/* ---- signals ------------------------------------------------------------------------------------------- */

static void reload(void)
{
	struct err err = { 0 };

	if (config_load(&err) < 0 || auth_init(&err) < 0)
		log_error("the settings stay as they were: %s", err.detail);
	else
		log_info("settings read again");
}

static void signal_ready(struct loop_fd *lf, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (read(lf->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload();
		else if (info.ssi_signo == SIGUSR2)
			daemon_state.upgrade = true;
		else
			daemon_state.stop = true;
	}
}

static int watch_signals(struct err *err)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_DFL); /* the supervisor lets it be ignored until we are so far */
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return err_set(err, 500, "signalfd: %s", strerror(errno));
	loop_fd_add(&daemon_state.signals, fd, EPOLLIN, signal_ready);
	return 0;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void harden(void)
{
	struct rlimit files;
	const struct rlimit none = { 0, 0 };

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max > 65536 ? 65536 : files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int all_sessions(void)
{
	struct session_stats stats;

	session_get_stats(&stats);
	return stats.sessions;
}

static int active_runs(void)
{
	struct jobs_stats stats;

	jobs_get_stats(&stats);
	return stats.active;
}

static void nothing(struct loop_timer *timer)
{
	(void)timer;
}

/* Serves until `busy` gives 0, at most for `us`. */
static void serve_while(struct lws_context *context, int (*busy)(void), int64_t us)
{
	struct loop_timer timer = { 0 };
	int64_t end = time_mono_us() + us;

	while (busy() > 0 && time_mono_us() < end) {
		loop_timer_set(&timer, 50000, nothing); /* so that the deadline is seen */
		lws_service(context, 0);
	}
	loop_timer_stop(&timer);
}

/* Runs end as cancelled and are stored, clients hear of it and are sent away (1012). */
static void shut_down(struct lws_context *context)
{
	log_info("ending");
	listen_close();
	updates_close();
	jobs_shutdown();
	serve_while(context, active_runs, END_RUNS_US);
	session_close_all(CLOSE_RESTART);
	serve_while(context, all_sessions, END_SOCKETS_US);
	chat_shutdown();
	pool_destroy();
	journal_close();
}

/* Answers that end with their connection; none when we are told to end ourselves. */
static int answers_pending(void)
{
	return daemon_state.stop ? 0 : http_run_count() + jobs_over_http() + chat_active();
}

static int runs_unsettled(void)
{
	return daemon_state.stop ? 0 : jobs_unsettled();
}

/* The next program takes over (handover.h). Returns when it must not or cannot. */
static void upgrade(struct lws_context *context)
{
	struct value *state;
	struct value *fds;

	log_info("an upgrade: answers that are on their way end first");
	serve_while(context, answers_pending, config_int("NODETOOL_DRAIN_SECONDS", 0, 86400, 30) * 1000000);
	if (daemon_state.stop)
		return;
	listen_pause();
	pool_hold(true);
	session_close_all(CLOSE_RESTART);
	serve_while(context, all_sessions, END_SOCKETS_US);
	serve_while(context, runs_unsettled, END_RUNS_US);
	if (daemon_state.stop)
		return;
	journal_close();
	state = value_map();
	fds = value_map();
	listen_hand_over(fds);
	updates_hand_over(fds);
	map_set(state, "fds", fds);
	map_set(state, "zygotes", pool_hand_over_zygotes());
	map_set(state, "runs", jobs_hand_over());
	lws_context_destroy(context);
	log_info("the next program takes over");
	handover_execute(daemon_state.program, state);
	_exit(EXIT_FAILURE);
}

static int serve(int zygote_fd, pid_t zygote_pid, struct err *err)
{
	struct lws_context *context;
	struct lws_vhost *vhost;

	if (loop_init(err) < 0 || watch_signals(err) < 0)
		return -1;
	context = make_context(err);
	if (!context)
		return -1;
	vhost = lws_get_vhost_by_name(context, "wsd");
	if (loop_attach(context, vhost, err) < 0 || journal_open(err) < 0)
		return -1;
	triggers_init();
	session_init();
	jobs_init();
	pool_init(zygote_fd, zygote_pid);
	pool_take_over();
	jobs_recover();
	serve_while(context, jobs_recovering, RECOVER_US);
	if (updates_init(err) < 0 || listen_open(vhost, err) < 0)
		return -1;
	intents_look();
	log_info("ready");
	while (!daemon_state.stop && !daemon_state.upgrade)
		lws_service(context, 0);
	if (!daemon_state.stop)
		upgrade(context);
	shut_down(context);
	loop_fd_close(&daemon_state.signals);
	lws_context_destroy(context);
	jobs_free();
	metrics_free();
	loop_destroy();
	return 0;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	pid_t pid;
	int fd;

	log_init("wsd");
	harden();
	if (config_load(&err) < 0) {
		log_error("%s", err.detail);
		return EXIT_FAILURE;
	}
	if (argc == 3 && !strcmp(argv[1], "--zygote"))
		return zygote_main((int)strtol(argv[2], NULL, 10));
	daemon_state.program = argv[0];
	if (argc == 2 && !strcmp(argv[1], "--check")) /* can this program run here? */
		return auth_init(&err) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (argc == 3 && !strcmp(argv[1], "--take-over"))
		handover_load((int)strtol(argv[2], NULL, 10));
	else if (argc > 1) {
		fprintf(stderr, "usage: wsd (settings come from the environment)\n");
		return EXIT_FAILURE;
	}
	if (zygote_start(&fd, &pid, &err) < 0 || auth_init(&err) < 0 || serve(fd, pid, &err) < 0) {
		log_error("cannot start: %s", err.detail);
		return EXIT_FAILURE;
	}
	auth_free();
	return EXIT_SUCCESS;
}
