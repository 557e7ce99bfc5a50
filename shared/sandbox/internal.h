/* What the module and the program nodetool-sandbox tell each other, and the parts of that program. */
#ifndef SANDBOX_INTERNAL_H
#define SANDBOX_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SANDBOX_FOLDER "/workspace"
#define SANDBOX_PATH "/usr/local/bin:/usr/bin:/bin"
#define SANDBOX_PROGRAMS_MAX 16

/*
 * nodetool-sandbox REPORT NETWORK CPU MEMORY FILE PROCESSES FOLDER PROGRAMS PROGRAM [ARGUMENT …]
 *
 * REPORT is the descriptor to which it writes one of these, FOLDER "" for none, PROGRAMS split by ':'.
 */
#define SANDBOX_ARGUMENTS 9     /* words before PROGRAM */
#define SANDBOX_SAY_ERROR 'E'   /* followed by the reason: the program was not started */
#define SANDBOX_SAY_MEMORY 'M'  /* it was killed for the memory that it used */

struct policy {
	int report;
	bool network;
	int64_t cpu_seconds;
	int64_t memory_bytes;
	int64_t file_bytes;
	int64_t processes;
	const char *folder;
	char *programs[SANDBOX_PROGRAMS_MAX + 1]; /* ends with NULL */
	char **argv;
	bool root;       /* started by root: the program runs as nobody */
	bool namespaces; /* false: Landlock keeps it in */
};

#define NOBODY 65534 /* user and group */

/* Writes the reason with errno's text to the report, and ends the process. */
void refuse(const struct policy *policy, const char *what) __attribute__((noreturn));

/* space.c. Leaves the machine's namespaces; false when the kernel or the machine's settings do not allow it. */
bool space_enter(const struct policy *policy);
/* Builds the tree of files that the program sees. False as above; nothing was lost then. */
bool space_build(const struct policy *policy);
/* In the first process of the new process namespace: makes that tree the root, with a /proc of the namespace. (Where a
 * container forbids that, memory is watched for each process alone.) */
void space_turn_over(const struct policy *policy);
/* Gives up root's identity and all capabilities. */
void space_drop_rights(const struct policy *policy);

/* landlock.c. Makes a folder for a policy that names none (`made`, else ""), keeps the calling process to the same files,
 * and removes the folder that was made. */
void landlock_folder(struct policy *policy, char made[64]);
void landlock_enter(const struct policy *policy);
void landlock_clean(const char *made);

/* filter.c: the system call filter; call last before exec. */
void filter_load(const struct policy *policy);

/* watch.c: starts the program in a child, and returns its exit status (128 + signal) once it has ended, or 137 when it was
 * stopped for its memory. As the first process of a namespace it also reaps what the program leaves behind. */
int watch_program(const struct policy *policy);

#endif
