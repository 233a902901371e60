// SPDX-License-Identifier: GPL-3.0-or-later
/* A page of a stranger's web server, by libcurl: https alone and TLS 1.2 at least, a certificate
 * for the name, no redirects, no proxy and no passwords of this machine's, an end in time, and no
 * more than there is room for. */
#ifndef POSTCASK_NET_HTTPS_H
#define POSTCASK_NET_HTTPS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buffer.h"

/* Where it comes to.  Of what is larger nothing is taken: CURLE_WRITE_ERROR. */
struct https_page {
	struct buffer *body;
	size_t most; /* bytes */
};

struct https_params {
	const char *url;
	const char *authorities; /* a file of certificates, PEM */
	long seconds;		 /* for all of it, */
	long connect_seconds;	 /* and to be connected */
	struct https_page *page; /* the caller's, until it is there */
};

_must_check_ bool https_set_up(CURL *curl, const struct https_params *params);

#endif
