// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ask.h"
#include "directory/directory.h"

int directory_ask(const json_t *question, json_t **ret_answer, struct error *error)
{
	const struct ask_params params = {
	    .path = DIRECTORY_SOCKET,
	    .patience_ms = DIRECTORY_MS,
	    .limit = DIRECTORY_ANSWER,
	    .silent = "postcask-directory gives no answer; `systemctl restart postcask-directory` "
		      "ends it and starts it again",
	    .absent = "postcask-directory does not run, so nothing was changed; `systemctl status "
		      "postcask-directory` says why",
	    .denied = "app passwords are for root to see and change; use sudo",
	};

	return ask_service(&params, question, ret_answer, error);
}
