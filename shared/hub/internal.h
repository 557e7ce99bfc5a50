/* hub, for its own files. */
#ifndef HUB_INTERNAL_H
#define HUB_INTERNAL_H

#include "hub/hub.h"

/* describe.c: type, pipeline and tags, out of the repository's own small files. `snapshot` is the current revision's
 * folder, relative to the repository's. */
void hub_describe(struct arena *arena, struct hub_repo *repo, const char *snapshot);

#endif
