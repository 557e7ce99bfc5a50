/* Memory of this server and of loaded models: /api/memory. Models are loaded by workers in other processes, and there are
 * none here: the lists are empty, and there is nothing to clear. */
#include "http/http.h"

#include <stdio.h>
#include <string.h>

/* A number of /proc/meminfo in MiB; 0 when it is not there. */
static double meminfo_mb(const char *key)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[256];
	unsigned long long kib = 0;
	size_t n = strlen(key);

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, n) == 0 && line[n] == ':' && sscanf(line + n + 1, "%llu", &kib) == 1)
			break;
	}
	fclose(f);
	return (double)kib / 1024;
}

static int get_memory(struct request *req, struct response *res)
{
	struct value *v = value_map();

	(void)req;
	map_set_float(v, "ram_mb", meminfo_mb("MemTotal") - meminfo_mb("MemAvailable"));
	map_set_float(v, "ram_total_mb", meminfo_mb("MemTotal"));
	map_set(v, "gpu_allocated_mb", value_null());
	map_set(v, "gpu_reserved_mb", value_null());
	map_set(v, "gpu_total_mb", value_null());
	map_set_int(v, "loaded_models_count", 0);
	map_set_float(v, "loaded_models_memory_mb", 0);
	map_set_int(v, "memory_cache_count", 0);
	return res_json(res, v);
}

static int list_models(struct request *req, struct response *res)
{
	struct value *v = value_map();

	(void)req;
	map_set(v, "models", value_list());
	map_set_float(v, "total_memory_mb", 0);
	return res_json(res, v);
}

static int unload_model(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 404, "Model '%s' not found", req_param(req, "model_id"));
}

static int cleared(struct response *res, const char *message)
{
	struct value *v = value_map();

	map_set_bool(v, "success", true);
	map_set_str(v, "message", message);
	map_set_int(v, "models_unloaded", 0);
	map_set_int(v, "cache_items_cleared", 0);
	map_set_float(v, "ram_freed_mb", 0);
	return res_json(res, v);
}

static int clear_models(struct request *req, struct response *res)
{
	(void)req;
	return cleared(res, "Cleared 0 models");
}

static int clear_gpu(struct request *req, struct response *res)
{
	(void)req;
	return cleared(res, "This server uses no GPU");
}

static int clear_all(struct request *req, struct response *res)
{
	(void)req;
	return cleared(res, "Nothing was loaded");
}

static const struct field force_query[] = {
	{ "force", FIELD_BOOL, 0, "false", .description = "Also models in use." },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/memory", get_memory, .summary = "Memory of the machine." },
	{ "GET", "/api/memory/models", list_models, .summary = "Loaded models." },
	{ "DELETE", "/api/memory/models/{model_id}", unload_model, .query = force_query, .summary = "Unload a model." },
	{ "POST", "/api/memory/models/clear", clear_models, .query = force_query, .summary = "Unload all models." },
	{ "POST", "/api/memory/gpu", clear_gpu, .summary = "Free a GPU's cache." },
	{ "POST", "/api/memory/all", clear_all, .query = force_query, .summary = "Unload and free everything." },
};

int main(int argc, char **argv)
{
	return router_main(argc, argv, "memory", routes, ARRAY_LEN(routes));
}
