/* Server-sent events and NDJSON, cut out of whatever pieces the network gives. */
#include "provider/internal.h"

#include <string.h>

void stream_init(struct stream *s, enum stream_kind kind, int (*event)(void *, const char *, size_t), void *ctx)
{
	*s = (struct stream){ .kind = kind, .event = event, .ctx = ctx };
	buf_init(&s->line, PROVIDER_LINE_MAX);
	buf_init(&s->data, PROVIDER_LINE_MAX);
}

void stream_free(struct stream *s)
{
	buf_free(&s->line);
	buf_free(&s->data);
}

static int deliver(struct stream *s, struct buf *buf)
{
	int rc = s->event(s->ctx, buf->data ? buf->data : "", buf->len);

	buf_reset(buf);
	return rc;
}

/* A line of an event: "data: …" adds to its data; an empty one ends it; comments and other fields say nothing here. */
static int take_sse_line(struct stream *s)
{
	const char *text = s->line.data ? s->line.data : "";
	size_t len = s->line.len;
	int rc = 0;

	if (len == 0) {
		if (s->has_data)
			rc = deliver(s, &s->data);
		s->has_data = false;
		return rc;
	}
	if (len >= 4 && memcmp(text, "data", 4) == 0 && (len == 4 || text[4] == ':')) {
		text += len == 4 ? 4 : 5;
		len -= len == 4 ? 4 : 5;
		if (len && *text == ' ') {
			text++;
			len--;
		}
		if (s->has_data)
			buf_addc(&s->data, '\n');
		s->has_data = true;
		rc = buf_add(&s->data, text, len);
	}
	buf_reset(&s->line);
	return rc;
}

static bool blank(const struct buf *line)
{
	for (size_t i = 0; i < line->len; i++)
		if (!strchr(" \t\r", line->data[i]))
			return false;
	return true;
}

static int take_line(struct stream *s)
{
	if (s->kind == STREAM_SSE)
		return take_sse_line(s);
	if (!blank(&s->line))
		return deliver(s, &s->line);
	buf_reset(&s->line);
	return 0;
}

int stream_feed(struct stream *s, const char *data, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		bool after_cr = s->after_cr;

		s->after_cr = false;
		if (data[i] != '\n' && !(data[i] == '\r' && s->kind == STREAM_SSE))
			continue;
		if (data[i] == '\n' && after_cr) { /* the second half of a line end */
			from = i + 1;
			continue;
		}
		s->after_cr = data[i] == '\r';
		if (buf_add(&s->line, data + from, i - from) || take_line(s))
			return -1;
		from = i + 1;
	}
	return buf_add(&s->line, data + from, len - from);
}

int stream_end(struct stream *s)
{
	if (s->line.len && take_line(s))
		return -1;
	if (s->kind == STREAM_SSE && s->has_data) {
		s->has_data = false;
		return deliver(s, &s->data);
	}
	return 0;
}
