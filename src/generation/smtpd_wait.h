// SPDX-License-Identifier: GPL-3.0-or-later
/* Waiting for Postfix to be reloaded: `postfix reload` returns before its master has
 * read anything.  An idle smtpd of before may still take a connection, and while it
 * talks the master believes it free and starts no other, so that the next client
 * waits for both. */
#ifndef POSTCASK_SMTPD_WAIT_H
#define POSTCASK_SMTPD_WAIT_H

#include <poll.h>
#include <stddef.h>

enum { SMTPD_MAX = 512 };

struct smtpd_wait {
	struct pollfd processes[SMTPD_MAX]; /* a pidfd each */
	size_t count;
};

/* Before the reload: the smtpd processes that run now. */
void smtpd_wait_begin(struct smtpd_wait *wait);

/* After it: until they have ended, or for a second; one that is busy goes on with
 * its client for as long as that takes.  Frees what begin took. */
void smtpd_wait_end(struct smtpd_wait *wait);

#endif
