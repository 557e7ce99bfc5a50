/* Build-time program: prints the declarations of all listed nodes as GET /api/nodes/metadata gives them. */
#include "nodes/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_type(const void *a, const void *b)
{
	const struct node_type *const *x = a;
	const struct node_type *const *y = b;

	return strcmp((*x)->type, (*y)->type);
}

static struct value *all_metadata(void)
{
	size_t count = node_type_count();
	const struct node_type **types = xcalloc(count + 1, sizeof(*types));
	struct value *list = value_list();

	for (size_t i = 0; i < count; i++)
		types[i] = node_type_at(i);
	qsort(types, count, sizeof(*types), by_type);
	for (size_t i = 0; i < count; i++)
		if (!(types[i]->flags & NODE_INTERNAL))
			list_push(list, node_metadata(node_info_find(types[i]->type)));
	free(types);
	return list;
}

int main(void)
{
	struct value *list = all_metadata();
	struct buf text;
	int status = EXIT_FAILURE;

	buf_init(&text, BUF_MAX_BODY);
	if (json_write(&text, list, JSON_COMPACT) == 0 && fwrite(text.data, 1, text.len, stdout) == text.len &&
	    fflush(stdout) == 0)
		status = EXIT_SUCCESS;
	buf_free(&text);
	value_unref(list);
	return status;
}
