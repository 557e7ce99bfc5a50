/* Settings: settings.yaml before the environment before the defaults (notes-rest, "Environment variables"). */
#include "base/base.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>

#ifndef PKGDATADIR
#define PKGDATADIR "/usr/local/share/nodetool"
#endif

#define SETTINGS_MAX 512

struct setting {
	char *name;
	char *value;
};

static struct {
	struct setting stored[SETTINGS_MAX];
	size_t count;
	struct timespec mtime; /* of the file that was read; zero when there was none */
	off_t size;
} settings;

static const struct {
	const char *name;
	const char *value;
} defaults[] = {
	{ "ASSET_BUCKET", "images" },
	{ "ENV", "development" },
	{ "LOG_LEVEL", "INFO" },
	{ "AUTH_PROVIDER", "local" },
	{ "AWS_REGION", "us-east-1" },
	{ "JOB_EXECUTION_STRATEGY", "threaded" },
	{ "NODETOOL_ENABLE_TERMINAL_WS", "1" },
	{ "CHROMA_PATH", "~/.local/share/nodetool/chroma" },
	{ "DB_PATH", "~/.local/share/nodetool/nodetool.sqlite3" },
	{ "USERS_FILE", "~/.config/nodetool/users.yaml" },
	{ "NODETOOL_API_URL", "http://localhost:7777" },
	{ "NODETOOL_RUN_DIR", "~/.local/share/nodetool/run" },
	{ "NODETOOL_SHARE_DIR", PKGDATADIR },
};

/* Paths with "~" expanded; kept until the next load, so that callers may hold the pointers. */
static char expanded[4][4096];
enum { PATH_DB, PATH_ASSETS, PATH_RUN, PATH_SHARE };

const char *config_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home && *home)
		return home;
	pw = getpwuid(getuid());
	return pw ? pw->pw_dir : "/";
}

static void clear(void)
{
	for (size_t i = 0; i < settings.count; i++) {
		free(settings.stored[i].name);
		free(settings.stored[i].value);
	}
	settings.count = 0;
}

/* One `NAME=value` line of a .env file; quotes around the value are cut, "export " in front is allowed. */
static void env_line(char *line)
{
	struct sv text = sv_trim(sv_of(line));
	struct sv name;
	struct sv rest = text;
	char *key;
	char *value;

	if (!text.n || text.p[0] == '#' || !memchr(text.p, '=', text.n))
		return;
	sv_split(&rest, '=', &name);
	name = sv_trim(name);
	if (name.n > 7 && memcmp(name.p, "export ", 7) == 0)
		name = sv_trim((struct sv){ name.p + 7, name.n - 7 });
	rest = sv_trim(rest);
	if (rest.n >= 2 && (rest.p[0] == '"' || rest.p[0] == '\'') && rest.p[rest.n - 1] == rest.p[0])
		rest = (struct sv){ rest.p + 1, rest.n - 2 };
	key = xstrndup(name.p, name.n);
	value = xstrndup(rest.n ? rest.p : "", rest.n);
	setenv(key, value, 0);
	free(key);
	free(value);
}

static void env_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[8192];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		env_line(line);
	fclose(f);
}

static int read_settings(yaml_document_t *doc, const char *path, struct err *err)
{
	yaml_node_t *root = yaml_document_get_root_node(doc);

	if (!root || (root->type == YAML_SCALAR_NODE))
		return 0;
	if (root->type != YAML_MAPPING_NODE)
		return err_set(err, 500, "%s: the top level must be a map of settings", path);
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top; p++) {
		yaml_node_t *k = yaml_document_get_node(doc, p->key);
		yaml_node_t *v = yaml_document_get_node(doc, p->value);
		const char *text;

		if (!k || !v || k->type != YAML_SCALAR_NODE || v->type != YAML_SCALAR_NODE)
			continue;
		text = (const char *)v->data.scalar.value;
		if (v->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		    (!*text || strcmp(text, "null") == 0 || strcmp(text, "~") == 0))
			continue;
		if (settings.count == SETTINGS_MAX)
			return err_set(err, 500, "%s: more than %d settings", path, SETTINGS_MAX);
		settings.stored[settings.count].name = xstrdup((const char *)k->data.scalar.value);
		settings.stored[settings.count++].value = xstrdup(text);
	}
	return 0;
}

static void remember_stamp(const struct stat *st)
{
	settings.mtime = st ? st->st_mtim : (struct timespec){ 0, 0 };
	settings.size = st ? st->st_size : 0;
}

static int load_settings(const char *path, struct err *err)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	FILE *f = fopen(path, "r");
	struct stat st;
	int result;

	remember_stamp(f && fstat(fileno(f), &st) == 0 ? &st : NULL);

	if (!f)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_set(err, 500, "%s: %s", path, strerror(errno));
	if (!yaml_parser_initialize(&parser)) {
		fclose(f);
		return err_set(err, 500, "no memory for the YAML parser");
	}
	yaml_parser_set_input_file(&parser, f);
	if (yaml_parser_load(&parser, &doc)) {
		result = read_settings(&doc, path, err);
		yaml_document_delete(&doc);
	} else {
		result = err_set(err, 500, "%s, line %zu: %s", path, parser.problem_mark.line + 1,
				 parser.problem ? parser.problem : "not YAML");
	}
	yaml_parser_delete(&parser);
	fclose(f);
	return result;
}

static void settings_path(char path[4096])
{
	snprintf(path, 4096, "%s/.config/nodetool/settings.yaml", config_home());
}

void config_refresh(void)
{
	char path[4096];
	struct stat st;
	struct err err;
	bool there;

	settings_path(path);
	there = stat(path, &st) == 0;
	if (there ? st.st_mtim.tv_sec == settings.mtime.tv_sec && st.st_mtim.tv_nsec == settings.mtime.tv_nsec &&
			    st.st_size == settings.size :
		    settings.mtime.tv_sec == 0)
		return;
	if (config_load(&err))
		log_error("settings are incomplete: %s", err.detail);
}

int config_load(struct err *err)
{
	char path[4096];
	const char *env = getenv("ENV");

	clear();
	memset(expanded, 0, sizeof(expanded));
	env_file(".env");
	if (!env || !*env)
		env = "development";
	snprintf(path, sizeof(path), ".env.%s", env);
	if (strchr(env, '/') == NULL) {
		env_file(path);
		snprintf(path, sizeof(path), ".env.%s.local", env);
		env_file(path);
	}
	settings_path(path);
	return load_settings(path, err);
}

const char *config_get_stored(const char *name)
{
	for (size_t i = 0; i < settings.count; i++) {
		if (strcmp(settings.stored[i].name, name) == 0)
			return settings.stored[i].value;
	}
	return NULL;
}

const char *config_get(const char *name)
{
	const char *value = config_get_stored(name);

	if (value && *value)
		return value;
	value = getenv(name);
	if (value && *value)
		return value;
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		if (strcmp(defaults[i].name, name) == 0)
			return defaults[i].value;
	}
	return NULL;
}

bool config_bool(const char *name, bool fallback)
{
	static const char *const yes[] = { "1", "true", "yes", "on", "t", "y" };
	const char *value = config_get(name);

	if (!value)
		return fallback;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcasecmp(value, yes[i]) == 0)
			return true;
	}
	return false;
}

int64_t config_int(const char *name, int64_t min, int64_t max, int64_t fallback)
{
	const char *value = config_get(name);
	char *end;
	long long n;

	if (!value)
		return fallback;
	errno = 0;
	n = strtoll(value, &end, 10);
	if (errno || end == value || *end || n < min || n > max) {
		log_warn("%s: %s is no whole number from %lld to %lld; using %lld", name, value, (long long)min,
			 (long long)max, (long long)fallback);
		return fallback;
	}
	return n;
}

static const char *expand(int slot, const char *value)
{
	char *out = expanded[slot];

	if (*out)
		return out;
	if (value[0] == '~' && (value[1] == '/' || !value[1]))
		snprintf(out, sizeof(expanded[slot]), "%s%s", config_home(), value + 1);
	else
		snprintf(out, sizeof(expanded[slot]), "%s", value);
	return out;
}

const char *config_db_path(void)
{
	return expand(PATH_DB, config_get("DB_PATH"));
}

const char *config_asset_folder(void)
{
	const char *folder = config_get("ASSET_FOLDER");
	const char *bucket = config_get("ASSET_BUCKET");

	if (!folder)
		folder = *bucket == '/' || *bucket == '.' ? bucket : "~/.local/share/nodetool/assets";
	return expand(PATH_ASSETS, folder);
}

const char *config_run_dir(void)
{
	return expand(PATH_RUN, config_get("NODETOOL_RUN_DIR"));
}

const char *config_share_dir(void)
{
	return expand(PATH_SHARE, config_get("NODETOOL_SHARE_DIR"));
}

bool config_production(void)
{
	const char *env = config_get("ENV");

	return env && strcmp(env, "production") == 0;
}
