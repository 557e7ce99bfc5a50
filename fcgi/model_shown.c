/* Models as clients see them wherever they come from: the hub's cache, or what packages recommend. */
#include "model.h"

struct value *model_shown(const struct value *known)
{
	static const char *const keys[] = {
		"id", "type", "name", "repo_id", "path", "artifact_family", "artifact_component", "artifact_confidence",
		"artifact_evidence", "cache_path", "allow_patterns", "ignore_patterns", "description", "readme", "downloaded",
		"size_on_disk", "pipeline_tag", "tags", "has_model_index", "downloads", "likes", "trending_score",
	};
	struct value *m = value_map();

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct value *v = map_get(known, keys[i]);

		map_set(m, keys[i], v ? value_ref(v) : value_null());
	}
	return m;
}
