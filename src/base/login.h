// SPDX-License-Identifier: GPL-3.0-or-later
/* Whose login an address is, asked of the running Dovecot: it knows what postcask and people write
 * otherwise as the same login. */
#ifndef POSTCASK_BASE_LOGIN_H
#define POSTCASK_BASE_LOGIN_H

#include "base/error.h"

/* The form of an address that logins have, of somebody who has a mailbox here; owned by the caller.
 * -EINVAL for what is no address, -ENOENT for somebody else. */
_must_check_ int login_find(const char *address, char **ret, struct error *error);

#endif
