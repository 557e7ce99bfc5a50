/* Paths as texts, by the rules of Python's os.path. */
#include "wsd/nodes/posixpath.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

struct sv posix_basename(struct sv path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;

	if (!slash)
		return path;
	return (struct sv){ slash + 1, path.n - (size_t)(slash + 1 - path.p) };
}

struct sv posix_dirname(struct sv path)
{
	struct sv head = { path.p, path.n - posix_basename(path).n };
	size_t len = head.n;

	while (len && head.p[len - 1] == '/')
		len--;
	return len ? (struct sv){ head.p, len } : head;
}

size_t posix_extension(struct sv path)
{
	struct sv name = posix_basename(path);
	const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;

	for (const char *p = name.p; dot && p < dot; p++) {
		if (*p != '.')
			return (size_t)(dot - path.p);
	}
	return path.n;
}

char *posix_join(struct arena *arena, const char *a, const char *b)
{
	size_t len = strlen(a);

	if (*b == '/' || !len)
		return arena_strdup(arena, b);
	return arena_printf(arena, a[len - 1] == '/' ? "%s%s" : "%s/%s", a, b);
}

char *posix_normalize(struct arena *arena, const char *path)
{
	size_t slashes = strspn(path, "/");
	size_t lead = slashes == 2 ? 2 : slashes > 0;
	struct sv rest = sv_of(path);
	struct sv *parts = arena_alloc(arena, (rest.n + 1) * sizeof(*parts));
	char *out = arena_alloc(arena, rest.n + 2);
	struct sv part;
	size_t count = 0;
	size_t len = lead;

	while (sv_split(&rest, '/', &part)) {
		bool up = sv_eq(part, "..");

		if (part.n == 0 || sv_eq(part, "."))
			continue;
		if (!up || (!lead && count == 0) || (count && sv_eq(parts[count - 1], "..")))
			parts[count++] = part;
		else if (count)
			count--;
	}
	memset(out, '/', lead);
	for (size_t i = 0; i < count; i++) {
		if (i)
			out[len++] = '/';
		memcpy(out + len, parts[i].p, parts[i].n);
		len += parts[i].n;
	}
	if (!len)
		out[len++] = '.';
	out[len] = '\0';
	return out;
}

char *posix_absolute(struct arena *arena, const char *base, const char *path)
{
	return posix_normalize(arena, *path == '/' ? path : posix_join(arena, base, path));
}

/* The next part of an absolute path; empty at the end. */
static struct sv next_part(const char **path)
{
	struct sv part;

	*path += strspn(*path, "/");
	part = (struct sv){ *path, strcspn(*path, "/") };
	*path += part.n;
	return part;
}

char *posix_relative(struct arena *arena, const char *target, const char *start)
{
	struct buf out;
	const char *rest = target;
	char *result;

	for (;;) {
		const char *t = rest;
		const char *s = start;
		struct sv a = next_part(&t);
		struct sv b = next_part(&s);

		if (!a.n || a.n != b.n || memcmp(a.p, b.p, a.n) != 0)
			break;
		rest = t;
		start = s;
	}
	buf_init(&out, BUF_MAX_BODY);
	while (next_part(&start).n)
		buf_adds(&out, out.len ? "/.." : "..");
	for (struct sv part = next_part(&rest); part.n; part = next_part(&rest)) {
		if (out.len)
			buf_addc(&out, '/');
		buf_add(&out, part.p, part.n);
	}
	result = arena_strdup(arena, out.len ? out.data : ".");
	buf_free(&out);
	return result;
}

char *posix_expand_user(struct arena *arena, const char *path)
{
	size_t len = strcspn(path, "/");
	const char *home = NULL;
	size_t home_len;

	if (*path != '~')
		return arena_strdup(arena, path);
	if (len == 1) {
		home = config_home();
	} else {
		struct passwd *user = getpwnam(arena_strndup(arena, path + 1, len - 1));

		home = user ? user->pw_dir : NULL;
	}
	if (!home)
		return arena_strdup(arena, path);
	home_len = strlen(home);
	while (home_len && home[home_len - 1] == '/')
		home_len--;
	if (!home_len && !path[len])
		return arena_strdup(arena, "/");
	return arena_printf(arena, "%.*s%s", (int)home_len, home, path + len);
}
