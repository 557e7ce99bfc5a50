/* Log lines to stderr or syslog. */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static struct {
	char program[32];
	enum log_level level;
	bool to_syslog;
	bool as_json;
} logger = { "nodetool", LOG_LVL_INFO, false, false };

/* What the thread is at. */
static _Thread_local struct {
	char request[80];
	char job[80];
	const char *node;
} at;

static const char *const level_names[] = { "ERROR", "WARN", "INFO", "DEBUG" };
static const int syslog_levels[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

static enum log_level level_from(const char *word)
{
	if (strcasecmp(word, "DEBUG") == 0)
		return LOG_LVL_DEBUG;
	if (strcasecmp(word, "WARN") == 0 || strcasecmp(word, "WARNING") == 0)
		return LOG_LVL_WARN;
	if (strcasecmp(word, "ERROR") == 0 || strcasecmp(word, "CRITICAL") == 0)
		return LOG_LVL_ERROR;
	return LOG_LVL_INFO;
}

void log_init(const char *program)
{
	const char *level = getenv("LOG_LEVEL");
	const char *debug = getenv("DEBUG");
	const char *sink = getenv("NODETOOL_LOG");

	snprintf(logger.program, sizeof(logger.program), "%s", program);
	if (!level || !*level)
		level = debug && *debug && strchr("1tTyYoO", *debug) ? "DEBUG" : getenv("NODETOOL_LOG_LEVEL");
	logger.level = level ? level_from(level) : LOG_LVL_INFO;
	logger.to_syslog = sink && strcmp(sink, "syslog") == 0;
	logger.as_json = sink && strcmp(sink, "json") == 0;
	if (logger.to_syslog)
		openlog(logger.program, LOG_PID, LOG_DAEMON);
}

void log_set_level(enum log_level level)
{
	logger.level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= logger.level;
}

void log_set_context(const char *id)
{
	snprintf(at.request, sizeof(at.request), "%s", id ? id : "");
}

void log_set_job(const char *id)
{
	snprintf(at.job, sizeof(at.job), "%s", id ? id : "");
	at.node = NULL;
}

void log_set_node(const char *id)
{
	at.node = id;
}

/* Control characters would let a client forge log lines. */
static void escape_controls(char *text)
{
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	}
}

/* "request job=ID node=ID" with a blank in front of each part. */
static void ids_as_text(char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s%s%.100s", *at.request ? " " : "", at.request, *at.job ? " job=" : "", at.job,
		 at.node ? " node=" : "", at.node ? at.node : "");
	escape_controls(out);
}

static void add_member(struct buf *out, const char *name, const char *text)
{
	if (!*text)
		return;
	buf_printf(out, "%s\"%s\":\"", out->len ? "," : "{", name);
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_addc(out, '\\');
		buf_addc(out, (unsigned char)*p < 0x20 ? ' ' : *p);
	}
	buf_addc(out, '"');
}

static void write_json(enum log_level level, const char *message)
{
	char when[TIME_TEXT_MAX];
	char pid[16];
	struct buf out;

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	buf_init(&out, BUF_MAX_SMALL);
	add_member(&out, "time", time_utc(time_now_us(), "Z", when));
	add_member(&out, "level", level_names[level]);
	add_member(&out, "program", logger.program);
	add_member(&out, "pid", pid);
	add_member(&out, "request", at.request);
	add_member(&out, "job", at.job);
	add_member(&out, "node", at.node ? at.node : "");
	add_member(&out, "message", message);
	buf_adds(&out, "}\n");
	if (!out.failed && write(STDERR_FILENO, out.data, out.len) < 0) {
		/* nowhere left to complain */
	}
	buf_free(&out);
}

static void write_text(enum log_level level, const char *message)
{
	char line[LINE_MAX_BYTES + 512];
	char when[TIME_TEXT_MAX];
	char ids[288];
	int len;

	ids_as_text(ids, sizeof(ids));
	len = snprintf(line, sizeof(line), "%s %-5s %s[%d]%s: %s\n", time_local(time_now_us(), ' ', when), level_names[level],
		       logger.program, (int)getpid(), ids, message);
	if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0) {
		/* nowhere left to complain */
	}
}

static void write_line(enum log_level level, const char *fmt, va_list args)
{
	char message[LINE_MAX_BYTES];
	char ids[288];
	int saved = errno;

	vsnprintf(message, sizeof(message), fmt, args);
	escape_controls(message);
	if (logger.to_syslog) {
		ids_as_text(ids, sizeof(ids));
		syslog(syslog_levels[level], "%s%s%s", *ids ? ids + 1 : "", *ids ? " " : "", message);
	} else if (logger.as_json) {
		write_json(level, message);
	} else {
		write_text(level, message);
	}
	errno = saved;
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, fmt);
	write_line(level, fmt, args);
	va_end(args);
}

void log_job(enum log_level level, const char *job_id, const char *fmt, ...)
{
	char before[sizeof(at.job)];
	va_list args;

	if (!log_enabled(level))
		return;
	memcpy(before, at.job, sizeof(before));
	snprintf(at.job, sizeof(at.job), "%s", job_id);
	va_start(args, fmt);
	write_line(level, fmt, args);
	va_end(args);
	memcpy(at.job, before, sizeof(before));
}
