/* Figures for Prometheus: see metrics.h. */
#include "wsd/metrics.h"

#include <string.h>

#include "wsd/jobs.h"
#include "wsd/journal.h"
#include "wsd/metrics_histogram.h"
#include "wsd/session.h"
#include "wsd/triggers.h"

static const double run_bounds[] = { 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600 };
static const char *const statuses[] = { "completed", "failed", "cancelled", "suspended" };

static const double wait_bounds[] = { 0.001, 0.01, 0.1, 1, 10, 60, 600, 3600 };

static struct {
	int64_t ended[ARRAY_LEN(statuses)];
	int64_t refused;
	struct histogram times;
	int64_t buckets[ARRAY_LEN(run_bounds)];
	struct histogram waits;
	int64_t wait_buckets[ARRAY_LEN(wait_bounds)];
} metrics;

void histogram_add(struct histogram *h, const double *bounds, int64_t *buckets, size_t n, double value)
{
	for (size_t i = 0; i < n; i++)
		buckets[i] += value <= bounds[i];
	h->count++;
	h->sum += value;
}

void histogram_write(struct buf *out, const char *name, const struct histogram *h, const double *bounds, const int64_t *buckets,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "nodetool_%s_bucket{le=\"%g\"} %lld\n", name, bounds[i], (long long)buckets[i]);
	buf_printf(out, "nodetool_%s_bucket{le=\"+Inf\"} %lld\nnodetool_%s_sum %.6f\nnodetool_%s_count %lld\n", name,
		   (long long)h->count, name, h->sum, name, (long long)h->count);
}

void metrics_run_ended(const char *status, double seconds)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		metrics.ended[i] += !strcmp(status, statuses[i]);
	histogram_add(&metrics.times, run_bounds, metrics.buckets, ARRAY_LEN(run_bounds), seconds);
}

void metrics_run_waited(double seconds)
{
	histogram_add(&metrics.waits, wait_bounds, metrics.wait_buckets, ARRAY_LEN(wait_bounds), seconds);
}

void metrics_run_refused(void)
{
	metrics.refused++;
}

void metrics_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP nodetool_%s %s\n# TYPE nodetool_%s %s\n", name, help, name, type);
}

static void write_runs(struct buf *out)
{
	size_t i;

	metrics_head(out, "runs_ended_total", "counter", "Runs that ended, by status.");
	for (i = 0; i < ARRAY_LEN(statuses); i++)
		buf_printf(out, "nodetool_runs_ended_total{status=\"%s\"} %lld\n", statuses[i], (long long)metrics.ended[i]);
	metrics_head(out, "run_seconds", "histogram", "How long runs took.");
	histogram_write(out, "run_seconds", &metrics.times, run_bounds, metrics.buckets, ARRAY_LEN(run_bounds));
	metrics_head(out, "run_wait_seconds", "histogram", "How long runs waited for a runner.");
	histogram_write(out, "run_wait_seconds", &metrics.waits, wait_bounds, metrics.wait_buckets, ARRAY_LEN(wait_bounds));
}

void metrics_write(struct buf *out)
{
	struct jobs_stats jobs;
	struct pool_stats pool;
	struct session_stats sessions;
	struct db_stats db;
	size_t i;

	jobs_get_stats(&jobs);
	pool_get_stats(&pool);
	session_get_stats(&sessions);
	journal_get_db_stats(&db);
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
		{ "runners_idle", "gauge", "Of those, how many wait for one.", pool.runners - pool.busy },
		{ "runners_started_total", "counter", "Runners that were started.", pool.spawned },
		{ "runners_crashed_total", "counter", "Runners that died during a run.", pool.crashed },
		{ "sockets", "gauge", "WebSockets that are open.", sessions.sessions },
		{ "sockets_slow_total", "counter", "WebSockets that were closed because they did not read.",
		  sessions.closed_slow },
		{ "journal_queue_length", "gauge", "Writes that wait for the database.", journal_queued() },
		{ "db_bytes", "gauge", "Size of the database file.", db.file_bytes },
		{ "db_wal_bytes", "gauge", "Size of its write-ahead log.", db.wal_bytes },
		{ "db_cache_bytes", "gauge", "Pages of it that the daemon holds in memory.", db.cache_bytes },
		{ "db_cache_hits_total", "counter", "Pages that were found there.", db.cache_hits },
		{ "db_cache_misses_total", "counter", "Pages that were not.", db.cache_misses },
		{ "db_busy_total", "counter", "How often the daemon waited for another process's lock.", db.busy },
		{ "triggers", "gauge", "Trigger workflows that are started.", triggers_count() },
		{ "trigger_events_total", "counter", "Events that were handed to runs.", triggers_fired() },
	};

	for (i = 0; i < ARRAY_LEN(figures); i++) {
		metrics_head(out, figures[i].name, figures[i].type, figures[i].help);
		buf_printf(out, "nodetool_%s %lld\n", figures[i].name, figures[i].value);
	}
	write_runs(out);
	metrics_write_nodes(out);
}
