/* Who gets the next runner: see fair.h. */
#include "wsd/fair.h"

#include <stdlib.h>
#include <string.h>

static struct fair_item *item_of(lws_dll2_t *link)
{
	return lws_container_of(link, struct fair_item, link);
}

struct fair_user *fair_hold(struct fair_queue *queue, const char *name)
{
	struct fair_user *user;

	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&queue->users)) {
		user = lws_container_of(d, struct fair_user, link);
		if (!strcmp(user->name, name)) {
			user->holds++;
			return user;
		}
	} lws_end_foreach_dll(d);
	user = xcalloc(1, sizeof(*user));
	user->name = xstrdup(name);
	user->holds = 1;
	lws_dll2_add_tail(&user->link, &queue->users);
	return user;
}

void fair_release(struct fair_user *user)
{
	if (--user->holds)
		return;
	lws_dll2_remove(&user->link);
	free(user->name);
	free(user);
}

/* True when `a` comes before `b`, both of one user. */
static bool before(const struct fair_item *a, const struct fair_item *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	if (a->priority != b->priority)
		return a->priority > b->priority;
	if (a->place != b->place)
		return b->place == 0 || (a->place != 0 && a->place < b->place);
	return a->arrived < b->arrived;
}

/* Most come last: looked for from the end. */
static void insert(struct fair_item *item)
{
	lws_dll2_owner_t *list = &item->user->waiting;
	lws_dll2_t *at = lws_dll2_get_tail(list);
	lws_dll2_t *behind = NULL;

	for (; at && before(item, item_of(at)); at = at->prev)
		behind = at;
	if (behind)
		lws_dll2_add_before(&item->link, behind);
	else
		lws_dll2_add_tail(&item->link, list);
}

void fair_add(struct fair_queue *queue, const char *name, struct fair_item *item)
{
	item->user = fair_hold(queue, name);
	queue->waiting++;
	insert(item);
}

static void forget(struct fair_item *item)
{
	struct fair_user *user = item->user;

	item->user = NULL;
	fair_release(user);
}

void fair_remove(struct fair_queue *queue, struct fair_item *item)
{
	lws_dll2_remove(&item->link);
	queue->waiting--;
	forget(item);
}

void fair_move(struct fair_item *item, int64_t priority, int64_t place)
{
	lws_dll2_remove(&item->link);
	item->priority = priority;
	item->place = place;
	insert(item);
}

void fair_round(struct fair_queue *queue)
{
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&queue->users)) {
		struct fair_user *user = lws_container_of(d, struct fair_user, link);

		user->next = lws_dll2_get_head(&user->waiting);
		user->planned = 0;
	} lws_end_foreach_dll(d);
}

static bool may_begin(const struct fair_queue *queue, const struct fair_user *user)
{
	return user->next && (item_of(user->next)->rank == FAIR_CHAT || user->running + user->planned < queue->per_user);
}

static bool better(const struct fair_user *a, const struct fair_user *b)
{
	enum fair_rank rank_a = item_of(a->next)->rank;
	enum fair_rank rank_b = item_of(b->next)->rank;
	int load_a = a->running + a->planned;
	int load_b = b->running + b->planned;

	if (rank_a != rank_b)
		return rank_a > rank_b;
	return load_a != load_b ? load_a < load_b : a->served < b->served;
}

struct fair_item *fair_next(struct fair_queue *queue)
{
	struct fair_user *best = NULL;
	struct fair_item *item;

	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&queue->users)) {
		struct fair_user *user = lws_container_of(d, struct fair_user, link);

		if (may_begin(queue, user) && (!best || better(user, best)))
			best = user;
	} lws_end_foreach_dll(d);
	if (!best)
		return NULL;
	item = item_of(best->next);
	best->next = best->next->next;
	best->planned++;
	return item;
}

static void set_running(struct fair_queue *queue, struct fair_item *item)
{
	item->running = true;
	item->user->running++;
	item->user->served = ++queue->turns;
	queue->running++;
}

void fair_begin(struct fair_queue *queue, struct fair_item *item)
{
	lws_dll2_remove(&item->link);
	queue->waiting--;
	item->user->planned--;
	set_running(queue, item);
}

void fair_end(struct fair_queue *queue, struct fair_item *item)
{
	if (!item->running)
		return;
	item->running = false;
	item->user->running--;
	queue->running--;
	forget(item);
}

void fair_adopt(struct fair_queue *queue, const char *name, struct fair_item *item)
{
	item->user = fair_hold(queue, name);
	set_running(queue, item);
}

int fair_position(const struct fair_item *item)
{
	const lws_dll2_t *at = &item->link;
	int position = 0;

	for (; at; at = at->prev)
		position++;
	return position;
}

bool fair_must_wait(const struct fair_queue *queue, const struct fair_item *item, int most)
{
	const struct fair_user *user = item->user;

	return queue->running + queue->waiting > most ||
	       (item->rank != FAIR_CHAT && user->running + (int)user->waiting.count > queue->per_user);
}
