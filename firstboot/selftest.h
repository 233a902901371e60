// SPDX-License-Identifier: GPL-3.0-or-later
/* The self-test mailbox: an account that exists on loopback alone, with a
 * password that is new at every boot.
 *
 *	RUN/selftest.passwd	0640 root:GROUP, Dovecot passwd-file, hashed; the group is
 *				the one of the component that checks passwords
 *	RUN/selftest.secret	0400 root, handed to the probes by systemd */
#ifndef POSTCASK_SELFTEST_H
#define POSTCASK_SELFTEST_H

#include "base/error.h"

#define SELFTEST_ADDRESS "selftest@selftest.invalid"

/* Makes a password and writes both files, unless this boot has done so. */
_must_check_ int selftest_prepare(const char *run, struct error *error);

#endif
