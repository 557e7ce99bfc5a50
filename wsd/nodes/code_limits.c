/* The limits of programs of users: see code_limits.h. */
#include "wsd/nodes/code_limits.h"

#include "auth/auth.h"

#define SECONDS_DEFAULT   60
#define MEMORY_MB_DEFAULT 1024
#define FILE_BYTES        ((int64_t)256 << 20)
#define PROCESSES         64
#define PROGRAMS_MAX      16

int64_t code_seconds(void)
{
	return config_int("NODETOOL_CODE_SECONDS", 1, 86400, SECONDS_DEFAULT);
}

int64_t code_memory_mb(void)
{
	return config_int("NODETOOL_CODE_MEMORY_MB", 64, 1 << 20, MEMORY_MB_DEFAULT);
}

/* The operator's folders with further interpreters. */
static const char **program_folders(struct arena *arena)
{
	struct sv list = sv_of(config_get("NODETOOL_CODE_FOLDERS"));
	const char **folders = arena_alloc(arena, (PROGRAMS_MAX + 1) * sizeof(*folders));
	struct sv folder;
	size_t n = 0;

	while (n < PROGRAMS_MAX && sv_split(&list, ':', &folder)) {
		if (folder.n && folder.p[0] == '/')
			folders[n++] = arena_strndup(arena, folder.p, folder.n);
	}
	return folders;
}

bool code_allowed(void)
{
	return config_bool("NODETOOL_CODE_NODES", auth_mode() != MODE_PUBLIC);
}

int code_limits(struct arena *arena, struct sandbox_options *options, struct err *err)
{
	if (!code_allowed())
		return err_set(err, 403, "This server does not run code of workflows (NODETOOL_CODE_NODES is off)");
	*options = (struct sandbox_options){
		.programs = program_folders(arena),
		.network = config_bool("NODETOOL_CODE_NETWORK", false),
		.cpu_seconds = code_seconds(),
		.memory_bytes = code_memory_mb() << 20,
		.file_bytes = FILE_BYTES,
		.processes = PROCESSES,
	};
	return 0;
}
