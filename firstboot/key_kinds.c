// SPDX-License-Identifier: GPL-3.0-or-later
/* Every kind of keys there is. */
#include "base/cleanup.h"
#include "certificate/certificate_key.h"
#include "dkim/dkim_key.h"
#include "key/key_forwarding.h"
#include "key/key_guard.h"

const struct key_kind *const key_kinds[] = {&certificate_key, &dkim_key, &forwarding_key,
					    &guard_key};
KEY_KINDS_FIT(key_kinds);

const size_t key_kind_count = ARRAY_SIZE(key_kinds);
