/* Documents of the collections that a message names, as context for the model (notes-ws section 9): the collections are
 * asked one after another, each by its own model of embeddings, while the turn can be cancelled. */
#include "wsd/chat/internal.h"

#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#define NEAREST     5   /* documents of each collection */
#define SHOWN_CHARS 200 /* of each document */
#define NAMES_MAX   16

struct lookup {
	struct value *texts; /* the one text that is looked up */
	size_t at;           /* collection that is being asked */
	struct provider *provider;
	struct provider_client *client;
	struct provider_call *call;
	char *service;
	char *model;
	int64_t asked_us;
	struct buf found;
};

static void close_call(struct lookup *l)
{
	provider_call_free(l->call);
	provider_client_free(l->client);
	provider_free(l->provider);
	free(l->service);
	free(l->model);
	l->call = NULL;
	l->client = NULL;
	l->provider = NULL;
	l->service = l->model = NULL;
}

void lookup_free(struct lookup *l)
{
	if (!l)
		return;
	close_call(l);
	value_unref(l->texts);
	buf_free(&l->found);
	free(l);
}

static const char *name_at(const struct turn *turn, size_t i)
{
	const char *name = value_text(list_at(map_get(turn->message, "collections"), i));

	return name ? name : "";
}

/* Begins the embedding of the text by the model of the collection that is due. */
static int ask(struct turn *turn, struct lookup *l, struct err *err)
{
	struct arena *arena = arena_new();
	struct db *db = db_default(err);
	struct collection c;
	const char *service;
	const char *model;
	int missing = db ? collection_get(db, arena, turn->user_id, name_at(turn, l->at), &c, err) : -1;
	int rc = -1;

	if (missing > 0)
		err_set(err, 404, "There is no collection \"%.100s\"", name_at(turn, l->at));
	if (!missing) {
		collection_model(&c, &service, &model);
		l->service = xstrdup(service);
		l->model = xstrdup(model);
		l->provider = provider_open(turn->user_id, service, err);
	}
	arena_free(arena);
	if (l->provider) {
		l->client = provider_client_new();
		l->asked_us = time_now_us();
		l->call = provider_embed(l->client, l->provider, l->model, l->texts, 0);
		rc = 0;
	}
	return rc;
}

/* The text of what the user said, parts joined. New reference. */
static struct value *said(const struct value *content)
{
	struct value *list = value_list();
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	if (value_is(content, VALUE_STR))
		buf_add(&text, value_text(content), value_len(content));
	for (size_t i = 0; value_is(content, VALUE_LIST) && i < value_len(content); i++)
		buf_printf(&text, "%s%s", text.len ? "\n" : "", map_str(list_at(content, i), "text", ""));
	list_push(list, value_strn(text.data ? text.data : "", text.len));
	buf_free(&text);
	return list;
}

int lookup_begin(struct turn *turn, struct err *err)
{
	const struct value *names = map_get(turn->message, "collections");

	if (!value_is(names, VALUE_LIST) || !value_len(names))
		return 0;
	if (value_len(names) > NAMES_MAX)
		return err_set(err, 422, "collections: at most %d can be named", NAMES_MAX);
	turn->lookup = xcalloc(1, sizeof(*turn->lookup));
	turn->lookup->texts = said(map_get(turn->message, "content"));
	buf_init(&turn->lookup->found, BUF_MAX_BODY);
	return ask(turn, turn->lookup, err);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static void add_hits(const struct turn *turn, struct lookup *l, const struct value *hits)
{
	buf_printf(&l->found, "%sCollection %s:", l->found.len ? "\n\n" : "", name_at(turn, l->at));
	for (size_t i = 0; i < value_len(hits); i++) {
		struct sv text = value_sv(map_get(list_at(hits, i), "document"));
		size_t end = 0;

		for (size_t chars = 0; chars < SHOWN_CHARS && end < text.n; chars++)
			utf8_decode(text.p, text.n, &end);
		buf_adds(&l->found, "\n- ");
		buf_add(&l->found, text.p, end < text.n ? end : text.n);
	}
}

static int take(struct turn *turn, struct lookup *l, struct err *err)
{
	const struct provider_use use = { turn->user_id, l->service, l->model, .started_us = l->asked_us };
	struct arena *arena = arena_new();
	struct db *db = db_default(err);
	struct value *vectors = db ? provider_embeddings(l->call, 1, err) : NULL;
	struct value *hits = NULL;

	provider_record(&use, l->call);
	if (vectors)
		hits = collection_search(db, turn->user_id, name_at(turn, l->at),
					 collection_vector(arena, list_at(vectors, 0)), NEAREST, NULL, err);
	if (hits)
		add_hits(turn, l, hits);
	arena_free(arena);
	value_unref(vectors);
	value_unref(hits);
	return hits ? 0 : -1;
}

/* What was found stands before the last message of the user. */
static void add_context(struct turn *turn, const struct lookup *l)
{
	struct value *m = value_map();
	size_t at = value_len(turn->messages);

	while (at && strcmp(map_str(list_at(turn->messages, at - 1), "role", ""), "user") != 0)
		at--;
	map_set_str(m, "role", "system");
	map_set(m, "content",
		value_strf("Documents that may help to answer:\n\n%s", l->found.data ? l->found.data : ""));
	list_insert(turn->messages, at ? at - 1 : 0, m);
}

bool lookup_step(struct turn *turn)
{
	struct lookup *l = turn->lookup;
	struct err err = { 0 };

	if (!provider_call_done(l->call))
		provider_client_step(l->client);
	if (!provider_call_done(l->call))
		return false;
	if (take(turn, l, &err)) {
		turn_fail(turn, NULL, err.detail);
		return false;
	}
	close_call(l);
	if (++l->at < value_len(map_get(turn->message, "collections"))) {
		if (ask(turn, l, &err))
			turn_fail(turn, NULL, err.detail);
		return false;
	}
	add_context(turn, l);
	lookup_free(l);
	turn->lookup = NULL;
	return true;
}

size_t lookup_poll(struct lookup *l, struct pollfd *fds, size_t max, int *timeout_ms)
{
	if (!provider_call_done(l->call))
		return provider_client_poll(l->client, fds, max, timeout_ms);
	*timeout_ms = 0;
	return 0;
}
