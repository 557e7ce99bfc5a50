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
} logger = { "nodetool", LOG_LVL_INFO, false };

static _Thread_local char context[80];

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
	snprintf(context, sizeof(context), "%s", id ? id : "");
}

/* Control characters would let a client forge log lines. */
static void escape_controls(char *text)
{
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	}
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	char message[LINE_MAX_BYTES];
	char line[LINE_MAX_BYTES + 256];
	char when[TIME_TEXT_MAX];
	va_list args;
	int saved = errno;
	int len;

	if (!log_enabled(level))
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	escape_controls(message);
	if (logger.to_syslog) {
		syslog(syslog_levels[level], "%s%s%s", context, *context ? " " : "", message);
	} else {
		len = snprintf(line, sizeof(line), "%s %-5s %s[%d]%s%s: %s\n", time_local(time_now_us(), ' ', when),
			       level_names[level], logger.program, (int)getpid(), *context ? " " : "", context, message);
		if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0) {
			/* nowhere left to complain */
		}
	}
	errno = saved;
}
