// SPDX-License-Identifier: GPL-3.0-or-later
/* What a person does with the quarantine: each either done whole, and then said in the
 * journal, or not at all. */
#ifndef POSTCASK_QUARANTINE_ACT_H
#define POSTCASK_QUARANTINE_ACT_H

#include "quarantine/entry.h"

struct quarantine_act {
	struct quarantine quarantine;
	struct quarantine_items items;
	int lock;
};

#define QUARANTINE_ACT_INIT ((struct quarantine_act){QUARANTINE_INIT, {0}, -1})

/* Opens and lists this machine's quarantine, with `lock_file` (NULL: without) locked, so
 * that two people do not release the same message at once. */
_must_check_ int quarantine_act_begin(struct quarantine_act *act, const char *lock_file,
				      int timeout_ms, struct error *error);
void quarantine_act_free(struct quarantine_act *act);

struct quarantine_wish {
	const char *to;	    /* a copy there; NULL: to the recipients */
	bool again;	    /* although it was released before */
	const char *socket; /* for tests; NULL: the machine's */
};

/* Delivers it, and marks it as released unless it was a copy.  A crash between the two
 * leaves it in quarantine: it can be delivered twice and cannot be lost.  *ret_text says
 * what was done. */
_must_check_ int quarantine_act_release(struct quarantine_act *act, const char *word,
					const struct quarantine_wish *wish, char **ret_text,
					struct error *error);

/* Removes one by its whole id or file name, or all that were written more than `days`
 * (a number) before `now`; quarantine_sync makes it last. */
_must_check_ int quarantine_act_delete(struct quarantine_act *act, const char *word,
				       char **ret_text, struct error *error);
_must_check_ int quarantine_act_delete_older(struct quarantine_act *act, const char *days,
					     int64_t now, size_t *ret_count, struct error *error);

/* Prints the message to standard output: as it is, which no terminal gets, or its header
 * made harmless. */
_must_check_ int quarantine_show_message(int fd, const struct quarantine_entry *entry, bool raw,
					 struct error *error);

#endif
