/* stream: server-sent events and NDJSON, for whoever reads an answer in pieces. */
#ifndef PROVIDER_STREAM_H
#define PROVIDER_STREAM_H

#include "base/base.h"

#define PROVIDER_LINE_MAX ((size_t)16 << 20) /* one event of a stream */

enum stream_kind { STREAM_SSE, STREAM_NDJSON };

/* Cuts a stream into events: the data of server-sent events, or lines. */
struct stream {
	enum stream_kind kind;
	struct buf line;
	struct buf data; /* SSE: of the event that is being read */
	bool has_data;
	bool after_cr;
	/* One event (text with a NUL behind it); -1 stops the stream. */
	int (*event)(void *ctx, const char *data, size_t len);
	void *ctx;
};

void stream_init(struct stream *s, enum stream_kind kind, int (*event)(void *, const char *, size_t), void *ctx);
void stream_free(struct stream *s);
/* -1 when an event is too long, or when `event` said so. */
int stream_feed(struct stream *s, const char *data, size_t len);
/* What stands behind the last line end. */
int stream_end(struct stream *s);

#endif
