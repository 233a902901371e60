// SPDX-License-Identifier: GPL-3.0-or-later
/* One person's import from its beginning to its report, and many beside each other.
 *
 * Root looks the person up, loads the authority and takes the lock; a child that is the account of
 * the mailboxes, and nobody else, talks to the server, reads the files and writes the mailbox. */
#ifndef POSTCASK_IMPORT_JOB_H
#define POSTCASK_IMPORT_JOB_H

#include "import/copy.h"

struct job {
	const char *user;
	/* Where from: one of these. */
	const struct source_imap_params *imap;
	const char *maildir, *mbox, *pst;
	struct copy_options options;
};

enum { JOBS_AT_ONCE = 4 };

/* Runs them, at most JOBS_AT_ONCE at a time, and hands each one's report over when it has ended, a
 * new reference: as copy_mail's, with "user".  Those that did not begin have a report with
 * "error" too. */
void jobs_run(const struct job *jobs, size_t count,
	      void (*done)(void *context, const struct job *job, json_t *report), void *context);

#endif
