// SPDX-License-Identifier: GPL-3.0-or-later
/* Greylisting: who is asked to come again in a minute.
 *
 * A program that only sends does not come again; a mail server does, and keeps the message
 * meanwhile.  So nothing is lost by it but a minute, and it is asked of those alone of whom
 * nothing good is known.  Each question is answered by the first of these that fits:
 *
 *	known     the network (a /24 of IPv4, a /64 of IPv6) came again before, for two messages
 *		  within a day: for 60 days after its last one
 *	proved    SPF or DMARC was good for that domain from that network, in the last days
 *	written   somebody here has written to this very address
 *	named     the address has a name that somebody gave to a server, verified both ways, or
 *		  one in the sender's own domain: the mode "all" passes over this
 *	spf       the domain's SPF record names the client: so a pool of hundreds of servers counts
 *		  as one
 *	written   somebody here has written to the sender's domain, which has no SPF record
 *	again     it comes again, after GREY_WAIT_S at least
 *	flooded   all that can be remembered of those who wait is of the last hour: nobody
 *		  is put off then, for nobody would be known again
 *
 * Nothing here waits; what policyd-spf says is asked for by who calls.  Where it did not answer in
 * time, the sender may come again from anywhere: his pool cannot be told. */
#ifndef POSTCASK_POLICY_GREY_H
#define POSTCASK_POLICY_GREY_H

#include "policy/oracle.h"
#include "policy/store.h"

enum {
	GREY_WAIT_S = 60,
	GREY_KNOWN_S = 60 * 24 * 60 * 60,
	GREY_TWICE_S = 24 * 60 * 60, /* two messages within this make a network known */
	GREY_TWICE = 2,
	GREY_PROVED_S = 24 * 60 * 60,	   /* an SPF record may change */
	GREY_LEARNT_S = 60 * 24 * 60 * 60, /* DMARC was good for a whole message */
	GREY_FLOOD_S = 60 * 60,
};

enum grey_mode { GREY_OFF, GREY_SUSPICIOUS, GREY_ALL };

enum grey_why {
	GREY_KNOWN,
	GREY_PROVED,
	GREY_WRITTEN,
	GREY_NAMED,
	GREY_SPF,
	GREY_AGAIN,
	GREY_FLOODED,
	GREY_PUT_OFF,
	GREY_WHYS
};

struct grey {
	struct store *store;
	uint64_t counts[GREY_WHYS]; /* of answers, on the day at hand */
	int64_t day;
};

struct grey_answer {
	bool ask; /* what policyd-spf says is needed */
	enum grey_why why;
	unsigned seconds; /* to wait, when put off */
};

/* `said`: ORACLE_NOT_YET when it was not asked.  With ret->ask nothing is settled. */
void grey_judge(struct grey *grey, const struct postfix_request *request, enum grey_mode mode,
		enum oracle_answer said, int64_t now_s, struct grey_answer *ret);

/* A message of that author was proved to be his (DMARC), and this client brought it. */
void grey_learn(struct store *store, const char *client, const char *author, int64_t now_s);

/* Somebody here writes to this address. */
void grey_written(struct store *store, const char *address, int64_t now_s);

/* "known", "put-off", ... */
const char *grey_why_name(enum grey_why why);

#endif
