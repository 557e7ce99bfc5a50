/* Paths from outside: as texts, and under the kernel's eyes. */
#include "files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct box {
	struct arena *arena;
	char folder[64]; /* holds in/ (the folder that is open), out/ and links */
	int in;
};

static void touch(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *in_box(struct box *b, const char *name)
{
	return arena_printf(b->arena, "%s/%s", b->folder, name);
}

static int setup(void **state)
{
	struct box *b = calloc(1, sizeof(*b));

	b->arena = arena_new();
	snprintf(b->folder, sizeof(b->folder), "/tmp/test_files.XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	assert_int_equal(mkdir(in_box(b, "in"), 0700), 0);
	assert_int_equal(mkdir(in_box(b, "in/sub"), 0700), 0);
	assert_int_equal(mkdir(in_box(b, "out"), 0700), 0);
	touch(b->folder, "in/sub/f", "inner");
	touch(b->folder, "out/f", "outer");
	assert_int_equal(symlink("../out", in_box(b, "in/up")), 0);
	assert_int_equal(symlink("sub", in_box(b, "in/side")), 0);
	assert_int_equal(symlink("circle", in_box(b, "in/circle")), 0);
	b->in = open(in_box(b, "in"), O_PATH | O_DIRECTORY);
	assert_true(b->in >= 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct box *b = *state;

	close(b->in);
	assert_int_equal(system(arena_printf(b->arena, "rm -rf %s", b->folder)), 0);
	arena_free(b->arena);
	free(b);
	return 0;
}

static void texts(void **state)
{
	struct arena *arena = ((struct box *)*state)->arena;

	assert_string_equal(files_absolute(arena, "/a/b", "c"), "/a/b/c");
	assert_string_equal(files_absolute(arena, "/a/b", "../../../x"), "/x");
	assert_string_equal(files_absolute(arena, "/a", "//b/./c//"), "/b/c");
	assert_string_equal(files_absolute(arena, "/a", ""), "/a");
	assert_string_equal(files_absolute(arena, "/", ".."), "/");
	assert_string_equal(files_below("/a", "/a"), ".");
	assert_string_equal(files_below("/a", "/a/b/c"), "b/c");
	assert_string_equal(files_below("/", "/b"), "b");
	assert_null(files_below("/a", "/ab"));
	assert_null(files_below("/a", "/"));
	assert_true(files_hidden(".env"));
	assert_true(files_hidden("a/.git/config"));
	assert_true(files_hidden("..."));
	assert_false(files_hidden("."));
	assert_false(files_hidden("a.b/c."));
}

static void real(void **state)
{
	struct box *b = *state;

	assert_string_equal(files_real(b->arena, in_box(b, "in/up/f")), in_box(b, "out/f"));
	assert_string_equal(files_real(b->arena, in_box(b, "in/up/none/x")), in_box(b, "out/none/x"));
	assert_null(files_real(b->arena, in_box(b, "in/circle/x")));
	assert_string_equal(files_real(b->arena, "/nt-none/x"), "/nt-none/x");
}

static int open_errno(struct box *b, const char *below, enum files_links links)
{
	int fd = files_open(b->in, below, links, O_RDONLY, 0);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void opening(void **state)
{
	struct box *b = *state;

	assert_int_equal(open_errno(b, "sub/f", FILES_NO_LINKS), 0);
	assert_int_equal(open_errno(b, ".", FILES_NO_LINKS), 0);
	assert_int_equal(open_errno(b, "side/f", FILES_INNER_LINKS), 0);
	assert_int_equal(open_errno(b, "side/f", FILES_NO_LINKS), ELOOP);
	assert_int_equal(open_errno(b, "up/f", FILES_INNER_LINKS), EXDEV);
	assert_int_equal(open_errno(b, "../out/f", FILES_INNER_LINKS), EXDEV);
	assert_int_equal(open_errno(b, "/etc/passwd", FILES_INNER_LINKS), EXDEV);
	assert_int_equal(open_errno(b, "circle", FILES_INNER_LINKS), ELOOP);
	assert_int_equal(open_errno(b, "none", FILES_INNER_LINKS), ENOENT);
}

static int put_errno(struct box *b, const char *below, enum files_links links)
{
	int result;

	touch(b->folder, "source", "new");
	result = files_put(b->in, below, links, in_box(b, "source")) ? errno : 0;
	assert_int_equal(access(in_box(b, "source"), F_OK), result ? 0 : -1);
	return result;
}

static void placing(void **state)
{
	struct box *b = *state;
	struct stat st;

	assert_int_equal(put_errno(b, "sub/f", FILES_NO_LINKS), 0);
	assert_int_equal(stat(in_box(b, "in/sub/f"), &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(put_errno(b, "a/b/c", FILES_NO_LINKS), 0);
	assert_int_equal(access(in_box(b, "in/a/b/c"), F_OK), 0);
	assert_int_equal(put_errno(b, "side/g", FILES_INNER_LINKS), 0);
	assert_int_equal(access(in_box(b, "in/sub/g"), F_OK), 0);
	assert_int_equal(put_errno(b, "sub", FILES_NO_LINKS), EISDIR);
	assert_int_equal(put_errno(b, "sub/f/x", FILES_NO_LINKS), ENOTDIR);
	assert_int_equal(put_errno(b, "up/g", FILES_INNER_LINKS), EXDEV);
	assert_int_equal(put_errno(b, "up/new/g", FILES_INNER_LINKS), EXDEV);
	assert_int_equal(put_errno(b, "../g", FILES_INNER_LINKS), EXDEV);
	assert_int_equal(put_errno(b, "side/h", FILES_NO_LINKS), ELOOP);
	assert_int_equal(access(in_box(b, "out/g"), F_OK), -1);
	assert_int_equal(access(in_box(b, "out/new"), F_OK), -1);
}

static int count(int at, const char *name, const char *path, void *arg)
{
	int *n = arg;

	(void)at;
	assert_true(str_ends(path, name));
	++*n;
	return 0;
}

static void walking(void **state)
{
	struct box *b = *state;
	int n = 0;

	assert_int_equal(files_walk(b->arena, in_box(b, "in"), count, &n), 0);
	assert_int_equal(n, 1); /* links are not followed */
	assert_int_equal(files_walk(b->arena, in_box(b, "none"), count, &n), 0);
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(texts, setup, teardown),
		cmocka_unit_test_setup_teardown(real, setup, teardown),
		cmocka_unit_test_setup_teardown(opening, setup, teardown),
		cmocka_unit_test_setup_teardown(placing, setup, teardown),
		cmocka_unit_test_setup_teardown(walking, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
