// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/fetch.h"

#include <errno.h>
#include <strings.h>

#include "base/slice.h"
#include "tokens/jwks.h"

enum { CONNECT_SECONDS = 5 };

#define MAX_AGE "max-age="

int fetch_init(struct fetch *fetch, struct error *error)
{
	*fetch = (struct fetch){.multi = NULL};
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		fetch->multi = curl_multi_init();
	return fetch->multi ? 0 : error_set(error, ENOMEM, "libcurl cannot be set up");
}

static void let_go(struct fetch *fetch)
{
	if (fetch->easy) {
		curl_multi_remove_handle(fetch->multi, fetch->easy);
		curl_easy_cleanup(fetch->easy);
	}
	fetch->easy = NULL;
}

void fetch_free(struct fetch *fetch)
{
	let_go(fetch);
	curl_multi_cleanup(fetch->multi);
	buffer_free(&fetch->body);
}

static bool set_up(struct fetch *fetch, const char *url, const char *authorities)
{
	const struct https_params params = {url, authorities, FETCH_SECONDS, CONNECT_SECONDS,
					    &fetch->page};

	fetch->page = (struct https_page){&fetch->body, JWKS_SIZE};
	return https_set_up(fetch->easy, &params) &&
	       curl_easy_setopt(fetch->easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(fetch->easy, CURLOPT_ERRORBUFFER, fetch->why) == CURLE_OK;
}

int fetch_begin(struct fetch *fetch, const char *url, const char *authorities, struct error *error)
{
	let_go(fetch);
	buffer_reset(&fetch->body);
	fetch->why[0] = '\0';
	fetch->easy = curl_easy_init();
	if (fetch->easy && set_up(fetch, url, authorities) &&
	    curl_multi_add_handle(fetch->multi, fetch->easy) == CURLM_OK)
		return 0;
	curl_easy_cleanup(TAKE_POINTER(fetch->easy));
	return error_set(error, EIO, "libcurl cannot be set up");
}

void fetch_wait(struct fetch *fetch, struct curl_waitfd *others, unsigned count, int timeout_ms)
{
	(void)curl_multi_poll(fetch->multi, others, count, timeout_ms, NULL);
}

long long fetch_max_age(const char *control)
{
	struct slice rest = slice_of(control), part;
	long long seconds = 0;

	while (rest.size > 0) {
		if (!slice_until(&rest, SLICE(","), &part)) {
			part = rest;
			rest.size = 0;
		}
		part = slice_trim(part);
		if (slice_equal_case(part, SLICE("no-store")) ||
		    slice_equal_case(part, SLICE("no-cache")))
			return 0;
		if (part.size > strlen(MAX_AGE) &&
		    strncasecmp(part.at, MAX_AGE, strlen(MAX_AGE)) == 0) {
			part =
			    (struct slice){part.at + strlen(MAX_AGE), part.size - strlen(MAX_AGE)};
			if (!slice_number(&part, &seconds) || part.size > 0)
				seconds = 0;
		}
	}
	return seconds;
}

static long long held_for(CURL *curl)
{
	struct curl_header *header;

	if (curl_easy_header(curl, "Cache-Control", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return 0;
	return fetch_max_age(header->value);
}

static int settle(struct fetch *fetch, CURLcode result, long long *ret_seconds, struct error *error)
{
	const char *url = "";
	long status = 0;

	(void)curl_easy_getinfo(fetch->easy, CURLINFO_EFFECTIVE_URL, &url);
	if (result == CURLE_WRITE_ERROR)
		return error_set(error, EIO, "%s: it is of more than %d KiB", url,
				 JWKS_SIZE / 1024);
	if (result != CURLE_OK)
		return error_set(error, EIO, "%s: %s", url,
				 fetch->why[0] ? fetch->why : curl_easy_strerror(result));
	if (curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
	    status != 200)
		return error_set(error, EIO, "%s: the server answers %ld", url, status);
	*ret_seconds = held_for(fetch->easy);
	return 0;
}

bool fetch_work(struct fetch *fetch, int *ret_result, long long *ret_seconds, struct error *error)
{
	const CURLMsg *message;
	int left;

	(void)curl_multi_perform(fetch->multi, &left);
	while ((message = curl_multi_info_read(fetch->multi, &left)))
		if (message->msg == CURLMSG_DONE && message->easy_handle == fetch->easy) {
			*ret_result = settle(fetch, message->data.result, ret_seconds, error);
			let_go(fetch);
			return true;
		}
	return false;
}
