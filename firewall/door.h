// SPDX-License-Identifier: GPL-3.0-or-later
/* Who holds a server of port 25 and says nothing.  Postfix itself is patient with those who were
 * there before there were many; so when few servers are free, the connections are ended that have
 * been silent for the longest time, until some are.
 *
 * What is known of a connection is the kernel's account of it, not what is said in it:
 * - Whoever was sent no more than postscreen's first line waits for a server, not a server for
 *   him, however long it takes.
 * - Whoever spoke last waits for us.
 * - Whoever said no more than a greeting has nothing to lose, and should have answered in less
 *   than DOOR_GREETING_MS, or DOOR_HURRY_MS while others wait for a server; who is in the middle
 *   of a message has as long as Postfix itself gives everybody under stress. */
#ifndef POSTCASK_FIREWALL_DOOR_H
#define POSTCASK_FIREWALL_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/inet_diag.h>
#include <linux/tcp.h>

#include "base/error.h"

enum {
	DOOR_PORT = 25,
	DOOR_CLIENTS = 8192,	  /* of which more are not looked at */
	DOOR_GREETING_MS = 2000,  /* to say the first word */
	DOOR_HURRY_MS = 1000,	  /* the same, while no server is free */
	DOOR_GREETING_BYTES = 80, /* that are no more than a greeting */
	DOOR_SILENCE_MS = 10000,  /* smtpd_timeout under stress */
};

struct door_client {
	struct inet_diag_sockid id;
	uint8_t family;
	bool served;	    /* it has a server, or is about to */
	uint32_t silent_ms; /* it is its turn, for so long */
	bool greeting;	    /* it has said no more than that */
};

struct door {
	struct door_client *clients; /* owned: DOOR_CLIENTS */
	size_t count;
	uint64_t teaser_bytes; /* of postscreen's first line, with its end; 0: there is none */
};

_must_check_ int door_open(struct door *door, struct error *error);
void door_close(struct door *door); /* for _cleanup_ */

/* What the kernel's account of a connection means. */
struct door_client door_judge(const struct inet_diag_msg *message, const struct tcp_info *info,
			      uint64_t teaser_bytes);

/* Reads who is connected to port 25, but for this machine itself. */
_must_check_ int door_read(struct door *door, struct error *error);

/* How many of them have a server. */
size_t door_served(const struct door *door);

/* Brings those to the front that are to be ended, so that of `servers` a quarter are free: the
 * longest silent first, and none before its time.  Returns how many. */
size_t door_choose(struct door *door, size_t servers);

/* Ends a connection, as if the other side had broken it.  -ENOENT: it has ended itself. */
_must_check_ int door_end(const struct door_client *client, struct error *error);

#endif
