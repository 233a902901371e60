// SPDX-License-Identifier: GPL-3.0-or-later
/* One report of everything: what firstboot did, what the probes found, what the
 * firewall opened.  Each part may be missing: a machine that was given no settings
 * has a report as well. */
#ifndef POSTCASK_REPORT_MERGE_H
#define POSTCASK_REPORT_MERGE_H

#include <jansson.h>

/* `verify`, `firstboot`, `firewall` and `settings` are the objects of the files
 * verify/report.json, firstboot.json, firewall.json and verify-settings.json, each
 * NULL when there is none.  Owned by the caller; NULL when out of memory.
 *
 *	no generation in force, or no result of the probes or the firewall	failed
 *	a port open that was not proved, or everything sealed			failed
 *	a direction (net/ports.h) of which no proved port is open		failed
 *	settings refused, the ones before still in force		at least degraded
 *	a proved port that the firewall does not have open		at least degraded */
json_t *report_merge(const json_t *verify, json_t *firstboot, json_t *firewall,
		     const json_t *settings);

#endif
