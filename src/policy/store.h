// SPDX-License-Identifier: GPL-3.0-or-later
/* What the service has to know after the next start: rows of numbers, each with a key, by kind.
 *
 * All of it is in memory, and every answer comes from there: nobody waits for the disk.  A thread
 * of its own (store_writer.h) keeps a copy in an SQLite file, with one commit a second that is
 * on the disk when it is made: a power cut loses what was learnt in the last two seconds.  A disk
 * that is slow, full or gone costs memory of what comes, and no answer.
 *
 * Each kind has a limit of rows and a time that they are kept; the one that was not seen for
 * longest goes first, so that strangers, who make some kinds of row, push out nothing of another
 * kind.  A kind is a line of store_kinds in store_rows.c and is known by its name on the disk; rows
 * of kinds that this version does not know are left there.
 *
 * Times are seconds since 1970, for they outlive the machine's start; whoever reckons with them
 * must expect a clock that was set back. */
#ifndef POSTCASK_POLICY_STORE_H
#define POSTCASK_POLICY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum store_kind {
	STORE_WRITTEN, /* domains that somebody here has written to */
	STORE_PERSON,  /* addresses, likewise */
	STORE_WAITING, /* "NETWORK SENDER" that was put off, since when (grey.h) */
	STORE_NETWORK, /* networks that came again: `until` it is known, `count` messages before */
	STORE_PROVED,  /* "NETWORK DOMAIN" of which SPF or DMARC was good: `until` that is believed
			*/
	STORE_SENT,    /* what a login sent in five minutes (limit.h) */
	STORE_KINDS
};

enum {
	STORE_KEY = 400,	/* bytes of one, with its NUL; more are cut off */
	STORE_COMMIT_MS = 1000, /* from one commit to the next */
	STORE_AGAIN_MS = 10000, /* after one that failed */
};

struct store_row {
	int64_t begun, seen; /* `seen` is when it was changed last: it is kept from then on */
	int64_t until;
	uint32_t count, other; /* and `until`: what the kind makes of them */
	const char *key;
};

struct store;

/* Reads the file at `path`, or makes it; NULL: nothing is kept.  One that is damaged is set aside,
 * as PATH.damaged, and all begins anew; one that cannot be used leaves the store without a disk.
 * `told` has the sentence then, and it works all the same.  NULL when out of memory. */
struct store *store_open(const char *path, int64_t now_s, struct error *told);

/* Writes what is not written yet, for five seconds at most. */
void store_close(struct store **store); /* for _cleanup_ */

/* NULL when there is none.  It is valid until the next row of its kind is made. */
const struct store_row *store_find(const struct store *store, enum store_kind kind,
				   const char *key);

/* The row to be changed: it was seen now, and will be written.  A new one, which was begun now,
 * when there is none; NULL without memory. */
struct store_row *store_take(struct store *store, enum store_kind kind, const char *key,
			     int64_t now_s);

/* It is gone, on the disk too. */
void store_drop(struct store *store, enum store_kind kind, const char *key);

size_t store_count(const struct store *store, enum store_kind kind);

/* Is there room for no more, and was the oldest row seen after `since_s`? */
bool store_is_flooded(const struct store *store, enum store_kind kind, int64_t since_s);

/* From the one that was seen last on, until `each` says false. */
typedef bool store_each(void *context, const struct store_row *row);
void store_walk(const struct store *store, enum store_kind kind, store_each *each, void *context);

/* Has time go on: lets rows go that are too old, and has what changed written.  `told` has a
 * sentence when the disk began to fail, or when a damaged file was set aside.  store_due is when
 * it wants to be called at the latest, on the clock of now_ms. */
void store_tick(struct store *store, int64_t now_ms, int64_t now_s, struct error *told);
int64_t store_due(const struct store *store);

/* Why the last commit failed; NULL when it did not. */
const char *store_trouble(const struct store *store);

#endif
