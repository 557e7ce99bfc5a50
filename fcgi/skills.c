/* Skills of agents: /api/skills. Instructions in files named SKILL.md, found in a few folders (notes-assets section 8). */
#include "http/http.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"

#define SKILL_BYTES_MAX ((size_t)1 << 20)
#define SKILL_NAME_MAX 64
#define DESCRIPTION_MAX 1024 /* characters */

struct skill {
	struct sv name;
	struct sv description;
	struct sv instructions;
	const char *path;
};

/* ---- one file ------------------------------------------------------------------------------------------ */

static struct sv strip(struct sv text, char quote)
{
	while (text.n && text.p[0] == quote) {
		text.p++;
		text.n--;
	}
	while (text.n && text.p[text.n - 1] == quote)
		text.n--;
	return text;
}

/* "key: value"; comments, blank lines and lines without a colon are passed over. */
static void read_line(struct skill *skill, struct sv line)
{
	struct sv value = sv_trim(line);
	struct sv key;

	if (!value.n || value.p[0] == '#' || !memchr(value.p, ':', value.n))
		return;
	sv_split(&value, ':', &key);
	key = sv_trim(key);
	value = strip(strip(sv_trim(value), '"'), '\'');
	if (sv_eq(key, "name"))
		skill->name = value;
	else if (sv_eq(key, "description"))
		skill->description = value;
}

static bool valid_name(struct sv name)
{
	if (!name.n || name.n > SKILL_NAME_MAX || memmem(name.p, name.n, "anthropic", 9) || memmem(name.p, name.n, "claude", 6))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

/* Something between angle brackets is taken for a tag. */
static bool has_tag(struct sv text)
{
	const char *open = memchr(text.p, '<', text.n);
	const char *end = text.p + text.n;

	return open && end - open > 2 && memchr(open + 2, '>', (size_t)(end - open - 2));
}

static bool valid_description(struct sv text)
{
	return text.n && utf8_length(text.p, text.n) <= DESCRIPTION_MAX && !has_tag(text);
}

/* The file begins with "---"; up to the second "---" stands the head, behind it the instructions. */
static bool parse(struct sv text, struct skill *skill)
{
	struct sv head;
	struct sv line;
	const char *end;

	if (text.n < 3 || memcmp(text.p, "---", 3) != 0)
		return false;
	end = memmem(text.p + 3, text.n - 3, "---", 3);
	if (!end)
		return false;
	head = (struct sv){ text.p + 3, (size_t)(end - text.p - 3) };
	while (sv_split(&head, '\n', &line))
		read_line(skill, line);
	skill->instructions = sv_trim((struct sv){ end + 3, (size_t)(text.p + text.n - end - 3) });
	return skill->instructions.n && valid_name(skill->name) && valid_description(skill->description);
}

/* ---- all of them --------------------------------------------------------------------------------------- */

struct skills {
	struct request *req;
	struct value *names; /* the first of a name counts */
	struct skill *all;
	size_t count;
	size_t cap;
};

static void keep(struct skills *s, const struct skill *skill)
{
	if (map_getn(s->names, skill->name.p, skill->name.n))
		return;
	map_setn(s->names, skill->name.p, skill->name.n, value_bool(true));
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->all = xrealloc(s->all, s->cap * sizeof(*s->all));
	}
	s->all[s->count++] = *skill;
}

static int read_skill(int at, const char *name, const char *path, void *arg)
{
	struct skills *s = arg;
	struct skill skill = { .path = path };
	struct stat st;
	char *text;
	ssize_t n;
	int fd;

	if (strcmp(name, "SKILL.md") != 0 || !utf8_valid(path, strlen(path)))
		return 0;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size <= SKILL_BYTES_MAX) {
		text = arena_alloc(s->req->arena, (size_t)st.st_size + 1);
		n = read(fd, text, (size_t)st.st_size);
		if (n > 0 && utf8_valid(text, (size_t)n) && parse((struct sv){ text, (size_t)n }, &skill))
			keep(s, &skill);
	}
	close(fd);
	return 0;
}

static const char *absolute(struct request *req, const char *folder)
{
	char here[4096];
	const char *base = getcwd(here, sizeof(here));

	if (folder[0] == '~' && (!folder[1] || folder[1] == '/'))
		folder = arena_printf(req->arena, "%s%s", config_home(), folder + 1);
	return files_absolute(req->arena, base ? base : "/", folder);
}

/* The folders of this server, in order. */
static struct value *own_folders(struct request *req)
{
	static const char *const usual[] = { ".claude/skills", "~/.claude/skills", "~/.codex/skills" };
	struct sv list = sv_of(config_get("NODETOOL_AGENT_SKILL_DIRS"));
	struct value *folders = value_list();
	struct sv folder;

	arena_defer(req->arena, value_unref_ptr, folders);
	while (sv_split(&list, ':', &folder)) {
		folder = sv_trim(folder);
		if (folder.n)
			list_push(folders, value_str(absolute(req, arena_strndup(req->arena, folder.p, folder.n))));
	}
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		list_push(folders, value_str(absolute(req, usual[i])));
	return folders;
}

/* Where several users share a server, they may name only what lies in its own folders (attack 26). */
static bool permitted(struct request *req, const struct value *own, const char *folder)
{
	enum auth_provider provider = auth_provider();
	const char *real;

	if (provider != AUTH_MULTI_USER && provider != AUTH_SUPABASE)
		return true;
	real = files_real(req->arena, folder);
	for (size_t i = 0; real && i < value_len(own); i++) {
		const char *base = files_real(req->arena, value_text(list_at(own, i)));

		if (base && files_below(base, real))
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct skill *x = a;
	const struct skill *y = b;
	int order = memcmp(x->name.p, y->name.p, x->name.n < y->name.n ? x->name.n : y->name.n);

	return order ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static void free_skills(void *ptr)
{
	struct skills *s = ptr;

	free(s->all);
	value_unref(s->names);
}

static const struct skills *find_skills(struct request *req)
{
	const struct value *given = map_get(req->query, "skill_dir");
	const struct value *own = own_folders(req);
	struct skills *s = arena_alloc(req->arena, sizeof(*s));

	s->req = req;
	s->names = value_map();
	arena_defer(req->arena, free_skills, s);
	for (size_t i = 0; i < value_len(given); i++) {
		const char *folder = absolute(req, value_text(list_at(given, i)));

		if (permitted(req, own, folder))
			files_walk(req->arena, folder, read_skill, s);
	}
	for (size_t i = 0; i < value_len(own); i++)
		files_walk(req->arena, value_text(list_at(own, i)), read_skill, s);
	if (s->count)
		qsort(s->all, s->count, sizeof(*s->all), by_name);
	return s;
}

static void add_text(struct buf *out, const char *name, struct sv text)
{
	buf_printf(out, "\"%s\":", name);
	json_write_str(out, text.p, text.n, JSON_COMPACT);
	buf_addc(out, ',');
}

static int show(struct buf *out, const struct skill *skill, bool instructions)
{
	buf_addc(out, '{');
	add_text(out, "name", skill->name);
	add_text(out, "description", skill->description);
	add_text(out, "path", sv_of(skill->path));
	buf_adds(out, "\"instructions\":");
	if (instructions)
		json_write_str(out, skill->instructions.p, skill->instructions.n, JSON_COMPACT);
	else
		buf_adds(out, "null");
	return buf_addc(out, '}');
}

static int list_skills(struct request *req, struct response *res)
{
	bool instructions = map_bool(req->query, "include_instructions", false);
	const struct skills *s = find_skills(req);

	buf_printf(&res->body, "{\"count\":%zu,\"skills\":[", s->count);
	for (size_t i = 0; i < s->count; i++) {
		if (i)
			buf_addc(&res->body, ',');
		show(&res->body, &s->all[i], instructions);
	}
	return buf_adds(&res->body, "]}");
}

static int get_skill(struct request *req, struct response *res)
{
	const char *name = req_param(req, "skill_name");
	const struct skills *s = find_skills(req);

	for (size_t i = 0; i < s->count; i++) {
		if (sv_eq(s->all[i].name, name))
			return show(&res->body, &s->all[i], true);
	}
	return req_fail(req, 404, "Skill '%s' not found", name);
}

/* ---- routes -------------------------------------------------------------------------------------------- */

#define SKILL_DIR { "skill_dir", FIELD_LIST, FIELD_NULLABLE, .item = ITEM(FIELD_STR), .description = "Folders to look in first." }

static const struct field list_query[] = {
	{ "include_instructions", FIELD_BOOL, 0, "false" },
	SKILL_DIR,
	{ 0 },
};

static const struct field one_query[] = {
	SKILL_DIR,
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/skills", list_skills, .query = list_query, .summary = "List skills." },
	{ "GET", "/api/skills/{skill_name}", get_skill, .query = one_query, .summary = "One skill with its instructions." },
};

int main(int argc, char **argv)
{
	return router_main(argc, argv, "skills", routes, ARRAY_LEN(routes));
}
