// SPDX-License-Identifier: GPL-3.0-or-later
/* One answer by https, beside whatever else a service does: of a server that proves itself, without
 * redirects, of FETCH_SECONDS and JWKS_SIZE at most. */
#ifndef POSTCASK_TOKENS_FETCH_H
#define POSTCASK_TOKENS_FETCH_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "net/https.h"

enum { FETCH_SECONDS = 10 };

struct fetch {
	CURLM *multi;
	CURL *easy; /* NULL: nothing is fetched */
	struct buffer body;
	struct https_page page; /* where it comes to */
	char why[CURL_ERROR_SIZE];
};

_must_check_ int fetch_init(struct fetch *fetch, struct error *error);
void fetch_free(struct fetch *fetch);

/* Both texts are copied. */
_must_check_ int fetch_begin(struct fetch *fetch, const char *url, const char *authorities,
			     struct error *error);

/* Waits for it and for the descriptors of `others`, `timeout_ms` at most. */
void fetch_wait(struct fetch *fetch, struct curl_waitfd *others, unsigned count, int timeout_ms);

/* True when it is over: with 0 in *ret_result when the body is there, and how long it holds by its
 * Cache-Control in *ret_seconds (0: it does not say); -EIO for any other answer than 200. */
_must_check_ bool fetch_work(struct fetch *fetch, int *ret_result, long long *ret_seconds,
			     struct error *error);

/* Of the header's value: the number of max-age, 0 without, or with no-store or no-cache. */
long long fetch_max_age(const char *control);

#endif
