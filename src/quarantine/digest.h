// SPDX-License-Identifier: GPL-3.0-or-later
/* The digest: a mail that lists what went into quarantine since the last one, to the
 * postmaster and, if the settings say so, to each user what was for him alone.  The
 * postmaster's also lists what is on hold in the queue.
 *
 * What strangers wrote stands in it in letters, digits and a little punctuation only, so
 * that a mail program makes no link of it and no scanner finds in it what it was kept
 * for.  It has the null sender and says that it was made by a machine, so that nothing
 * answers it. */
#ifndef POSTCASK_QUARANTINE_DIGEST_H
#define POSTCASK_QUARANTINE_DIGEST_H

#include "base/buffer.h"
#include "base/diary.h"
#include "quarantine/config.h"
#include "quarantine/entry.h"
#include "quarantine/held.h"
#include "quarantine/residents.h"

enum { DIGEST_SHOWN_MAX = 200 }; /* messages in one mail; of more only the number */

/* Hands a mail to Postfix; 0 when it has it on the disk. */
typedef int (*digest_send)(void *context, const char *to, const char *message, size_t size,
			   struct error *error);

struct digest {
	const struct quarantine_config *config;
	struct residents *residents; /* only used when recipients are told */
	int64_t now;
	digest_send send;
	void *context;
	const struct held *held; /* told each time, until it is gone; NULL: nothing */
};

/* A word of somebody else's: letters, digits and what addresses and names of viruses are
 * made of. */
void digest_add_word(struct buffer *text, const char *word);

/* Whether it is time for one, `last` being the time of the last (0: never).  A last one
 * in the future is no reason to wait for it. */
bool digest_is_due(enum quarantine_period period, int64_t last, int64_t now);

/* Sends what the diary has not told yet, and marks it as told in `diary` when everything
 * was sent.  *ret_count is the number of new messages, *ret_mails of mails.  After a failure
 * some mails may be on their way: the next run sends all of them again. */
_must_check_ int digest_run(const struct digest *digest, const struct quarantine *quarantine,
			    const struct quarantine_items *items, struct diary *diary,
			    size_t *ret_count, size_t *ret_mails, struct error *error);

/* digest_send by sendmail(1). */
_must_check_ int digest_sendmail(void *context, const char *to, const char *message, size_t size,
				 struct error *error);

#endif
