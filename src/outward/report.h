// SPDX-License-Identifier: GPL-3.0-or-later
/* One domain's report of one day, as a mail (RFC 8460 §4 and §5.3). */
#ifndef POSTCASK_OUTWARD_REPORT_H
#define POSTCASK_OUTWARD_REPORT_H

#include <jansson.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
	REPORT_RECIPIENTS = 4, /* of one record; more are passed over */
	REPORT_ADDRESS = 320,
};

struct report {
	const char *hostname;  /* who sends it */
	const char *submitter; /* the domain that signs it */
	const char *contact;   /* an address of people */
	const char *domain;    /* whom it is for */
	int64_t day;	       /* since 1970 */
	const json_t *policies;
};

/* Its envelope's sender, by which Postfix knows that its TLS is not to be counted (main.cf). */
#define REPORT_SENDER "noreply-smtp-tls-reporting"

/* The addresses that a TXT record (rua=mailto:...) wants reports at; others of its forms, https
 * among them, are passed over. */
size_t report_recipients(const char *record, char ret[REPORT_RECIPIENTS][REPORT_ADDRESS]);

/* The report itself; a new reference, NULL when out of memory. */
json_t *report_json(const struct report *report);

/* The whole mail, lines ended by line feeds. */
_must_check_ int report_mail(const struct report *report, const char *to, struct buffer *mail,
			     struct error *error);

#endif
