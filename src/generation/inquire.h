// SPDX-License-Identifier: GPL-3.0-or-later
/* One question to a daemon on its socket, and the answer. */
#ifndef POSTCASK_INQUIRE_H
#define POSTCASK_INQUIRE_H

#include "base/buffer.h"
#include "base/error.h"

/* Writes `question` as a line to the stream socket at `path` and takes what comes
 * back until its end.  An empty answer, one of over 64 KiB and one that is not
 * finished in time are errors, as is nobody listening. */
_must_check_ int inquire(const char *path, const char *question, int timeout_ms,
			 struct buffer *answer, struct error *error);

#endif
