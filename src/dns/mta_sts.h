// SPDX-License-Identifier: GPL-3.0-or-later
/* The MTA-STS policy of a mail domain (RFC 8461): the text that the web server gives at
 * https://mta-sts.DOMAIN/.well-known/mta-sts.txt, and the id that its TXT record names.  Both are
 * made here alone, for the id must change when the policy does, and only then.
 *
 * Never for a certificate that browsers do not trust: who obeys the policy would send nothing more.
 */
#ifndef POSTCASK_DNS_MTA_STS_H
#define POSTCASK_DNS_MTA_STS_H

#include "base/cleanup.h"

enum { MTA_STS_ID_SIZE = 33 };

/* The whole file.  `mode` is "testing" (who sends reports what would not have gone, and sends it;
 * kept for a week) or "enforce" (kept for a year).  Owned by the caller; NULL when out of memory.
 */
char *mta_sts_policy(const char *host, const char *mode);

/* 32 hexadecimal digits of the policy's SHA-256 (RFC 8461 §3.1 allows 32 letters and digits). */
void mta_sts_id(const char *policy, char ret_id[MTA_STS_ID_SIZE]);

#endif
