/* /api/workflows/{id}/app: the workflow's own page, with the server's addresses put in (notes-workflows "App page"). */
#include "workflow.h"

#include <string.h>

#include "handler.h"

#define PAGE_MAX ((size_t)64 << 20)

/* A JSON string inside of a script element: "<" is escaped, so that no id can end the element. */
static void script_string(struct buf *out, const char *text)
{
	struct buf json;

	buf_init(&json, BUF_MAX_SMALL);
	json_write_str(&json, text, strlen(text), JSON_ASCII);
	for (size_t i = 0; i < json.len; i++) {
		if (json.data[i] == '<')
			buf_adds(out, "\\u003c");
		else
			buf_addc(out, json.data[i]);
	}
	buf_free(&json);
}

/* NODETOOL_API_URL without "/api" and final slashes. */
static char *base_url(struct arena *arena)
{
	char *base = arena_strdup(arena, config_get("NODETOOL_API_URL"));
	size_t n;

	for (n = strlen(base); n && base[n - 1] == '/'; n--)
		base[n - 1] = '\0';
	if (str_ends(base, "/api"))
		base[n - 4] = '\0';
	return base;
}

static const char *ws_url(struct arena *arena, const char *base)
{
	const char *own = config_get("NODETOOL_WS_URL");

	if (own)
		return own;
	if (str_starts(base, "https://"))
		return arena_printf(arena, "wss://%s/ws", base + 8);
	if (str_starts(base, "http://"))
		return arena_printf(arena, "ws://%s/ws", base + 7);
	return arena_printf(arena, "%s/ws", base);
}

static void script(struct buf *out, struct arena *arena, const char *workflow_id)
{
	const char *base = base_url(arena);
	const struct {
		const char *name;
		const char *value;
	} settings[] = {
		{ "NODETOOL_API_URL", arena_printf(arena, "%s/api", base) },
		{ "NODETOOL_WS_URL", ws_url(arena, base) },
		{ "NODETOOL_WORKFLOW_ID", workflow_id },
	};

	buf_adds(out, "\n    <script>\n");
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		buf_printf(out, "      window.%s = ", settings[i].name);
		script_string(out, settings[i].value);
		buf_adds(out, ";\n");
	}
	buf_adds(out, "    </script>\n    ");
}

/* Puts the script before each `mark`, or behind it; false when the page has none. */
static bool insert(struct buf *out, const char *page, const char *mark, bool behind, const struct buf *text)
{
	const char *at = strstr(page, mark);

	if (!at)
		return false;
	for (; at; at = strstr(page, mark)) {
		size_t upto = (size_t)(at - page) + (behind ? strlen(mark) : 0);

		buf_add(out, page, upto);
		buf_add(out, text->data, text->len);
		if (!behind)
			buf_adds(out, mark);
		page = at + strlen(mark);
	}
	buf_adds(out, page);
	return true;
}

int get_app(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct workflow w;
	const char *page;
	struct buf text;
	struct buf out;
	int rc;

	if (!db || find_workflow(req, db, true, &w))
		return -1;
	page = w.c[WORKFLOW_HTML_APP].p;
	if (!page || !*page)
		return req_fail(req, 404, "No HTML app configured for this workflow");
	buf_init(&text, BUF_MAX_SMALL);
	buf_init(&out, PAGE_MAX);
	script(&text, req->arena, w.c[WORKFLOW_ID].p);
	if (!insert(&out, page, "</head>", false, &text) && !insert(&out, page, "<body>", true, &text)) {
		buf_add(&out, text.data, text.len);
		buf_adds(&out, page);
	}
	if (out.failed)
		rc = req_fail(req, 500, "The page is too large");
	else
		rc = res_bytes(res, "text/html; charset=utf-8", out.data, out.len);
	buf_free(&text);
	buf_free(&out);
	return rc;
}
