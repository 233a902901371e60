// SPDX-License-Identifier: GPL-3.0-or-later
/* What the report says of updates: a few sentences beside the object "updates", and what is
 * not as it should be as a "degraded" note. */
#ifndef POSTCASK_UPDATE_SUMMARY_H
#define POSTCASK_UPDATE_SUMMARY_H

#include <jansson.h>

#include "base/buffer.h"

/* Where the settings, the state and the mark of a restart that is needed are. */
struct update_paths {
	const char *config, *folder, *reboot;
};

extern const struct update_paths update_machine; /* this machine's own */

/* Adds what is known at `now`, in place of what a report that was saved says. */
void update_summary_add(json_t *report, const struct update_paths *paths, json_int_t now);

/* The lines for people; nothing before the job's first run. */
void update_summary_text(const json_t *report, struct buffer *text);

#endif
