/* Files that packages bring: /api/assets/packages (notes-assets section 3). Only files in a package's own list are served. */
#include "asset.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files/files.h"
#include "package/package.h"

/* Appends the package's files as {id, name, package_name, virtual_path}. */
static void add_files(struct value *list, const struct package *package)
{
	const struct value *assets = map_get(package->metadata, "assets");

	for (size_t i = 0; i < value_len(assets); i++) {
		const char *name = map_str(list_at(assets, i), "name", "");
		struct value *v = value_map();

		map_set(v, "id", value_strf("pkg:%s/%s", package->name, name));
		map_set_str(v, "name", name);
		map_set_str(v, "package_name", package->name);
		map_set(v, "virtual_path", value_strf("/api/assets/packages/%s/%s", package->name, name));
		list_push(list, v);
	}
}

static int answer(struct response *res, struct value *list)
{
	struct value *v = value_map();

	map_set(v, "assets", list);
	return res_json(res, v);
}

int asset_packages(struct request *req, struct response *res)
{
	struct value *list = value_list();
	size_t count = package_count();

	(void)req;
	for (size_t i = 0; i < count; i++)
		add_files(list, package_at(i));
	return answer(res, list);
}

int asset_package(struct request *req, struct response *res)
{
	const struct package *package = package_find(req_param(req, "package_name"));
	struct value *list = value_list();

	if (package)
		add_files(list, package);
	return answer(res, list);
}

static bool listed(const struct package *package, const char *name)
{
	const struct value *assets = map_get(package->metadata, "assets");

	for (size_t i = 0; i < value_len(assets); i++) {
		if (strcmp(map_str(list_at(assets, i), "name", ""), name) == 0)
			return true;
	}
	return false;
}

int asset_package_file(struct request *req, struct response *res)
{
	const char *package_name = req_param(req, "package_name");
	const char *name = req_param(req, "asset_name");
	const struct package *package = package_find(package_name);
	int folder;
	int fd = -1;

	if (!package)
		return req_fail(req, 404, "Package '%s' not found", package_name);
	if (listed(package, name)) {
		folder = open(arena_printf(req->arena, "%s/assets/%s", package->folder, package->name),
			      O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (folder >= 0) {
			fd = files_open(folder, name, FILES_NO_LINKS, O_RDONLY | O_NONBLOCK, 0);
			close(folder);
		}
	}
	if (fd < 0)
		return req_fail(req, 404, "Asset '%s' not found in package '%s'", name, package_name);
	res->type = content_type_of(name);
	if (res_header(res, "Cache-Control", "public, max-age=31536000, immutable") ||
	    res_disposition(res, "attachment", name) || res_header(res, "X-Content-Type-Options", "nosniff")) {
		close(fd);
		return -1;
	}
	return res_fd(res, fd);
}
