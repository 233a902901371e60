// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/accounts_mailbox.h"

#include <errno.h>
#include <string.h>

#include "directory/accounts_schema.h"

bool accounts_is_format(const char *format)
{
	return strcmp(format, "maildir") == 0 || strcmp(format, "mdbox") == 0;
}

int accounts_set_format(struct accounts *accounts, const char *format, struct error *error)
{
	if (!accounts_is_format(format))
		return error_set(error, EINVAL, "\"%.40s\" is no format of mailboxes", format);
	return accounts_remember(accounts, MAILBOX_FORMAT_KEY, format, error);
}

int accounts_put_format(struct accounts *accounts, const char *address, const char *format,
			struct error *error)
{
	return cabinet_run_with(&accounts->cabinet, MAILBOX_PUT, error, address, format, NULL);
}

int accounts_pause(struct accounts *accounts, const char *address, int64_t until,
		   struct error *error)
{
	cabinet_bind_number(&accounts->cabinet, MAILBOX_PAUSE, 2, until);
	return cabinet_run_with(&accounts->cabinet, MAILBOX_PAUSE, error, address, NULL);
}

int accounts_switch(struct accounts *accounts, const char *address, const char *format,
		    int64_t until, int64_t now, struct error *error)
{
	struct cabinet *cabinet = &accounts->cabinet;
	int result;

	cabinet_bind_number(cabinet, MAILBOX_SWITCH, 3, until);
	cabinet_bind_number(cabinet, MAILBOX_SWITCH, 4, now);
	result = cabinet_run_with(cabinet, MAILBOX_SWITCH, error, address, format, NULL);
	if (result == 0 && cabinet_changed(cabinet) == 0)
		result = error_set(error, ETIME, "it took longer than %s could be kept waiting",
				   address);
	return result;
}
