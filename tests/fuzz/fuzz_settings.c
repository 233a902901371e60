// SPDX-License-Identifier: GPL-3.0-or-later
/* libFuzzer on the loader of settings: any bytes are accepted or refused, never a
 * fault; what is accepted survives redaction and its secrets do not; what is
 * refused has a reason. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "settings/settings.h"

static void check_lines(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		char *line = diagnostic_line(&diagnostics->items[i]);

		/* A line is a line: no input can forge another one. */
		assert(line && !strpbrk(line, "\n\r\033"));
		free(line);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	json_t *settings = NULL;
	int r = settings_load_text("fuzz", (const char *)bytes, size, &diagnostics, &settings);

	assert((r == 0) == (settings != NULL));
	assert((r == 0) == (diagnostics.errors == 0));
	assert(r == 0 || r == -EINVAL || r == -ENOENT);
	check_lines(&diagnostics);
	if (settings) {
		json_t *redacted = settings_redact(settings);
		char *text = json_dumps(redacted, JSON_SORT_KEYS);

		assert(text && !strstr(text, "$6$") && !strstr(text, "$y$"));
		free(text);
		json_decref(redacted);
		json_decref(settings);
	}
	diagnostics_free(&diagnostics);
	return 0;
}
