// SPDX-License-Identifier: GPL-3.0-or-later
/* When app passwords were last used, for postcask-directory: what Dovecot says of a login (login.h)
 * has under "app" which one it was.  What is new is written into a file every fifteen seconds, and
 * stays in it for two minutes; postcask-directory reads it when it likes.  A login waits for
 *neither, and what is lost is only a time that is less exact.
 *
 *	{"uses": [{"app": "0a1b...", "time": 1795510800, "protocol": "imap",
 *	  "network": "192.0.2.0/24"}, ...]}
 *
 * The network is one of 24 bits of IPv4, of 48 bits of IPv6: enough to know whether
 * he was at home, and not where somebody is. */
#ifndef POSTCASK_GUARD_USES_H
#define POSTCASK_GUARD_USES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "guard/network.h"

enum {
	USES_MOST = 4096,      /* in two minutes; more are not remembered */
	USES_STAY_S = 120,     /* in the file */
	USES_WRITE_MS = 15000, /* between two writes */
	USES_APP = 16,	       /* the beginning of the hash, in hexadecimal */
	USES_PROTOCOL = 8,
};

struct use {
	char app[USES_APP + 1], protocol[USES_PROTOCOL];
	struct network network;
	int64_t time; /* seconds since 1970 */
};

struct uses {
	struct use *list; /* owned */
	size_t count, capacity;
	bool changed;
	int64_t write_ms;
};

/* What is said of a login (login_parse); false where it was not good, or by no app password. */
_must_check_ bool use_read(const json_t *said, struct use *ret);

/* The last one of each app password counts. */
void uses_add(struct uses *uses, const struct use *use, int64_t now);
void uses_clear(struct uses *uses);

/* Writes what is to be written; when it wants to be called again (clock_now_ms). */
int64_t uses_work(struct uses *uses, const char *path, int64_t now);

#endif
