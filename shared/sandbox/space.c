/* Namespaces, and the tree of files that the program sees. */
#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEW_ROOT "/tmp" /* where the new tree stands until it becomes the root */
#define INODES   65536

enum place_flags {
	PLACE_DEVICE = 1,
	PLACE_WRITABLE = 2,
	PLACE_NETWORK = 4, /* only with the network */
	PLACE_NEEDED = 8
};

/* What of the machine is shown under the same name. What is not there is left out. */
static const struct place {
	const char *path;
	unsigned flags;
} places[] = {
	{ "/usr", PLACE_NEEDED },
	{ "/bin", 0 },
	{ "/sbin", 0 },
	{ "/lib", 0 },
	{ "/lib32", 0 },
	{ "/lib64", 0 },
	{ "/libx32", 0 },
	{ "/etc/alternatives", 0 },
	{ "/etc/ld.so.cache", 0 },
	{ "/etc/localtime", 0 },
	{ "/etc/timezone", 0 },
	{ "/etc/mime.types", 0 },
	{ "/etc/ssl/certs", 0 },
	{ "/etc/ssl/openssl.cnf", 0 },
	{ "/etc/ca-certificates", PLACE_NETWORK },
	{ "/etc/resolv.conf", PLACE_NETWORK },
	{ "/etc/hosts", PLACE_NETWORK },
	{ "/etc/nsswitch.conf", PLACE_NETWORK },
	{ "/etc/services", PLACE_NETWORK },
	{ "/dev/null", PLACE_DEVICE },
	{ "/dev/zero", PLACE_DEVICE },
	{ "/dev/full", PLACE_DEVICE },
	{ "/dev/random", PLACE_DEVICE },
	{ "/dev/urandom", PLACE_DEVICE },
};
#define PLACES (sizeof(places) / sizeof(*places))

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

bool space_enter(const struct policy *policy)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (policy->network ? 0 : CLONE_NEWNET);
	unsigned uid = geteuid();
	unsigned gid = getegid();
	char map[64];

	if (unshare(policy->root ? flags : flags | CLONE_NEWUSER))
		return false;
	if (policy->root)
		return true;
	snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
	if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
	return write_file("/proc/self/gid_map", map);
}

/* ---- the tree ----------------------------------------------------------------------------------------- */

/* A copy of a part of the tree, not yet anywhere; -1 when it is not there. */
static int take(const char *path, unsigned flags)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID };
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	if (!(flags & PLACE_DEVICE))
		attr.attr_set |= MOUNT_ATTR_NODEV;
	if (!(flags & (PLACE_DEVICE | PLACE_WRITABLE)))
		attr.attr_set |= MOUNT_ATTR_RDONLY;
	if (fd >= 0 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Makes the folders above the path. */
static void make_parents(const char *path)
{
	char part[4096];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0755);
	}
}

/* Puts a part that was taken at `path` of the new tree. */
static bool put(int fd, const char *path)
{
	char target[4096];
	struct stat st;
	int made;

	if (snprintf(target, sizeof(target), NEW_ROOT "%s", path) >= (int)sizeof(target) || fstat(fd, &st))
		return false;
	make_parents(target);
	if (S_ISDIR(st.st_mode)) {
		mkdir(target, 0755);
	} else {
		made = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (made >= 0)
			close(made);
	}
	return syscall(SYS_move_mount, fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

/* /bin is a link to /usr/bin on most machines. */
static bool put_link(const char *path)
{
	char target[4096];
	char to[256];
	ssize_t n = readlink(path, to, sizeof(to) - 1);

	if (n <= 0 || strncmp(path, "/etc", 4) == 0)
		return false;
	to[n] = '\0';
	snprintf(target, sizeof(target), NEW_ROOT "%s", path);
	return symlink(to, target) == 0;
}

static bool mount_memory(const struct policy *p, const char *path, int64_t size, unsigned long flags)
{
	char options[160];

	snprintf(options, sizeof(options), "size=%lld,nr_inodes=%d,mode=0755,uid=%u,gid=%u", (long long)size, INODES,
		 p->root ? NOBODY : geteuid(), p->root ? NOBODY : getegid());
	mkdir(path, 0755);
	return mount("sandbox", path, "tmpfs", MS_NOSUID | MS_NODEV | flags, options) == 0;
}

/* What lives in the new tree alone. */
static bool fill(const struct policy *p)
{
	char users[128];

	mkdir(NEW_ROOT "/proc", 0755);
	mkdir(NEW_ROOT "/etc", 0755);
	mkdir(NEW_ROOT "/dev", 0755);
	if (!mount_memory(p, NEW_ROOT "/tmp", p->file_bytes, 0) ||
	    (!p->folder && !mount_memory(p, NEW_ROOT SANDBOX_FOLDER, p->file_bytes, 0)))
		return false;
	snprintf(users, sizeof(users), "code:x:%u:%u::" SANDBOX_FOLDER ":/bin/sh\n", p->root ? NOBODY : geteuid(),
		 p->root ? NOBODY : getegid());
	return write_file(NEW_ROOT "/etc/passwd", users) && symlink("/proc/self/fd", NEW_ROOT "/dev/fd") == 0 &&
	       symlink("/proc/self/fd/0", NEW_ROOT "/dev/stdin") == 0 &&
	       symlink("/proc/self/fd/1", NEW_ROOT "/dev/stdout") == 0 &&
	       symlink("/proc/self/fd/2", NEW_ROOT "/dev/stderr") == 0 && symlink("/tmp", NEW_ROOT "/dev/shm") == 0;
}

/* Makes the new tree the root and lets go of the old one. */
static bool turn_over(void)
{
	return chdir(NEW_ROOT) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
	       chdir("/") == 0 &&
	       mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) == 0 &&
	       chdir(SANDBOX_FOLDER) == 0;
}

/* Puts everything that was taken into the new tree. */
static bool put_all(const struct policy *p, const int *taken, int folder, const int *programs)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct stat st;

		if (lstat(places[i].path, &st) == 0 && S_ISLNK(st.st_mode) && put_link(places[i].path))
			continue;
		if (taken[i] >= 0 && !put(taken[i], places[i].path))
			return false;
	}
	for (size_t i = 0; p->programs[i]; i++) {
		if (programs[i] >= 0 && !put(programs[i], p->programs[i]))
			return false;
	}
	return !p->folder || put(folder, SANDBOX_FOLDER);
}

bool space_build(const struct policy *policy)
{
	int programs[SANDBOX_PROGRAMS_MAX];
	int taken[PLACES];
	int folder = -1;
	mode_t mask;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	for (size_t i = 0; i < PLACES; i++) {
		bool wanted = policy->network || !(places[i].flags & PLACE_NETWORK);

		taken[i] = wanted ? take(places[i].path, places[i].flags) : -1;
		if (taken[i] < 0 && places[i].flags & PLACE_NEEDED)
			return false;
	}
	for (size_t i = 0; policy->programs[i]; i++)
		programs[i] = take(policy->programs[i], 0);
	if (policy->folder) {
		folder = take(policy->folder, PLACE_WRITABLE);
		if (folder < 0)
			refuse(policy, "the workspace folder");
	}
	if (!mount_memory(policy, NEW_ROOT, 1 << 20, 0))
		return false;
	/* From here on the old tree is hidden in part: there is no way back. */
	mask = umask(022);
	if (!fill(policy) || !put_all(policy, taken, folder, programs))
		refuse(policy, "the sandbox");
	umask(mask);
	for (size_t i = 0; i < PLACES; i++) {
		if (taken[i] >= 0)
			close(taken[i]);
	}
	close_range((unsigned)policy->report + 1, ~0U, 0);
	return true;
}

void space_turn_over(const struct policy *policy)
{
	/* Some containers do not allow /proc; the kernel wants to see the old one while it decides. */
	if (mount("proc", NEW_ROOT "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		rmdir(NEW_ROOT "/proc");
	if (!turn_over() || sethostname("sandbox", 7))
		refuse(policy, "the sandbox");
}

/* ---- rights ------------------------------------------------------------------------------------------- */

void space_drop_rights(const struct policy *policy)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (policy->root &&
	    (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
		refuse(policy, "giving up root's rights");
	if (syscall(SYS_capset, &head, none))
		refuse(policy, "giving up capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		refuse(policy, "no_new_privs");
	prctl(PR_SET_DUMPABLE, 0);
}
