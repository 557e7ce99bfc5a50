/*
 * What a run has said so far: its messages by number, bounded in count and bytes (the oldest go first), and the last
 * message of each node and edge, which a client that joins gets instead of everything.
 */
#ifndef WSD_HISTORY_H
#define WSD_HISTORY_H

#include "wsd/blob.h"

struct history {
	struct blob **ring; /* cap entries, the oldest at `first` */
	size_t cap;
	size_t first;
	size_t count;
	size_t bytes;
	uint32_t last_seq;
	struct blob **latest; /* in the order in which nodes and edges first reported */
	size_t latest_count;
	size_t latest_cap;
	uint32_t *index; /* hash table of positions + 1 in `latest` */
	size_t index_cap;
};

struct history_limits {
	size_t count;
	size_t bytes;
};

/* Bytes that all histories hold. */
size_t history_total(void);
/* Takes over one reference. */
void history_add(struct history *h, struct blob *blob, const struct history_limits *limits);
/* Message i, the oldest is 0; NULL past the end. Lent. */
struct blob *history_at(const struct history *h, size_t i);
/* Position of the first message behind `seq`; h->count when there is none. */
size_t history_after(const struct history *h, uint32_t seq);
/* Number of the oldest message that is still there (last_seq + 1 when there is none). */
uint32_t history_first_seq(const struct history *h);
/* Drops the messages, and the last ones of nodes and edges. */
void history_free(struct history *h);

#endif
