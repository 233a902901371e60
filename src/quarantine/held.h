// SPDX-License-Identifier: GPL-3.0-or-later
/* What somebody put on hold in Postfix's queue, for the digest: like the quarantine it
 * waits for a decision, and for ever when nobody knows of it. */
#ifndef POSTCASK_QUARANTINE_HELD_H
#define POSTCASK_QUARANTINE_HELD_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

struct held {
	size_t count;
	struct buffer list; /* text of the first HELD_SHOWN_MAX, for people */
};

#define HELD_INIT ((struct held){.list = BUFFER_INIT})

enum { HELD_SHOWN_MAX = 200 };

/* Asks Postfix. */
_must_check_ int held_read(struct held *held, struct error *error);

/* From the output of `postqueue -j`. */
void held_parse(struct slice text, struct held *held);

void held_free(struct held *held); /* for _cleanup_ */

#endif
