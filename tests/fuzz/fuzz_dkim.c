// SPDX-License-Identifier: GPL-3.0-or-later
/* What lies in the self-test's mailbox, as its verifier reads it, and a domain's file of keys. */
#include <stdint.h>
#include <string.h>

#include "dkim/verify.h"
#include "tests/unit/dkim_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_keys(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	struct error error = ERROR_INIT;

	if (text && dkim_keys_parse(text, &keys, &error) == 0)
		for (size_t i = 0; i < keys.count; i++)
			if ((keys.list[i].state == DKIM_REVOKED) != !keys.list[i].public)
				abort();
	error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static json_t *published;
	struct error error = ERROR_INIT;

	if (!published)
		published = dkim_published("current");
	if (dkim_verify((const char *)data, size, published, 1u << DKIM_RSA, &error) < 0)
		error_clear(&error);
	read_keys(data, size);
	return 0;
}
