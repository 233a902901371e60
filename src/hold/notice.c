// SPDX-License-Identifier: GPL-3.0-or-later
#include "hold/notice.h"

#include "policy/limit_hold.h"
#include "queue/sendmail.h"

static void add_head(const struct notice *notice, const struct quarantine_config *config,
		     const char *to, struct buffer *message)
{
	buffer_addf(message,
		    "From: Mail server %s <%s>\nTo: <%s>\nSubject: Sending of %s is held\n",
		    config->hostname, config->postmaster, to, notice->login);
	sendmail_add_header(message, config->hostname, notice->now);
}

void notice_to_owner(const struct notice *notice, const struct quarantine_config *config,
		     struct buffer *message)
{
	add_head(notice, config, notice->login, message);
	buffer_addf(message,
		    "The mail that %s sends is held since now, because\n%s.\n\n"
		    "What you send waits in the queue of the server and goes to nobody yet.  "
		    "Nothing was\ndeleted, and you receive mail as always.\n\n"
		    "If you sent so much yourself, write to %s, who can let\nit go on.\n\n"
		    "If you did not, somebody knows your password: ask for another one now, and "
		    "do not use\nthe old one anywhere again.\n",
		    notice->login, limit_reason_sentence(notice->reason), config->postmaster);
}

void notice_to_postmaster(const struct notice *notice, const struct quarantine_config *config,
			  struct buffer *message)
{
	add_head(notice, config, config->receiver, message);
	buffer_addf(message,
		    "The mail that the login %s sends is held, because\n%s.\n\n"
		    "%zu message%s of it %s put on hold in the queue, and so is what it sends from "
		    "now on.\nNothing was deleted.  It was told so by mail.\n\n"
		    "Ask the owner.  If the password was stolen, give the account another one "
		    "first\n(password_hash in the settings, then `postcask apply`), and delete "
		    "what is not the\nowner's:\n\n"
		    "    postcask user held\n    postcat -q ID\n    postsuper -d ID\n\n"
		    "Then, or if all is well, let the rest go on, as root there:\n\n"
		    "    postcask user release %s\n\n"
		    "Who sends more than others needs higher limits: limits.user_recipients_per_"
		    "hour and\nlimits.user_recipients_per_day in the settings.\n",
		    notice->login, limit_reason_sentence(notice->reason), notice->queued,
		    notice->queued == 1 ? "" : "s", notice->queued == 1 ? "was" : "were",
		    notice->login);
}
