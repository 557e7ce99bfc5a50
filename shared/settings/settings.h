/*
 * settings: the registry of known settings and secrets, and writing settings.yaml. (Reading: config_get in base.)
 * Source: notes-rest "Settings registry".
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include "value/value.h"

struct setting_info {
	const char *name;
	const char *group;
	const char *choices; /* words with "|" between them; NULL: any text */
	const char *description;
	bool secret;
};

/* Settings first, then secrets, in the order that clients see. */
size_t settings_count(void);
const struct setting_info *settings_at(size_t i);
/* NULL when the registry has no setting of that name (secrets are others). */
const struct setting_info *settings_find(const char *name);
/* NULL when the registry has no secret of that name. */
const struct setting_info *settings_find_secret(const char *name);

/* settings.yaml as a map; an empty one when there is no file. New reference; NULL with the reason on failure. */
struct value *settings_read(struct err *err) MUST_CHECK;
/* Puts the entries of `changes` (a map; null stays null) into settings.yaml: under a lock, written aside and renamed, mode
 * 0600. Other processes read the file anew when its time has changed (config_refresh). */
int settings_merge(struct value *changes, struct err *err) MUST_CHECK;

#endif
