// SPDX-License-Identifier: GPL-3.0-or-later
/* What another server reports of mail in our name, or of mail on its way to us: DMARC (RFC 9990,
 * and RFC 7489 before it) and TLS (RFC 8460).  All of it is a stranger's words: each text is short,
 * printable and in the end only shown, and of what is more than the limits the rest is not kept. */
#ifndef POSTCASK_FEEDBACK_REPORT_H
#define POSTCASK_FEEDBACK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

enum {
	REPORT_PACKED = 1024 * 1024,	/* bytes of one, as it is sent */
	REPORT_TEXT = 20 * 1024 * 1024, /* and unpacked */
	REPORT_ROWS = 2000,		/* of one that are kept */
	REPORT_NAME = 254,
	REPORT_SHORT = 64,
	REPORT_COUNT_MAX = 1000000000, /* messages or sessions that one row may speak of */
};

enum report_kind { REPORT_DMARC, REPORT_TLS };

/* DMARC: one sender of mail in a domain's name.  TLS: one policy, or one way in which
 * sessions failed. */
struct report_row {
	int64_t count;		   /* messages; sessions that failed */
	int64_t good;		   /* TLS: sessions that did not */
	char source[REPORT_SHORT]; /* DMARC: the sender's address; TLS: the policy's type */
	char what[REPORT_SHORT];   /* DMARC: what was done with it; TLS: how they failed */
	char name[REPORT_NAME];	   /* DMARC: the author's domain; TLS: our server's name */
	bool dkim, spf;		   /* DMARC: either proved the author's domain */
};

struct report {
	enum report_kind kind;
	char organisation[REPORT_NAME]; /* who reports */
	char id[REPORT_NAME];		/* its own */
	char domain[REPORT_NAME];	/* of ours */
	char policy[REPORT_SHORT];	/* DMARC: that it found there */
	int64_t begin, end;		/* seconds since 1970 */
	struct report_row *rows;	/* owned */
	size_t count;
	int64_t left_out; /* rows beyond the limit */
};

#define REPORT_INIT ((struct report){0})

/* The text of a report as its part of the message has it: XML or JSON, as it is, in gzip or in
 * a zip file.  -EBADMSG with a sentence for what is none, or more than the limits; `ret` is to be
 * given back with report_clear in any case. */
_must_check_ int report_read(struct slice part, struct report *ret, struct error *error);

/* Of unpacked text. */
_must_check_ int report_read_dmarc(struct slice text, struct report *ret, struct error *error);
_must_check_ int report_read_tls(struct slice text, struct report *ret, struct error *error);

/* A new row with zeros in it; NULL when there are enough, or no memory. */
struct report_row *report_row(struct report *report);

/* Without the blanks and line ends around it. */
struct slice report_trim(struct slice text);

/* Copies what may be shown of a text, so trimmed: at most size - 1 bytes, "?" for whatever is not
 * printable. */
void report_take(struct slice text, char *to, size_t size);

void report_clear(struct report *report); /* for _cleanup_ */

#endif
