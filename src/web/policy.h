// SPDX-License-Identifier: GPL-3.0-or-later
/* Which MTA-STS policy the machine publishes: none while other servers would not believe its
 * certificate; then what the settings say in dns.mta_sts, "testing", "enforce" or "none"; or by
 * itself ("auto", or no word) one that asks others only to report what fails, and after a week
 * in which every report of this machine was "ready" one that they enforce. */
#ifndef POSTCASK_WEB_POLICY_H
#define POSTCASK_WEB_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

enum { POLICY_TESTING_S = 7 * 24 * 3600 };

/* `state` is the file that remembers mode and since when, replaced where they change; `report`
 * the machine's (/run/postcask/report.json), where one that is not there says nothing.  What is
 * enforced by itself stays so: others have been promised a year.  *ret_policy is the text
 * (owned), NULL: none. */
_must_check_ int policy_decide(const json_t *settings, const char *state, const char *report,
			       bool public, int64_t now, char **ret_policy, struct error *error);

#endif
