// SPDX-License-Identifier: GPL-3.0-or-later
/* What every account of the machine may know of the settings: one file,
 * /run/postcask/verify-settings.json, which postcask-firstboot writes and which the
 * probes, the report and whoever else runs without privileges read.
 *
 * It is the tree of the settings with all that the table has, but for
 *
 *	secrets		each reads "(secret)"
 *	people		users, aliases and whatever else is a list of mappings, and what is
 *			derived from them, are left out; the first user's address alone is
 *			there, as `first_address` (or null); rows marked PEOPLE likewise
 *
 * and with the `version` of postcask that wrote it, and what the role has `here`.  A new key needs
 *nothing more: a reader names its path. */
#ifndef POSTCASK_PUBLISHED_H
#define POSTCASK_PUBLISHED_H

#include <stdbool.h>

#include <jansson.h>

#define PUBLISHED_NAME "verify-settings.json"

/* From complete settings.  Owned by the caller; NULL when out of memory. */
json_t *published_settings(const json_t *settings);

/* The value at a path as the table writes it, "services.imap"; "domains[]" is the first
 * item.  NULL when there is none.  Of the text, an empty one is none either. */
const json_t *published_get(const json_t *published, const char *path);
const char *published_text(const json_t *published, const char *path);
bool published_true(const json_t *published, const char *path);

#endif
