/* Who gets the next runner. */
#include "wsd/fair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct run {
	struct fair_item item;
	const char *name;
};

static int64_t now;

static void add(struct fair_queue *q, const char *user, struct run *run, const char *name, int64_t priority, int64_t place)
{
	*run = (struct run){ .name = name, .item = { .priority = priority, .place = place, .arrived = ++now } };
	fair_add(q, user, &run->item);
}

/* Names of the runs that begin in one round, at most `runners` of them. */
static void round_of(struct fair_queue *q, int runners, char *out)
{
	struct fair_item *item;

	*out = '\0';
	fair_round(q);
	while (runners-- > 0 && (item = fair_next(q))) {
		strcat(out, lws_container_of(item, struct run, item)->name);
		fair_begin(q, item);
	}
}

static void test_order_of_one_user(void **state)
{
	struct fair_queue q = { .per_user = 100 };
	struct run runs[6];
	char got[32];

	(void)state;
	add(&q, "u", &runs[0], "a", 0, 0);
	add(&q, "u", &runs[1], "b", 0, 2);
	add(&q, "u", &runs[2], "c", 5, 0);
	add(&q, "u", &runs[3], "d", 0, 1);
	add(&q, "u", &runs[4], "e", 5, 0);
	add(&q, "u", &runs[5], "f", -1, 1);
	assert_int_equal(fair_position(&runs[0].item), 5);
	fair_move(&runs[5].item, 5, 9);
	assert_int_equal(fair_position(&runs[5].item), 1);
	fair_remove(&q, &runs[3].item);
	assert_int_equal(q.waiting, 5);
	round_of(&q, 100, got);
	assert_string_equal(got, "fceba");
	assert_int_equal(q.running, 5);
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		fair_end(&q, &runs[i].item);
	assert_int_equal(q.running, 0);
	assert_null(q.users.head);
}

static void test_turns_between_users(void **state)
{
	struct fair_queue q = { .per_user = 2 };
	struct run a[4];
	struct run b[2];
	struct run chat;
	char got[32];

	(void)state;
	for (int i = 0; i < 4; i++)
		add(&q, "alice", &a[i], "a", 1000, 0);
	round_of(&q, 1, got);
	assert_string_equal(got, "a");
	for (int i = 0; i < 2; i++)
		add(&q, "bob", &b[i], "b", 0, 0);
	assert_true(fair_must_wait(&q, &a[3].item, 64));
	assert_false(fair_must_wait(&q, &b[1].item, 64));
	assert_true(fair_must_wait(&q, &b[1].item, 5));
	round_of(&q, 2, got);
	assert_string_equal(got, "ba");
	round_of(&q, 9, got); /* alice has as many as one may have */
	assert_string_equal(got, "b");
	add(&q, "alice", &chat, "c", 0, 0);
	fair_remove(&q, &chat.item);
	chat.item = (struct fair_item){ .rank = FAIR_CHAT };
	fair_add(&q, "alice", &chat.item);
	assert_false(fair_must_wait(&q, &chat.item, 64));
	round_of(&q, 9, got); /* but somebody waits for a chat */
	assert_string_equal(got, "c");
	fair_end(&q, &chat.item);
	fair_end(&q, &chat.item);
	fair_end(&q, &a[0].item);
	round_of(&q, 9, got);
	assert_string_equal(got, "a");
	fair_end(&q, &a[1].item);
	fair_end(&q, &a[2].item);
	round_of(&q, 9, got);
	assert_string_equal(got, "a");
	fair_end(&q, &a[3].item);
	for (int i = 0; i < 2; i++)
		fair_end(&q, &b[i].item);
	assert_null(q.users.head);
}

static void test_a_plan_counts_as_load(void **state)
{
	struct fair_queue q = { .per_user = 100 };
	struct run a[2];
	struct run b[2];
	const char *users[] = { "alice", "alice", "bob", "bob" };
	struct run *runs[] = { &a[0], &a[1], &b[0], &b[1] };
	char got[8] = "";

	(void)state;
	for (int i = 0; i < 4; i++)
		add(&q, users[i], runs[i], i < 2 ? "a" : "b", 0, 0);
	fair_round(&q);
	for (int i = 0; i < 4; i++) /* their runners are on their way: nothing begins yet */
		strcat(got, lws_container_of(fair_next(&q), struct run, item)->name);
	assert_string_equal(got, "abab");
	assert_null(fair_next(&q));
	for (int i = 0; i < 4; i++)
		fair_remove(&q, &runs[i]->item);
	assert_null(q.users.head);
}

static void test_holds(void **state)
{
	struct fair_queue q = { .per_user = 1 };
	struct fair_user *user = fair_hold(&q, "u");
	struct fair_item item = { 0 };

	(void)state;
	assert_ptr_equal(fair_hold(&q, "u"), user);
	fair_adopt(&q, "u", &item);
	assert_int_equal(user->running, 1);
	fair_release(user);
	fair_release(user);
	assert_non_null(q.users.head);
	fair_end(&q, &item);
	assert_null(q.users.head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_of_one_user),
		cmocka_unit_test(test_turns_between_users),
		cmocka_unit_test(test_a_plan_counts_as_load),
		cmocka_unit_test(test_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
