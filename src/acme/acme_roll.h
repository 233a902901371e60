// SPDX-License-Identifier: GPL-3.0-or-later
/* When the keys may be rolled: the TLSA records of port 25 say which keys other servers take, so
 * the next keys come into use only when every one of the zone's servers has shown theirs for as
 * long as two times to live.  Where there is no such record, at once. */
#ifndef POSTCASK_ACME_ROLL_H
#define POSTCASK_ACME_ROLL_H

#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "certificate/certificate.h"

/* Looks at the DNS and remembers in the state since when the next keys are shown.  0 when they may
 * come into use, -EAGAIN and a sentence when not yet, other errors when it cannot be told. */
_must_check_ int acme_roll_check(const struct certificate_request *request, json_t *state,
				 int64_t now, struct error *error);

/* The same with the state of the machine, which is saved; for the command. */
_must_check_ int acme_roll_allowed(const struct certificate_request *request, struct error *error);

#endif
