/*
 * node_harness: runs one node's functions without an engine, for unit tests.
 *
 * It implements the functions of nodes/node.h: properties come from JSON (nothing checks their types), what the node emits is
 * collected, its error is kept.
 */
#ifndef TESTS_NODE_HARNESS_H
#define TESTS_NODE_HARNESS_H

#include "nodes/node.h"

struct harness;

/* A node of `type` out of the table with properties (and, unless NULL, dynamic ones) as JSON text; the test fails when there
 * is no such type or the JSON is broken. */
struct harness *harness_new(const struct node_table *table, const char *type, const char *props, const char *dynamic);
void harness_free(struct harness *h);
void harness_set(struct harness *h, const char *name, struct value *v); /* takes the reference */
/* Declares that an edge leads to the handle. */
void harness_connect(struct harness *h, const char *handle);
/* The folder that node_workspace gives (copied). */
void harness_workspace(struct harness *h, const char *path);

/* Each runs the function, and `next` as long as it says that there is more. The result is NODE_DONE or NODE_FAILED. */
enum node_result harness_run(struct harness *h); /* process, next */
enum node_result harness_item(struct harness *h, const char *handle, const char *json);
enum node_result harness_end(struct harness *h);

const char *harness_error(const struct harness *h); /* "" without */
size_t harness_count(const struct harness *h, const char *slot);
/* Item i of a slot, lent; NULL when there is none. */
struct value *harness_output(const struct harness *h, const char *slot, size_t i);
/* All emitted items of a slot as one JSON list, in memory of the harness. */
const char *harness_json(struct harness *h, const char *slot);

/* Whole checks: run with properties and compare slot "output". `expected` is JSON; "!text" expects a failure whose reason
 * contains the text. */
struct node_case {
	const char *type;
	const char *props;
	const char *expected;
};
void node_check(const struct node_table *table, const struct node_case *cases, size_t count);
/* The same with items (a JSON list) sent to one handle of a node that reads its input itself; `expected` is a list. */
void node_check_stream(const struct node_table *table, const char *type, const char *props, const char *handle,
		       const char *items, const char *expected);

#endif
