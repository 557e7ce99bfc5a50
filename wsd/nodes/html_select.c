/*
 * Finding the tags of a selector. All tags are gone through once, from the top: for each it is noted which first parts
 * of the selector end at it, so that a tag needs to look at its parent and the tag before it only.
 */
#include "wsd/nodes/html_select.h"
#include "wsd/nodes/html_selector.h"

#include "value/value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NONE SIZE_MAX

struct element {
	struct html_node *node;
	size_t parent; /* index, or NONE */
	size_t before; /* the sibling before, or NONE */
	/* Its number among its siblings from the begin and the end: of all, and of those with its name. */
	int64_t number[2], number_of_type[2];
};

struct page {
	struct arena *arena;
	struct element *elements;
	size_t count;
};

/* Which first parts of a selector end at a tag; at it or around it; at it or at siblings before. */
struct state {
	uint32_t here, around, before;
};

/* ---- the tags of the page ----------------------------------------------------------------------------- */

/* Numbers the tags among the children of a node; `types` counts names. */
static void number_children(struct page *page, const struct html_node *parent)
{
	struct value *types = value_map();
	int64_t count = 0;

	for (struct html_node *at = parent->first; at; at = at->next) {
		if (at->kind == HTML_TAG) {
			struct element *e = &page->elements[at->order];

			e->number[0] = ++count;
			e->number_of_type[0] = value_as_int(map_getn(types, at->name.p, at->name.n)) + 1;
			map_setn(types, at->name.p, at->name.n, value_int(e->number_of_type[0]));
		}
	}
	for (struct html_node *at = parent->first; at; at = at->next) {
		if (at->kind == HTML_TAG) {
			struct element *e = &page->elements[at->order];

			e->number[1] = count + 1 - e->number[0];
			e->number_of_type[1] =
				value_as_int(map_getn(types, at->name.p, at->name.n)) + 1 - e->number_of_type[0];
		}
	}
	value_unref(types);
}

static struct page read_page(struct arena *arena, struct html_node *root)
{
	struct page page = { .arena = arena };

	for (struct html_node *at = html_next(root, root); at; at = html_next(at, root)) {
		if (at->kind == HTML_TAG)
			at->order = page.count++;
	}
	page.elements = arena_alloc(arena, (page.count + 1) * sizeof(*page.elements));
	for (struct html_node *at = html_next(root, root); at; at = html_next(at, root)) {
		struct element *e;
		struct html_node *before = at->prev;

		if (at->kind != HTML_TAG)
			continue;
		while (before && before->kind != HTML_TAG)
			before = before->prev;
		e = &page.elements[at->order];
		e->node = at;
		e->parent = at->parent == root ? NONE : at->parent->order;
		e->before = before ? before->order : NONE;
		if (at->first)
			number_children(&page, at);
	}
	number_children(&page, root);
	return page;
}

/* ---- tests -------------------------------------------------------------------------------------------- */

static bool same(const char *a, const char *b, size_t len, bool nocase)
{
	return len == 0 || (nocase ? strncasecmp(a, b, len) : memcmp(a, b, len)) == 0;
}

/* One of the words between white space. */
static bool has_word(struct sv text, struct sv word, bool nocase)
{
	static const char space[] = " \t\n\f\r";
	size_t at = 0;

	while (at < text.n) {
		size_t len = 0;

		while (at + len < text.n && !memchr(space, text.p[at + len], sizeof(space) - 1))
			len++;
		if (len && len == word.n && same(text.p + at, word.p, len, nocase))
			return true;
		at += len + 1;
	}
	return false;
}

static bool contains(struct sv text, struct sv part, bool nocase)
{
	for (size_t at = 0; part.n && at + part.n <= text.n; at++) {
		if (same(text.p + at, part.p, part.n, nocase))
			return true;
	}
	return false;
}

static bool attr_matches(const struct test *test, struct sv value)
{
	struct sv want = test->value;
	bool fits = value.n >= want.n;

	switch (test->op) {
	case '=':
		return value.n == want.n && same(value.p, want.p, want.n, test->nocase);
	case '~':
		return has_word(value, want, test->nocase);
	case '|':
		return fits && same(value.p, want.p, want.n, test->nocase) &&
		       (value.n == want.n || value.p[want.n] == '-');
	case '^':
		return want.n && fits && same(value.p, want.p, want.n, test->nocase);
	case '$':
		return want.n && fits && same(value.p + value.n - want.n, want.p, want.n, test->nocase);
	case '*':
		return contains(value, want, test->nocase);
	default:
		return true;
	}
}

static bool nth_matches(const struct test *test, const struct element *e)
{
	int64_t number = (test->of_type ? e->number_of_type : e->number)[test->from_end];
	int64_t past = number - test->first;

	return test->step == 0 ? past == 0 : past % test->step == 0 && past / test->step >= 0;
}

static bool is_empty(const struct html_node *node)
{
	for (const struct html_node *at = node->first; at; at = at->next) {
		if (at->kind == HTML_TAG)
			return false;
		for (size_t i = 0; at->kind == HTML_TEXT && i < at->text.n; i++) {
			if (!memchr(" \t\r\n\f", at->text.p[i], 5))
				return false;
		}
	}
	return true;
}

static bool test_holds(const struct test *test, const struct element *e, size_t index)
{
	const struct html_node *node = e->node;
	struct sv value;

	switch (test->kind) {
	case TEST_NAME:
		return node->name.n == test->name.n && memcmp(node->name.p, test->name.p, node->name.n) == 0;
	case TEST_CLASS:
		value = html_attr(node, "class");
		return value.p && has_word(value, test->value, false);
	case TEST_ATTR:
		value = html_attr(node, test->name.p);
		return value.p && attr_matches(test, value);
	case TEST_NTH:
		return nth_matches(test, e);
	case TEST_EMPTY:
		return is_empty(node);
	case TEST_ROOT:
		return e->parent == NONE && e->number[0] == 1 && e->number[1] == 1;
	default:
		return test->set[index];
	}
}

static bool compound_holds(const struct compound *part, const struct element *e, size_t index)
{
	for (const struct test *test = part->tests; test; test = test->next) {
		if (test_holds(test, e, index) == test->negate)
			return false;
	}
	return true;
}

/* ---- selectors ---------------------------------------------------------------------------------------- */

/* Whether the part before number `i` is where its combinator wants it. */
static bool joined(const struct compound *part, size_t i, const struct element *e, const struct state *states)
{
	uint32_t bits = 0;

	if (i == 0)
		return true;
	if (part->combinator == ' ' && e->parent != NONE)
		bits = states[e->parent].around;
	else if (part->combinator == '>' && e->parent != NONE)
		bits = states[e->parent].here;
	else if (part->combinator == '+' && e->before != NONE)
		bits = states[e->before].here;
	else if (part->combinator == '~' && e->before != NONE)
		bits = states[e->before].before;
	return bits >> (i - 1) & 1;
}

static void mark(const struct page *page, const struct selector *selector, struct state *states, unsigned char *set)
{
	for (size_t index = 0; index < page->count; index++) {
		const struct element *e = &page->elements[index];
		uint32_t here = 0;

		for (size_t i = 0; i < selector->count; i++) {
			const struct compound *part = &selector->parts[i];

			if (joined(part, i, e, states) && compound_holds(part, e, index))
				here |= UINT32_C(1) << i;
		}
		states[index].here = here;
		states[index].around = here | (e->parent != NONE ? states[e->parent].around : 0);
		states[index].before = here | (e->before != NONE ? states[e->before].before : 0);
		set[index] |= here >> (selector->count - 1) & 1;
	}
}

/* For each tag whether the list names it. Lists within it come first; the parser has bounded how deep they are. */
static unsigned char *mark_list(const struct page *page, const struct selector *list)
{
	unsigned char *set = arena_alloc(page->arena, page->count + 1);
	struct state *states = xcalloc(page->count + 1, sizeof(*states));

	for (; list; list = list->next) {
		for (size_t i = 0; i < list->count; i++) {
			for (struct test *test = list->parts[i].tests; test; test = test->next) {
				if (test->kind == TEST_LIST)
					test->set = mark_list(page, test->list);
			}
		}
		mark(page, list, states, set);
	}
	free(states);
	return set;
}

int html_select(struct arena *arena, struct html_node *root, struct sv selector, struct html_selection *out,
		struct err *err)
{
	struct selector *list;
	unsigned char *set;
	struct page page;

	if (selector.n > HTML_SELECTOR_MAX)
		return err_set(err, 422, "the selector is longer than %d bytes", HTML_SELECTOR_MAX);
	list = selector_parse(arena, selector, err);
	if (!list)
		return -1;
	page = read_page(arena, root);
	set = mark_list(&page, list);
	out->nodes = arena_alloc(arena, (page.count + 1) * sizeof(struct html_node *));
	out->count = 0;
	for (size_t i = 0; i < page.count; i++) {
		if (set[i])
			out->nodes[out->count++] = page.elements[i].node;
	}
	return 0;
}
