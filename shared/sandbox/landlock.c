/* Keeping the program to its files where there are no namespaces. */
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define CHANGE                                                                                                         \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |              \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_FIFO |                    \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)
#define NEVER    (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define OF_FILES (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

static const char *const readable[] = {
	"/usr",
	"/bin",
	"/sbin",
	"/lib",
	"/lib64",
	"/etc/alternatives",
	"/etc/ld.so.cache",
	"/etc/localtime",
	"/etc/timezone",
	"/etc/ssl/certs",
	"/etc/ssl/openssl.cnf",
	"/dev/zero",
	"/dev/random",
	"/dev/urandom",
};
static const char *const readable_with_network[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
						     "/etc/services", "/run/systemd/resolve" };

/* A path that is not there needs no rule. */
static void allow(const struct policy *policy, int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	struct stat st;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		refuse(policy, "the sandbox");
	close(rule.parent_fd);
}

/* From its second and third version on Landlock also guards links between folders and shortening of files. */
static uint64_t all_rights(long version)
{
	uint64_t rights = READ | CHANGE | NEVER;

#ifdef LANDLOCK_ACCESS_FS_REFER
	if (version >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
#endif
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
	if (version >= 3)
		rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
#endif
	return rights;
}

void landlock_folder(struct policy *policy, char made[64])
{
	if (policy->folder)
		return;
	snprintf(made, 64, "/tmp/nodetool-code-XXXXXX");
	if (!mkdtemp(made))
		refuse(policy, "a temporary folder");
	policy->folder = made;
}

void landlock_enter(const struct policy *policy)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = { .handled_access_fs = all_rights(version) };
	const char *folder = policy->folder;
	int rules;

	if (version < 1)
		refuse(policy, "this machine has neither user namespaces nor Landlock to shut the program in");
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		refuse(policy, "the sandbox");
	for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++)
		allow(policy, rules, readable[i], READ);
	for (size_t i = 0; policy->network && i < sizeof(readable_with_network) / sizeof(*readable_with_network); i++)
		allow(policy, rules, readable_with_network[i], READ);
	for (size_t i = 0; policy->programs[i]; i++)
		allow(policy, rules, policy->programs[i], READ);
	allow(policy, rules, "/dev/null", READ | LANDLOCK_ACCESS_FS_WRITE_FILE);
	allow(policy, rules, folder, attr.handled_access_fs & ~(uint64_t)NEVER);
	if (chdir(folder) || setenv("HOME", folder, 1) || setenv("TMPDIR", folder, 1))
		refuse(policy, "the working folder");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, rules, 0))
		refuse(policy, "the sandbox");
	close(rules);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void landlock_clean(const char *made)
{
	if (*made)
		nftw(made, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
