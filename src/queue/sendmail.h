// SPDX-License-Identifier: GPL-3.0-or-later
/* Mail of the machine's own, by sendmail(1): with the null sender, so that nothing answers it. */
#ifndef POSTCASK_QUEUE_SENDMAIL_H
#define POSTCASK_QUEUE_SENDMAIL_H

#include "base/buffer.h"
#include "base/error.h"

/* The lines of a header that are the same for all such mail, and the blank one behind them: its
 * time, an id at that host, that a machine wrote it, and that it is UTF-8. */
void sendmail_add_header(struct buffer *message, const char *hostname, int64_t now);

/* 0 when Postfix has it on the disk. */
_must_check_ int sendmail_send(const char *to, const char *message, size_t size,
			       struct error *error);

#endif
