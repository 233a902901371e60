// SPDX-License-Identifier: GPL-3.0-or-later
/* One message in quarantine as people and programs see it. */
#ifndef POSTCASK_QUARANTINE_ENTRY_H
#define POSTCASK_QUARANTINE_ENTRY_H

#include <jansson.h>
#include <stdio.h>

#include "quarantine/quarantine.h"

struct quarantine_entry {
	const struct quarantine_item *item; /* not owned */
	struct quarantine_header header;    /* empty when it is damaged */
	char *damage; /* owned; why the file is none of amavis's; NULL: it is one */
};

#define QUARANTINE_ENTRY_INIT ((struct quarantine_entry){0})

/* Reads the item's header; whatever is wrong with the file becomes `damage`.  *ret_fd
 * (may be NULL) is the open file, -1 when there is none. */
void quarantine_entry_load(const struct quarantine *quarantine, const struct quarantine_item *item,
			   struct quarantine_entry *entry, int *ret_fd);
void quarantine_entry_free(struct quarantine_entry *entry);

/* Bytes of the message itself. */
int64_t quarantine_entry_size(const struct quarantine_entry *entry);

/* {"id", "file", "kind", "state", "date", "size", "sender", "recipients", "reason",
 *  "subject"}, and "damage" for a damaged one, which has no envelope.  NULL when out of
 * memory. */
json_t *quarantine_entry_json(const struct quarantine_entry *entry);

/* Three lines of at most 80 columns, and the same in full with all recipients. */
void quarantine_entry_print(const struct quarantine_entry *entry, FILE *stream);
void quarantine_entry_print_whole(const struct quarantine_entry *entry, FILE *stream);

enum { QUARANTINE_SIZE_TEXT = 24, QUARANTINE_TIME_TEXT = 40 };
/* "2026-11-24 10:14" in the machine's time zone. */
void quarantine_format_time(int64_t time, char text[QUARANTINE_TIME_TEXT]);
/* "2026-11-24T10:14:24Z". */
void quarantine_format_utc(int64_t time, char text[QUARANTINE_TIME_TEXT]);
/* "8.4 KiB". */
void quarantine_format_size(int64_t bytes, char text[QUARANTINE_SIZE_TEXT]);

#endif
