// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/https.h"

static size_t take_body(char *bytes, size_t one, size_t count, void *context)
{
	const struct https_page *page = context;

	if (page->body->size + one * count > page->most)
		return 0; /* an error, to curl */
	buffer_add(page->body, bytes, one * count);
	return page->body->failed ? 0 : one * count;
}

bool https_set_up(CURL *curl, const struct https_params *params)
{
	return curl_easy_setopt(curl, CURLOPT_URL, params->url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAINFO, params->authorities) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, params->seconds) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, params->connect_seconds) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, params->page) == CURLE_OK;
}
