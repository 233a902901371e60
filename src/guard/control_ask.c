// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/control.h"

#include "base/ask.h"

int control_ask(const char *path, const json_t *question, json_t **ret_answer, struct error *error)
{
	const struct ask_params params = {
	    .path = path,
	    .patience_ms = CONTROL_MS,
	    .limit = CONTROL_ANSWER,
	    .silent = "postcask-guard gives no answer; `systemctl restart postcask-guard` ends it "
		      "and starts it again, and who is banned stays so",
	    .absent = "postcask-guard does not run, so it cannot be asked; bans in force end by "
		      "themselves, and `nft list table inet postcask_ban` shows them "
		      "(`systemctl status postcask-guard`, ban.enabled of the settings)",
	    .denied = "bans are for root to see and change; use sudo",
	};

	return ask_service(&params, question, ret_answer, error);
}
