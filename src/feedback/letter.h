// SPDX-License-Identifier: GPL-3.0-or-later
/* A message that may bring a report: who proved to have sent it, and what is in it.
 *
 * Anybody can write a report of anything.  So one counts only when our own filter found its
 * author's domain proved (DMARC), or at least who signed it (DKIM), which it says in the one
 * Authentication-Results line that has this machine's name: those that came with a message it
 * takes out.  That domain is the report's `organisation`, whatever the report calls itself. */
#ifndef POSTCASK_FEEDBACK_LETTER_H
#define POSTCASK_FEEDBACK_LETTER_H

#include "feedback/report.h"

enum letter_kind {
	LETTER_REPORT,
	LETTER_UNPROVED,   /* nobody proved that it is from its author's domain */
	LETTER_UNREADABLE, /* `error` says why */
	LETTER_OTHER,	   /* nothing in it looks like a report */
};

/* `host` is this machine's name.  `ret` is to be given back with report_clear in any case. */
enum letter_kind letter_read(struct slice message, const char *host, struct report *ret,
			     struct error *error);

#endif
