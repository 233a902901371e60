// SPDX-License-Identifier: GPL-3.0-or-later
/* A generation: every file derived from one settings and one image version, in
 * one folder.
 *
 *	STATE/generations/N/etc/postfix/main.cf ...	the rendered files
 *	STATE/generations/N/settings.json		the settings they came from (0600)
 *	STATE/generations/N/user-data			what `postcask apply` was given (0600)
 *	STATE/generations/N/manifest.json		key, version and SHA-256 of each file;
 *							instance and over (firstboot/source.h)
 *	STATE/current -> generations/N			the one in force
 *
 * A generation is made under a temporary name, synced and then renamed: there
 * is a whole one or none.  Putting it in force is one rename of the link. */
#ifndef POSTCASK_GENERATION_H
#define POSTCASK_GENERATION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

enum { GENERATIONS_KEPT = 5, GENERATION_KEY_SIZE = 65 };

/* Where the templates are: $POSTCASK_TEMPLATES, else the overlays of the source
 * tree this program was built in, else /usr/share/postcask/templates.  Owned by
 * the caller; NULL when out of memory. */
char *generation_templates(void);

/* The name of what a generation is derived from: SHA-256 over settings, image
 * version and templates, in hexadecimal. */
_must_check_ int generation_key(const json_t *settings, const char *templates,
				char ret_key[GENERATION_KEY_SIZE], struct error *error);

/* Renders every component's files below `folder` (made when missing).  With
 * `machine`, files get their group and are synced to disk; without, it works on
 * any host as any user. */
_must_check_ int generation_render(const json_t *settings, const char *templates,
				   const char *folder, bool machine, struct error *error);

/* Where the settings of a generation came from; NULL members are unknown or none. */
struct generation_origin {
	const char *key;      /* generation_key */
	const char *instance; /* cloud-init's instance-id */
	const char *applied;  /* user-data given to `postcask apply` */
	size_t applied_size;
	const char *over; /* digest of the machine's user-data below it */
};

/* Makes generation N+1 below `state` from the settings.  *ret_name is
 * "generations/N" (owned by the caller). */
_must_check_ int generation_make(const char *state, const json_t *settings, const char *templates,
				 const struct generation_origin *origin, char **ret_name,
				 struct error *error);

/* The manifest of a generation ("generations/N" or "current"), a new reference.
 * -ENOENT when there is none or it is damaged. */
_must_check_ int generation_manifest(const char *state, const char *name, json_t **ret_manifest,
				     struct error *error);

/* The settings of the generation in force, a new reference.  -ENOENT when there is none. */
_must_check_ int generation_settings(const char *state, json_t **ret_settings, struct error *error);

/* Puts `name` ("generations/N") in force. */
_must_check_ int generation_commit(const char *state, const char *name, struct error *error);

/* The manifest of the generation in force (a new reference), and its name in
 * *ret_name (owned).  -ENOENT when there is none or it is damaged. */
_must_check_ int generation_current(const char *state, char **ret_name, json_t **ret_manifest,
				    struct error *error);

/* Removes half-made generations and all but the newest GENERATIONS_KEPT; never
 * the one in force, nor `previous` ("generations/N", NULL: none), to which a change
 * on trial may go back however many others were tried since. */
_must_check_ int generation_prune(const char *state, const char *previous, struct error *error);

#endif
