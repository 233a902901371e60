// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef POSTCASK_COMMAND_PRINT_H
#define POSTCASK_COMMAND_PRINT_H

#include "base/json_file.h"

/* json_print as a command ends with it: COMMAND_GOOD, or COMMAND_FAILED when it has said on
 * standard error what was wrong. */
int command_print(const json_t *value, size_t format);

/* Seconds since 1970 as a person reads them, in the machine's time: "2026-11-30 15:20:00". */
enum { PRINT_WHEN = 32 };
const char *print_when(long long seconds, char text[PRINT_WHEN]);

#endif
