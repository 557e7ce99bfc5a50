/* nodetool_c_collections and nodetool_c_collection_documents: documents with embeddings. The original keeps its collections
 * in a vector store of its own (CHROMA_PATH), which this server does not read. */
#include "model/model.h"

#include <ctype.h>
#include <string.h>

#define FIND "SELECT id FROM nodetool_c_collections WHERE user_id = ?1 AND name = ?2"
#define SHOWN                                                                                                  \
	"SELECT c.name, c.metadata, (SELECT count(*) FROM nodetool_c_collection_documents d WHERE d.collection_id = c.id) " \
	"FROM nodetool_c_collections c WHERE c.user_id = ?1"

static const char get_sql[] = SHOWN " AND c.name = ?2";
static const char list_sql[] = SHOWN " ORDER BY c.name LIMIT ?2 OFFSET ?3";
static const char total_sql[] = "SELECT count(*) FROM nodetool_c_collections WHERE user_id = ?";
static const char create_sql[] =
	"INSERT OR IGNORE INTO nodetool_c_collections (id, user_id, name, metadata, created_at) VALUES (?, ?, ?, ?, ?)";
static const char update_sql[] = "UPDATE OR IGNORE nodetool_c_collections SET name = ?3, metadata = ?4 "
				 "WHERE user_id = ?1 AND name = ?2";
static const char delete_documents_sql[] = "DELETE FROM nodetool_c_collection_documents WHERE collection_id = (" FIND ")";
static const char delete_sql[] = "DELETE FROM nodetool_c_collections WHERE user_id = ? AND name = ?";
#define ADD                                                                                                    \
	" INTO nodetool_c_collection_documents (key, collection_id, id, document, metadata, embedding) "               \
	"SELECT c.id || '/' || ?3, c.id, ?3, ?4, ?5, ?6 FROM nodetool_c_collections c "                                \
	"WHERE c.user_id = ?1 AND c.name = ?2"
static const char add_sql[] = "INSERT OR IGNORE" ADD;
static const char replace_sql[] = "INSERT OR REPLACE" ADD;
#define DOCUMENTS                                                                                              \
	" FROM nodetool_c_collection_documents d JOIN nodetool_c_collections c ON c.id = d.collection_id "             \
	"WHERE c.user_id = ?1 AND c.name = ?2"
static const char documents_sql[] =
	"SELECT d.id, d.document, d.metadata, d.embedding" DOCUMENTS " ORDER BY d.rowid LIMIT ?3 OFFSET ?4";
static const char document_sql[] = "SELECT d.id, d.document, d.metadata, d.embedding" DOCUMENTS " AND d.id = ?3";
static const char width_sql[] = "SELECT length(d.embedding)" DOCUMENTS " AND d.embedding IS NOT NULL ORDER BY d.rowid LIMIT 1";

bool collection_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n < 3 || n > 512 || !isalnum((unsigned char)name[0]) || !isalnum((unsigned char)name[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	}
	return true;
}

static void read_row(struct db_stmt *st, struct arena *arena, struct collection *out)
{
	struct sv metadata = db_col_sv(st, 1);
	struct value *v = metadata.p ? json_parse(metadata.p, metadata.n, NULL) : NULL;

	out->name = db_col_dup(st, 0, arena);
	out->metadata = v ? v : value_map();
	out->count = db_col_int(st, 2);
	arena_defer(arena, value_unref_ptr, out->metadata);
}

int collection_get(struct db *db, struct arena *arena, const char *user_id, const char *name, struct collection *out,
		   struct err *err)
{
	struct db_stmt *st = db_prepare(db, get_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, name);
	found = db_step(st, err);
	if (found > 0)
		read_row(st, arena, out);
	db_release(st);
	return found < 0 ? -1 : !found;
}

int collection_create(struct db *db, const char *user_id, const char *name, const char *metadata, struct err *err)
{
	struct db_stmt *st = db_prepare(db, create_sql, err);
	char when[TIME_TEXT_MAX];
	char id[ID_SIZE];
	int64_t rows;

	if (!st)
		return -1;
	id_new(id);
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	db_bind_text(st, 3, name);
	db_bind_text(st, 4, metadata);
	db_bind_text(st, 5, time_stamp(when));
	rows = db_run(st, err);
	if (rows == 0)
		return err_set(err, 409, "Collection %s already exists", name);
	return rows < 0 ? -1 : 0;
}

int collection_update(struct db *db, const char *user_id, const char *name, const char *new_name, const char *metadata,
		      struct err *err)
{
	struct db_stmt *st = db_prepare(db, update_sql, err);
	int64_t rows;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, name);
	db_bind_text(st, 3, new_name ? new_name : name);
	db_bind_text(st, 4, metadata);
	rows = db_run(st, err);
	if (rows == 0 && new_name)
		return err_set(err, 409, "Collection %s already exists", new_name);
	return rows < 0 ? -1 : rows == 0;
}

int collection_delete(struct db *db, const char *user_id, const char *name, struct err *err)
{
	static const char *const sql[] = { delete_documents_sql, delete_sql };
	int64_t rows = 0;

	for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
		struct db_stmt *st = db_prepare(db, sql[i], err);

		if (!st)
			return -1;
		db_bind_text(st, 1, user_id);
		db_bind_text(st, 2, name);
		rows = db_run(st, err);
		if (rows < 0)
			return -1;
	}
	return rows == 0;
}

int collection_list(struct db *db, struct arena *arena, const char *user_id, int64_t offset, int64_t limit,
		    int (*each)(const struct collection *c, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, list_sql, err);
	struct collection row;
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_int(st, 2, limit);
	db_bind_int(st, 3, offset);
	while ((found = db_step(st, err)) > 0) {
		read_row(st, arena, &row);
		if (each(&row, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found;
}

int collection_total(struct db *db, const char *user_id, int64_t *count, struct err *err)
{
	struct db_stmt *st = db_prepare(db, total_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	found = db_step(st, err);
	*count = found > 0 ? db_col_int(st, 0) : 0;
	db_release(st);
	return found < 0 ? -1 : 0;
}

void collection_model(const struct collection *c, const char **service, const char **model)
{
	*service = map_str(c->metadata, "embedding_provider", "ollama");
	*model = map_str(c->metadata, "embedding_model", COLLECTION_DEFAULT_MODEL);
}

/* The bytes of the collection's embeddings, which the first one fixes; 0 when there are none yet. */
static int64_t width(struct db *db, const char *user_id, const char *name, struct err *err)
{
	struct db_stmt *st = db_prepare(db, width_sql, err);
	int64_t bytes;
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, name);
	found = db_step(st, err);
	bytes = found > 0 ? db_col_int(st, 0) : found;
	db_release(st);
	return bytes;
}

int collection_add(struct db *db, const char *user_id, const char *name, const struct collection_document *d, bool replace,
		   struct err *err)
{
	int64_t bytes = d->embedding.n ? width(db, user_id, name, err) : 0;
	struct db_stmt *st;
	int64_t rows;

	if (bytes < 0)
		return -1;
	if (bytes && (size_t)bytes != d->embedding.n)
		return err_set(err, 400, "The collection's embeddings have %lld numbers, this one has %zu",
			       (long long)bytes / 4, d->embedding.n / 4);
	st = db_prepare(db, replace ? replace_sql : add_sql, err);
	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, name);
	db_bind_text(st, 3, d->id);
	db_bind_sv(st, 4, d->document);
	db_bind_sv(st, 5, d->metadata);
	db_bind_blob(st, 6, d->embedding.p, d->embedding.n);
	rows = db_run(st, err);
	return rows < 0 ? -1 : rows == 0;
}

static int each_row(struct db_stmt *st, int (*each)(const struct collection_document *d, void *arg), void *arg,
		    struct err *err)
{
	int found;

	while ((found = db_step(st, err)) > 0) {
		struct collection_document d = { db_col_sv(st, 0).p, db_col_sv(st, 1), db_col_sv(st, 2), db_col_blob(st, 3) };

		if (each(&d, arg)) {
			found = -1;
			break;
		}
	}
	db_release(st);
	return found < 0 ? -1 : 0;
}

int collection_documents(struct db *db, const char *user_id, const char *name, int64_t offset, int64_t limit,
			 int (*each)(const struct collection_document *d, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, documents_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, name);
	db_bind_int(st, 3, limit);
	db_bind_int(st, 4, offset);
	return each_row(st, each, arg, err);
}

int collection_document(struct db *db, const char *user_id, const char *name, const char *id,
			int (*each)(const struct collection_document *d, void *arg), void *arg, struct err *err)
{
	struct db_stmt *st = db_prepare(db, document_sql, err);

	if (!st)
		return -1;
	db_bind_text(st, 1, user_id);
	db_bind_text(st, 2, name);
	db_bind_text(st, 3, id);
	return each_row(st, each, arg, err);
}
