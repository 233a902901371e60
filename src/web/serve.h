// SPDX-License-Identifier: GPL-3.0-or-later
/* The certificates that the web server serves.  It never runs as root, so it gets copies of the
 * keys that it may read, in a folder of /run that belongs to root and to its group:
 *
 *	tls.conf	which one for which name; lighttpd.conf includes it
 *	host.pem	the host's
 *	DOMAIN.pem	of the domains that have one for names of their own
 *
 * The folder passes its group on to what is made in it. */
#ifndef POSTCASK_WEB_SERVE_H
#define POSTCASK_WEB_SERVE_H

#include <jansson.h>

#include "base/error.h"

/* Copies what is below `keys` to `folder`, and removes there what is not served any more.  A
 * domain's file that is damaged is passed over and said on standard error: the host's
 * certificate answers for it. */
_must_check_ int serve_keys(const json_t *settings, const char *keys, const char *folder,
			    struct error *error);

#endif
