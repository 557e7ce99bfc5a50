/* The daemon's parts that need no sockets: origins of pages, the kept messages of a run. */
#include "wsd/handshake.h"
#include "wsd/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wsd/runner.h"

static void test_origins(void **state)
{
	static const char list[] = "https://app.example, http://other.example:8000/";
	static const struct {
		const char *origin;
		const char *host;
		bool local;
		bool allowed;
	} cases[] = {
		{ NULL, "h", false, true },	     { "", "h", false, true },
		{ "http://h", "h", false, true },    { "http://h:80", "h", false, true },
		{ "https://h", "h:443", false, true }, { "http://H:7777", "h:7777", false, true },
		{ "http://h:1", "h:2", false, false }, { "https://h", "h:80", false, false },
		{ "http://h", NULL, false, false },    { "http://[::1]:5", "[::1]:5", false, true },
		{ "http://localhost:3000", "h", true, true }, { "http://localhost:3000", "h", false, false },
		{ "http://127.0.0.1", "h", true, true },      { "http://127.255.1.2:9", "h", true, true },
		{ "http://127.0.0.1.example", "h", true, false }, { "http://1270.0.0.1", "h", true, false },
		{ "http://127.0.0", "h", true, false },	      { "http://[::1]", "h", true, true },
		{ "null", "h", true, false },		      { "file://", "h", true, false },
		{ "http://", "h", true, false },	      { "http://localhost/x", "h", true, false },
		{ "http://u@localhost", "h", true, false },   { "ftp://localhost", "h", true, false },
		{ "https://app.example", "h", false, true },  { "http://app.example", "h", false, false },
		{ "http://other.example:8000", "h", false, true }, { "http://evil", "h", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (origin_allowed(cases[i].origin, cases[i].host, cases[i].local, list) != cases[i].allowed)
			fail_msg("%s at %s", cases[i].origin, cases[i].host);
	}
	assert_false(origin_allowed("https://app.example", "h", false, NULL));
}

static struct blob *message(uint32_t seq, int type, const char *key)
{
	struct blob *blob = blob_new("\xc0", 1, key, strlen(key));

	blob->seq = seq;
	blob->type = (uint8_t)type;
	return blob;
}

static void test_history(void **state)
{
	const struct history_limits limits = { 100, 1 << 20 };
	struct history h = { 0 };
	char key[16];

	(void)state;
	assert_int_equal(history_first_seq(&h), 1);
	assert_int_equal(history_after(&h, 0), 0);
	for (uint32_t seq = 1; seq <= 1000; seq++) {
		snprintf(key, sizeof(key), "n%u", seq % 70);
		history_add(&h, message(seq, seq % 2 ? RUNNER_MSG_NODE_UPDATE : RUNNER_MSG_EDGE_UPDATE, key), &limits);
	}
	assert_int_equal(h.count, 100);
	assert_int_equal(history_first_seq(&h), 901);
	assert_int_equal(history_at(&h, history_after(&h, 950))->seq, 951);
	assert_int_equal(history_after(&h, 1000), 100);
	assert_int_equal(history_after(&h, 5), 0);
	assert_null(history_at(&h, 100));
	/* 70 keys of one kind each: 35 nodes, 35 edges, in the order in which they first spoke. */
	assert_int_equal(h.latest_count, 70);
	assert_string_equal(h.latest[0]->key, "n1");
	assert_string_equal(h.latest[69]->key, "n0");
	for (size_t i = 0; i < h.latest_count; i++)
		assert_true(h.latest[i]->seq > 930);
	history_free(&h);
	assert_int_equal(history_total(), 0);
}

static void test_history_by_bytes(void **state)
{
	const struct history_limits limits = { 1000, 5000 };
	struct history h = { 0 };

	(void)state;
	for (uint32_t seq = 1; seq <= 100; seq++)
		history_add(&h, message(seq, RUNNER_MSG_OUTPUT_UPDATE, ""), &limits);
	assert_true(h.bytes <= 5000);
	assert_true(h.count > 10 && h.count < 100);
	assert_int_equal(h.latest_count, 0);
	history_free(&h);
}

static void test_blobs(void **state)
{
	struct value *v = value_map();
	struct blob *blob;
	struct value *back;

	(void)state;
	map_set(v, "big", value_bigint("123456789012345678901234567890", 30));
	map_set_str(v, "text", "ä");
	blob = blob_of_value(v);
	assert_true(blob->has_bigint);
	assert_true(blob_need_text(blob));
	assert_int_equal(blob->text_len, strlen("{\"big\":123456789012345678901234567890,\"text\":\"ä\"}"));
	assert_memory_equal(blob->text, "{\"big\":123456789012345678901234567890,\"text\":\"ä\"}", blob->text_len);
	back = blob_value(blob);
	assert_true(value_equal(v, back));
	value_unref(back);
	blob_unref(blob_ref(blob));
	blob_unref(blob);
	blob_unref(NULL);
	value_unref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_by_bytes),
		cmocka_unit_test(test_blobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
