/* Cross-origin rules: every origin may read (notes-rest "Modes", cases/server/cors*). */
#include "http/internal.h"

#include <string.h>

#define METHODS "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"

static bool method_known(const char *method)
{
	struct sv rest = SV_LIT(METHODS);
	struct sv word;

	while (sv_split(&rest, ',', &word)) {
		if (sv_eq(sv_trim(word), method))
			return true;
	}
	return false;
}

bool cors_preflight(struct request *req, struct response *res)
{
	const char *origin = req_header(req, "Origin");
	const char *method = req_header(req, "Access-Control-Request-Method");
	const char *headers = req_header(req, "Access-Control-Request-Headers");
	bool known;

	if (strcmp(req->method, "OPTIONS") != 0 || !origin || !method)
		return false;
	known = method_known(method);
	res_text(res, "text/plain; charset=utf-8", known ? "OK" : "Disallowed CORS method");
	res->status = known ? 200 : 400;
	res_header(res, "Access-Control-Allow-Origin", "%s", origin);
	res_header(res, "Access-Control-Allow-Credentials", "true");
	res_header(res, "Access-Control-Allow-Methods", METHODS);
	res_header(res, "Access-Control-Max-Age", "3600");
	if (headers)
		res_header(res, "Access-Control-Allow-Headers", "%s", headers);
	res_header(res, "Vary", "Origin");
	return true;
}

void cors_headers(struct request *req, struct response *res)
{
	const char *origin = req_header(req, "Origin");
	bool cookie = req_header(req, "Cookie") != NULL;

	if (!origin)
		return;
	res_header(res, "Access-Control-Allow-Origin", "%s", cookie ? origin : "*");
	res_header(res, "Access-Control-Allow-Credentials", "true");
	res_header(res, "Access-Control-Expose-Headers", "*");
	if (cookie)
		res_header(res, "Vary", "Origin");
}
