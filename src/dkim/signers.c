// SPDX-License-Identifier: GPL-3.0-or-later
#include "dkim/signers.h"

#include <errno.h>

#include "base/process.h"
#include "component/components.h"
#include "dkim/dkim_key.h"

enum { RELOAD_MS = 30 * 1000 };

static bool signs(const struct component *component)
{
	return component_has_key(component, DKIM_KEY);
}

int dkim_signers_reload(struct error *error)
{
	_cleanup_free_ const char **argv = component_command("try-reload-or-restart", signs);
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	struct process process = {.argv = argv, .timeout_ms = RELOAD_MS};
	int status;

	if (!argv)
		return error_set(error, ENOMEM, "out of memory");
	if (!argv[2]) /* "systemctl VERB" and nobody */
		return 0;
	status = process_run(&process, &output, error);
	return status > 0 ? error_set(error, EIO, "the signer did not take the keys: %s",
				      buffer_text(&output))
			  : status;
}
