/* Fonts of this machine: /api/fonts (notes-assets section 8). */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

#include "files/files.h"

static int add_font(int at, const char *name, const char *path, void *arg)
{
	size_t len = strlen(name);
	struct value *fonts = arg;

	(void)at;
	(void)path;
	if (len > 4 && (str_ends(name, ".ttf") || str_ends(name, ".otf")) && utf8_valid(name, len))
		map_setn(fonts, name, len - 4, value_null());
	return 0;
}

/* Bytes of UTF-8 sort as code points do. */
static int by_code_point(const void *a, const void *b)
{
	const struct sv *x = a;
	const struct sv *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

static int list_fonts(struct request *req, struct response *res)
{
	const char *const folders[] = { "/usr/share/fonts", "/usr/local/share/fonts",
					arena_printf(req->arena, "%s/.fonts", config_home()) };
	struct value *fonts = value_map();
	struct sv *names;
	size_t count;

	arena_defer(req->arena, value_unref_ptr, fonts);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		files_walk(req->arena, folders[i], add_font, fonts);
	count = value_len(fonts);
	names = arena_alloc(req->arena, (count + 1) * sizeof(*names));
	for (size_t i = 0; i < count; i++)
		map_entry(fonts, i, &names[i], NULL);
	qsort(names, count, sizeof(*names), by_code_point);
	buf_adds(&res->body, "{\"fonts\":[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_addc(&res->body, ',');
		json_write_str(&res->body, names[i].p, names[i].n, JSON_COMPACT);
	}
	return buf_adds(&res->body, "]}");
}

static const struct route routes[] = {
	{ "GET", "/api/fonts/", list_fonts, .summary = "Names of the fonts on the server's machine." },
};

int main(int argc, char **argv)
{
	return router_main(argc, argv, "font", routes, ARRAY_LEN(routes));
}
