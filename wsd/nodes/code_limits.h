/* code_limits: what programs of users may use, for whoever starts them in the sandbox. */
#ifndef NODES_CODE_LIMITS_H
#define NODES_CODE_LIMITS_H

#include "sandbox/sandbox.h"

/* The limits that the server's settings name (NODETOOL_CODE_…): all of *options but argv and folder, in memory of the arena.
 * -1 with the reason (403) where the server runs no programs of users. */
int code_limits(struct arena *arena, struct sandbox_options *options, struct err *err) MUST_CHECK;
/* False where the server runs no programs of users. */
bool code_allowed(void);
/* How long such a program may run. */
int64_t code_seconds(void);
/* Memory of all its processes. */
int64_t code_memory_mb(void);

#endif
