// SPDX-License-Identifier: GPL-3.0-or-later
/* Delivers a message from quarantine: to Postfix's service `released` (master.cf), whose
 * socket nobody but root and Postfix can reach, behind the filter. */
#ifndef POSTCASK_QUARANTINE_RELEASE_H
#define POSTCASK_QUARANTINE_RELEASE_H

#include "base/error.h"
#include "quarantine/header.h"

#define QUARANTINE_RELEASE_SOCKET "/var/spool/postfix/private/released"

struct quarantine_release {
	const char *socket; /* NULL: QUARANTINE_RELEASE_SOCKET */
	const char *sender; /* of the envelope */
	const char *const *recipients;
	size_t count;
	size_t offset;	/* of the message in the file */
	int timeout_ms; /* for all of it; 0: ten minutes */
};

/* Sends what stands in the open file from `offset` on, byte for byte, its line feeds as
 * the line ends of SMTP.  Returns 0 once Postfix has said 250, and the queue id (owned by
 * the caller).  All recipients are accepted or the message is not sent.  -EBUSY while
 * somebody writes the file; the program must ignore SIGPIPE. */
_must_check_ int quarantine_release(int fd, const struct quarantine_release *release,
				    char **ret_queue_id, struct error *error);

/* An address that may stand between < and > in a command of SMTP. */
bool quarantine_address_is_valid(const char *address);

#endif
