// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of the report about DNS lists of senders: what postcask-lists said last. */
#ifndef POSTCASK_REPORT_PART_LISTS_H
#define POSTCASK_REPORT_PART_LISTS_H

#include <jansson.h>

#include "base/buffer.h"

/* Sets "blocklists" of the report from RUN/lists/report.json; nothing where no list is asked.
 *
 * A list that is not used for something that a person can mend, a key that is missing or a list
 * that was given up, makes the machine degraded; one that is out of order is said and comes back.
 */
void lists_part_add(json_t *report, const char *run);

/* One line for people, none where no list is asked. */
void lists_part_text(const json_t *report, struct buffer *text);

#endif
