// SPDX-License-Identifier: GPL-3.0-or-later
/* What the DNS says of domains: a bounded memory, and the questions that fill it.
 *
 * The resolver is the machine's own, on the loopback: it validates, it has a memory of its own,
 * and no name is asked of anybody else.  Here is only what keeps a resolver that is silent from
 * holding anything up: a bounded number of questions at once, an end to each, a short memory of
 * those that got no answer, and when several in a row got none, nothing but one question every
 * few seconds until an answer comes.
 *
 * Nothing here waits or knows a socket: who owns one hands datagrams over, and sends what
 * `send` is given.  Times are milliseconds of clock_now_ms(). */
#ifndef POSTCASK_POLICY_ANSWERS_H
#define POSTCASK_POLICY_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/dmarc.h"

enum {
	ANSWERS_LIMIT = 8192,	  /* remembered names: two or three MiB */
	ANSWERS_ASKED = 256,	  /* at once */
	ANSWERS_AGAIN_MS = 1200,  /* a datagram may be lost: asked once more */
	ANSWERS_END_MS = 4000,	  /* then there is no answer */
	ANSWERS_SILENT = 3,	  /* questions in a row without one: the resolver is silent */
	ANSWERS_TRY_MS = 5000,	  /* from one question to the next while it is */
	ANSWERS_ERROR_MS = 30000, /* a name without an answer is asked again */
	ANSWERS_DATAGRAM = 65535,
};

struct answers;

struct answers_owner {
	void (*send)(void *context, const unsigned char *bytes, size_t size);
	void *context;
};

/* NULL when out of memory.  Give it back with answers_free. */
struct answers *answers_new(const struct answers_owner *owner, int64_t now_ms);
void answers_free(struct answers **answers); /* for _cleanup_ */

/* As dmarc_source has them; `answers` is the context.  A question whose answer is not known is
 * asked, if there may be one more. */
enum dmarc_look answers_record(void *answers, const char *name, struct dmarc_record *ret);
enum dmarc_look answers_exists(void *answers, const char *name);

/* Does the domain say that it sends no mail: is its only SPF record "v=spf1 -all"?  FOUND when
 * it does. */
enum dmarc_look answers_sends_none(struct answers *answers, const char *name);

/* A datagram from the resolver; what is no answer to a question of ours is passed over. */
void answers_receive(struct answers *answers, const unsigned char *bytes, size_t size);

/* Nobody listens at the resolver's port. */
void answers_refused(struct answers *answers);

/* Has the time go on: asks again, gives up.  answers_due is when it wants to be called at the
 * latest, INT64_MAX when nothing is asked. */
void answers_tick(struct answers *answers, int64_t now_ms);
int64_t answers_due(const struct answers *answers);

struct answers_count {
	size_t remembered, asked_now, asked, answered, unanswered, not_asked;
};

/* Of its whole life, but for the first two. */
struct answers_count answers_counted(const struct answers *answers);

#endif
