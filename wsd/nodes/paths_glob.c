/* File name patterns: fnmatch and glob as Python has them. */
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define MAX_DEPTH 100
#define MAX_NAMES 1000000

/* ---- fnmatch ------------------------------------------------------------------------------------------ */

/* The end of the set that begins behind "[" at `at`: the position of its "]", or 0 when there is none. */
static size_t set_end(struct sv pattern, size_t at)
{
	size_t i = at;

	if (i < pattern.n && pattern.p[i] == '!')
		i++;
	if (i < pattern.n && pattern.p[i] == ']')
		i++;
	while (i < pattern.n && pattern.p[i] != ']')
		i++;
	return i < pattern.n ? i : 0;
}

/* Is the character in the set between [ and ]? A range that ends before it begins holds nothing. */
static bool in_set(struct sv set, uint32_t c)
{
	bool negate = set.n && set.p[0] == '!';
	size_t at = negate;
	bool found = false;

	while (at < set.n) {
		uint32_t low = utf8_decode(set.p, set.n, &at);
		uint32_t high = low;
		size_t next = at + 1;

		if (next < set.n && set.p[at] == '-') {
			high = utf8_decode(set.p, set.n, &next);
			at = next;
		}
		found = found || (low <= c && c <= high);
	}
	return found != negate;
}

/* One pattern element at *p against the character; moves *p behind it. */
static bool match_one(struct sv pattern, size_t *p, uint32_t c)
{
	size_t end = pattern.p[*p] == '[' ? set_end(pattern, *p + 1) : 0;
	bool matches;

	if (end) {
		matches = in_set((struct sv){ pattern.p + *p + 1, end - *p - 1 }, c);
		*p = end + 1;
		return matches;
	}
	if (pattern.p[*p] == '?') {
		++*p;
		return true;
	}
	return utf8_decode(pattern.p, pattern.n, p) == c;
}

bool name_matches(struct sv name, struct sv pattern)
{
	size_t n = 0;
	size_t p = 0;
	size_t star = SIZE_MAX; /* behind the last star, and where its text ends now */
	size_t star_end = 0;

	while (n < name.n) {
		size_t next_n = n;
		size_t next_p = p;
		uint32_t c = utf8_decode(name.p, name.n, &next_n);

		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			star_end = n;
		} else if (p < pattern.n && match_one(pattern, &next_p, c)) {
			n = next_n;
			p = next_p;
		} else if (star != SIZE_MAX) {
			utf8_decode(name.p, name.n, &star_end);
			n = star_end;
			p = star;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* ---- glob --------------------------------------------------------------------------------------------- */

struct glob {
	struct node_ctx *ctx;
	struct value *out;
	bool recursive;
	struct err *err;
};

static int expand(struct glob *g, const struct path *path, const char *prefix, struct sv pattern, int depth);

static bool is_magic(struct sv part)
{
	return part.n && (memchr(part.p, '*', part.n) || memchr(part.p, '?', part.n) || memchr(part.p, '[', part.n));
}

static int found(struct glob *g, const char *prefix, const char *name)
{
	if (value_len(g->out) >= MAX_NAMES)
		return err_set(g->err, 400, "more than %d names fit the pattern", MAX_NAMES);
	list_push(g->out, value_str(posix_join(node_arena(g->ctx), prefix, name)));
	return 0;
}

/* A fitting name: done when nothing of the pattern is left, else on into it. */
static int enter(struct glob *g, const struct path *path, const char *prefix, const char *name, struct sv rest,
		 int depth)
{
	struct path child;

	if (!rest.p)
		return found(g, prefix, name);
	child = path_child(g->ctx, path, name);
	return path_is_dir(&child) ? expand(g, &child, posix_join(node_arena(g->ctx), prefix, name), rest, depth + 1)
				   : 0;
}

/* Names of the folder that fit one part of the pattern. */
static int expand_part(struct glob *g, const struct path *path, const char *prefix, struct sv part, struct sv rest,
		       int depth)
{
	int fd = path_open(path, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (!result && (entry = readdir(dir))) {
		struct sv name = sv_of(entry->d_name);

		if (sv_eq(name, ".") || sv_eq(name, "..") || (name.p[0] == '.' && part.p[0] != '.'))
			continue;
		if (utf8_valid(name.p, name.n) && name_matches(name, part))
			result = enter(g, path, prefix, entry->d_name, rest, depth);
	}
	closedir(dir);
	return result;
}

/* "**": the folder itself and everything below it; only folders when the pattern goes on. */
static int expand_all(struct glob *g, const struct path *path, const char *prefix, struct sv rest, int depth)
{
	int fd;
	DIR *dir;
	struct dirent *entry;
	int result = rest.p ? expand(g, path, prefix, rest, depth + 1) : 0;

	if (depth > MAX_DEPTH || result)
		return result;
	fd = path_open(path, O_RDONLY | O_DIRECTORY, 0);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && !result && (entry = readdir(dir))) {
		struct path child;
		bool folder;

		if (entry->d_name[0] == '.' || !utf8_valid(entry->d_name, strlen(entry->d_name)))
			continue;
		if (!rest.p)
			result = found(g, prefix, entry->d_name);
		if (result || entry->d_type == DT_REG)
			continue;
		child = path_child(g->ctx, path, entry->d_name);
		folder = path_is_dir(&child);
		if (folder)
			result = expand_all(g, &child, posix_join(node_arena(g->ctx), prefix, entry->d_name), rest,
					    depth + 1);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return result;
}

/* Everything below `path` that fits the pattern. */
static int expand(struct glob *g, const struct path *path, const char *prefix, struct sv pattern, int depth)
{
	struct sv part = { NULL, 0 };
	struct path child;
	char *name;

	if (depth > MAX_DEPTH)
		return 0;
	sv_split(&pattern, '/', &part);
	while (!part.n && pattern.p)
		sv_split(&pattern, '/', &part);
	if (!part.n)
		return path_is_dir(path) ? found(g, prefix, "") : 0;
	if (g->recursive && sv_eq(part, "**")) {
		if (!pattern.p && path_is_dir(path) && found(g, prefix, ""))
			return -1;
		return expand_all(g, path, prefix, pattern, depth);
	}
	if (is_magic(part))
		return expand_part(g, path, prefix, part, pattern, depth);
	name = arena_strndup(node_arena(g->ctx), part.p, part.n);
	child = path_child(g->ctx, path, name);
	if (!pattern.p && !path_exists(&child) && !path_is_link(&child))
		return 0;
	return enter(g, path, prefix, name, pattern, depth);
}

int path_glob(struct node_ctx *ctx, const struct path *path, const char *prefix, const char *pattern, bool recursive,
	      struct value *out, struct err *err)
{
	struct glob g = { ctx, out, recursive, err };

	return expand(&g, path, prefix, sv_of(pattern), 0);
}
