// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of the report about tokens: what postcask-tokens said last of its issuer's keys. */
#ifndef POSTCASK_REPORT_PART_TOKENS_H
#define POSTCASK_REPORT_PART_TOKENS_H

#include <jansson.h>

#include "base/buffer.h"

/* Sets `tokens`, and a sentence when the issuer does not answer: degraded when there is no key, or
 * none from the last day. */
void tokens_part_add(json_t *report, const char *run);

void tokens_part_text(const json_t *report, struct buffer *text);

#endif
