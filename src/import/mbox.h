// SPDX-License-Identifier: GPL-3.0-or-later
/* A file in mbox form, taken apart (RFC 4155, and mbox(5) of the mboxrd kind): each message begins
 * with a line "From " after an empty line or at the beginning, and ">From " in it was "From ". */
#ifndef POSTCASK_IMPORT_MBOX_H
#define POSTCASK_IMPORT_MBOX_H

#include <stdint.h>

#include "base/slice.h"

/* Takes the next message from the front of `rest`, with its "From " line; false at the end.  What
 * stands before the first "From " is no message and passed over. */
bool mbox_next(struct slice *rest, struct slice *ret_message);

/* The message as it came (without the "From " line, the quotes and what mail programs keep in
 * its header), its flags (with a blank after each) and its time (DATE_NONE).  False for what is
 * no message: the internal one of some programs. */
bool mbox_message(struct slice message, struct buffer *bytes, struct buffer *flags,
		  int64_t *ret_date);

#endif
