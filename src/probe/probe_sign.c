// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe_sign.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "dkim/verify.h"

enum { PUBLIC_MAX = 64 * 1024 * 1024 };

/* What the settings want of each message; 0: nothing. */
static unsigned wanted(const json_t *published)
{
	const json_t *word, *sign = published_get(published, "dkim.sign");
	bool rsa_alone = published_text(published, "dkim.signer") &&
			 strcmp(published_text(published, "dkim.signer"), "opendkim") == 0;
	unsigned algorithms = 0;
	size_t i;

	json_array_foreach(sign, i, word)
	{
		for (int algorithm = 0; algorithm < DKIM_ALGORITHMS; algorithm++)
			if (strcmp(json_string_value(word),
				   dkim_algorithm_name((enum dkim_algorithm)algorithm)) == 0)
				algorithms |= 1u << algorithm;
	}
	return rsa_alone && algorithms ? 1u << DKIM_RSA : algorithms;
}

static json_t *read_public(const char *path, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	json_t *list;

	if (file_read(path, PUBLIC_MAX, &text, NULL, error) < 0)
		return NULL;
	list = json_loads(text, 0, NULL);
	if (!list)
		error_set(error, EBADMSG, "%s: cannot be read", path);
	return list;
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
	public = read_public(run->settings->dkim, &error);
	if (!public)
		return failure_set(&result->failure, FAILURE_RESOURCE, "%s", error_text(&error));
	if (dkim_verify(buffer_text(&message), message.size, public, algorithms, &error) < 0)
		return failure_set(&result->failure, FAILURE_CONTENT,
				   "what a login sends leaves without a signature that others can "
				   "verify: %s",
				   error_text(&error));
	return FAILURE_NONE;
}
