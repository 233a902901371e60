// SPDX-License-Identifier: GPL-3.0-or-later
/* What the filter and Postfix ask, as text.
 *
 * The filter writes a line, of words NAME=VALUE behind its first one:
 *
 *	ahead from=DOMAIN...	no answer: what the DNS says of them will be needed soon
 *	judge from=DOMAIN... dkim=DOMAIN... spf=DOMAIN list=DOMAIN client=ADDRESS
 *		result=fail published=reject applied=reject author=DOMAIN record=DOMAIN known=no
 *	wrote to=DOMAIN... person=ADDRESS...
 *				no answer: somebody here has written to them
 *	ping			pong
 *	counts			what greylisting and the like came to today, as NAME=NUMBER
 *	limits			root only: a line of JSON (limit_answer.h)
 *	release login=ADDRESS	root only: likewise
 *
 * Of "judge", dkim= and spf= are domains for which a signature or the client's address is
 * good; "dkim?=" and "spf?=" those of which that could not be found out.  "from=" with no value
 * is an author without a domain.  list= is the domain of a mailing list; known=yes when somebody
 * here has written to it.  client= is the address
 * that brought the message.
 *
 * Postfix writes lines NAME=VALUE and an empty one (SMTPD_POLICY_README); its answer is
 * "action=..." and an empty line. */
#ifndef POSTCASK_POLICY_REQUEST_H
#define POSTCASK_POLICY_REQUEST_H

#include <netinet/in.h>

#include "policy/dmarc.h"

enum {
	REQUEST_LIMIT = 16 * 1024, /* bytes of one */
	REQUEST_TOLD = 50,	   /* domains of one "wrote" */
	REQUEST_ADDRESS = 320,	   /* a sender, or a greeting: what is longer is not judged */
	REQUEST_WORD = 32,
	REQUEST_INSTANCE = 64,
};

enum request_word {
	REQUEST_UNKNOWN,
	REQUEST_AHEAD,
	REQUEST_JUDGE,
	REQUEST_WROTE,
	REQUEST_PING,
	REQUEST_COUNTS,
	REQUEST_LIMITS,
	REQUEST_RELEASE,
};

struct filter_request {
	enum request_word word;
	struct dmarc_message message;
	char list[NAME_SIZE];	       /* "" when it is from none */
	char client[INET6_ADDRSTRLEN]; /* "" when it is not said */
	char told[REQUEST_TOLD][NAME_SIZE];
	size_t told_count;
	char people[REQUEST_TOLD][REQUEST_ADDRESS];
	size_t people_count;
	char login[REQUEST_ADDRESS];
};

/* A line without its end.  What is not understood of it is passed over. */
void request_parse_filter(struct slice line, struct filter_request *ret);

/* Texts are "" where Postfix said nothing, or more than there is room for.  An attribute that is
 * said twice, as a stranger's line break would do it, counts as it was said first. */
struct postfix_request {
	char sender[REQUEST_ADDRESS], helo[REQUEST_ADDRESS], recipient[REQUEST_ADDRESS];
	char client[INET6_ADDRSTRLEN];	 /* its address */
	char client_name[NAME_SIZE];	 /* verified both ways, else "unknown" */
	char reverse_name[NAME_SIZE];	 /* as the address says, else "unknown" */
	char login[REQUEST_ADDRESS];	 /* "" of a stranger */
	char state[REQUEST_WORD];	 /* CONNECT, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE, ... */
	char instance[REQUEST_INSTANCE]; /* the same for all questions of one message */
	char queue_id[REQUEST_INSTANCE];
	char context[REQUEST_WORD];    /* policy_context of the line that asks */
	char encryption[REQUEST_WORD]; /* the protocol of TLS */
	char server_port[REQUEST_WORD];
	char server_address[INET6_ADDRSTRLEN]; /* of ours */
	long long recipient_count;	       /* in the states from DATA on */
	long long size;		/* as announced in MAIL, or known at END-OF-MESSAGE */
	char domain[NAME_SIZE]; /* whose SPF record counts: the sender's, else the greeting's */
	bool stranger;		/* not logged in, and not of this machine */
};

/* Lines up to the empty one, without it. */
void request_parse_postfix(struct slice text, struct postfix_request *ret);

#endif
