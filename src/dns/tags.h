// SPDX-License-Identifier: GPL-3.0-or-later
/* "v=DMARC1; p=none; rua=mailto:a@example.org": the lists of tags that DKIM, DMARC, TLS-RPT and
 * MTA-STS records are (RFC 6376 §3.2).  The text is a stranger's. */
#ifndef POSTCASK_DNS_TAGS_H
#define POSTCASK_DNS_TAGS_H

#include "base/slice.h"

struct dns_tag {
	struct slice name;  /* as it is written */
	struct slice value; /* without the blanks around it */
};

enum dns_tag_kind { DNS_TAG_END, DNS_TAG_GOOD, DNS_TAG_BROKEN };

/* The next tag of the list, which is taken from its front.  Broken: a piece without "=", or without
 * a name; it is in ret->name. */
enum dns_tag_kind dns_tag_next(struct slice *list, struct dns_tag *ret);

/* The first tag of that name; false when there is none. */
bool dns_tag_find(const char *record, const char *name, struct slice *ret_value);

/* The first tag is "v" with exactly this value. */
bool dns_tag_version(const char *record, const char *version);

#endif
