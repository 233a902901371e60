// SPDX-License-Identifier: GPL-3.0-or-later
/* Whose mailbox it is, asked of the running Dovecot, and the configuration with which `imap` then
 * finds it without asking again. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/process.h"
#include "import/local.h"

enum { ASK_MS = 30 * 1000, ADDRESS_MAX = 320, NO_SUCH_USER = 67 /* EX_NOUSER */ };

void local_owner_free(struct local_owner *owner)
{
	free(owner->address);
	free(owner->home);
	cleanup_close(&owner->config);
	*owner = LOCAL_OWNER_INIT;
}

/* What a line "NAME<tab>VALUE" of `doveadm user` says; owned by the caller, NULL for none. */
static char *field_of(const struct buffer *said, const char *name)
{
	struct slice rest = {buffer_text(said), said->size}, line;

	while (slice_until(&rest, SLICE("\n"), &line))
		if (slice_skip(&line, slice_of(name)) && slice_skip(&line, SLICE("\t")))
			return strndup(line.at, line.size);
	return NULL;
}

static int ask_user(const char *address, struct buffer *said, struct error *error)
{
	const char *const argv[] = {"doveadm", "user", "--", address, NULL};
	const struct process process = {.argv = argv, .timeout_ms = ASK_MS};
	int status;

	if (!strchr(address, '@') || strlen(address) > ADDRESS_MAX || address[0] == '-')
		return error_set(error, EINVAL, "'%s' is no address; write it as alice@example.org",
				 address);
	status = process_run(&process, said, error);
	if (status == NO_SUCH_USER)
		return error_set(error, ENOENT,
				 "%s has no mailbox here; mail.users in the settings makes one",
				 address);
	if (status > 0)
		return error_set(error, EIO, "Dovecot does not say who %s is: %.200s", address,
				 buffer_text(said));
	return status;
}

/* What the machine's own Dovecot sets of where and how mail lies.  What it does not set is not
 * said either, for some defaults depend on the others. */
static int ask_settings(struct buffer *said, struct error *error)
{
	static const char *const argv[] = {"doveconf",
					   "-n",
					   "mail_driver",
					   "mail_fsync",
					   "mail_control_path",
					   "mail_inbox_path",
					   "mail_index_path",
					   "mailbox_list_layout",
					   "mailbox_list_storage_escape_char",
					   "mailbox_list_utf8",
					   NULL};
	const struct process process = {.argv = argv, .timeout_ms = ASK_MS};
	int status = process_run(&process, said, error);

	if (status > 0)
		return error_set(error, EIO, "doveconf: %.200s", buffer_text(said));
	return status;
}

/* A value that has no variables. */
static void add_setting(struct buffer *config, const char *indent, const char *name,
			const char *value)
{
	buffer_addf(config, "%s%s = \"", indent, name);
	for (const char *c = value; *c; c++) {
		if (strchr("\"\\", *c))
			buffer_add_char(config, '\\');
		if (*c == '%')
			buffer_add_char(config, '%');
		buffer_add_char(config, *c);
	}
	buffer_add_text(config, "\"\n");
}

/* No plugin but the quota: what is brought is no spam to be learnt from, and nothing of it is told
 * to anybody. */
static void add_config(struct buffer *config, const struct buffer *user,
		       const struct buffer *settings)
{
	_cleanup_free_ char *home = field_of(user, "home"), *path = field_of(user, "mail_path");
	_cleanup_free_ char *driver = field_of(user, "mail_driver");
	_cleanup_free_ char *quota = field_of(user, "quota_storage_size");
	_cleanup_free_ char *count = field_of(user, "quota_message_count");
	struct slice rest = {buffer_text(settings), settings->size}, line;

	buffer_add_text(config, "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
				"log_path = syslog\nprotocols {\n  imap = yes\n}\n");
	while (slice_until(&rest, SLICE("\n"), &line))
		if (line.size && *line.at != '#' && !slice_starts(line, SLICE("dovecot_")))
			buffer_addf(config, "%.*s\n", (int)line.size, line.at);
	add_setting(config, "", "mail_home", home ? home : "");
	if (driver)
		add_setting(config, "", "mail_driver", driver);
	if (path)
		add_setting(config, "", "mail_path", path);
	buffer_add_text(config, "namespace inbox {\n  inbox = yes\n  separator = /\n}\n");
	if (!quota && !count)
		return;
	buffer_add_text(config, "mail_plugins {\n  quota = yes\n}\nquota \"User quota\" {\n"
				"  driver = count\n");
	if (quota)
		add_setting(config, "  ", "quota_storage_size", quota);
	if (count)
		add_setting(config, "  ", "quota_message_count", count);
	buffer_add_text(config, "}\n");
}

int local_look_up(const char *address, struct local_owner *ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer user = BUFFER_INIT, settings = BUFFER_INIT,
					     config = BUFFER_INIT;
	_cleanup_(local_owner_free) struct local_owner owner = LOCAL_OWNER_INIT;
	int result = ask_user(address, &user, error);

	if (result == 0)
		result = ask_settings(&settings, error);
	if (result < 0)
		return result;
	owner.address = strdup(address);
	owner.home = field_of(&user, "home");
	if (!owner.address || !owner.home)
		return error_set(error, EIO, "Dovecot does not say where the mailbox of %s lies",
				 address);
	add_config(&config, &user, &settings);
	owner.config = memfd_create("postcask-import", MFD_CLOEXEC);
	if (owner.config < 0 || config.failed ||
	    file_write_all(owner.config, config.data, config.size) < 0)
		return error_set(error, EIO, "cannot keep the configuration of imap");
	*ret = owner;
	owner = LOCAL_OWNER_INIT;
	return 0;
}
