// SPDX-License-Identifier: GPL-3.0-or-later
/* A look at the server behind a gateway: whether it answers, whether TLS is as the settings want
 * it, whether it knows its postmaster, and whether it refuses whom it does not know.  It is asked
 * as mail would come: EHLO, STARTTLS, MAIL, RCPT; no message is sent. */
#ifndef POSTCASK_PROBE_BEHIND_H
#define POSTCASK_PROBE_BEHIND_H

#include <jansson.h>

#include "base/error.h"

struct behind_look {
	const char *resolver; /* numeric */
	unsigned resolver_port;
	const char *ca_file; /* for gateway.tls: verify */
	int timeout_ms;
};

/* From the published settings: {"host", "port", "answers", "findings": [sentence...]}, owned by
 * the caller.  -ENOMEM alone fails; what the server does wrong is a finding. */
_must_check_ int behind_look_at(const json_t *published, const struct behind_look *look,
				json_t **ret_result, struct error *error);

#endif
