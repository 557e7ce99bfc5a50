/* Short questions: titles and names. */
#include "provider/internal.h"

#include <string.h>

static struct value *said(const char *role, const char *text)
{
	struct value *map = value_map();

	map_set_str(map, "role", role);
	map_set_str(map, "content", text);
	return map;
}

int provider_ask(const char *user_id, const char *service, const char *model, const char *system, const char *text,
		 int64_t max_tokens, struct arena *arena, char **answer, struct err *err)
{
	struct provider *provider = provider_open(user_id, service, err);
	struct provider_client *client;
	struct provider_call *call;
	struct provider_use use = { user_id, service, model, .started_us = time_now_us() };
	struct value *messages;
	int rc;

	if (!provider)
		return -1;
	messages = value_list();
	if (system)
		list_push(messages, said("system", system));
	list_push(messages, said("user", text));
	client = provider_client_new();
	call = provider_chat(client, provider,
			     &(struct provider_chat){ .model = model, .messages = messages, .max_tokens = max_tokens },
			     NULL, NULL);
	rc = provider_wait(call, err);
	provider_record(&use, call);
	if (!rc)
		*answer = arena_strndup(arena, provider_result(call)->text.data ? provider_result(call)->text.data : "",
					provider_result(call)->text.len);
	provider_call_free(call);
	provider_client_free(client);
	provider_free(provider);
	value_unref(messages);
	return rc;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

char *provider_title(struct arena *arena, const char *answer, size_t max)
{
	struct sv rest = sv_of(answer);
	struct sv line = { "", 0 };
	size_t end = 0;

	while (sv_split(&rest, '\n', &line)) {
		line = sv_trim(line);
		while (line.n && is_quote(line.p[0])) {
			line.p++;
			line.n--;
		}
		while (line.n && is_quote(line.p[line.n - 1]))
			line.n--;
		line = sv_trim(line);
		if (line.n)
			break;
	}
	for (size_t chars = 0; chars < max && end < line.n; chars++)
		utf8_decode(line.p, line.n, &end);
	return arena_strndup(arena, line.p, end < line.n ? end : line.n);
}
