// SPDX-License-Identifier: GPL-3.0-or-later
/* The messages that say whose sending is held: to its owner, who may have been robbed of the
 * password or may be sending a newsletter, and to the postmaster, who can do something. */
#ifndef POSTCASK_HOLD_NOTICE_H
#define POSTCASK_HOLD_NOTICE_H

#include "base/buffer.h"
#include "quarantine/config.h"

struct notice {
	const char *login;
	const char *reason; /* a word of policy/limit_hold.h */
	size_t queued;	    /* messages that were put on hold */
	int64_t now;
};

void notice_to_owner(const struct notice *notice, const struct quarantine_config *config,
		     struct buffer *message);
void notice_to_postmaster(const struct notice *notice, const struct quarantine_config *config,
			  struct buffer *message);

#endif
