/*
 * engine_drive: runs graphs for the unit tests of the engine and collects what clients would see. It brings the list of
 * nodes: those of the base namespaces and a few of its own (test.Add, test.Count …).
 */
#ifndef TESTS_ENGINE_DRIVE_H
#define TESTS_ENGINE_DRIVE_H

#include "wsd/engine/engine.h"

struct driven {
	struct arena *arena;
	struct run *run;
	struct value *messages;
	const struct run_end *end;
	struct value *records; /* node id -> its record, when the run gives them */
	struct buf trace; /* its entries, likewise */
	bool bigint;
};

/* How often test.Add has run, and how many states of test.Count were destroyed. */
extern size_t drive_calls;
extern size_t drive_destroyed;

/* JSON as a value that dies with the run; the test fails when it is broken. */
struct value *drive_json(struct driven *d, const char *text);
/* Begins a run. `graph` is JSON, or lines "id type {data}" and "source.slot>target.handle". */
void drive_begin(struct driven *d, const char *graph, const char *params, struct run_options options);
/* Drives it until it ends (d->end), or until only events from outside can go on. */
void drive_on(struct driven *d);
/* Both. */
void drive_graph(struct driven *d, const char *graph);
/* Frees everything. */
void drive_over(struct driven *d);
/* The messages of a node or edge in short: "running{properties} completed{result} out=value message_sent drained". */
const char *drive_story(struct driven *d, const char *id);
/* The result of the job as JSON, or its error. */
const char *drive_result(struct driven *d);
/* A whole check: the result of a graph. */
void drive_check(const char *graph, const char *expected);

#endif
