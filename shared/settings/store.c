/* settings.yaml. */
#include "settings/settings.h"

#include <stdio.h>

#include "value/yaml.h"

static void settings_path(char path[4096])
{
	snprintf(path, 4096, "%s/.config/nodetool/settings.yaml", config_home());
}

struct value *settings_read(struct err *err)
{
	char path[4096];

	settings_path(path);
	return yaml_file_read(path, err);
}

static int apply(struct value **map, void *arg, struct err *err)
{
	const struct value *changes = arg;
	struct value *v;
	struct sv key;

	(void)err;
	for (size_t i = 0; map_entry(changes, i, &key, &v); i++)
		map_setn(*map, key.p, key.n, value_ref(v));
	return 0;
}

int settings_merge(struct value *changes, struct err *err)
{
	char path[4096];

	if (value_len(changes) == 0)
		return 0;
	settings_path(path);
	return yaml_file_update(path, YAML_SORTED, apply, changes, err);
}
