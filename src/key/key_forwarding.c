// SPDX-License-Identifier: GPL-3.0-or-later
#include "key/key_forwarding.h"

#include "key/secret.h"

static const struct secret forwarding_secret = {
    FORWARDING_SECRET, "",
    "the secret of forwarded mail was damaged and is made anew: bounces of what was forwarded "
    "before are refused"};

static int begin(const json_t *settings, const char *folder, void **ret_job, struct error *error)
{
	const json_t *srs = json_object_get(json_object_get(settings, "forwarding"), "srs");

	return secret_begin(&forwarding_secret, json_is_true(srs), folder, ret_job, error);
}

const struct key_kind forwarding_key = {FORWARDING_KEY, begin, secret_finish};
