// SPDX-License-Identifier: GPL-3.0-or-later
/* The processes of a unit that run one program, where the unit's others are other parts
 * of the mail path: Dovecot's LMTP servers, beside its logins. */
#ifndef POSTCASK_PROGRAM_H
#define POSTCASK_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* The text of a file of a unit's control group; `cgroups` is the folder of the units' groups.
 * Owned by the caller, NULL when there is none. */
_must_check_ char *unit_file(const char *cgroups, const char *unit, const char *name);

/* True when a thread of the unit waits for what no signal interrupts, as a rule the disk. */
_must_check_ bool unit_waits_for_disk(const char *cgroups, const char *unit);

/* Sends `signal` (0: none) to each process of `unit` that runs `program` (the kernel's
 * name of it, 15 bytes at most).  How many there are; *ret_used_us is their processor time so
 * far in microseconds. */
_must_check_ size_t program_signal(const char *cgroups, const char *unit, const char *program,
				   int signal, uint64_t *ret_used_us);

#endif
