/* How messages and outputs look on a terminal. */
#include "client/client.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 100 /* bytes of a value in a line */

/* A value as one short line. */
static void short_text(const struct value *v, char out[SHOWN_MAX + 8])
{
	struct buf text;
	size_t len;

	buf_init(&text, BUF_MAX_BODY);
	if (json_write(&text, v, JSON_SPACED) < 0 || !text.data)
		buf_reset(&text);
	len = text.len < SHOWN_MAX ? text.len : SHOWN_MAX;
	while (len && len < text.len && ((unsigned char)text.data[len] & 0xC0) == 0x80)
		len--;
	snprintf(out, SHOWN_MAX + 8, "%.*s%s", (int)len, text.data ? text.data : "", len < text.len ? " …" : "");
	buf_free(&text);
}

/* One line of the table; what says the same as the line before (a node that reports each of its inputs) is left out. */
static void line(int64_t elapsed_us, const char *kind, const char *name, const char *what, const char *more)
{
	static char before[512];
	char text[512];

	snprintf(text, sizeof(text), "%-7s %-30s %s%s%s", kind, name, what, *more ? ": " : "", more);
	if (strcmp(text, before) == 0)
		return;
	memcpy(before, text, sizeof(before));
	printf("%9.1f ms  %s\n", (double)elapsed_us / 1000, text);
	fflush(stdout);
}

/* A node by its id and its kind: ids are short in graphs made by hand, and long but unique in those of the editor. */
static const char *node_label(const struct value *message, char out[128])
{
	const char *name = map_str(message, "node_name", "");
	const char *id = map_str(message, "node_id", "");

	snprintf(out, 128, "%.40s%s%.60s%s", id, *name ? " (" : "", name, *name ? ")" : "");
	return out;
}

static void show_json(const struct value *message)
{
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	if (json_write(&text, message, JSON_COMPACT) == 0)
		printf("%s\n", text.data);
	fflush(stdout);
	buf_free(&text);
}

void show_message(const struct client *client, const struct value *message, int64_t elapsed_us)
{
	const char *type = map_str(message, "type", "");
	const char *status = map_str(message, "status", "");
	const char *error = map_str(message, "error", "");
	const struct value *counter = map_get(message, "counter");
	char text[SHOWN_MAX + 8] = "";
	char label[128];

	if (client->quiet)
		return;
	if (client->json) {
		show_json(message);
	} else if (strcmp(type, "job_update") == 0) {
		line(elapsed_us, "run", "", status, error);
	} else if (strcmp(type, "node_update") == 0) {
		line(elapsed_us, "node", node_label(message, label), status, error);
	} else if (strcmp(type, "edge_update") == 0) {
		if (value_is_number(counter))
			short_text(counter, text);
		line(elapsed_us, "edge", map_str(message, "edge_id", ""), *text ? "item" : status, text);
	} else if (strcmp(type, "output_update") == 0 || strcmp(type, "preview_update") == 0) {
		short_text(map_get(message, "value"), text);
		line(elapsed_us, "output", map_str(message, "output_name", map_str(message, "node_id", "")), text, "");
	} else if (*type && strcmp(type, "ping") != 0) {
		short_text(message, text);
		line(elapsed_us, "message", type, text, "");
	}
}

void show_outputs(const struct value *result)
{
	struct sv name;
	struct value *values;

	for (size_t i = 0; map_entry(result, i, &name, &values); i++) {
		printf("\n%.*s:\n", (int)name.n, name.p);
		for (size_t n = 0; n < value_len(values); n++) {
			const struct value *v = list_at(values, n);

			if (value_is(v, VALUE_STR)) {
				fwrite(value_text(v), 1, value_len(v), stdout);
				putchar('\n');
			} else {
				show_json(v);
			}
		}
	}
	fflush(stdout);
}
