// SPDX-License-Identifier: GPL-3.0-or-later
/* Unpacks what a report is sent in: gzip, or the first file of a zip archive; else it is what it
 * is.  By libarchive, with those formats alone. */
#ifndef POSTCASK_FEEDBACK_UNPACK_H
#define POSTCASK_FEEDBACK_UNPACK_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

enum { UNPACK_RATIO = 200 }; /* times as long as it was sent, at most */

/* Appends to `text`.  -EBADMSG with a sentence for what is damaged, locked, or longer than
 * REPORT_PACKED, REPORT_TEXT or the ratio allow. */
_must_check_ int unpack(struct slice packed, struct buffer *text, struct error *error);

#endif
