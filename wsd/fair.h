/*
 * The order in which runs that wait get runners.
 *
 * Each user has a queue of his own: what he asked for with a higher priority comes first, then what has a place that he gave
 * it, then the rest as it came. Between users the next runner goes to the one who has the fewest runs going on, among equals
 * to the one who was served longest ago: nobody can hold the others up by asking for much, nor by priorities. Ranks stand
 * above all of that: an answer that a person waits for in a chat, and runs that had a runner before a restart.
 */
#ifndef WSD_FAIR_H
#define WSD_FAIR_H

#include "base/base.h"

#include <libwebsockets.h>

enum fair_rank { FAIR_RUN, FAIR_GOES_ON, FAIR_CHAT };

/* What one user has waiting and going on. Lives as long as somebody holds it or something of it waits. */
struct fair_user {
	lws_dll2_t link;
	char *name;
	unsigned holds;
	lws_dll2_owner_t waiting; /* fair_item, in their order */
	lws_dll2_t *next;         /* of the round: not looked at yet */
	int planned;              /* of the round: looked at, and not begun */
	int running;
	int active; /* the holders' own count; nothing here reads it */
	int64_t served;
};

/* A run that waits, or goes on; part of the structure that owns it. */
struct fair_item {
	lws_dll2_t link;
	struct fair_user *user; /* NULL: neither waits nor goes on */
	enum fair_rank rank;
	int64_t priority;
	int64_t place;   /* 0: none */
	int64_t arrived; /* any clock that rises */
	bool running;
};

struct fair_queue {
	lws_dll2_owner_t users;
	int waiting;
	int running;
	int per_user; /* runs of one user that may go on at once */
	int64_t turns;
};

/* Holds the user's record; never fails. Each hold ends with fair_release. */
struct fair_user *fair_hold(struct fair_queue *queue, const char *name);
void fair_release(struct fair_user *user);

/* Lets the item wait in its place among those of its user. */
void fair_add(struct fair_queue *queue, const char *name, struct fair_item *item);
/* Takes an item out that waits. */
void fair_remove(struct fair_queue *queue, struct fair_item *item);
/* Gives an item that waits another priority and place. */
void fair_move(struct fair_item *item, int64_t priority, int64_t place);
/* A round: fair_next gives the items that may begin, the next one first; NULL when there is no further one. Nothing else
 * but fair_begin may be called until the round is over. */
void fair_round(struct fair_queue *queue);
struct fair_item *fair_next(struct fair_queue *queue);
/* The item has got its runner. */
void fair_begin(struct fair_queue *queue, struct fair_item *item);
/* It needs its runner no more; nothing when it has none. */
void fair_end(struct fair_queue *queue, struct fair_item *item);
/* An item that neither waited nor has begun here, but has a runner all the same. */
void fair_adopt(struct fair_queue *queue, const char *name, struct fair_item *item);
/* Where the item stands in its user's queue: 1 is next. */
int fair_position(const struct fair_item *item);
/* True when the item will wait for another run to end, `most` runs being possible at once. */
bool fair_must_wait(const struct fair_queue *queue, const struct fair_item *item, int most);

#endif
