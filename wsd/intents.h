/*
 * What REST wants of runs: cancel one, start or stop a trigger workflow. The wishes stand in the database (model.h,
 * struct job_command) until they are dealt with; a datagram says that there are some.
 */
#ifndef WSD_INTENTS_H
#define WSD_INTENTS_H

/* Deals with the wishes that are there. At the start, and at each nudge. */
void intents_look(void);

#endif
