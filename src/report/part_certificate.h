// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of the report on the certificates of an ACME authority. */
#ifndef POSTCASK_REPORT_PART_CERTIFICATE_H
#define POSTCASK_REPORT_PART_CERTIFICATE_H

#include <jansson.h>

/* Sets "certificates" of the report (acme/acme_summary.h) where the settings have an authority,
 * and says what is wrong: a note while there is time, degraded when there is little. */
void certificate_part_add(json_t *report, const char *keys);

#endif
