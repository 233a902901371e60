// SPDX-License-Identifier: GPL-3.0-or-later
/* What answers for a person who is away: a Sieve script of our own making for each, which Dovecot
 * runs before the person's own one.  The scripts lie in a folder of root's and are read by whoever
 * delivers:
 *
 *	FOLDER/DOMAIN/NAME.sieve
 *
 * What was asked for stands in the second line of the script, as JSON in a comment, so there is one
 * file and it is replaced at once:
 *
 *	{"address", "from", "until", "subject", "also": ["info@example.org"], "inside", "outside"}
 *
 * Days are YYYY-MM-DD of this machine's time, both of them included; what was not said is not
 * there.  `inside` is what people of our own domains are answered, `outside` what all others
 * are: who has no text gets no answer.  `also` are the person's other addresses, of which one may
 *stand in To or Cc. */
#ifndef POSTCASK_VACATION_H
#define POSTCASK_VACATION_H

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"

#define VACATION_FOLDER	 "/var/lib/postcask/vacation"
#define VACATION_PROGRAM "answer" /* what the script asks, in sieve_execute_bin_dir */

enum {
	VACATION_TEXT = 32 * 1024, /* bytes of each text */
	VACATION_SUBJECT = 200,	   /* bytes */
	VACATION_ALSO = 50,
	VACATION_SCRIPT = 256 * 1024,
};

/* Whose it is: both parts of a login, as Dovecot knows it. */
struct vacation_owner {
	const char *domain, *name;
};

/* Both parts of a login (base/login.h).  *login is cut at the @, and must outlive *ret. */
_must_check_ int vacation_split(char *login, struct vacation_owner *ret, struct error *error);

/* The script for what was asked.  -EINVAL with a sentence for a day that is none, an end before the
 * begin, texts that are missing, too long, or cannot stand in a message. */
_must_check_ int vacation_script(const json_t *asked, struct buffer *script, struct error *error);

/* What was asked, read back out of a script.  -EBADMSG for one that is not ours. */
_must_check_ int vacation_asked(const char *script, json_t **ret, struct error *error);

/* Proves the script by sievec(1) and puts it in the place of the one before; the person's own
 * scripts are not touched.  After a power cut there is the old one or the new one. */
_must_check_ int vacation_save(const char *folder, const struct vacation_owner *owner,
			       const json_t *asked, struct error *error);

/* -ENOENT when nobody is away. */
_must_check_ int vacation_load(const char *folder, const struct vacation_owner *owner, json_t **ret,
			       struct error *error);
_must_check_ int vacation_remove(const char *folder, const struct vacation_owner *owner,
				 struct error *error);

#endif
