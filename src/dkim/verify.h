// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether a message that we signed verifies with what we publish: for the self-test.  It knows what
 * we make and no more: RSA and Ed25519 with SHA-256, relaxed/simple, no l= and no x= (RFC 6376,
 * RFC 8463).  What others sign amavis verifies. */
#ifndef POSTCASK_DKIM_VERIFY_H
#define POSTCASK_DKIM_VERIFY_H

#include <jansson.h>

#include "dkim/keys.h"

/* `message` has lines that end in CR LF; `published` is the list of public.json.  0 when it has a
 * valid signature by a current key of each algorithm that is set in `algorithms` (1 << DKIM_RSA
 * ...); else -EBADMSG, and what is wrong. */
_must_check_ int dkim_verify(const char *message, size_t size, const json_t *published,
			     unsigned algorithms, struct error *error);

#endif
