// SPDX-License-Identifier: GPL-3.0-or-later
/* DMARC by RFC 9989: whose policy holds for a message, and whether it passes.
 *
 * Nothing here waits.  Whoever evaluates gives a source of answers; while one is missing the
 * result is DMARC_WAIT, and the evaluation is made once more when more is known.  All names of a
 * walk are asked for at once, eight at most, so that it takes one round to the resolver.
 *
 * What an answer is not needed for is not asked, and an error there changes nothing: an
 * identifier that is the author's domain needs no organization, and one that shares no part of
 * its name with it can have no common one. */
#ifndef POSTCASK_POLICY_DMARC_H
#define POSTCASK_POLICY_DMARC_H

#include <stddef.h>

#include "policy/dmarc_record.h"
#include "policy/name.h"

enum {
	DMARC_WALK = 8,		/* names, and so questions, of one walk (§4.10) */
	DMARC_AUTHORS = 8,	/* more in one From are none that anybody could check */
	DMARC_IDENTIFIERS = 20, /* more signatures of one message are not looked at */
};

enum dmarc_look {
	DMARC_LOOK_WAIT,
	DMARC_LOOK_NOTHING, /* no record, or several; of a name itself: it does not exist */
	DMARC_LOOK_FOUND,
	DMARC_LOOK_ERROR, /* no answer is to be had for now */
};

struct dmarc_source {
	/* The record at _dmarc.NAME. */
	enum dmarc_look (*record)(void *context, const char *name, struct dmarc_record *ret);
	/* Is there such a name (RFC 8020)? */
	enum dmarc_look (*exists)(void *context, const char *name);
	void *context;
};

/* A domain that is proved to have to do with the message, or might be. */
struct dmarc_identifier {
	char domain[NAME_SIZE];
	bool spf;     /* else DKIM */
	bool unknown; /* its check did not come to an end (temperror) */
};

struct dmarc_message {
	char authors[DMARC_AUTHORS][NAME_SIZE]; /* the domains of From */
	size_t author_count;
	bool unreadable; /* From is missing, is there twice, or has what is no domain */
	struct dmarc_identifier identifiers[DMARC_IDENTIFIERS];
	size_t identifier_count;
};

/* In order of weight: of several authors the worst counts. */
enum dmarc_result {
	DMARC_PASS,
	DMARC_NO_POLICY,
	DMARC_TEMPERROR,
	DMARC_FAIL,
	DMARC_WAIT,
};

struct dmarc_verdict {
	enum dmarc_result result;
	enum dmarc_policy published; /* what the record says for that domain */
	enum dmarc_policy applied;   /* with t= */
	char author[NAME_SIZE];	     /* the one that counted */
	char record[NAME_SIZE];	     /* whose record it is; "" when there is none */
};

/* Of an author without a domain that can be read the verdict is a fail with "quarantine":
 * nobody can be asked what he wants. */
void dmarc_evaluate(const struct dmarc_message *message, const struct dmarc_source *source,
		    struct dmarc_verdict *ret);

/* Asks for what the walk of a domain needs, so that the answers are there in time. */
void dmarc_ask_ahead(const char *author, const struct dmarc_source *source);

/* "pass", "none", "temperror", "fail" */
const char *dmarc_result_name(enum dmarc_result result);

#endif
