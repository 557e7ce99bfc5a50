/* model and graph: rows and etags, paging, versions, jobs, commands, and what REST shows. */
#include "model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "graph/graph.h"
#include "notify/notify.h"

static char folder[64];
static struct db *db;
static struct arena *arena;
static struct err err;

static int setup(void **state)
{
	char path[96];

	(void)state;
	log_set_level(LOG_LVL_ERROR);
	snprintf(folder, sizeof(folder), "/tmp/test-model-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/m.sqlite3", folder);
	assert_int_equal(db_open(&db, path, 0, &err), 0);
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	arena_free(arena);
	workflow_cache_free();
	db_close(db);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static struct value *parse(const char *text)
{
	struct json_error error;
	struct value *v = json_parse(text, strlen(text), &error);

	if (!v)
		fail_msg("%s", text);
	arena_defer(arena, value_unref_ptr, v);
	return v;
}

static void same_json(struct value *v, const char *expected)
{
	assert_string_equal(json_text(arena, v, JSON_COMPACT), expected);
}

static struct workflow workflow(const char *id, const char *user, const char *name)
{
	struct workflow w = { 0 };

	w.c[WORKFLOW_ID] = sv_of(id);
	w.c[WORKFLOW_USER_ID] = sv_of(user);
	w.c[WORKFLOW_NAME] = sv_of(name);
	w.c[WORKFLOW_ACCESS] = SV_LIT("private");
	w.c[WORKFLOW_GRAPH] = SV_LIT("{\"nodes\": [], \"edges\": []}");
	w.c[WORKFLOW_SETTINGS] = SV_LIT("{}");
	w.c[WORKFLOW_RECEIVE_CLIPBOARD] = SV_LIT("false");
	w.c[WORKFLOW_CREATED_AT] = row_now(arena);
	w.c[WORKFLOW_UPDATED_AT] = row_now(arena);
	return w;
}

static void put(struct workflow w)
{
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(workflow_put(db, &w, &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
}

/* The example of notes-workflows section 2 "etag". */
static void test_etag(void **state)
{
	struct workflow w = workflow("1df4dae2e7d711f19f5100001277fc39", "1", "\xc3\xa4");
	struct workflow back;
	char etag[ETAG_SIZE];

	(void)state;
	w.c[WORKFLOW_CREATED_AT] = SV_LIT("2026-11-24T07:17:33.176725");
	w.c[WORKFLOW_UPDATED_AT] = SV_LIT("2026-11-24T07:17:33.176741");
	workflow_etag(&w, NULL, etag);
	assert_string_equal(etag, "48a7e0fdd1042ff6794c1b8e5ed1cc6c");
	workflow_etag(&w, parse("{\"edges\":[],\"nodes\":[]}"), etag);
	assert_string_equal(etag, "48a7e0fdd1042ff6794c1b8e5ed1cc6c");
	put(w);
	assert_int_equal(workflow_get(db, arena, "1", "1df4dae2e7d711f19f5100001277fc39", false, &back, &err), 0);
	workflow_etag(&back, NULL, etag);
	assert_string_equal(etag, "48a7e0fdd1042ff6794c1b8e5ed1cc6c");
}

static void test_owner_and_public(void **state)
{
	struct workflow w = workflow("w1", "alice", "A");
	const char *owner;

	(void)state;
	put(w);
	assert_int_equal(workflow_get(db, arena, "bob", "w1", true, &w, &err), 1);
	assert_int_equal(workflow_owner(db, arena, "w1", &owner, &err), 0);
	assert_string_equal(owner, "alice");
	assert_int_equal(workflow_owner(db, arena, "w2", &owner, &err), 1);
	w = workflow("w1", "alice", "A");
	w.c[WORKFLOW_ACCESS] = SV_LIT("public");
	put(w);
	assert_int_equal(workflow_get(db, arena, "bob", "w1", true, &w, &err), 0);
	assert_int_equal(workflow_get(db, arena, "bob", "w1", false, &w, &err), 1);
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(workflow_delete(db, "bob", "w1", &err), 1);
	assert_int_equal(workflow_delete(db, "alice", "w1", &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
}

struct page {
	char text[4096];
	char last[128];
};

static int page_item(const struct workflow *w, void *arg)
{
	struct page *page = arg;

	strncat(page->text, w->c[WORKFLOW_ID].p, sizeof(page->text) - strlen(page->text) - 1);
	strncat(page->text, " ", sizeof(page->text) - strlen(page->text) - 1);
	snprintf(page->last, sizeof(page->last), "%s~%s", w->c[WORKFLOW_UPDATED_AT].p, w->c[WORKFLOW_ID].p);
	return 0;
}

/* Every workflow stands on exactly one page, also with equal times, also when others change meanwhile; the original lost
 * the row behind a page of exactly one less (notes-workflows section 7). */
static void test_paging(void **state)
{
	static const char *const ids[] = { "a", "b", "c", "d", "e" };

	(void)state;
	for (int64_t limit = 1; limit <= 6; limit++) {
		struct workflow_page at = { .user_id = "1", .limit = limit, .columns = workflow_list_columns };
		struct page page = { 0 };
		bool more = true;

		for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
			struct workflow w = workflow(ids[i], "1", "x");

			w.c[WORKFLOW_UPDATED_AT] = i < 3 ? SV_LIT("2026-01-01T00:00:00") : SV_LIT("2026-01-02T00:00:00");
			put(w);
		}
		put(workflow("other", "2", "x"));
		for (int pages = 0; more; pages++) {
			assert_true(pages < 6);
			assert_int_equal(workflow_list(db, arena, &at, page_item, &page, &more, &err), 0);
			at.after = page.last;
			if (pages == 0) /* the first one of the list moves: that takes nothing from the others */
				put(workflow("e", "1", "x"));
		}
		assert_string_equal(page.text, "e d c b a ");
	}
	struct workflow_page by_id = { .user_id = "1", .limit = 9, .after = "c", .columns = workflow_list_columns };
	struct page page = { 0 };
	bool more;

	assert_int_equal(workflow_list(db, arena, &by_id, page_item, &page, &more, &err), 0);
	assert_string_equal(page.text, "b a ");
	by_id.after = "unknown";
	assert_int_equal(workflow_list(db, arena, &by_id, page_item, &page, &more, &err), 0);
	assert_string_equal(page.text, "b a ");
	assert_false(more);
}

static void test_json_cache(void **state)
{
	struct workflow w = workflow("w1", "1", "one");
	struct workflow got;
	struct buf a;
	struct buf b;

	(void)state;
	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	put(w);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(workflow_get(db, arena, "1", "w1", false, &got, &err), 0);
		buf_reset(&a);
		assert_int_equal(workflow_json_cached(&a, &got, WORKFLOW_ALL_COLUMNS), 0);
	}
	assert_int_equal(workflow_json(&b, &got, NULL, WORKFLOW_ALL_COLUMNS), 0);
	assert_string_equal(a.data, b.data);
	/* Somebody changes the row and leaves its time as it was: the answer is new all the same. */
	w.c[WORKFLOW_NAME] = SV_LIT("two");
	put(w);
	assert_int_equal(workflow_get(db, arena, "1", "w1", false, &got, &err), 0);
	buf_reset(&a);
	assert_int_equal(workflow_json_cached(&a, &got, WORKFLOW_ALL_COLUMNS), 0);
	assert_non_null(strstr(a.data, "\"two\""));
	/* More than the cache holds: old entries go, answers stay right. */
	for (int i = 0; i < 3000; i++) {
		char id[16];
		char name[4096];

		snprintf(id, sizeof(id), "x%d", i % 1500);
		memset(name, 'n', sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		got = workflow(id, "1", name);
		buf_reset(&a);
		assert_int_equal(workflow_json_cached(&a, &got, workflow_list_columns), 0);
		assert_non_null(strstr(a.data, id));
	}
	buf_free(&a);
	buf_free(&b);
}

/* Rows that nobody of us wrote: no graph, a broken graph, a node without defaults, broken tags. */
static void test_json_of_odd_rows(void **state)
{
	struct workflow w = workflow("w1", "1", "x");
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 20);
	w.c[WORKFLOW_GRAPH] = (struct sv){ 0 };
	w.c[WORKFLOW_TAGS] = SV_LIT("[\"a\"");
	w.c[WORKFLOW_CREATED_AT] = (struct sv){ 0 };
	assert_int_equal(workflow_json(&out, &w, NULL, WORKFLOW_ALL_COLUMNS), 0);
	parse(out.data);
	buf_reset(&out);
	w.c[WORKFLOW_GRAPH] = SV_LIT("{\"nodes\": [");
	assert_int_equal(workflow_json(&out, &w, NULL, WORKFLOW_ALL_COLUMNS), 0);
	parse(out.data);
	buf_reset(&out);
	w.c[WORKFLOW_GRAPH] = SV_LIT("{\"nodes\": [{\"id\": \"a\", \"type\": \"nodetool.input.StringInput\", \"data\": null}], "
				     "\"edges\": []}");
	assert_int_equal(workflow_json(&out, &w, NULL, WORKFLOW_ALL_COLUMNS), 0);
	same_json(map_get(map_get(parse(out.data), "input_schema"), "required"), "[\"a\"]");
	assert_string_equal(map_str(list_at(map_get(map_get(parse(out.data), "graph"), "nodes"), 0), "sync_mode", ""),
			    "on_any");
	buf_reset(&out);
	w.c[WORKFLOW_GRAPH] = SV_LIT("{\"nodes\": 7, \"edges\": []}");
	assert_int_equal(workflow_json(&out, &w, NULL, WORKFLOW_ALL_COLUMNS), 0);
	same_json(map_get(parse(out.data), "graph"), "{\"nodes\":7,\"edges\":[]}");
	buf_free(&out);
}

static struct workflow_version version(const char *id, int number, const char *type, const char *created)
{
	struct workflow_version v = { 0 };

	v.c[VERSION_ID] = sv_of(id);
	v.c[VERSION_WORKFLOW_ID] = SV_LIT("w");
	v.c[VERSION_USER_ID] = SV_LIT("1");
	v.c[VERSION_NUMBER] = sv_of(arena_printf(arena, "%d", number));
	v.c[VERSION_SAVE_TYPE] = sv_of(type);
	v.c[VERSION_CREATED_AT] = sv_of(created);
	v.c[VERSION_GRAPH] = SV_LIT("{\"nodes\": [], \"edges\": []}");
	return v;
}

static int version_numbers(const struct workflow_version *v, void *arg)
{
	struct page *page = arg;

	strncat(page->text, v->c[VERSION_NUMBER].p, sizeof(page->text) - strlen(page->text) - 1);
	strncat(page->text, " ", sizeof(page->text) - strlen(page->text) - 1);
	return 0;
}

static void count_trimmed(const char *id, void *arg)
{
	(void)id;
	++*(int *)arg;
}

static void test_versions(void **state)
{
	struct page page = { 0 };
	const char *created;
	int64_t number;
	int trimmed = 0;
	bool more;

	(void)state;
	assert_int_equal(version_highest(db, "w", &number, &err), 0);
	assert_int_equal(number, 0);
	assert_int_equal(version_newest_autosave(db, arena, "w", &created, &err), 1);
	assert_int_equal(db_begin(db, &err), 0);
	for (int i = 1; i <= 8; i++) {
		struct workflow_version v = version(arena_printf(arena, "v%d", i), i, i == 4 ? "manual" : "autosave",
						    arena_printf(arena, "2026-01-%02dT00:00:00", i));

		assert_int_equal(version_put(db, &v, &err), 0);
	}
	struct workflow_version twice = version("v9", 8, "manual", "x");

	assert_int_equal(version_put(db, &twice, &err), -1);
	assert_int_equal(err.status, 409);
	assert_int_equal(version_highest(db, "w", &number, &err), 0);
	assert_int_equal(number, 8);
	assert_int_equal(version_newest_autosave(db, arena, "w", &created, &err), 0);
	assert_string_equal(created, "2026-01-08T00:00:00");
	/* Seven autosaves; five are kept; of the two others only what is older than the 2nd goes. */
	assert_int_equal(version_trim_autosaves(db, arena, "w", 5, "2026-01-02T00:00:00", count_trimmed, &trimmed, &err), 0);
	assert_int_equal(trimmed, 1);
	assert_int_equal(version_trim_autosaves(db, arena, "w", 3, NULL, count_trimmed, &trimmed, &err), 0);
	assert_int_equal(trimmed, 4);
	assert_int_equal(version_list(db, arena, "w", 0, 10, version_numbers, &page, &more, &err), 0);
	assert_string_equal(page.text, "8 7 6 4 ");
	assert_false(more);
	page.text[0] = '\0';
	assert_int_equal(version_list(db, arena, "w", 8, 2, version_numbers, &page, &more, &err), 0);
	assert_string_equal(page.text, "7 6 ");
	assert_true(more);
	assert_int_equal(version_delete(db, "other", "v8", &err), 1); /* an id counts only with its workflow */
	assert_int_equal(version_delete(db, "w", "v8", &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
}

static void sql(const char *text)
{
	assert_int_equal(db_begin(db, &err), 0);
	assert_true(db_run(db_prepare(db, text, &err), &err) >= 0);
	assert_int_equal(db_commit(db, &err), 0);
}

static int job_ids(const struct job *job, void *arg)
{
	struct page *page = arg;

	strncat(page->text, job->c[JOB_ID].p, sizeof(page->text) - strlen(page->text) - 1);
	strncat(page->text, " ", sizeof(page->text) - strlen(page->text) - 1);
	snprintf(page->last, sizeof(page->last), "%s", job->c[JOB_ID].p);
	return 0;
}

static void test_jobs(void **state)
{
	struct page page = { 0 };
	struct job job;
	char etag[ETAG_SIZE];
	char other[ETAG_SIZE];
	bool more = true;

	(void)state;
	sql("INSERT INTO nodetool_jobs (id, user_id, status, workflow_id, started_at, cost, graph) VALUES "
	    "('j1', '1', 'completed', 'w', '2026-01-01T00:00:00', 0.1, '{\"nodes\": []}'), "
	    "('j2', '1', 'running', 'w', '2026-01-01T00:00:00', NULL, NULL), "
	    "('j3', '1', 'failed', 'v', '2026-01-03T00:00:00', 2, NULL), "
	    "('j4', '2', 'scheduled', 'w', '2026-01-04T00:00:00', NULL, NULL)");
	for (const char *after = NULL; more; after = page.last)
		assert_int_equal(job_list(db, arena, "1", NULL, after, 1, job_ids, &page, &more, &err), 0);
	assert_string_equal(page.text, "j3 j2 j1 ");
	page.text[0] = '\0';
	assert_int_equal(job_list(db, arena, "1", "w", NULL, 9, job_ids, &page, &more, &err), 0);
	assert_string_equal(page.text, "j2 j1 "); /* not the one of user 2 */
	page.text[0] = '\0';
	assert_int_equal(job_list_active(db, arena, "1", job_ids, &page, &err), 0);
	assert_string_equal(page.text, "j2 ");
	assert_int_equal(job_get(db, arena, "2", "j1", &job, &err), 1);
	assert_int_equal(job_get(db, arena, "1", "j1", &job, &err), 0);
	assert_true(sv_eq(job.c[JOB_COST], "0.1"));
	assert_true(sv_eq(job.c[JOB_MAX_RETRIES], "3"));
	job_etag(&job, etag);
	sql("UPDATE nodetool_jobs SET logs = '[]' WHERE id = 'j1'");
	assert_int_equal(job_get(db, arena, "1", "j1", &job, &err), 0);
	job_etag(&job, other);
	assert_string_not_equal(etag, other);
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(job_delete(db, "1", "j2", &err), 1);
	assert_int_equal(job_delete(db, "2", "j1", &err), 1);
	assert_int_equal(job_delete(db, "1", "j1", &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
}

static void test_commands(void **state)
{
	struct job_command add = { .user_id = "1", .command = NOTIFY_CANCEL_JOB, .job_id = "j1", .workflow_id = "w" };
	struct job_command got;
	const char *job_id;
	const char *status;

	(void)state;
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(job_command_add(db, &add, &err), 0);
	add.job_id = "j2";
	assert_int_equal(job_command_add(db, &add, &err), 0);
	assert_int_equal(trigger_set(db, "1", "w", "j2", &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(job_command_next(db, arena, 0, &got, &err), 0);
	assert_string_equal(got.job_id, "j1");
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(job_command_done(db, got.number, &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(job_command_next(db, arena, 0, &got, &err), 0);
	assert_string_equal(got.job_id, "j2");
	assert_int_equal(job_command_next(db, arena, got.number, &got, &err), 1);
	/* Numbers rise also when the table was empty in between: the daemon remembers the last one it has seen. */
	add.number = got.number;
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(job_command_done(db, got.number, &err), 0);
	assert_int_equal(job_command_add(db, &add, &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(job_command_next(db, arena, add.number, &got, &err), 0);
	/* A trigger runs from the wish to the end of its job, for its own user only. */
	assert_int_equal(trigger_running(db, arena, "1", "w", &job_id, &status, &err), 0);
	assert_string_equal(job_id, "j2");
	assert_string_equal(status, "running");
	assert_int_equal(trigger_running(db, arena, "2", "w", &job_id, &status, &err), 1);
	sql("INSERT INTO nodetool_jobs (id, user_id, status) VALUES ('j2', '1', 'failed')");
	assert_int_equal(trigger_running(db, arena, "1", "w", &job_id, &status, &err), 1);
}

/* ---- graphs ------------------------------------------------------------------------------------------------ */

static void test_graph_complete(void **state)
{
	struct value *out;

	(void)state;
	out = graph_complete(parse("{\"nodes\":[{\"id\":\"a\",\"dynamic_outputs\":{\"o\":{\"type\":\"list\",\"type_args\":"
				   "[{\"type\":\"int\"}]}},\"more\":1}],\"edges\":[]}"));
	assert_non_null(out);
	same_json(out, "{\"nodes\":[{\"id\":\"a\",\"parent_id\":null,\"type\":\"default\",\"data\":{},\"ui_properties\":{},"
		       "\"dynamic_properties\":{},\"dynamic_outputs\":{\"o\":{\"type\":\"list\",\"optional\":false,"
		       "\"values\":null,\"type_args\":[{\"type\":\"int\",\"optional\":false,\"values\":null,"
		       "\"type_args\":[],\"type_name\":null}],\"type_name\":null}},\"sync_mode\":\"on_any\"}],\"edges\":[]}");
	value_unref(out);
	assert_null(graph_complete(parse("{\"nodes\":[{}],\"edges\":[]}")));
	assert_null(graph_complete(parse("{\"nodes\":[]}")));
	assert_null(graph_complete(parse("[]")));
}

static void test_graph_strip(void **state)
{
	struct value *graph = parse("{\"nodes\":[{\"id\":\"a\",\"data\":{\"x\":1,\"y\":2}},{\"id\":\"a\",\"data\":{\"x\":3}},"
				    "{\"id\":\"n\",\"data\":null},{\"id\":\"l\",\"data\":[1]}],"
				    "\"edges\":[{\"target\":\"a\",\"targetHandle\":\"x\"},{\"target\":\"zz\",\"targetHandle\":"
				    "\"y\"},{\"target\":\"n\",\"targetHandle\":\"x\"},{\"target\":\"l\",\"targetHandle\":\"x\"}]}");

	(void)state;
	graph_strip_connected(graph);
	same_json(map_get(graph, "nodes"), "[{\"id\":\"a\",\"data\":{\"y\":2}},{\"id\":\"a\",\"data\":{}},"
					   "{\"id\":\"n\",\"data\":null},{\"id\":\"l\",\"data\":[1]}]");
}

/* Names of every kind, and data that is no object (notes-workflows section 7). */
static void test_graph_schemas(void **state)
{
	struct value *graph = parse(
		"{\"nodes\":[{\"id\":\"i1\",\"type\":\"nodetool.input.IntegerInput\",\"data\":{\"name\":null,\"min\":null}},"
		"{\"id\":\"i2\",\"type\":\"nodetool.input.StringInput\",\"data\":{\"name\":5}},"
		"{\"id\":\"i3\",\"type\":\"nodetool.input.BooleanInput\",\"data\":{\"name\":true,\"label\":\"L\"}},"
		"{\"id\":\"i4\",\"type\":\"nodetool.input.ImageInput\",\"data\":{\"name\":[1]}},"
		"{\"id\":\"i5\",\"type\":\"nodetool.input.FloatInput\",\"data\":\"text\"},"
		"{\"id\":\"i6\",\"type\":\"nodetool.input.ColorInput\",\"data\":{\"name\":\"c\"}},"
		"{\"id\":\"i7\",\"type\":\"my.input.StringInput\",\"data\":{\"name\":\"c\"}},"
		"{\"id\":\"o1\",\"type\":\"nodetool.output.Output\",\"data\":null}]}");
	struct value *input = graph_input_schema(graph);
	struct value *output = graph_output_schema(graph);

	(void)state;
	same_json(map_get(input, "required"), "[\"i1\",\"5\",\"true\",\"i4\",\"i5\"]");
	same_json(map_get(map_get(input, "properties"), "i1"),
		  "{\"type\":\"integer\",\"minimum\":null,\"maximum\":100,\"default\":0,\"label\":\"\"}");
	same_json(map_get(map_get(input, "properties"), "true"),
		  "{\"type\":\"boolean\",\"default\":false,\"label\":\"L\"}");
	same_json(output, "{\"type\":\"object\",\"properties\":{\"o1\":{\"type\":\"any\",\"label\":\"\"}},\"required\":[\"o1\"]}");
	value_unref(input);
	value_unref(output);
	assert_false(graph_has_trigger(graph));
	assert_true(graph_has_trigger(parse("{\"nodes\":[{\"type\":\"nodetool.triggers.IntervalTrigger\"}]}")));
}

static void comfy_fails(const char *map, const char *reason)
{
	assert_null(graph_from_comfy(parse(map), &err));
	assert_int_equal(err.status, 400);
	assert_string_equal(err.detail, reason);
}

static void test_comfy(void **state)
{
	char path[128];
	struct value *graph;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/node_metadata.json", folder);
	f = fopen(path, "w");
	fputs("[{\"node_type\":\"t.A\",\"outputs\":[{\"name\":\"o1\"},{\"name\":\"o2\"}]}]", f);
	fclose(f);
	setenv("NODETOOL_SHARE_DIR", folder, 1);
	assert_int_equal(config_load(&err), 0);
	graph = graph_from_comfy(parse("{\"a\":{\"type\":\"t.A\",\"width\":5},\"b\":{\"type\":\"t.A\",\"inputs\":{\"x\":[\"a\",1],"
				       "\"y\":[\"a\",\"o1\"],\"z\":[1,2,3]}}}"),
				 &err);
	assert_non_null(graph);
	same_json(map_get(graph, "edges"),
		  "[{\"id\":\"1\",\"source\":\"a\",\"sourceHandle\":\"o2\",\"target\":\"b\",\"targetHandle\":\"x\","
		  "\"ui_properties\":null},{\"id\":\"2\",\"source\":\"a\",\"sourceHandle\":\"o1\",\"target\":\"b\","
		  "\"targetHandle\":\"y\",\"ui_properties\":null}]");
	same_json(map_get(list_at(map_get(graph, "nodes"), 1), "data"), "{\"z\":[1,2,3]}");
	same_json(map_get(list_at(map_get(graph, "nodes"), 0), "ui_properties"), "{\"width\":5}");
	value_unref(graph);
	comfy_fails("{\"a\":{\"type\":\"t.B\"}}", "Error creating node a: Could not find node t.B");
	comfy_fails("{\"a\":5}", "Error creating node a: Node a does not have a type");
	comfy_fails("{\"a\":{\"type\":\"t.A\",\"data\":[]}}", "Error creating node a: The inputs of node a are no object");
	comfy_fails("{\"a\":{\"type\":\"t.A\",\"data\":{\"x\":[\"a\",7]}}}",
		    "Error creating edges for node a: Node a has no such output");
	comfy_fails("{\"a\":{\"type\":\"t.A\",\"data\":{\"x\":[\"zz\",0]}}}",
		    "Error creating edges for node a: Could not find source node zz referenced by a");
	comfy_fails("{\"last_node_id\":1,\"nodes\":[{\"id\":3,\"type\":\"K\"}]}",
		    "Error creating node 3: Could not find node K in comfy namespace");
	unsetenv("NODETOOL_SHARE_DIR");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- collections --------------------------------------------------------------------------------------- */

static int store_document(const char *user, const char *id, const char *text, const float *vector, size_t n, bool replace)
{
	struct collection_document d = { id, sv_of(text), SV_LIT("{\"k\": 1}"),
					 { (const char *)vector, n * sizeof(*vector) } };
	int rc;

	assert_int_equal(db_begin(db, &err), 0);
	rc = collection_add(db, user, "docs", &d, replace, &err);
	if (rc >= 0)
		assert_int_equal(db_commit(db, &err), 0);
	db_rollback(db);
	return rc;
}

/* The ids that a search finds, with blanks between them. */
static const char *found(const char *user, const float *query, size_t n, size_t limit, struct value *words)
{
	struct value *hits = collection_search(db, user, "docs", (struct sv){ (const char *)query, n * sizeof(*query) }, limit,
					       words, &err);
	const char *ids = "";

	assert_non_null(hits);
	for (size_t i = 0; i < value_len(hits); i++)
		ids = arena_printf(arena, "%s%s%s", ids, i ? " " : "", map_str(list_at(hits, i), "id", ""));
	value_unref(hits);
	value_unref(words);
	return ids;
}

static struct value *words(const char *word)
{
	struct value *list = value_list();

	list_push(list, value_str(word));
	return list;
}

static void test_collections(void **state)
{
	static const float east[] = { 1, 0 };
	static const float north[] = { 0, 3 };
	static const float between[] = { 2, 1 };
	static const float wide[] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(collection_create(db, "1", "docs", "{}", &err), 0);
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(store_document("1", "a", "Red apple", east, 2, false), 0);
	assert_int_equal(store_document("1", "b", "green pear", north, 2, false), 0);
	assert_int_equal(store_document("1", "b", "never", north, 2, false), 1);
	assert_int_equal(store_document("1", "c", "none", wide, 3, false), -1);
	assert_int_equal(err.status, 400);
	assert_int_equal(store_document("2", "d", "another's", east, 2, false), 1);
	assert_string_equal(found("1", between, 2, 5, NULL), "a b");
	assert_string_equal(found("1", north, 2, 1, NULL), "b");
	assert_string_equal(found("1", between, 2, 5, words("pear")), "b");
	assert_string_equal(found("1", between, 2, 5, words("red")), "a");
	assert_string_equal(found("1", between, 2, 5, words("never")), "");
	assert_string_equal(found("1", wide, 3, 5, NULL), "");
	assert_string_equal(found("2", between, 2, 5, NULL), "");
	assert_int_equal(store_document("1", "b", "blue plum", north, 2, true), 0);
	assert_string_equal(found("1", between, 2, 5, words("plum")), "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_collections),
		CASE(test_etag),	   CASE(test_owner_and_public), CASE(test_paging),
		CASE(test_json_cache),	   CASE(test_json_of_odd_rows), CASE(test_versions),
		CASE(test_jobs),	   CASE(test_commands),		CASE(test_graph_complete),
		CASE(test_graph_strip),	   CASE(test_graph_schemas),	CASE(test_comfy),
	};

	log_init("test_model");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
