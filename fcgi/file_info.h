/* Files of this machine as answers show them, for the routers of files and workspaces. */
#ifndef FCGI_FILE_INFO_H
#define FCGI_FILE_INFO_H

#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "value/value.h"

/* {name, path, size, is_dir, modified_at}; `path` is what the answer calls it. New reference. */
static inline struct value *file_info(const char *name, const char *path, const struct stat *st)
{
	struct value *v = value_map();
	char when[TIME_TEXT_MAX];

	map_set_str(v, "name", name);
	map_set_str(v, "path", path);
	map_set_int(v, "size", st->st_size);
	map_set_bool(v, "is_dir", S_ISDIR(st->st_mode));
	map_set_str(v, "modified_at",
		    time_utc((int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000, "+00:00", when));
	return v;
}

/* The last part of a path. */
static inline const char *file_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

#endif
