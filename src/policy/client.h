// SPDX-License-Identifier: GPL-3.0-or-later
/* Somebody who is connected to a socket of ours: what he has said, and what he waits for.
 *
 * A client has one question at a time.  An answer is a line or two and goes out at once; who
 * does not read it is no client any more. */
#ifndef POSTCASK_POLICY_CLIENT_H
#define POSTCASK_POLICY_CLIENT_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "policy/answers.h"
#include "policy/grey.h"
#include "policy/guesses.h"
#include "policy/limit.h"
#include "policy/oracle.h"
#include "policy/request.h"
#include "policy/store.h"
#include "policy/writers.h"

enum client_talk { CLIENT_FILTER, CLIENT_POSTFIX };

enum {
	CLIENT_FILTER_MS = 900,	  /* for an answer; the filter itself waits for a second */
	CLIENT_POSTFIX_MS = 2000, /* Postfix for three */
	CLIENT_IDLE_MS = 10 * 60 * 1000,
};

struct client {
	int fd;
	enum client_talk talk;
	bool trusted; /* may say who was written to */
	bool root;    /* may free logins */
	struct buffer input;
	bool waits; /* for an answer, until `due_ms` */
	int64_t due_ms;
	uint64_t ticket; /* of the oracle; 0: not asked */
	/* Of what it asks, by `talk`; the other is NULL: there may be hundreds of clients. */
	struct filter_request *filter;
	struct postfix_request *postfix;
};

/* What clients are answered from. */
struct client_sources {
	struct answers *answers;
	struct oracle *oracle;
	struct store *store;
	struct grey *grey;
	struct guesses *guesses;
	struct limits *limits;
	struct writers *writers;
	int64_t now_ms, now_s; /* since the kernel's start; since 1970 */
};

/* Takes over `fd`.  NULL when out of memory. */
struct client *client_new(int fd, enum client_talk talk, bool trusted, int64_t now_ms);
void client_free(struct client *client, struct client_sources *sources);

/* Reads what there is, and answers what can be answered.  False: it is to be freed. */
_must_check_ bool client_read(struct client *client, struct client_sources *sources);

/* For a client that waits: something is known, or time has passed. */
_must_check_ bool client_go_on(struct client *client, struct client_sources *sources);

#endif
