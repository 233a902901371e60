// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-mailbox: gives back the room of what was deleted in mailboxes of the format mdbox, and
 * removes what was put aside long enough ago; see postcask-mailbox(8). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/options.h"
#include "mailbox/mailbox.h"

enum {
	DAY = 24 * 60 * 60,
	PURGE_MS = 30 * 60 * 1000, /* of one */
	ALL_MS = 5 * 60 * 60 * 1000,
};

static const char usage[] =
    "usage: postcask-mailbox\n"
    "Gives back room in mailboxes, and removes old ones that were put aside.\n";

/* Dovecot only marks what is deleted; the files are written anew without it here. */
static int purge(const struct mailbox_owner *owner, struct error *error)
{
	static const char *const words[] = {"purge", "--no-userdb-lookup", NULL};
	const struct mailbox_format *format = mailbox_format_find("mdbox");
	_cleanup_free_ char *path = file_join(owner->home, format->folder);
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	return file_exists(path) ? mailbox_ask(owner, format, words, PURGE_MS, &said, error) : 0;
}

/* What goes wrong with one does not keep the others'. */
static int look_after(const char *login, int64_t deadline_ms)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *home = mailbox_home(login);
	const struct mailbox_owner owner = {login, home};
	unsigned count;
	int result;

	if (!home)
		return COMMAND_GOOD;
	result = mailbox_forget(home, time(NULL) - (time_t)MAILBOX_DAYS * DAY, &count, &error);
	if (result == 0 && clock_now_ms() < deadline_ms)
		result = purge(&owner, &error);
	if (result == 0)
		return COMMAND_GOOD;
	error_wrap(&error, "%s", login);
	error_print(&error);
	return COMMAND_FAILED;
}

static int look_after_domain(const char *domain, int64_t deadline_ms)
{
	_cleanup_free_ char *path = file_join(MAILBOX_MAIL, domain);
	_cleanup_closedir_ DIR *folder = path ? opendir(path) : NULL;
	const struct dirent *entry;
	int status = COMMAND_GOOD;

	while (folder && (entry = readdir(folder))) {
		_cleanup_(buffer_free) struct buffer login = BUFFER_INIT;

		buffer_addf(&login, "%s@%s", entry->d_name, domain);
		if (entry->d_name[0] != '.' &&
		    look_after(buffer_text(&login), deadline_ms) != COMMAND_GOOD)
			status = COMMAND_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	_cleanup_closedir_ DIR *folder = NULL;
	int64_t deadline_ms = clock_now_ms() + ALL_MS;
	const struct dirent *entry;
	int status = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	status = COMMAND_GOOD;
	folder = opendir(MAILBOX_MAIL);
	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.' &&
		    look_after_domain(entry->d_name, deadline_ms) != COMMAND_GOOD)
			status = COMMAND_FAILED;
	return folder ? status : COMMAND_FAILED;
}
