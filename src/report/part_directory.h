// SPDX-License-Identifier: GPL-3.0-or-later
/* Passwords of devices: how many there are, and that they were lost (directory/directory.h). */
#ifndef POSTCASK_REPORT_PART_DIRECTORY_H
#define POSTCASK_REPORT_PART_DIRECTORY_H

#include <jansson.h>

#include "base/buffer.h"

/* Adds {apps, damaged} as `directory`, and degrades the report when they were lost. */
void directory_part_add(json_t *report, const char *run);
void directory_part_text(const json_t *report, struct buffer *text);

#endif
