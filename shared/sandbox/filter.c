/* The system call filter: what no program of a workflow needs, and what other walls were climbed by. */
#include "sandbox/internal.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static const int denied[] = {
	/* other processes */
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise),
	SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd), SCMP_SYS(perf_event_open),
	/* the tree of files */
	SCMP_SYS(mount), SCMP_SYS(umount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
	SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount),
	SCMP_SYS(fspick), SCMP_SYS(mount_setattr), SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at),
	SCMP_SYS(quotactl), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(fanotify_init),
	/* namespaces */
	SCMP_SYS(unshare), SCMP_SYS(setns),
	/* wide parts of the kernel */
	SCMP_SYS(bpf), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(vmsplice),
	SCMP_SYS(modify_ldt), SCMP_SYS(move_pages), SCMP_SYS(migrate_pages), SCMP_SYS(mbind), SCMP_SYS(set_mempolicy),
	/* the machine */
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(acct), SCMP_SYS(syslog), SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex), SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(vhangup), SCMP_SYS(uselib),
	SCMP_SYS(lookup_dcookie), SCMP_SYS(nfsservctl), SCMP_SYS(personality)
};

/* Where all processes of the machine are in sight: no signals, and no way out of the group that is killed in the end.
 */
static const int denied_in_sight[] = { SCMP_SYS(kill),
				       SCMP_SYS(tkill),
				       SCMP_SYS(tgkill),
				       SCMP_SYS(rt_sigqueueinfo),
				       SCMP_SYS(rt_tgsigqueueinfo),
				       SCMP_SYS(pidfd_send_signal),
				       SCMP_SYS(pidfd_open),
				       SCMP_SYS(setsid),
				       SCMP_SYS(setpgid),
				       SCMP_SYS(prlimit64),
				       SCMP_SYS(sched_setaffinity),
				       SCMP_SYS(sched_setscheduler),
				       SCMP_SYS(setpriority),
				       SCMP_SYS(shmat),
				       SCMP_SYS(shmget),
				       SCMP_SYS(semget),
				       SCMP_SYS(msgget) };

static int deny(scmp_filter_ctx ctx, const int *calls, size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		int r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 0);

		/* A call that this machine does not have needs no rule. */
		if (r && r != -EDOM && r != -EINVAL && r != -EEXIST)
			result = r;
	}
	return result;
}

static int only_family(scmp_filter_ctx ctx, int family)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
}

/* In a network namespace of its own sockets reach nobody: local ones and those of the Internet may be made. With the
 * machine's network, local sockets could reach daemons. Without a namespace and network there are none. */
static int limit_sockets(scmp_filter_ctx ctx, const struct policy *p)
{
	int result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
				      SCMP_A0(SCMP_CMP_GT, (scmp_datum_t)AF_INET6));

	for (int family = AF_INET + 1; !result && family < AF_INET6; family++)
		result = only_family(ctx, family);
	if (!result && (p->network || !p->namespaces))
		result = only_family(ctx, AF_UNIX);
	if (!result && !p->network && !p->namespaces) {
		result = only_family(ctx, AF_INET);
		if (!result)
			result = only_family(ctx, AF_INET6);
	}
	return result;
}

void filter_load(const struct policy *policy)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int result = ctx ? 0 : -ENOMEM;

	if (!result)
		result = deny(ctx, denied, sizeof(denied) / sizeof(*denied));
	if (!result && !policy->namespaces)
		result = deny(ctx, denied_in_sight, sizeof(denied_in_sight) / sizeof(*denied_in_sight));
	if (!result)
		result = limit_sockets(ctx, policy);
	if (!result)
		result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
					  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	/* Its flags lie in memory where no filter sees them: the C library then takes clone. */
	if (!result)
		result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!result)
		result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
					  SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCSTI));
	if (!result)
		result = seccomp_load(ctx);
	seccomp_release(ctx);
	if (result) {
		errno = -result;
		refuse(policy, "the system call filter");
	}
}
