// SPDX-License-Identifier: GPL-3.0-or-later
/* One DMARC policy record: the text below _dmarc.DOMAIN (RFC 9989 §4.7, §4.8).
 *
 * What a newer standard took out (pct, rf, ri), what asks for reports and what nobody knows is
 * passed over.  Of two tags with one name the first counts. */
#ifndef POSTCASK_POLICY_DMARC_RECORD_H
#define POSTCASK_POLICY_DMARC_RECORD_H

#include <stdbool.h>

#include "base/slice.h"

/* In order of weight. */
enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

enum dmarc_suffix {
	DMARC_SUFFIX_UNSAID,
	DMARC_SUFFIX_YES, /* psd=y: others' domains begin below it */
	DMARC_SUFFIX_NO,  /* psd=n: it is the organization's own */
};

struct dmarc_record {
	enum dmarc_policy domain, subdomains,
	    missing; /* p, sp, np, each by default the one before */
	enum dmarc_suffix suffix;
	bool testing; /* t=y: one level milder */
	bool strict_dkim, strict_spf;
	bool ignored; /* a policy in it is none, and nobody is to be told: as if it said nothing */
};

/* False when the text is no record of DMARC's version 1: whoever asked passes over it. */
_must_check_ bool dmarc_record_parse(struct slice text, struct dmarc_record *ret);

/* "none", "quarantine", "reject" */
const char *dmarc_policy_name(enum dmarc_policy policy);

#endif
