/* Datagrams to the daemon: their form, and that nothing happens when nobody listens. */
#include "notify/notify.h"
#include "value/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/test-notify-XXXXXX";

static int listen_here(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", notify_path());
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void received(int fd, const char *expected)
{
	char text[NOTIFY_MAX + 1];
	ssize_t n = recv(fd, text, NOTIFY_MAX, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void test_messages(void **state)
{
	int fd;

	(void)state;
	assert_true(str_ends(notify_path(), "/" NOTIFY_SOCKET));
	notify_change("1", "created", "workflow", "a", NULL); /* nobody is there */
	fd = listen_here();
	notify_change("1", "updated", "workflow", "a", "tag");
	received(fd, "{\"kind\":\"change\",\"user\":\"1\",\"event\":\"updated\",\"type\":\"workflow\",\"id\":\"a\",\"etag\":\"tag\"}");
	notify_change("1", "deleted", "thread", "b", NULL);
	received(fd, "{\"kind\":\"change\",\"user\":\"1\",\"event\":\"deleted\",\"type\":\"thread\",\"id\":\"b\",\"etag\":null}");
	notify_command("2", NOTIFY_CANCEL_JOB, "j");
	received(fd, "{\"kind\":\"command\",\"user\":\"2\",\"command\":\"cancel_job\",\"id\":\"j\"}");
	close(fd);
	unlink(notify_path());
}

/* A daemon that does not read must not make a request wait. */
static void test_never_waits(void **state)
{
	int fd = listen_here();
	int64_t before = time_mono_us();

	(void)state;
	for (int i = 0; i < 5000; i++)
		notify_command("1", NOTIFY_CANCEL_JOB, "j");
	assert_true(time_mono_us() - before < 5000000);
	close(fd);
	unlink(notify_path());
}

static void test_bounds(void **state)
{
	char *long_id = xmalloc(2 * NOTIFY_MAX);
	int fd = listen_here();
	char text[8];

	(void)state;
	memset(long_id, 'a', 2 * NOTIFY_MAX - 1);
	long_id[2 * NOTIFY_MAX - 1] = '\0';
	notify_command("1", NOTIFY_CANCEL_JOB, long_id);
	assert_int_equal(recv(fd, text, sizeof(text), 0), -1);
	close(fd);
	unlink(notify_path());
	setenv("NODETOOL_NOTIFY_SOCKET", long_id, 1);
	notify_command("1", NOTIFY_CANCEL_JOB, "j");
	unsetenv("NODETOOL_NOTIFY_SOCKET");
	free(long_id);
}

static int start(void **state)
{
	struct err err;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	setenv("HOME", folder, 1);
	setenv("NODETOOL_RUN_DIR", folder, 1);
	return config_load(&err);
}

static int finish(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_never_waits),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
