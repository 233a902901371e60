// SPDX-License-Identifier: GPL-3.0-or-later
/* An item of Outlook's as a message (RFC 5322, RFC 2045): the header as it came where Outlook kept
 * it, else made; text and HTML as UTF-8; what is attached, other messages among it.
 *
 * The same item gives the same bytes each time: an import is repeated by them. */
#ifndef POSTCASK_PST_LETTER_H
#define POSTCASK_PST_LETTER_H

#include <libpst-4/libpst/libpst.h>
#include <stdbool.h>

#include "base/buffer.h"

enum { LETTER_DEPTH = 8 /* messages in messages */ };

/* Mail, or something else that Outlook keeps: an appointment, a contact, a task. */
bool letter_is_mail(const pst_item *item);

/* Appends it; false when something of it, such as what is attached, could not be read. */
bool letter_make(pst_file *file, pst_item *item, int depth, struct buffer *letter);

#endif
