// SPDX-License-Identifier: GPL-3.0-or-later
/* The web site: every file that the web server shows, made of templates and facts into one
 * folder that then takes the place of the one before.
 *
 *	WEB/site -> made.a | made.b	the site in force
 *	WEB/stamp			what it was made of
 *	WEB/mta-sts.json		since when other servers are only to report (web/policy.h)
 *
 *	index.html			the host's help page; the domain's, where there is one only
 *	pages/DOMAIN.html  autoconfig/DOMAIN.xml  profiles/DOMAIN.mobileconfig
 *	autodiscover/autodiscover.xml  mta-sts.txt  .well-known/security.txt  robots.txt
 *	style.css  favicon.svg  error-404.html  authority.crt
 *
 * All names are in small letters. */
#ifndef POSTCASK_WEB_SITE_H
#define POSTCASK_WEB_SITE_H

#include "web/facts.h"

/* Makes the site below `web` unless what is there was made of the same; what a domain's pages
 * are made of is taken over where that is the same.  `policy` is the text of mta-sts.txt, NULL:
 * there is none.  *ret_made says whether it was made. */
_must_check_ int site_make(const struct web_facts *facts, const json_t *domains, const char *policy,
			   const char *share, const char *web, bool *ret_made, struct error *error);

/* The folder of the templates; owned by the caller, NULL when out of memory. */
char *site_share(void);

#endif
