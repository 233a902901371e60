// SPDX-License-Identifier: GPL-3.0-or-later
/* libFuzzer on what doveadm says of deleted mail, in which header lines are strangers': it is
 * refused with a sentence, or is a list whose numbers and texts can be printed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "base/utf8.h"
#include "recover/recover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	uint32_t character;

	for (size_t length; *text; text += length)
		if ((length = utf8_decode(text, strlen(text), &character)) == 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *list = NULL;
	const json_t *one;
	size_t i;

	if (recover_read((const char *)data, size, &list, &error) < 0) {
		if (!error_text(&error)[0] || list)
			abort();
		return 0;
	}
	json_array_foreach(list, i, one)
	{
		check_text(json_text(one, "from"));
		check_text(json_text(one, "subject"));
	}
	(void)recover_too_much(list, size);
	return 0;
}
