// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a stranger's files are read: a child process that is nobody, has limits of memory and
 * time, and may ask the kernel for nothing but memory, what is in the files that were open before,
 * and to write what it found: it can open, connect to and start nothing. */
#ifndef POSTCASK_TAKEOVER_ENCLOSURE_H
#define POSTCASK_TAKEOVER_ENCLOSURE_H

#include "takeover/takeover.h"

/* Has kind->find look at the files there; *ret as findings_take gives it. */
_must_check_ int enclosure_run(const struct takeover_kind *kind, const struct takeover_file *files,
			       size_t count, json_t **ret, struct error *error);

#endif
