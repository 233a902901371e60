// SPDX-License-Identifier: GPL-3.0-or-later
/* ManageSieve (RFC 5804): capabilities, STARTTLS, AUTHENTICATE PLAIN, and a script
 * checked by the server.  The functions take a session opened with
 * managesieve_protocol. */
#ifndef POSTCASK_NET_MANAGESIEVE_H
#define POSTCASK_NET_MANAGESIEVE_H

#include "net/session.h"

/* Takes one string, quoted (§4: backslash escapes the next), off the front of
 * *line.  Owned by the caller; NULL when there is none. */
char *managesieve_take_string(const char **line);

/* Has the server compile a script (CHECKSCRIPT §2.12) without keeping it. */
_must_check_ enum failure_class managesieve_check_script(struct session *session,
							 const char *script);

#endif
