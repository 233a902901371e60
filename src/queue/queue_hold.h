// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages of the queue put on hold, and freed: by postsuper(1), as root.  Whose a message is that
 * has not been through the filter stands in its file, which postcat(1) reads. */
#ifndef POSTCASK_QUEUE_HOLD_H
#define POSTCASK_QUEUE_HOLD_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

enum queue_hold_verb { QUEUE_HOLD, QUEUE_FREE };

/* `ids`: queue ids, one a line; of none nothing is done. */
_must_check_ int queue_hold(enum queue_hold_verb verb, const struct buffer *ids,
			    struct error *error);

/* Of `ids` those whose message was given by that login, one a line, added to `found`. */
_must_check_ int queue_find_login(const struct buffer *ids, const char *login, struct buffer *found,
				  struct error *error);

/* The same, of what postcat -e says of them. */
void queue_find_login_parse(struct slice text, const char *login, struct buffer *found);

#endif
