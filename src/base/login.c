// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/login.h"

#include <errno.h>
#include <string.h>

#include "base/process.h"
#include "base/slice.h"

enum { ASK_MS = 30 * 1000, ADDRESS_MAX = 320, NO_SUCH_USER = 67 /* EX_NOUSER */ };

int login_find(const char *address, char **ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	const char *const argv[] = {"doveadm", "user", "--", address, NULL};
	const struct process process = {.argv = argv, .timeout_ms = ASK_MS};
	struct slice rest, line, form = slice_of(address);
	int status;

	/* doveadm takes patterns too. */
	if (!strchr(address, '@') || strlen(address) > ADDRESS_MAX || strpbrk(address, "*?/ "))
		return error_set(error, EINVAL,
				 "'%.100s' is no address; write it as alice@example.org", address);
	status = process_run(&process, &said, error);
	if (status == NO_SUCH_USER)
		return error_set(error, ENOENT, "%s has no mailbox here", address);
	if (status > 0)
		return error_set(error, EIO, "Dovecot does not say who %s is: %.200s", address,
				 buffer_text(&said));
	if (status < 0)
		return status;
	/* It says so only when its form is another one. */
	rest = (struct slice){buffer_text(&said), said.size};
	while (slice_until(&rest, SLICE("\n"), &line))
		if (slice_skip(&line, SLICE("user\t")))
			form = line;
	*ret = strndup(form.at, form.size);
	return *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}
