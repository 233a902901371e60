// SPDX-License-Identifier: GPL-3.0-or-later
/* What doveadm says of the rights of a folder: the names in it are texts that people chose. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "sharing/share.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	json_t *list = json_array();
	const json_t *share;
	size_t i;

	memcpy(text, data, size);
	text[size] = '\0';
	if (share_parse(text, "alice@example.org", "INBOX", list, NULL) == 0)
		json_array_foreach(list, i, share)
		{
			const char *role = json_text(share, "role");

			if (role[0] &&
			    share_role_of(json_text(share, "rights")) != share_role_find(role))
				abort();
		}
	json_decref(list);
	free(text);
	return 0;
}
