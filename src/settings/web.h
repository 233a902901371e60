// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether browsers are to believe the machine's certificate. */
#ifndef POSTCASK_SETTINGS_WEB_H
#define POSTCASK_SETTINGS_WEB_H

#include <jansson.h>
#include <stdbool.h>

/* Do these `tls` settings ask for a certificate that browsers and other servers believe: a
 * given one, or an ACME authority's? */
bool web_is_public(const json_t *tls);

#endif
