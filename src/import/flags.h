// SPDX-License-Identifier: GPL-3.0-or-later
/* A message's flags, which a stranger's server or file names. */
#ifndef POSTCASK_IMPORT_FLAGS_H
#define POSTCASK_IMPORT_FLAGS_H

#include "base/slice.h"

/* The letters of a Maildir's file name and of an mbox's Status and X-Status as IMAP's flags, each
 * with a blank after it; what is no such letter is passed over. */
void flags_of_maildir(struct slice letters, struct buffer *flags);
void flags_of_mbox(struct slice letters, struct buffer *flags);

/* Those of `flags` (blanks between) that a message here can have: the system's own but \Recent,
 * and keywords that are atoms, not too many. */
void flags_keep(struct slice flags, struct buffer *kept);

#endif
