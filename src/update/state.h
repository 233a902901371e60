// SPDX-License-Identifier: GPL-3.0-or-later
/* What the daily job remembers of Debian's updates, in UPDATE_FOLDER/state.json, for itself
 * and for the report.  Times are seconds since 1970.
 *
 *	looked		the job's last end
 *	reached		when the package lists were last fetched; 0: never
 *	begun		when they were asked for first
 *	unreached	why they were not, the last time; "" when they were
 *	waiting		[{name, version, since, held}]: fixes that are not installed
 *	installed	[{name, version}] of the last run that installed any, at installed_at
 *	failure		what the last installation ended with; "" when it was in order
 *	replaced	what is another in the packages whose functions the filter replaces, or ""
 *	blamed		{at, packages}: the self-tests passed before that run and not after it
 *	reboot_since	since when the machine waits for a restart; 0: it does not
 *	reboot_at	"HH:MM" when it is armed, or ""
 */
#ifndef POSTCASK_UPDATE_STATE_H
#define POSTCASK_UPDATE_STATE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

#define UPDATE_FOLDER "/var/lib/postcask/updates"
#define UPDATE_CONFIG "/etc/postcask/updates.conf"
#define UPDATE_REBOOT "/run/reboot-required" /* by Debian's packages, a new kernel's above all */

struct update_config {
	bool automatic;
	char reboot[sizeof("HH:MM")]; /* "" for never */
};

/* A missing or empty file is: not automatic. */
_must_check_ int update_config_load(const char *path, struct update_config *config,
				    struct error *error);

/* What FOLDER/state.json holds; an empty object where there is none, or a damaged one: what is
 * lost is only since when something waits.  NULL when out of memory. */
json_t *update_state_load(const char *folder);
_must_check_ int update_state_save(const char *folder, const json_t *state, struct error *error);

#endif
