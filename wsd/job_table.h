/* Runs by their id. */
#ifndef WSD_JOB_TABLE_H
#define WSD_JOB_TABLE_H

#include "wsd/jobs.h"

/* NULL when there is none. */
struct job *job_table_find(const char *id);
/* The id must not be in the table. */
void job_table_add(struct job *job);
void job_table_remove(struct job *job);
/* A UUID with or without dashes: what a client may choose as the id of its run. */
bool job_id_well_formed(const char *id);

#endif
