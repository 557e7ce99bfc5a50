/* A client's graph into the engine: loading and checking whatever comes, and running what is made of harmless nodes. */
#include "value/value.h"
#include "wsd/engine/engine.h"

#include <stdlib.h>

#define STEPS 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each message must be whole MessagePack. */
static void check_message(void *ctx, const struct run_message *message)
{
	struct value *v = msgpack_parse(message->data, message->len, NULL);

	(void)ctx;
	if (!value_is(v, VALUE_MAP))
		abort();
	value_unref(v);
}

/* Nodes that touch nothing but their values. */
static bool harmless(const struct value *graph)
{
	static const char *const spaces[] = { "nodetool.input.",   "nodetool.output.",  "nodetool.constant.", "nodetool.control.",
					      "nodetool.boolean.", "nodetool.numbers.", "lib.math." };
	const struct value *nodes = map_get(graph, "nodes");

	for (size_t i = 0; i < value_len(nodes); i++) {
		const char *type = map_str(list_at(nodes, i), "type", "");
		bool found = false;

		for (size_t k = 0; k < ARRAY_LEN(spaces); k++)
			found = found || str_starts(type, spaces[k]);
		if (!found)
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct value *graph = json_parse((const char *)data, size, NULL);
	struct run_options options = { .job_id = "job", .workflow_id = "", .user_id = "1", .graph = graph,
				       .message = check_message };
	struct run *run;

	log_set_level(LOG_LVL_ERROR);
	if (!value_is(graph, VALUE_MAP)) {
		value_unref(graph);
		return 0;
	}
	options.params = map_get(graph, "params");
	if (options.params && !value_is(options.params, VALUE_MAP))
		options.params = NULL;
	run = run_new(&options);
	if (!run)
		abort();
	if (harmless(graph)) {
		for (int i = 0; i < STEPS && run_step(run, 1); i++)
			;
		if (!run_end(run))
			run_cancel(run);
	}
	run_free(run);
	value_unref(graph);
	return 0;
}
