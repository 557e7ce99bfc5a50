/* JSON paths in the dialect of jsonpath-ng: a small tree of expressions, walked over the data. */
#include "wsd/nodes/jsonpath.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "value/pyform.h"

#define DEPTH_MAX 200

/* ---- expressions -------------------------------------------------------------------------------------- */

enum kind {
	PATH_ROOT,
	PATH_THIS,
	PATH_PARENT,
	PATH_FIELDS, /* names */
	PATH_ALL_FIELDS,
	PATH_INDEX,
	PATH_SLICE,
	PATH_CHILD, /* the rest: left and right */
	PATH_DESCENDANTS,
	PATH_UNION,
	PATH_WHERE
};

struct path {
	enum kind kind;
	struct path *left;
	struct path *right;
	struct value *names; /* list of texts, owned by the arena */
	int64_t start;	     /* also the index */
	int64_t stop;
	int64_t step;
	bool has_start;
	bool has_stop;
};

struct parser {
	struct arena *arena;
	struct sv text;
	size_t pos;
	int depth;
	struct err *err;
};

static struct path *fail(struct parser *p, const char *what)
{
	err_set(p->err, 400, "%s at position %zu", what, utf8_length(p->text.p, p->pos));
	return NULL;
}

static char peek(struct parser *p)
{
	while (p->pos < p->text.n && strchr(" \t\n", p->text.p[p->pos]))
		p->pos++;
	return p->pos < p->text.n ? p->text.p[p->pos] : '\0';
}

static bool take(struct parser *p, char c)
{
	if (peek(p) != c)
		return false;
	p->pos++;
	return true;
}

static struct path *new_path(struct parser *p, enum kind kind, struct path *left, struct path *right)
{
	struct path *path = arena_alloc(p->arena, sizeof(*path));

	path->kind = kind;
	path->left = left;
	path->right = right;
	path->step = 1;
	return path;
}

static bool begins_name(char c)
{
	return isalpha((unsigned char)c) || c == '_' || c == '@' || (unsigned char)c >= 0x80;
}

static bool is_name(char c)
{
	return begins_name(c) || isdigit((unsigned char)c) || c == '-';
}

/* A quoted or bare name, NULL when there is none. */
static struct value *read_name(struct parser *p)
{
	char quote = peek(p);
	size_t begin = p->pos;
	struct buf name;

	if (begins_name(quote)) {
		while (p->pos < p->text.n && is_name(p->text.p[p->pos]))
			p->pos++;
		return value_strn(p->text.p + begin, p->pos - begin);
	}
	if (quote != '"' && quote != '\'')
		return NULL;
	buf_init(&name, JSONPATH_MAX);
	for (p->pos++; p->pos < p->text.n && p->text.p[p->pos] != quote; p->pos++) {
		if (p->text.p[p->pos] == '\\' && p->pos + 1 < p->text.n)
			p->pos++;
		buf_addc(&name, p->text.p[p->pos]);
	}
	if (p->pos == p->text.n) {
		buf_free(&name);
		fail(p, "a quoted name is not closed");
		return NULL;
	}
	p->pos++;
	begin = name.len;
	return value_str_take(buf_take(&name), begin);
}

static struct path *read_fields(struct parser *p)
{
	struct path *path = new_path(p, PATH_FIELDS, NULL, NULL);
	struct value *name;

	path->names = value_list();
	arena_defer(p->arena, value_unref_ptr, path->names);
	do {
		name = read_name(p);
		if (!name)
			return fail(p, "a name is missing");
		list_push(path->names, name);
	} while (take(p, ','));
	return path;
}

static bool read_int(struct parser *p, int64_t *out)
{
	char c = peek(p);
	size_t begin = p->pos;
	struct value *n;

	if (c == '-')
		p->pos++;
	while (p->pos < p->text.n && isdigit((unsigned char)p->text.p[p->pos]))
		p->pos++;
	n = pyform_int_of((struct sv){ p->text.p + begin, p->pos - begin });
	if (!value_is(n, VALUE_INT)) {
		value_unref(n);
		p->pos = begin;
		return false;
	}
	*out = value_as_int(n);
	value_unref(n);
	return true;
}

/* What stands between brackets, the first one read. */
static struct path *read_brackets(struct parser *p)
{
	struct path *path = new_path(p, PATH_SLICE, NULL, NULL);
	char c = peek(p);

	if (c == '"' || c == '\'' || begins_name(c)) {
		path = read_fields(p);
	} else if (!take(p, '*')) {
		path->has_start = read_int(p, &path->start);
		if (take(p, ':')) {
			path->has_stop = read_int(p, &path->stop);
			if (take(p, ':') && !read_int(p, &path->step))
				path->step = 1;
		} else if (path->has_start) {
			path->kind = PATH_INDEX;
		} else {
			return fail(p, "an index, slice or name is missing");
		}
	}
	if (path && !take(p, ']'))
		return fail(p, "] is missing");
	if (path && path->kind == PATH_SLICE && path->step == 0)
		return fail(p, "the step of a slice is zero");
	return path;
}

static struct path *read_expression(struct parser *p, int min_level);

static struct path *read_operator_name(struct parser *p)
{
	static const struct {
		const char *name;
		enum kind kind;
	} names[] = { { "`this`", PATH_THIS }, { "`parent`", PATH_PARENT } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = strlen(names[i].name);

		if (p->text.n - p->pos >= n && memcmp(p->text.p + p->pos, names[i].name, n) == 0) {
			p->pos += n;
			return new_path(p, names[i].kind, NULL, NULL);
		}
	}
	return fail(p, "an unknown operator in back quotes");
}

static struct path *read_primary(struct parser *p)
{
	char c = peek(p);
	struct path *path;
	int64_t n;

	if (take(p, '$'))
		return new_path(p, PATH_ROOT, NULL, NULL);
	if (take(p, '*'))
		return new_path(p, PATH_ALL_FIELDS, NULL, NULL);
	if (take(p, '['))
		return read_brackets(p);
	if (c == '`')
		return read_operator_name(p);
	if (take(p, '(')) {
		path = read_expression(p, 0);
		return !path || take(p, ')') ? path : fail(p, ") is missing");
	}
	if (isdigit((unsigned char)c) && read_int(p, &n)) { /* a number as a name */
		path = new_path(p, PATH_FIELDS, NULL, NULL);
		path->names = value_list();
		arena_defer(p->arena, value_unref_ptr, path->names);
		list_push(path->names, value_strf("%lld", (long long)n));
		return path;
	}
	if (c == '\0')
		return fail(p, "the path ends too early");
	return read_fields(p);
}

/* A primary with the brackets behind it. */
static struct path *read_postfix(struct parser *p)
{
	struct path *path = read_primary(p);

	while (path && take(p, '[')) {
		struct path *item = read_brackets(p);

		path = item ? new_path(p, PATH_CHILD, path, item) : NULL;
	}
	return path;
}

/* The operator at the position, with its level (higher binds closer) and length; false when there is none. */
static bool next_operator(struct parser *p, enum kind *kind, int *level, size_t *len)
{
	static const struct {
		const char *text;
		enum kind kind;
		int level;
	} operators[] = {
		{ "..", PATH_DESCENDANTS, 1 }, { ".", PATH_CHILD, 2 }, { "|", PATH_UNION, 3 }, { "where", PATH_WHERE, 4 },
	};

	peek(p);
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		*len = strlen(operators[i].text);
		if (p->text.n - p->pos >= *len && memcmp(p->text.p + p->pos, operators[i].text, *len) == 0) {
			*kind = operators[i].kind;
			*level = operators[i].level;
			return true;
		}
	}
	return false;
}

static struct path *read_expression(struct parser *p, int min_level)
{
	struct path *left;
	enum kind kind;
	int level;
	size_t len;

	if (p->depth++ > DEPTH_MAX)
		return fail(p, "the path is nested too deeply");
	left = read_postfix(p);
	while (left && next_operator(p, &kind, &level, &len) && level > min_level) {
		struct path *right;

		p->pos += len;
		right = read_expression(p, level);
		left = right ? new_path(p, kind, left, right) : NULL;
	}
	p->depth--;
	return left;
}

/* ---- walking ------------------------------------------------------------------------------------------ */

/* A value and where it lies. */
struct place {
	struct value *v;
	const struct place *parent;
};

struct matches {
	const struct place **items;
	size_t count;
	size_t cap;
};

struct walk {
	struct arena *arena;
	size_t steps;
};

static const struct place *new_place(struct walk *w, struct value *v, const struct place *parent)
{
	struct place *place = arena_alloc(w->arena, sizeof(*place));

	place->v = v;
	place->parent = parent;
	return place;
}

/* False when there are too many. */
static bool add(struct walk *w, struct matches *m, const struct place *place)
{
	if (++w->steps > JSONPATH_MATCHES_MAX)
		return false;
	if (m->count == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 8;
		m->items = xrealloc(m->items, m->cap * sizeof(*m->items));
	}
	m->items[m->count++] = place;
	return true;
}

static bool find(struct walk *w, const struct path *path, const struct place *at, struct matches *out);

static bool find_fields(struct walk *w, const struct path *path, const struct place *at, struct matches *out)
{
	for (size_t i = 0; i < value_len(path->names); i++) {
		struct sv name = value_sv(list_at(path->names, i));
		struct value *v = map_getn(at->v, name.p, name.n);

		if (v && !add(w, out, new_place(w, v, at)))
			return false;
	}
	return true;
}

static bool find_all_fields(struct walk *w, const struct place *at, struct matches *out)
{
	struct value *v;

	for (size_t i = 0; map_entry(at->v, i, NULL, &v); i++) {
		if (!add(w, out, new_place(w, v, at)))
			return false;
	}
	return true;
}

/* A slice of something that is no list takes it as a list of one. */
static bool find_items(struct walk *w, const struct path *path, const struct place *at, struct matches *out)
{
	struct pyform_slice slice;
	bool list = value_is(at->v, VALUE_LIST);
	int64_t count = list ? (int64_t)value_len(at->v) : !value_is_null(at->v);
	int64_t index = path->start < 0 ? path->start + count : path->start;

	if (path->kind == PATH_INDEX)
		return !list || index < 0 || index >= count || add(w, out, new_place(w, list_at(at->v, (size_t)index), at));
	if (pyform_slice_of(&slice, count, path->has_start ? &path->start : NULL, path->has_stop ? &path->stop : NULL,
			    path->step) < 0)
		return true;
	for (int64_t i = 0; i < slice.count; i++) {
		struct value *v = list ? list_at(at->v, (size_t)(slice.start + i * slice.step)) : at->v;

		if (!add(w, out, new_place(w, v, at)))
			return false;
	}
	return true;
}

/* Matches of `path` here, then below every member, depth first. */
static bool find_below(struct walk *w, const struct path *path, const struct place *at, struct matches *out)
{
	struct value *v;

	if (++w->steps > JSONPATH_MATCHES_MAX || !find(w, path, at, out))
		return false;
	for (size_t i = 0; i < value_len(at->v) && value_is(at->v, VALUE_LIST); i++) {
		if (!find_below(w, path, new_place(w, list_at(at->v, i), at), out))
			return false;
	}
	for (size_t i = 0; map_entry(at->v, i, NULL, &v); i++) {
		if (!find_below(w, path, new_place(w, v, at), out))
			return false;
	}
	return true;
}

static bool has_match(struct walk *w, const struct path *path, const struct place *at, bool *ok)
{
	struct matches found = { 0 };
	bool any;

	*ok = find(w, path, at, &found);
	any = found.count > 0;
	free(found.items);
	return any;
}

/* The operators whose right side is looked for at each match of the left one. */
static bool find_joined(struct walk *w, const struct path *path, const struct place *at, struct matches *out)
{
	struct matches left = { 0 };
	bool ok = find(w, path->left, at, &left);

	for (size_t i = 0; ok && i < left.count; i++) {
		if (path->kind == PATH_CHILD)
			ok = find(w, path->right, left.items[i], out);
		else if (path->kind == PATH_DESCENDANTS)
			ok = find_below(w, path->right, left.items[i], out);
		else if (has_match(w, path->right, left.items[i], &ok) && ok)
			ok = add(w, out, left.items[i]);
	}
	free(left.items);
	return ok;
}

static bool find(struct walk *w, const struct path *path, const struct place *at, struct matches *out)
{
	switch (path->kind) {
	case PATH_ROOT:
		while (at->parent)
			at = at->parent;
		return add(w, out, at);
	case PATH_THIS:
		return add(w, out, at);
	case PATH_PARENT:
		return !at->parent || add(w, out, at->parent);
	case PATH_FIELDS:
		return find_fields(w, path, at, out);
	case PATH_ALL_FIELDS:
		return find_all_fields(w, at, out);
	case PATH_INDEX:
	case PATH_SLICE:
		return find_items(w, path, at, out);
	case PATH_UNION:
		return find(w, path->left, at, out) && find(w, path->right, at, out);
	default:
		return find_joined(w, path, at, out);
	}
}

static struct value *list_of(const struct matches *matches)
{
	struct value *list = value_list();

	list_reserve(list, matches->count);
	for (size_t i = 0; i < matches->count; i++)
		list_push(list, value_ref(matches->items[i]->v));
	return list;
}

struct value *jsonpath_find(struct sv path, struct value *data, struct err *err)
{
	struct arena *arena = arena_new();
	struct parser p = { arena, path, 0, 0, err };
	struct walk w = { arena, 0 };
	struct matches matches = { 0 };
	struct value *list = NULL;
	struct path *root;

	if (path.n > JSONPATH_MAX) {
		err_set(err, 400, "the path is longer than %d bytes", JSONPATH_MAX);
		goto out;
	}
	root = read_expression(&p, 0);
	if (root && peek(&p) != '\0') {
		fail(&p, "unexpected text");
		goto out;
	}
	if (!root)
		goto out;
	if (find(&w, root, new_place(&w, data, NULL), &matches))
		list = list_of(&matches);
	else
		err_set(err, 400, "the path has more than %d matches", JSONPATH_MATCHES_MAX);
out:
	free(matches.items);
	arena_free(arena);
	return list;
}
