// SPDX-License-Identifier: GPL-3.0-or-later
/* Whose sending is held, in the report: the machine is degraded until somebody has looked. */
#ifndef POSTCASK_PART_HOLD_H
#define POSTCASK_PART_HOLD_H

#include <jansson.h>

/* From the list of postcask-policy, a file that root alone reads: whoever else asks for the
 * report keeps what was in it. */
void hold_part_add(json_t *report, const char *path);

#endif
