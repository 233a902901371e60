// SPDX-License-Identifier: GPL-3.0-or-later
/* MTA-STS policies of others (RFC 8461): what their text says, and what Postfix is told of it.
 * Both the record and the text are a stranger's. */
#ifndef POSTCASK_OUTWARD_STS_H
#define POSTCASK_OUTWARD_STS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	STS_ID_SIZE = 33,	  /* RFC 8461 §3.1: 32 letters and digits */
	STS_BODY_MAX = 64 * 1024, /* §3.3 */
	STS_HOSTS_MAX = 256,	  /* patterns; Postfix takes no answer of more than 100,000 bytes */
	STS_TEXT_MAX = 16 * 1024, /* all patterns together */
	STS_AGE_MAX = 31557600,	  /* §3.2: a year */
};

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };

struct sts_policy {
	enum sts_mode mode;
	int64_t max_age; /* seconds */
	char *hosts;	 /* owned: patterns of names, "mx.example.org" or "*.example.org", each with
			  * a line feed after it */
};

#define STS_POLICY_INIT ((struct sts_policy){0})

/* The id of a TXT record at _mta-sts.DOMAIN.  False when it is none of MTA-STS. */
_must_check_ bool sts_record_parse(struct slice text, char ret_id[STS_ID_SIZE]);

/* The text at https://mta-sts.DOMAIN/.well-known/mta-sts.txt.  False when it is no policy: RFC
 * 8461 §3.2 says which must be there; of one that is there twice the first counts. */
_must_check_ bool sts_policy_parse(struct slice text, struct sts_policy *ret);

/* What smtp_tls_policy_maps gives for a domain whose policy is enforced: servers that prove by
 * WebPKI to be one of the policy's.  The attributes after "servername" are those by which Postfix
 * holds the names of the MX records against the policy, too, and has it in its reports. */
void sts_policy_answer(const struct sts_policy *policy, const char *domain, struct buffer *answer);

const char *sts_mode_name(enum sts_mode mode);

void sts_policy_clear(struct sts_policy *policy); /* for _cleanup_ */

#endif
