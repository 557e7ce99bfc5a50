/* See fault.h. */
#include "wsd/fault.h"

#ifdef __SANITIZE_ADDRESS__

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fault_point(const char *name)
{
	static _Atomic int passed;
	const char *wanted = getenv("NODETOOL_FAULT");
	size_t len = strlen(name);
	long nth;

	if (!wanted || strncmp(wanted, name, len) != 0 || (wanted[len] && wanted[len] != ':'))
		return;
	nth = wanted[len] ? strtol(wanted + len + 1, NULL, 10) : 1;
	if (++passed == nth)
		kill(getpid(), SIGKILL);
}

#else
typedef int fault_points_are_off;
#endif
