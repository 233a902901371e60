// SPDX-License-Identifier: GPL-3.0-or-later
/* The settings: the `mail:` mapping of the cloud-config user-data, with
 * cloud-init's own `fqdn` (or `hostname`), checked against the one table
 * (settings/table.h) and made complete.
 *
 *	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
 *	json_t *settings;
 *	int r = settings_load_file(path, &diagnostics, &settings);
 *	... print the diagnostics, whatever r is: warnings come with success too
 *
 * All loaders give the same results:
 *	0	*ret_settings (owned by the caller, json_decref) is the complete
 *		context: every key of this version with its default filled in and
 *		the derived values; the same input gives the same bytes by
 *		json_dumps(JSON_SORT_KEYS)
 *	-EINVAL	refused; diagnostics has at least one error
 *	-ENOENT	a readable cloud-config without `mail:`; diagnostics says so
 *	-EIO	a file could not be read; diagnostics says why
 *	-ENOMEM
 * *ret_settings is untouched on failure. */
#ifndef POSTCASK_SETTINGS_H
#define POSTCASK_SETTINGS_H

#include <stddef.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "settings/diagnostics.h"
#include "settings/limits.h"

/* From user-data as cloud-init would see it: #cloud-config, the same gzipped, a
 * MIME multi-part message.  `file_name` is only for the diagnostics. */
_must_check_ int settings_load_text(const char *file_name, const char *text, size_t size,
				    struct diagnostics *diagnostics, json_t **ret_settings);

/* The same from a file ("-": standard input). */
_must_check_ int settings_load_file(const char *path, struct diagnostics *diagnostics,
				    json_t **ret_settings);

/* Where cloud-init leaves its data; NULL members are the machine's own. */
struct settings_sources {
	const char *combined;  /* /run/cloud-init/combined-cloud-config.json */
	const char *user_data; /* /var/lib/cloud/instance/user-data.txt */
	const char *instance;  /* /var/lib/cloud/data/instance-id; firstboot reads it */
};

/* Inside the machine: values from cloud-init's merged user- and vendor-data,
 * places from the raw user-data wherever its value is the one that counts.
 * `sources` may be NULL. */
_must_check_ int settings_load_machine(const struct settings_sources *sources,
				       struct diagnostics *diagnostics, json_t **ret_settings);

/* A deep copy in which every secret value reads "(secret)"; NULL when out of
 * memory.  Owned by the caller. */
json_t *settings_redact(const json_t *settings);

#endif
