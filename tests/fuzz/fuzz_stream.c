/* What services answer: streams of events cut anywhere, and every dialect's events. A whole stream gives the same
 * events as one in pieces. */
#include <stdlib.h>
#include <string.h>

#include "provider/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	struct buf events;
	struct answer *answer; /* NULL: only the events */
	const struct dialect *dialect;
};

static int take(void *ctx, const char *data, size_t len)
{
	struct reading *r = ctx;

	if (data[len] != '\0')
		abort();
	buf_add(&r->events, data, len);
	buf_addc(&r->events, '\n');
	return r->answer ? answer_event(r->answer, r->dialect, data, len) : 0;
}

/* Reads the input in pieces of `step` bytes. */
static void read_in(struct reading *r, enum stream_kind kind, const uint8_t *data, size_t size, size_t step)
{
	struct stream s;
	int rc = 0;

	buf_init(&r->events, BUF_MAX_BODY);
	stream_init(&s, kind, take, r);
	for (size_t at = 0; !rc && at < size; at += step)
		rc = stream_feed(&s, (const char *)data + at, size - at < step ? size - at : step);
	if (!rc)
		rc = stream_end(&s);
	stream_free(&s);
}

static void same_events(enum stream_kind kind, const uint8_t *data, size_t size, size_t step)
{
	struct reading whole = { .answer = NULL };
	struct reading cut = { .answer = NULL };

	read_in(&whole, kind, data, size, size);
	read_in(&cut, kind, data, size, step);
	if (whole.events.len != cut.events.len ||
	    (whole.events.len && memcmp(whole.events.data, cut.events.data, whole.events.len) != 0))
		abort();
	buf_free(&whole.events);
	buf_free(&cut.events);
}

static void answers(const struct dialect *dialect, const uint8_t *data, size_t size)
{
	struct answer answer;
	struct reading r = { .answer = &answer, .dialect = dialect };

	answer_init(&answer, NULL, NULL);
	read_in(&r, dialect->stream, data, size, size);
	answer_finish(&answer);
	answer_free(&answer);
	buf_free(&r.events);
}

/* The first byte says how long the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	same_events(STREAM_SSE, data + 1, size - 1, data[0] % 16 + 1);
	same_events(STREAM_NDJSON, data + 1, size - 1, data[0] % 16 + 1);
	answers(&openai_dialect, data + 1, size - 1);
	answers(&anthropic_dialect, data + 1, size - 1);
	answers(&ollama_dialect, data + 1, size - 1);
	return 0;
}
