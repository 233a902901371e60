// SPDX-License-Identifier: GPL-3.0-or-later
/* The messages the probes send: each with a Message-ID that nobody can guess, so
 * that it is found again and nothing else is taken for it.
 *
 * The EICAR and GTUBE strings are put together at run time: a program that held
 * them as literals would be quarantined by the scanners it tests. */
#ifndef POSTCASK_PROBE_MESSAGE_H
#define POSTCASK_PROBE_MESSAGE_H

#include "base/buffer.h"

enum message_kind {
	MESSAGE_PLAIN, /* 8-bit text, leading dots, a long line, blank ends */
	MESSAGE_SPAM,  /* GTUBE, see spamassassin(1) */
	MESSAGE_VIRUS, /* the EICAR test file as an attachment */
};

struct message {
	char *id;	    /* Message-ID without < > */
	struct buffer text; /* header and body, lines end in CR LF */
};

#define MESSAGE_INIT ((struct message){0})

/* Returns 0, or -ENOMEM. */
_must_check_ int message_compose(enum message_kind kind, const char *address,
				 struct message *message);

/* Does the message that came back hold the Message-ID and, after its header, the
 * very body that was sent?  Otherwise *ret_difference (may be NULL) is the offset
 * in the body where they part. */
bool message_matches(const struct message *message, const char *text, size_t size,
		     size_t *ret_difference);

void message_free(struct message *message);

#endif
