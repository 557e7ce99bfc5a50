/* Allocation: the x* wrappers and request arenas. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)16 << 10)
#define ALIGNMENT 16

static void out_of_memory(size_t size)
{
	log_error("out of memory: %zu bytes asked for", size);
	abort();
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t len)
{
	char *p = xmalloc(len + 1);

	memcpy(p, text, len);
	p[len] = '\0';
	return p;
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		out_of_memory(0);
	return text;
}

struct block {
	struct block *next;
	size_t used;
	size_t size;
	char data[] __attribute__((aligned(ALIGNMENT)));
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *ptr;
};

struct arena {
	struct block *blocks; /* newest first */
	struct deferred *deferred;
};

static struct block *block_new(size_t size)
{
	struct block *block = xmalloc(sizeof(*block) + size);

	block->next = NULL;
	block->used = 0;
	block->size = size;
	return block;
}

struct arena *arena_new(void)
{
	struct arena *arena = xcalloc(1, sizeof(*arena));

	arena->blocks = block_new(BLOCK_SIZE);
	return arena;
}

static void run_deferred(struct arena *arena)
{
	while (arena->deferred) {
		struct deferred *d = arena->deferred;

		arena->deferred = d->next;
		d->fn(d->ptr);
	}
}

void arena_reset(struct arena *arena)
{
	struct block *keep = NULL;
	struct block *next;

	run_deferred(arena);
	for (struct block *b = arena->blocks; b; b = next) {
		next = b->next;
		if (!keep && b->size == BLOCK_SIZE)
			keep = b;
		else
			free(b);
	}
	if (!keep)
		keep = block_new(BLOCK_SIZE);
	keep->next = NULL;
	keep->used = 0;
	arena->blocks = keep;
}

void arena_free(struct arena *arena)
{
	struct block *next;

	if (!arena)
		return;
	run_deferred(arena);
	for (struct block *b = arena->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	void *p;

	if (size > SIZE_MAX / 2)
		out_of_memory(size);
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (block->size - block->used < size) {
		block = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
		/* A large block goes behind the current one, so that the rest of that one is still used. */
		if (size >= BLOCK_SIZE) {
			block->next = arena->blocks->next;
			arena->blocks->next = block;
		} else {
			block->next = arena->blocks;
			arena->blocks = block;
		}
	}
	p = block->data + block->used;
	block->used += size;
	memset(p, 0, size);
	return p;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *p = arena_alloc(arena, len + 1);

	memcpy(p, text, len);
	p[len] = '\0';
	return p;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	va_list again;
	char *p;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		out_of_memory(0);
	p = arena_alloc(arena, (size_t)len + 1);
	vsnprintf(p, (size_t)len + 1, fmt, again);
	va_end(again);
	return p;
}

void arena_defer(struct arena *arena, void (*fn)(void *), void *ptr)
{
	struct deferred *d = arena_alloc(arena, sizeof(*d));

	d->fn = fn;
	d->ptr = ptr;
	d->next = arena->deferred;
	arena->deferred = d;
}
