// SPDX-License-Identifier: GPL-3.0-or-later
/* The MTA-STS policy (RFC 8461): the text that the web server shows at mta-sts.DOMAIN, the same
 * for every domain, and the id by which its DNS record says that there is another one. */
#ifndef POSTCASK_DNS_MTA_STS_H
#define POSTCASK_DNS_MTA_STS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* The policy in force, as everybody may read it; there is none while the certificate is not
 * one that other servers believe. */
#define MTA_STS_FILE "/var/lib/postcask/web/site/mta-sts.txt"

enum {
	MTA_STS_ID_SIZE = 33, /* 32 letters and digits at most, §3.1 */
	MTA_STS_LIMIT = 64 * 1024,
};

/* Appends the policy: mail only to `hostname`, over TLS that is verified.  In testing others
 * only report what fails, and ask again within a week; enforced it holds for a year (the most,
 * §3.2). */
void mta_sts_policy(const char *hostname, bool enforce, struct buffer *policy);

/* The id of a policy's text: another text has another one, the same text the same. */
_must_check_ int mta_sts_id(const char *policy, char ret_id[MTA_STS_ID_SIZE], struct error *error);

#endif
