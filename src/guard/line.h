// SPDX-License-Identifier: GPL-3.0-or-later
/* The lines of the journal that tell of somebody who tries what he should not: those of sshd and
 * of Postfix's postscreen.
 *
 * A user's name is the stranger's own choice, and may hold a whole such line: everything is read
 * from the end, where the daemons write the address. */
#ifndef POSTCASK_GUARD_LINE_H
#define POSTCASK_GUARD_LINE_H

#include "guard/judge.h"

enum line_source {
	LINE_SSHD,	 /* root's sshd-session (OpenSSH 9.8 and later) */
	LINE_POSTSCREEN, /* under Postfix's account */
	LINE_SOURCES,
};

/* False for a line that tells of none. */
_must_check_ bool line_read(const struct judge *judge, enum line_source source, struct slice text,
			    struct network *ret_network, struct judge_try *ret_try);

#endif
