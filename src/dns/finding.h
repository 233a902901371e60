// SPDX-License-Identifier: GPL-3.0-or-later
/* What a check of the DNS finds: sentences, each whole by itself, with what to write. */
#ifndef POSTCASK_DNS_FINDING_H
#define POSTCASK_DNS_FINDING_H

#include <stdarg.h>

#include "dns/records.h"

enum dns_fault {
	DNS_FAULT_MISSING, /* a record is not there: nothing breaks that worked before */
	DNS_FAULT_WRONG,   /* something there is not as it should be */
	DNS_FAULT_HARMFUL, /* what is published makes others refuse mail that they would take
			      without */
};

struct dns_finding {
	enum dns_fault fault;
	enum dns_need need; /* of the record that it is about */
	const char *about;  /* the domain, or the host */
	char *name;	    /* owned; NULL when it is about no record */
	const char *type;   /* likewise */
	bool degrades;	    /* harmful, where mail goes by it already */
	char *sentence;	    /* owned: "what is wrong; what to write" */
};

struct dns_findings {
	struct dns_finding *items; /* owned */
	size_t count, capacity;
	bool failed; /* out of memory */
};

#define DNS_FINDINGS_INIT ((struct dns_findings){0})

/* One that is there already, word for word, is not added again. */
void dns_findings_vadd(struct dns_findings *findings, const struct dns_finding *about,
		       const char *format, va_list arguments) _printf_(3, 0);

/* Takes the first `count` as all there are. */
void dns_findings_cut(struct dns_findings *findings, size_t count);

void dns_findings_clear(struct dns_findings *findings);

/* "missing", "wrong", "harmful" */
const char *dns_fault_name(enum dns_fault fault);

#endif
