// SPDX-License-Identifier: GPL-3.0-or-later
/* Who may write to an alias that is not for everybody, as postcask-directory's file says.
 *
 * A login is proved, and the sender with it: on a port where people log in nobody sends as somebody
 * else.  A network that the settings trust is believed whom it sends for.  A stranger's sender is
 * what he wrote, and counts for nothing. */
#ifndef POSTCASK_POLICY_WRITERS_H
#define POSTCASK_POLICY_WRITERS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "policy/request.h"

enum writers_look { WRITERS_MAY, WRITERS_MAY_NOT, WRITERS_NOT_KNOWN };

struct writers {
	const char *path;
	sqlite3 *database; /* opened when it is needed, and anew when there is another file */
	sqlite3_stmt *statement;
	dev_t device;
	ino_t number;
};

void writers_init(struct writers *writers, const char *path);
void writers_close(struct writers *writers);

/* `believed`: the client is of a network that is trusted.  A message without a sender is a bounce
 * of what somebody sent as the alias, and is let in.  NOT_KNOWN, with `error`: the file could not
 * be asked. */
enum writers_look writers_judge(struct writers *writers, const struct postfix_request *request,
				bool believed, struct error *error);

#endif
