// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/slice.h"
#include "mailbox/mailbox.h"

const struct mailbox_format mailbox_formats[2] = {{"maildir", "Maildir"}, {"mdbox", "mdbox"}};

const struct mailbox_format *mailbox_format_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(mailbox_formats); i++)
		if (strcmp(mailbox_formats[i].name, name) == 0)
			return &mailbox_formats[i];
	return NULL;
}

/* Neither part of it is a way out of the folder. */
char *mailbox_home(const char *login)
{
	_cleanup_(buffer_free) struct buffer home = BUFFER_INIT;
	const char *at = strchr(login, '@');

	if (!at || at == login || login[0] == '.' || at[1] == '.' || !at[1] ||
	    strpbrk(login, "/ \n") || strchr(at + 1, '@'))
		return NULL;
	buffer_addf(&home, MAILBOX_MAIL "/%s/%.*s", at + 1, (int)(at - login), login);
	return buffer_take(&home);
}
