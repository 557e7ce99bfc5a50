/*
 * /ws/download: model downloads. This server holds no models of its own yet, so every command is answered as the original
 * answers an unknown one. Source: notes-ws section 11; cases/ws/download_unknown_command.
 */
#include "wsd/kinds.h"

#include <string.h>

static void refuse(struct session *s, const char *text)
{
	struct value *m = value_map();

	map_set_str(m, "status", "error");
	map_set_str(m, "message", text);
	session_send(s, m);
}

static void take_message(struct session *s, const void *data, size_t len, bool text)
{
	struct json_error error;
	struct value *m = text ? json_parse(data ? data : "", len, &error) : NULL;
	const char *command = map_str(m, "command", "");

	if (!value_is(m, VALUE_MAP)) {
		refuse(s, "The message is no JSON object");
		session_close(s, CLOSE_NORMAL, "", false);
	} else if (!strcmp(command, "start_download")) {
		refuse(s, "Downloads of models are not available on this server yet");
	} else {
		refuse(s, "Unknown command");
	}
	value_unref(m);
}

const struct session_ops download_ops = { .name = "download", .message = take_message };
