// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/asker.h"

#include <errno.h>

static int begin(struct asker *asker, enum asker_step step, const char *url, struct error *error)
{
	int result = fetch_begin(&asker->fetch, url, asker->issuer->authorities, error);

	asker->step = result < 0 ? ASKER_IDLE : step;
	return result;
}

int asker_begin(struct asker *asker, struct error *error)
{
	_cleanup_free_ char *configuration = NULL;

	if (asker->step != ASKER_IDLE)
		return 0;
	if (asker->issuer->keys)
		return begin(asker, ASKER_KEYS, asker->issuer->keys, error);
	configuration = issuer_configuration_url(asker->issuer->url);
	return configuration ? begin(asker, ASKER_CONFIGURATION, configuration, error)
			     : error_set(error, ENOMEM, "out of memory");
}

/* 1 when there is more to ask. */
static int take_body(struct asker *asker, struct jwks *ret, struct error *error)
{
	const struct buffer *body = &asker->fetch.body;
	char url[JWKS_URL + 1];
	int result;

	if (asker->step == ASKER_KEYS)
		return jwks_parse(buffer_text(body), body->size, ret, error);
	result = jwks_find(buffer_text(body), body->size, asker->issuer->url, url, error);
	if (result == 0)
		result = begin(asker, ASKER_KEYS, url, error);
	return result < 0 ? result : 1;
}

bool asker_work(struct asker *asker, int *ret_result, struct jwks *ret, long long *ret_seconds,
		struct error *error)
{
	if (!fetch_work(&asker->fetch, ret_result, ret_seconds, error))
		return false;
	if (*ret_result == 0)
		*ret_result = take_body(asker, ret, error);
	if (*ret_result == 1)
		return false;
	asker->step = ASKER_IDLE;
	return true;
}
