// SPDX-License-Identifier: GPL-3.0-or-later
#include "key/key_guard.h"

#include "key/secret.h"

static const struct secret guard_secret = {
    GUARD_SECRET, "auth_policy_hash_nonce = ",
    "the secret that tells wrong passwords apart was damaged and is made anew"};

static int begin(const json_t *settings, const char *folder, void **ret_job, struct error *error)
{
	const json_t *enabled = json_object_get(json_object_get(settings, "ban"), "enabled");

	return secret_begin(&guard_secret, json_is_true(enabled), folder, ret_job, error);
}

const struct key_kind guard_key = {GUARD_KEY, begin, secret_finish};
