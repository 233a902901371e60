// SPDX-License-Identifier: GPL-3.0-or-later
/* What uacme prints has an authority's words in it: whatever they are, they become one line of
 * printable text, and no address or name that says more than it should. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "acme/acme_said.h"
#include "base/cleanup.h"

static void check_line(const char *text)
{
	for (; text && *text; text++)
		if (!isprint((unsigned char)*text))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int status = 0; status <= 2; status++) {
		_cleanup_(acme_said_clear) struct acme_said said = ACME_SAID_INIT;
		const json_t *name;
		size_t i;

		acme_said_read((const char *)data, size, status, "mail.example.org", &said);
		check_line(said.error);
		check_line(said.account);
		if ((status > 1) != (said.error != NULL) ||
		    (said.account && strpbrk(said.account, " \";,\\")) ||
		    said.window[1] < said.window[0])
			abort();
		json_array_foreach(said.caa, i,
				   name) if (strpbrk(json_string_value(name), "; \"\\")) abort();
	}
	return 0;
}
