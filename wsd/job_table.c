/* Runs by their id: see job_table.h. */
#include "wsd/job_table.h"

#include <string.h>

#define BUCKETS 1024

static struct job *buckets[BUCKETS];

static struct job **bucket(const char *id)
{
	uint32_t hash = 2166136261u;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	return &buckets[hash % BUCKETS];
}

struct job *job_table_find(const char *id)
{
	struct job *job = *bucket(id);

	while (job && strcmp(job->id, id))
		job = job->hash_next;
	return job;
}

void job_table_remove(struct job *job)
{
	struct job **at = bucket(job->id);

	while (*at != job)
		at = &(*at)->hash_next;
	*at = job->hash_next;
}

void job_table_add(struct job *job)
{
	struct job **at = bucket(job->id);

	job->hash_next = *at;
	*at = job;
}

bool job_id_well_formed(const char *id)
{
	size_t len = strlen(id);
	size_t i;

	if (len != 32 && len != 36)
		return false;
	for (i = 0; i < len; i++) {
		if (len == 36 && (i == 8 || i == 13 || i == 18 || i == 23)) {
			if (id[i] != '-')
				return false;
		} else if (!strchr("0123456789abcdefABCDEF", id[i])) {
			return false;
		}
	}
	return true;
}
