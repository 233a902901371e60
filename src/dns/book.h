// SPDX-License-Identifier: GPL-3.0-or-later
/* What is known of the DNS so far, and what is yet to be asked.
 *
 * Who needs an answer looks it up; what is not in the book yet is noted as a question, and the
 *reader goes on without it, or gives up for now.  Then all open questions are asked at once, and
 *everybody reads again, until nobody has a question left:
 *
 *	do {
 *		for each domain: judge it, with what the book has
 *	} while (dns_book_ask(book, timeout_ms));
 *
 * So a judgement is a function of the book alone, needs no network in a test, and a hundred
 * of them wait together and not one after the other. */
#ifndef POSTCASK_DNS_BOOK_H
#define POSTCASK_DNS_BOOK_H

#include "dns/resolver.h"

struct dns_book;

/* `resolver` may be NULL: what is not in the book stays unanswered.  NULL when out of memory. */
struct dns_book *dns_book_new(struct dns_resolver *resolver);

/* The resolver's answer, or NULL: noted as a question.  Names are compared without regard to their
 * letters' size and final dot. */
const struct dns_answer *dns_book_look(struct dns_book *book, const char *name, const char *type);

/* Likewise of the name server at a numeric address, asked itself. */
const struct dns_answer *dns_book_look_at(struct dns_book *book, const char *server,
					  const char *name, const char *type);

/* Puts an answer in, which then belongs to the book: what is known from elsewhere, and tests.
 * `server` is NULL for the resolver's. */
_must_check_ int dns_book_put(struct dns_book *book, const char *server, const char *name,
			      const char *type, struct dns_answer *answer);

/* Asks what is open, all at once, for at most `timeout_ms`.  False when nothing was open, or the
 * book has become too large: then everything has an answer, if only that nobody answered. */
bool dns_book_ask(struct dns_book *book, int timeout_ms);

void dns_book_free(struct dns_book **book); /* for _cleanup_(dns_book_free) */

#endif
