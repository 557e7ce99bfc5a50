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

static void line(int64_t elapsed_us, const char *kind, const char *name, const char *what, const char *more)
{
	printf("%9.1f ms  %-7s %-22s %s%s%s\n", (double)elapsed_us / 1000, kind, name, what, *more ? ": " : "", more);
	fflush(stdout);
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

	if (client->quiet)
		return;
	if (client->json) {
		show_json(message);
	} else if (strcmp(type, "job_update") == 0) {
		line(elapsed_us, "run", "", status, error);
	} else if (strcmp(type, "node_update") == 0) {
		line(elapsed_us, "node", map_str(message, "node_name", map_str(message, "node_id", "")), status, error);
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
