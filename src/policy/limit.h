// SPDX-License-Identifier: GPL-3.0-or-later
/* How much a login, a client or the mail to one recipient may be: what is over it is asked to
 * come later, and a login that goes on is held.
 *
 * A login is held when, within an hour, it was over a limit at three times a minute apart; or
 * asked, over the limit, for as much as the limit once more; or sent from six networks.  What it
 * sends then waits in the queue, on hold, still no more of it than the limits let through, so that
 * it cannot fill the disk.
 *
 * Time is the wall clock's, in seconds: what is counted is kept over restarts.  Nothing here
 * waits, and what cannot be counted for want of memory is let through.  The store keeps what logins
 * sent, and the file of limit_hold.h who is held; what strangers sent, and was refused, begins anew
 * with each start. */
#ifndef POSTCASK_POLICY_LIMIT_H
#define POSTCASK_POLICY_LIMIT_H

#include "policy/limit_hold.h"
#include "policy/limit_table.h"
#include "policy/limit_window.h"
#include "policy/store.h"

enum limit_kind { LIMIT_USER, LIMIT_CLIENT, LIMIT_RECIPIENT, LIMIT_KINDS };

enum limit {
	LIMIT_USER_MESSAGES,
	LIMIT_USER_RECIPIENTS,
	LIMIT_USER_RECIPIENTS_DAY,
	LIMIT_CLIENT_MESSAGES,
	LIMIT_RECIPIENT_MESSAGES,
	LIMITS,
};

enum {
	LIMIT_STRIKES = 3,
	LIMIT_STRIKE_SECONDS = 60,
	LIMIT_NETWORKS = 6,
	LIMIT_ROWS = 100000, /* of logins, clients and recipients together */
};

struct limit_rule {
	const char *name; /* its key, without "limits." */
	enum limit_kind kind;
	unsigned steps, seconds; /* its window */
	bool recipients;	 /* are counted, not messages */
	const char *what;	 /* for people: "messages of a login in an hour" */
};
extern const struct limit_rule limit_rules[LIMITS];

struct limits {
	uint32_t most[LIMITS]; /* 0: no limit */
	bool hold;
	struct limit_table tables[LIMIT_KINDS];
	struct limit_holds holds;
	struct store *store; /* borrowed; NULL: nothing is kept */
};

void limits_init(struct limits *limits);
void limits_free(struct limits *limits);

/* Takes over what logins have sent before. */
void limits_load(struct limits *limits, struct store *store, int64_t now);

/* One message, as it begins (DATA), or one of its recipients (RCPT). */
struct limit_question {
	const char *login;     /* "" for strangers */
	const char *client;    /* numeric address */
	const char *recipient; /* only of RCPT, else "" */
	unsigned recipients;
	int64_t now;
};

enum limit_verdict {
	LIMIT_PASS,
	LIMIT_HELD,  /* let it in, and put it on hold */
	LIMIT_LATER, /* over a limit, until `open` */
	LIMIT_NEVER, /* more recipients than the limit has */
};

struct limit_answer {
	enum limit_verdict verdict;
	enum limit limit;
	int64_t open;
};

/* Counts it, and says what becomes of it.  The machine's own, the self-test's too, is none of
 * its business. */
void limits_ask(struct limits *limits, const struct limit_question *question,
		struct limit_answer *ret);

/* Frees a login, and forgets what it has sent, and waits for the disk that keeps it: for ten
 * seconds, so it is for root alone.  *ret_held: it was held. */
_must_check_ int limits_release(struct limits *limits, const char *login, int64_t now,
				bool *ret_held, struct error *error);

/* How much of a limit a row of its kind has used. */
uint64_t limits_used(const struct limit_row *row, enum limit limit, int64_t now);

#endif
