/* sandbox: what a program may do, and the attacks that it must not win. Run from the build folder, where
 * nodetool-sandbox lies. */
#include "sandbox/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define OUTPUT_MAX ((size_t)1 << 20)

struct outcome {
	enum sandbox_end end;
	int status;
	bool killed; /* by us: too much output, or the deadline */
	struct buf out;
	struct buf errors;
	struct err err;
};

static struct sandbox_options defaults(const char *const *argv)
{
	return (struct sandbox_options){ .argv = argv,
					 .cpu_seconds = 5,
					 .memory_bytes = (int64_t)256 << 20,
					 .file_bytes = (int64_t)16 << 20,
					 .processes = 32 };
}

static bool drain(int *fd, struct buf *to)
{
	char chunk[65536];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n < 0)
		return true;
	if (n == 0) {
		close(*fd);
		*fd = -1;
	}
	return buf_add(to, chunk, (size_t)n) == 0;
}

/* Until the program has ended and its pipes are dry, or for `ms`. */
static void converse(struct sandbox *s, struct outcome *o, int64_t ms)
{
	int64_t deadline = time_mono_us() / 1000 + ms;

	while (s->out >= 0 || s->errors >= 0) {
		struct pollfd fds[2] = { { .fd = s->out, .events = POLLIN }, { .fd = s->errors, .events = POLLIN } };
		int64_t left = deadline - time_mono_us() / 1000;

		o->killed = left <= 0;
		if (o->killed)
			return;
		poll(fds, 2, (int)left);
		if ((fds[0].revents && !drain(&s->out, &o->out)) ||
		    (fds[1].revents && !drain(&s->errors, &o->errors))) {
			o->killed = true;
			return;
		}
	}
}

static void run_options(const struct sandbox_options *options, int64_t ms, struct outcome *o)
{
	struct sandbox s;

	*o = (struct outcome){ .status = -1 };
	buf_init(&o->out, OUTPUT_MAX);
	buf_init(&o->errors, OUTPUT_MAX);
	assert_int_equal(sandbox_start(options, &s, &o->err), 0);
	sandbox_close_input(&s);
	converse(&s, o, ms);
	if (!o->killed)
		o->end = sandbox_wait(&s, &o->status, &o->err);
	sandbox_free(&s);
}

static void forget(struct outcome *o)
{
	buf_free(&o->out);
	buf_free(&o->errors);
}

static void run(const char *program, const char *code, struct outcome *o)
{
	const char *argv[] = { program, strcmp(program, "node") == 0 ? "-e" : "-c", code, NULL };
	struct sandbox_options options = defaults(argv);

	run_options(&options, 20000, o);
}

/* The code must print this. */
static void prints(const char *program, const char *code, const char *expected)
{
	struct outcome o;

	run(program, code, &o);
	if (o.end == SANDBOX_NOT_STARTED)
		fail_msg("%s", o.err.detail);
	if (!o.out.data || strcmp(o.out.data, expected) != 0)
		fail_msg("%s\nprinted: %s\n%s", code, o.out.data, o.errors.data);
	forget(&o);
}

static void test_plain(void **state)
{
	struct outcome o;

	(void)state;
	prints("bash", "echo hello; pwd; echo $HOME", "hello\n/workspace\n/workspace\n");
	prints("bash", "echo x > file; cat file; cat <(echo y); echo z > /tmp/t && cat /tmp/t", "x\ny\nz\n");
	prints("python3",
	       "import os, json, subprocess; print(json.dumps([1]), subprocess.run(['echo', 'a'], "
	       "capture_output=True).stdout, os.listdir('/workspace'))",
	       "[1] b'a\\n' []\n");
	run("bash", "exit 7", &o);
	assert_int_equal(o.end, SANDBOX_EXITED);
	assert_int_equal(o.status, 7);
	forget(&o);
	run("bash", "kill -9 $$", &o);
	assert_int_equal(o.status, 128 + 9);
	forget(&o);
}

static void test_not_there(void **state)
{
	struct outcome o;

	(void)state;
	run("no-such-program", "", &o);
	assert_int_equal(o.end, SANDBOX_NOT_STARTED);
	assert_non_null(strstr(o.err.detail, "no-such-program"));
	forget(&o);
}

static void test_environment(void **state)
{
	(void)state;
	setenv("SECRETS_MASTER_KEY", "top", 1);
	prints("bash", "env | grep -c -e SECRETS -e top", "0\n");
	prints("bash", "cat /proc/*/environ | tr '\\0' '\\n' | grep -c SECRETS", "0\n");
}

static void test_files(void **state)
{
	(void)state;
	prints("bash", "cat /etc/shadow 2>/dev/null || echo no", "no\n");
	prints("bash", "ls -d /root /home /var /run /work 2>/dev/null | wc -l", "0\n");
	prints("bash",
	       "for f in /etc/x /usr/x /x /dev/x /usr/bin/x; do touch $f 2>/dev/null && echo $f; done; echo end",
	       "end\n");
	prints("python3", "import os\ntry:\n  os.mknod('d', 0o20666, os.makedev(1, 1))\nexcept OSError: print('no')",
	       "no\n");
}

static void test_network(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char code[256];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(code, sizeof(code),
		 "import socket\ntry:\n  socket.create_connection(('127.0.0.1', %d), 2)\n  print('in')\nexcept "
		 "OSError: print('no')",
		 ntohs(address.sin_port));
	prints("python3", code, "no\n");
	prints("python3", "import socket\ntry:\n  socket.socket(socket.AF_VSOCK)\nexcept OSError: print('no')", "no\n");
	close(fd);
}

static void test_system_calls(void **state)
{
	(void)state;
	prints("python3",
	       "import ctypes, os\nc = ctypes.CDLL(None, use_errno=True)\n"
	       "r = [c.ptrace(16, os.getppid(), 0, 0), c.unshare(0x10000000), c.mount(b'x', b'/tmp', b'tmpfs', 0, 0),"
	       " c.syscall(425, 1, 0), c.syscall(321, 0, 0, 0)]\nprint(r, os.getppid())",
	       "[-1, -1, -1, -1, -1] 1\n");
	prints("bash", "unshare -Ur id -u 2>/dev/null || echo no", "no\n");
	prints("bash", "kill -9 1; sleep 0; ls /proc | grep -c '^[0-9]*$' > n; [ $(cat n) -lt 8 ] && echo few",
	       "few\n");
}

static void test_fork_bomb(void **state)
{
	struct outcome o;
	int64_t began = time_mono_us();
	const char *argv[] = { "bash", "-c", "f() { f | f & }; f 2>/dev/null; wait; sleep 60", NULL };
	struct sandbox_options options = defaults(argv);

	(void)state;
	run_options(&options, 1000, &o);
	assert_true(time_mono_us() - began < 5000000);
	forget(&o);
	prints("python3",
	       "import os, sys\nn = 0\ntry:\n  while n < 1000:\n    if os.fork() == 0:\n      import time; "
	       "time.sleep(100)\n"
	       "    n += 1\nexcept OSError: pass\nprint(n < 40)",
	       "True\n");
}

static void test_memory(void **state)
{
	struct outcome o;

	(void)state;
	run("python3", "x = bytearray(1 << 30)\nprint('got it')", &o);
	assert_int_not_equal(o.status, 0);
	assert_int_equal(o.out.len, 0);
	forget(&o);
	/* Many processes below the limit of each are stopped together. */
	run("python3",
	    "import os, time\nfor i in range(8):\n  if os.fork() == 0:\n    x = b'x' * (100 << 20)\n    "
	    "time.sleep(100)\n"
	    "time.sleep(15)\nprint('got it')",
	    &o);
	assert_int_equal(o.end, SANDBOX_MEMORY);
	assert_int_equal(o.out.len, 0);
	forget(&o);
}

static void test_disk(void **state)
{
	(void)state;
	prints("python3",
	       "try:\n  f = open('big', 'wb')\n  for i in range(64): f.write(b'x' * (1 << 20)); f.flush()\n"
	       "except OSError: print('full')",
	       "full\n");
}

static void test_endless(void **state)
{
	const char *argv[] = { "python3", "-c", "while True: pass", NULL };
	struct sandbox_options options = defaults(argv);
	struct outcome o;

	(void)state;
	options.cpu_seconds = 1;
	run_options(&options, 20000, &o);
	assert_false(o.killed);
	assert_true(o.status == 128 + SIGXCPU || o.status == 128 + SIGKILL);
	forget(&o);
}

static void test_output(void **state)
{
	struct outcome o;

	(void)state;
	run("bash", "yes", &o);
	assert_true(o.killed);
	assert_true(o.out.len <= OUTPUT_MAX);
	forget(&o);
}

/* Everything is gone within 100 ms, processes in sessions of their own too. */
static void test_stop(void **state)
{
	const char *argv[] = { "bash", "-c", "setsid sleep 4321 & trap '' TERM INT; echo up; while :; do sleep 1; done",
			       NULL };
	struct sandbox_options options = defaults(argv);
	struct sandbox s;
	struct err err;
	struct pollfd up;
	int64_t began;

	(void)state;
	assert_int_equal(sandbox_start(&options, &s, &err), 0);
	up = (struct pollfd){ .fd = s.out, .events = POLLIN };
	assert_int_equal(poll(&up, 1, 10000), 1);
	began = time_mono_us();
	sandbox_free(&s);
	assert_true(time_mono_us() - began < 100000);
	assert_int_not_equal(system("pgrep -f '^sleep 4321' > /dev/null"), 0);
}

/* The end of who started it is the end of the sandbox. */
static void test_starter_dies(void **state)
{
	const char *argv[] = { "bash", "-c", "echo up; sleep 4322", NULL };
	struct sandbox_options options = defaults(argv);
	struct pollfd gone;
	int life[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(life), 0);
	pid = fork();
	if (pid == 0) {
		struct sandbox s;
		struct err err;

		close(life[0]);
		if (sandbox_start(&options, &s, &err) == 0) {
			struct pollfd up = { .fd = s.out, .events = POLLIN };

			poll(&up, 1, 10000);
		}
		kill(getpid(), SIGKILL);
	}
	close(life[1]);
	waitpid(pid, NULL, 0);
	gone = (struct pollfd){ .fd = life[0], .events = POLLIN };
	poll(&gone, 1, 5000);
	for (int i = 0; i < 100 && system("pgrep -f '^sleep 4322' > /dev/null") == 0; i++)
		poll(NULL, 0, 20);
	assert_int_not_equal(system("pgrep -f '^sleep 4322' > /dev/null"), 0);
	close(life[0]);
}

static void test_workspace(void **state)
{
	char folder[] = "/tmp/nodetool-test-sandbox-XXXXXX";
	const char *argv[] = { "bash", "-c", "cat given; echo made > made; ls .. | tr '\\n' ' '", NULL };
	struct sandbox_options options = defaults(argv);
	struct outcome o;
	char path[128];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0777), 0); /* a server that is root runs code as nobody */
	snprintf(path, sizeof(path), "%s/given", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "given\n", 6), 6);
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
	options.folder = folder;
	run_options(&options, 10000, &o);
	assert_non_null(o.out.data);
	assert_memory_equal(o.out.data, "given\n", 6);
	forget(&o);
	unlink(path);
	snprintf(path, sizeof(path), "%s/made", folder);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	rmdir(folder);
}

/* A kernel that allows no namespaces, for this process and its children. */
static void forbid_namespaces(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_LEN(code), code };

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* Without namespaces Landlock and the filter keep the same promises. The last test: there is no way back. */
static void test_without_namespaces(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
		skip();
	forbid_namespaces();
	prints("bash", "echo x > file; cat file; ls", "x\nfile\n");
	prints("bash", "cat /etc/passwd 2>/dev/null || echo no", "no\n");
	prints("bash", "touch /tmp/x /usr/x 2>/dev/null || echo no", "no\n");
	prints("bash", "cat /proc/1/environ 2>/dev/null || echo no; kill -0 1 2>/dev/null || echo no", "no\nno\n");
	prints("python3",
	       "import socket\nfor f in (socket.AF_INET, socket.AF_UNIX):\n  try:\n    socket.socket(f)\n"
	       "  except OSError: print('no')",
	       "no\nno\n");
	test_stop(state);
	test_not_there(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_system_calls),
		cmocka_unit_test(test_fork_bomb),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_starter_dies),
		cmocka_unit_test(test_workspace),
		cmocka_unit_test(test_without_namespaces),
	};
	char here[4096];

	umask(077); /* as the server has it */
	setenv("NODETOOL_LIBEXEC_DIR", getcwd(here, sizeof(here)), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
