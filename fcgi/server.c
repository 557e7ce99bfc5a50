/* What belongs to no resource: liveness, the description of the interface, and the 404 of every other path. */
#include "config.h"
#include "http/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- liveness (cases/server/health; notes-clients section 8) -------------------------------------------- */

static int64_t started_us;

static int remember_start(struct err *err)
{
	(void)err;
	started_us = time_mono_us();
	return 0;
}

static int health(struct request *req, struct response *res)
{
	(void)req;
	return res_json(res, value_str("OK"));
}

static int ping(struct request *req, struct response *res)
{
	struct value *v = value_map();

	(void)req;
	map_set_str(v, "status", "healthy");
	map_set_float(v, "timestamp", (double)time_now_us() / 1e6);
	return res_json(res, v);
}

static int api_health(struct request *req, struct response *res)
{
	struct value *v = value_map();

	(void)req;
	map_set_str(v, "version", PACKAGE_VERSION);
	map_set_int(v, "uptime", (time_mono_us() - started_us) / 1000000);
	return res_json(res, v);
}

static int ready(struct request *req, struct response *res)
{
	struct value *v = value_map();

	(void)req;
	map_set_str(v, "status", "ok");
	return res_json(res, v);
}

/* What a browser must know before it can log in: nothing secret (Supabase's anonymous key is made to be public). */
static int client_config(struct request *req, struct response *res)
{
	struct value *v = value_map();
	bool supabase = auth_provider() == AUTH_SUPABASE;

	(void)req;
	map_set_str(v, "authMode", supabase ? "supabase" : "local");
	map_set_str(v, "supabaseUrl", supabase ? config_get("SUPABASE_URL") : NULL);
	map_set_str(v, "supabaseAnonKey", supabase ? config_get("SUPABASE_ANON_KEY") : NULL);
	map_set_str(v, "authRedirectUrl", config_get("AUTH_REDIRECT_URL"));
	map_set_bool(v, "googleWorkspace", false);
	map_set(v, "googleScopes", value_list());
	map_set_str(v, "version", PACKAGE_VERSION);
	return res_json(res, v);
}

/* ---- the editor's old address ---------------------------------------------------------------------------- */

static int editor(struct request *req, struct response *res)
{
	(void)req;
	return res_redirect(res, 307, "/");
}

/* ---- description ----------------------------------------------------------------------------------------- */

/* A file of the package as the body: small, and the same whether nginx is in front or not. */
static int packaged(struct request *req, struct response *res, const char *name, const char *type)
{
	const char *path = arena_printf(req->arena, "%s/%s", config_share_dir(), name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	char *room;

	if (fd < 0)
		return req_fail(req, 501, "%s is not installed: NODETOOL_SHARE_DIR does not have it", name);
	res->type = type;
	while ((room = buf_reserve(&res->body, 65536)) && (n = read(fd, room, 65536)) > 0)
		res->body.len += (size_t)n;
	close(fd);
	return 0;
}

static int openapi(struct request *req, struct response *res)
{
	return packaged(req, res, "openapi.json", "application/json");
}

static int docs(struct request *req, struct response *res)
{
	return packaged(req, res, "docs.html", "text/html; charset=utf-8");
}

/* ---- extensions ------------------------------------------------------------------------------------------ */

/* Who asks, for nginx, which asks this before a request reaches an extension (README "Extensions"): getting here at all
 * means that the request may pass. */
static int authenticated(struct request *req, struct response *res)
{
	return res_header(res, "X-NodeTool-User", "%s", req->user.id) ? -1 : res_empty(res, 204);
}

static const struct route routes[] = {
	{ "GET", "/health", health, ROUTE_OPEN, .summary = "Whether the server answers." },
	{ "GET", "/ping", ping, ROUTE_OPEN, .summary = "Whether the server answers, and its time." },
	{ "GET", "/ready", ready, ROUTE_OPEN, .summary = "Whether the server takes requests." },
	{ "GET", "/api/health", api_health, ROUTE_OPEN, .summary = "Version and uptime in seconds." },
	{ "GET", "/api/config", client_config, ROUTE_OPEN, .summary = "What a browser needs to log in." },
	{ "GET", "/editor/{workflow_id}", editor, .summary = "Leads to the editor." },
	{ "GET", "/.authenticated", authenticated, ROUTE_HIDDEN },
	{ "GET", "/openapi.json", openapi, ROUTE_HIDDEN },
	{ "GET", "/docs", docs, ROUTE_HIDDEN },
	{ "GET", "/redoc", docs, ROUTE_HIDDEN },
};

int main(int argc, char **argv)
{
	router_setup = remember_start;
	return router_main(argc, argv, "server", routes, ARRAY_LEN(routes));
}
