// SPDX-License-Identifier: GPL-3.0-or-later
/* What amavis writes above a message that it puts into quarantine:
 *
 *	Return-Path: <stranger@example.com>
 *	Delivered-To: virus-quarantine
 *	X-Envelope-From: <stranger@example.com>
 *	X-Envelope-To: <alice@example.org>, <bob@example.org>
 *	X-Envelope-To-Blocked: <alice@example.org>
 *	X-Quarantine-ID: <fUzETONCOgac>
 *	X-Amavis-Alert: INFECTED, message contains virus:
 *	 Eicar-Test-Signature
 *	X-Spam-Flag: NO ...
 *	Received: from ... (amavis, port 10024) with ESMTP id fUzETONCOgac; ...
 *
 * and then the message as it came.  The first Received line is always amavis's own
 * and its last line, so that nothing a stranger wrote is taken for amavis's. */
#ifndef POSTCASK_QUARANTINE_HEADER_H
#define POSTCASK_QUARANTINE_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
	QUARANTINE_HEADER_MAX = 1 << 20, /* bytes of amavis's lines */
	QUARANTINE_RECIPIENTS_MAX = 1000,
	QUARANTINE_ADDRESS_MAX = 512,
	QUARANTINE_ID_MAX = 32,
};

/* All texts are owned; NULL while nothing was parsed. */
struct quarantine_header {
	char *id;
	char *sender;	   /* of the envelope, without < >; "" is the null sender */
	char **recipients; /* who did not get it, as they stood in the envelope */
	size_t recipient_count;
	char *reason;  /* decoded; may hold any byte but NUL */
	char *subject; /* of the message, decoded; "" when it has none near its top */
	size_t offset; /* where the message begins */
};

#define QUARANTINE_HEADER_INIT ((struct quarantine_header){0})

/* Parses the beginning of a file, `size` bytes.  -ENODATA when amavis's lines are not
 * at their end yet, -EBADMSG when they are not as above; `header` is then untouched.
 * The Subject is looked for in these bytes alone. */
_must_check_ int quarantine_header_parse(const char *text, size_t size,
					 struct quarantine_header *header, struct error *error);

void quarantine_header_free(struct quarantine_header *header);

/* An id as amavis makes them: letters, digits, and inside also + - _. */
bool quarantine_id_is_valid(const char *id, size_t size);

/* One field of a header that begins at `text`: its whole length with all continuation
 * lines, 0 when no complete field begins here (the field that reaches the end of the
 * text is not known to be complete).  The value is what follows the colon. */
size_t quarantine_field_parse(const char *text, size_t size, size_t *ret_name_size,
			      const char **ret_value, size_t *ret_value_size);

#endif
