/* Figures for Prometheus: see metrics.h. */
#include "wsd/metrics.h"

#include <string.h>

#include "wsd/jobs.h"
#include "wsd/journal.h"
#include "wsd/session.h"
#include "wsd/triggers.h"

static const double bounds[] = { 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600 };
static const char *const statuses[] = { "completed", "failed", "cancelled", "suspended" };

static struct {
	int64_t ended[ARRAY_LEN(statuses)];
	int64_t refused;
	int64_t buckets[ARRAY_LEN(bounds)]; /* runs that took no longer */
	int64_t count;
	double sum;
} metrics;

void metrics_run_ended(const char *status, double seconds)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(statuses); i++)
		metrics.ended[i] += !strcmp(status, statuses[i]);
	for (i = 0; i < ARRAY_LEN(bounds); i++)
		metrics.buckets[i] += seconds <= bounds[i];
	metrics.count++;
	metrics.sum += seconds;
}

void metrics_run_refused(void)
{
	metrics.refused++;
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP nodetool_%s %s\n# TYPE nodetool_%s %s\n", name, help, name, type);
}

static void write_runs(struct buf *out)
{
	size_t i;

	head(out, "runs_ended_total", "counter", "Runs that ended, by status.");
	for (i = 0; i < ARRAY_LEN(statuses); i++)
		buf_printf(out, "nodetool_runs_ended_total{status=\"%s\"} %lld\n", statuses[i], (long long)metrics.ended[i]);
	head(out, "run_seconds", "histogram", "How long runs took.");
	for (i = 0; i < ARRAY_LEN(bounds); i++)
		buf_printf(out, "nodetool_run_seconds_bucket{le=\"%g\"} %lld\n", bounds[i], (long long)metrics.buckets[i]);
	buf_printf(out,
		   "nodetool_run_seconds_bucket{le=\"+Inf\"} %lld\nnodetool_run_seconds_sum %.6f\n"
		   "nodetool_run_seconds_count %lld\n",
		   (long long)metrics.count, metrics.sum, (long long)metrics.count);
}

void metrics_write(struct buf *out)
{
	struct jobs_stats jobs;
	struct pool_stats pool;
	struct session_stats sessions;
	size_t i;

	jobs_get_stats(&jobs);
	pool_get_stats(&pool);
	session_get_stats(&sessions);
	const struct {
		const char *name;
		const char *type;
		const char *help;
		long long value;
	} figures[] = {
		{ "runs_started_total", "counter", "Runs that were started.", jobs.started },
		{ "runs_refused_total", "counter", "Requests to run that were turned away.", metrics.refused },
		{ "runs_active", "gauge", "Runs that wait or run.", jobs.active },
		{ "runs_remembered", "gauge", "Ended runs that are kept in memory.", jobs.ended },
		{ "run_message_bytes", "gauge", "Memory that messages of runs take.", (long long)jobs.bytes },
		{ "queue_length", "gauge", "Runs that wait for a runner.", pool.waiting },
		{ "runners", "gauge", "Processes that run workflows.", pool.runners },
		{ "runners_busy", "gauge", "Of those, how many have a run.", pool.busy },
		{ "runners_started_total", "counter", "Runners that were started.", pool.spawned },
		{ "runners_crashed_total", "counter", "Runners that died during a run.", pool.crashed },
		{ "sockets", "gauge", "WebSockets that are open.", sessions.sessions },
		{ "sockets_slow_total", "counter", "WebSockets that were closed because they did not read.",
		  sessions.closed_slow },
		{ "journal_queue_length", "gauge", "Writes that wait for the database.", journal_queued() },
		{ "triggers", "gauge", "Trigger workflows that are started.", triggers_count() },
		{ "trigger_events_total", "counter", "Events that were handed to runs.", triggers_fired() },
	};

	for (i = 0; i < ARRAY_LEN(figures); i++) {
		head(out, figures[i].name, figures[i].type, figures[i].help);
		buf_printf(out, "nodetool_%s %lld\n", figures[i].name, figures[i].value);
	}
	write_runs(out);
}
