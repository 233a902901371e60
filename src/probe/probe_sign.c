// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe_sign.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "dkim/verify.h"

enum { PUBLIC_MAX = 64 * 1024 * 1024 };

/* What the settings want of each message; 0: nothing. */
static unsigned wanted(const json_t *published)
{
	const json_t *sign = published_get(published, "dkim.sign");
	bool rsa_alone = published_text(published, "dkim.signer") &&
			 strcmp(published_text(published, "dkim.signer"), "opendkim") == 0;
	unsigned algorithms = 0;

	for (int algorithm = 0; algorithm < DKIM_ALGORITHMS; algorithm++)
		if (json_has_text(sign, dkim_algorithm_name((enum dkim_algorithm)algorithm)))
			algorithms |= 1u << algorithm;
	return rsa_alone && algorithms ? 1u << DKIM_RSA : algorithms;
}

enum failure_class probe_sign_verify(struct probe_run *run, const struct probe *probe,
				     struct probe_result *result)
{
	_cleanup_(buffer_free) struct buffer message = BUFFER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *public = NULL;
	unsigned algorithms = wanted(run->settings->published);
	enum failure_class failure;

	if (algorithms == 0) {
		result->outcome = PROBE_SKIPPED;
		return FAILURE_NONE;
	}
	failure = mailbox_fetch(&run->mailbox, MAILBOX_INBOX, run->messages[probe->mail].id,
				&message, &result->failure);
	if (failure)
		return failure;
	if (json_file_read(run->settings->dkim, PUBLIC_MAX, JSON_FILE_LIST, &public, &error) < 0)
		return failure_set(&result->failure, FAILURE_RESOURCE, "%s", error_text(&error));
	if (dkim_verify(buffer_text(&message), message.size, public, algorithms, &error) < 0)
		return failure_set(&result->failure, FAILURE_CONTENT,
				   "what a login sends leaves without a signature that others can "
				   "verify: %s",
				   error_text(&error));
	return FAILURE_NONE;
}
