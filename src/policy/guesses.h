// SPDX-License-Identifier: GPL-3.0-or-later
/* Recipients that nobody here has: how many a client may name.
 *
 * Who guesses learns as much from "not now" as from "no such user" while real ones are taken.  So
 * a client, which is an address of IPv4 or a /64 of IPv6, may name GUESSES_BURST, and one more
 * every GUESSES_EACH_MS; the next GUESSES_OVER are put off; and when it goes on, all that it
 * says is put off for a minute.  No minute has more than 60 answers from which anything can be
 * learnt.  A list of people that is some years old stays below it.  It is not kept over a start. */
#ifndef POSTCASK_POLICY_GUESSES_H
#define POSTCASK_POLICY_GUESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/host_name.h"

enum {
	GUESSES_BURST = 25,
	GUESSES_EACH_MS = 2400,
	GUESSES_OVER = 10,
	GUESSES_SHUT_MS = 60 * 1000,
	GUESSES_CLIENTS = 4096, /* the one that was quiet for longest goes */
	GUESSES_BUCKETS = 4096, /* a power of two */
};

struct guesser;

struct guesses {
	struct guesser *buckets[GUESSES_BUCKETS];
	struct guesser *newest, *oldest;
	unsigned count;
	uint32_t seed;
	uint64_t refused; /* in all */
};

void guesses_init(struct guesses *guesses);

/* One more of this client.  Seconds until it may come again when that is too much, else 0. */
unsigned guesses_add(struct guesses *guesses, const char *client, int64_t now_ms);

/* The one that was added last, and for which 0 came back, was none. */
void guesses_take_back(struct guesses *guesses, const char *client, int64_t now_ms);

/* Seconds until anything of this client is taken again; 0 of nearly all. */
unsigned guesses_shut(const struct guesses *guesses, const char *client, int64_t now_ms);

void guesses_free(struct guesses *guesses);

#endif
