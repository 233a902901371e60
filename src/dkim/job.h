// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask-signing does a minute after each boot and once a day. */
#ifndef POSTCASK_DKIM_JOB_H
#define POSTCASK_DKIM_JOB_H

#include <stdio.h>

#include "base/error.h"

/* Makes the keys that the boot had no time for, takes back what is old, and where the machine may
 * change the DNS itself (dns.update of the settings) goes over to the next keys when the current
 * ones have signed for half a year.  Says on `stream` what it did.  A domain whose next keys are
 * not seen is said and passed over. */
_must_check_ int dkim_job_run(const char *state, const char *keys, FILE *stream,
			      struct error *error);

#endif
