/* GET /api/jobs/{id}/trace, in the journal's thread: what the log of a run says of its nodes, as JSON. */
#include "wsd/journal_log.h"

#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "value/value.h"
#include "wsd/runner.h"
#include "wsd/trace.h"

#define BYTES_MAX ((size_t)64 << 20) /* of records; what is behind them is left out, and the answer says so */
#define TEXT_MAX ((size_t)128 << 20)

struct trace {
	struct arena *arena;
	struct trace_entry *entries;
	size_t count;
	size_t cap;
	size_t bytes;
	struct trace_entry run; /* the run itself; start_us 0: not known */
	bool incomplete;
};

/* ---- gathering ----------------------------------------------------------------------------------------- */

static void add_entry(struct trace *t, const struct trace_entry *entry)
{
	if (!entry->node_id.n) {
		if (!t->run.start_us || entry->start_us < t->run.start_us)
			t->run.start_us = entry->start_us;
		t->run.end_us = entry->end_us;
		return;
	}
	if (t->count == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->entries = xrealloc(t->entries, t->cap * sizeof(*t->entries));
	}
	t->entries[t->count++] = *entry;
}

static void add_record(struct trace *t, const struct blob *blob)
{
	struct sv data = { arena_strndup(t->arena, (const char *)blob->data, blob->len), blob->len };
	struct trace_entry entry;

	t->bytes += blob->len;
	while (trace_take(&data, &entry))
		add_entry(t, &entry);
}

static void read_log(struct trace *t, const char *job_id)
{
	struct runlog_reader r;
	struct runlog_record record;
	struct blob *blob;

	if (runlog_open(&r, job_id, NULL) != 0) {
		t->incomplete = true;
		return;
	}
	while (runlog_next(&r, &record)) {
		t->incomplete |= record.type == RUNLOG_GAP;
		if (record.type != RUNNER_MSG_TRACE)
			continue;
		blob = t->bytes < BYTES_MAX ? runlog_blob(&r, &record) : NULL;
		if (blob)
			add_record(t, blob);
		else
			t->incomplete = true;
		blob_unref(blob);
	}
	runlog_reader_close(&r);
}

static int compare_sv(struct sv a, struct sv b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_times(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Entries of the same node and start side by side, the one that has ended last. */
static int by_node(const void *left, const void *right)
{
	const struct trace_entry *a = left;
	const struct trace_entry *b = right;
	int order = compare_sv(a->node_id, b->node_id);

	order = order ? order : compare_times(a->start_us, b->start_us);
	return order ? order : compare_times(a->end_us, b->end_us);
}

static int by_start(const void *left, const void *right)
{
	const struct trace_entry *a = left;
	const struct trace_entry *b = right;
	int order = compare_times(a->start_us, b->start_us);

	return order ? order : by_node(left, right);
}

/* What had begun when its process died has no end. */
static void settle(struct trace *t, bool active)
{
	size_t kept = 0;

	if (!t->count)
		return;
	qsort(t->entries, t->count, sizeof(*t->entries), by_node);
	for (size_t i = 0; i < t->count; i++) {
		struct trace_entry *e = &t->entries[i];
		bool again = i + 1 < t->count && compare_sv(e->node_id, e[1].node_id) == 0;

		if (again && e->start_us == e[1].start_us)
			continue;
		if (e->status == TRACE_RUNNING && (again || !active))
			e->status = TRACE_STOPPED;
		t->entries[kept++] = *e;
	}
	t->count = kept;
	qsort(t->entries, t->count, sizeof(*t->entries), by_start);
	if (!t->run.start_us)
		t->run.start_us = t->entries[0].start_us;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static void put_text(struct buf *out, const char *name, struct sv text)
{
	buf_printf(out, "\"%s\":", name);
	if (text.p)
		json_write_str(out, text.p, text.n, JSON_COMPACT);
	else
		buf_adds(out, "null");
}

static void put_ms(struct buf *out, const char *name, int64_t us)
{
	buf_printf(out, ",\"%s\":%lld.%03lld", name, (long long)(us / 1000), (long long)(us % 1000));
}

static int64_t since(int64_t at, int64_t start)
{
	return at > start ? at - start : 0;
}

/* What is neither work nor one of the other waits is waiting for inputs. */
static void put_waits(struct buf *out, const struct trace_entry *e)
{
	int64_t taken = e->busy_us + e->outside_us + e->room_us;

	buf_adds(out, ",\"waits\":{\"input_ms\":");
	if (e->end_us)
		buf_printf(out, "%.3f", (double)since(e->end_us - e->start_us, taken) / 1000);
	else
		buf_adds(out, "null");
	put_ms(out, "output_ms", e->room_us);
	put_ms(out, "outside_ms", e->outside_us);
	buf_addc(out, '}');
}

static void put_entry(struct buf *out, const struct trace *t, const struct trace_entry *e)
{
	buf_addc(out, '{');
	put_text(out, "node_id", e->node_id);
	buf_addc(out, ',');
	put_text(out, "node_type", e->node_type);
	buf_printf(out, ",\"status\":\"%s\",\"cached\":%s", trace_status_text(e->status),
		   e->status == TRACE_CACHED ? "true" : "false");
	put_ms(out, "start_ms", since(e->start_us, t->run.start_us));
	if (e->end_us)
		put_ms(out, "end_ms", since(e->end_us, t->run.start_us));
	else
		buf_adds(out, ",\"end_ms\":null");
	put_ms(out, "busy_ms", e->busy_us);
	put_waits(out, e);
	buf_printf(out, ",\"calls\":%u,\"items_in\":%u,\"items_out\":%u,\"bytes_in\":%llu,\"bytes_out\":%llu}", e->calls, e->items_in,
		   e->items_out, (unsigned long long)e->bytes_in, (unsigned long long)e->bytes_out);
}

static void put_time(struct buf *out, const char *name, int64_t us)
{
	char text[TIME_TEXT_MAX];
	struct sv shown = { NULL, 0 };

	if (us)
		shown = (struct sv){ time_local(us, 'T', text), strlen(text) };
	put_text(out, name, shown);
}

static void put_trace(struct buf *out, const struct trace *t, const struct job *job)
{
	buf_addc(out, '{');
	put_text(out, "job_id", job->c[JOB_ID]);
	buf_addc(out, ',');
	put_text(out, "workflow_id", job->c[JOB_WORKFLOW_ID]);
	buf_addc(out, ',');
	put_text(out, "status", job->c[JOB_STATUS]);
	buf_addc(out, ',');
	put_text(out, "requested_at", job->c[JOB_STARTED_AT]);
	buf_addc(out, ',');
	put_time(out, "began_at", t->run.start_us);
	buf_addc(out, ',');
	put_time(out, "ended_at", t->run.end_us);
	if (t->run.end_us)
		put_ms(out, "duration_ms", since(t->run.end_us, t->run.start_us));
	else
		buf_adds(out, ",\"duration_ms\":null");
	buf_printf(out, ",\"incomplete\":%s,\"nodes\":[", t->incomplete ? "true" : "false");
	for (size_t i = 0; i < t->count; i++) {
		if (i)
			buf_addc(out, ',');
		put_entry(out, t, &t->entries[i]);
	}
	buf_adds(out, "]}");
}

int journal_trace(struct db *db, struct journal_op *op)
{
	struct trace t = { .arena = op->arena };
	struct job job;
	int rc = job_get(db, op->arena, op->user_id, op->id, &job, &op->err);

	if (rc != 0)
		return rc;
	read_log(&t, op->id);
	settle(&t, job_status_active(job.c[JOB_STATUS]));
	buf_init(&op->text, TEXT_MAX);
	put_trace(&op->text, &t, &job);
	free(t.entries);
	return op->text.failed ? err_set(&op->err, 500, "The trace is too long to be shown") : 0;
}
