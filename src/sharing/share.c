// SPDX-License-Identifier: GPL-3.0-or-later
#include "sharing/share.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "base/slice.h"

#define MAIL_FOLDER   "/var/vmail"
#define SETTINGS_FILE "/var/lib/postcask/current/settings.json"

enum {
	ANSWER_MS = 60 * 1000,
	SETTINGS_LIMIT = 256 * 1024 * 1024,
	ACL_LIMIT = 1024 * 1024,
	SAID_LIMIT = 8 * 1024 * 1024, /* of 10,000 folders with long names */
	WORDS = 24,
	NOT_FOUND = 68, /* doveadm's, of a folder */
	USAGE = 64,	/* EX_USAGE: it does not know the command */
};

int share_check_on(struct error *error)
{
	_cleanup_json_ json_t *settings = NULL;
	int result = json_file_read(SETTINGS_FILE, SETTINGS_LIMIT, 0, &settings, error);

	if (result < 0)
		return result;
	if (!json_is_true(json_object_get(json_object_get(settings, "mailboxes"), "sharing")))
		return error_set(error, EOPNOTSUPP,
				 "no folders are shared on this machine; write mailboxes: "
				 "{sharing: true} in the settings");
	return 0;
}

/* ---- doveadm ---- */

static int become_vmail(void *context _unused_)
{
	return process_become_owner(MAIL_FOLDER, NULL);
}

/* Its exit status or a negative errno.  How the owner's mailbox is kept is asked of Dovecot, which
 * tells this account of its own people. */
static int run(const char *owner, const char *const *argv, struct buffer *said, struct error *error)
{
	_cleanup_(buffer_free) struct buffer user = BUFFER_INIT;
	const char *environment[] = {NULL, "PATH=/usr/bin:/bin", NULL};
	const struct process process = {
	    .argv = argv,
	    .environment = environment,
	    .directory = "/",
	    .timeout_ms = ANSWER_MS,
	    .output_limit = SAID_LIMIT,
	    .prepare = become_vmail,
	};

	buffer_addf(&user, "USER=%s", owner);
	environment[0] = buffer_text(&user);
	return process_run(&process, said, error);
}

static int fail(const char *folder, int status, const struct buffer *said, struct error *error)
{
	_cleanup_(buffer_free) struct buffer shown = BUFFER_INIT;

	if (status == NOT_FOUND)
		return error_set(error, ENOENT,
				 "there is no folder \"%s\"; postcask share list shows those that "
				 "are shared, doveadm mailbox list all",
				 folder);
	slice_add(&shown, (struct slice){buffer_text(said), said->size}, 200);
	return error_set(error, EIO, "doveadm: %s", buffer_text(&shown));
}

/* `acl VERB -u OWNER -- FOLDER [WHO [RIGHT...]]`; `kind` is user= or such.  What run
 * gives. */
static int ask(const char *owner, const char *verb, const char *folder, const char *kind,
	       const char *person, const char *rights, struct buffer *said, struct error *error)
{
	_cleanup_(buffer_free) struct buffer who = BUFFER_INIT;
	_cleanup_free_ char *words = strdup(rights);
	const char *argv[WORDS] = {"doveadm", "acl", verb, "-u", owner, "--", folder};
	size_t count = 7;

	buffer_addf(&who, "%s%s", kind, person);
	if (!words || who.failed)
		return error_set(error, ENOMEM, "out of memory");
	argv[count++] = buffer_text(&who);
	for (char *rest = words, *word; count < WORDS - 1 && (word = strsep(&rest, " "));)
		if (word[0])
			argv[count++] = word;
	return run(owner, argv, said, error);
}

static int change(const char *owner, const char *verb, const char *folder, const char *person,
		  const char *rights, struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	int status = ask(owner, verb, folder, "user=", person, rights, &said, error);

	return status > 0 ? fail(folder, status, &said, error) : status;
}

int share_give(const char *owner, const char *folder, const char *person,
	       const struct share_role *role, struct error *error)
{
	return change(owner, "set", folder, person, role->rights, error);
}

int share_take(const char *owner, const char *folder, const char *person, struct error *error)
{
	return change(owner, "delete", folder, person, "", error);
}

/* ---- Mailboxes that nobody logs in to ---- */

/* Whether it was prepared: what is written there for each role. */
static int is_prepared(const char *owner, bool *ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer path = BUFFER_INIT;
	_cleanup_free_ char *text = NULL;
	const char *at = strchr(owner, '@');
	int result;

	if (!at || strchr(owner, '/') || owner[0] == '.')
		return error_set(error, EINVAL, "%s is no address of a mailbox", owner);
	buffer_addf(&path, MAIL_FOLDER "/%s/%.*s/Maildir/dovecot-acl", at + 1, (int)(at - owner),
		    owner);
	result = file_read(buffer_text(&path), ACL_LIMIT, &text, NULL, error);
	*ret = result == 0;
	for (const struct share_role *role = share_roles; *ret && role->name; role++) {
		_cleanup_(buffer_free) struct buffer line = BUFFER_INIT;

		buffer_addf(&line, "group=%s:%s ", role->name, owner);
		*ret = strstr(text, buffer_text(&line)) != NULL;
	}
	if (result == -ENOENT)
		error_clear(error);
	return result == -ENOENT ? 0 : result;
}

/* A folder that is there is an error of doveadm's alone. */
static int make_folders(const char *owner, struct error *error)
{
	const char *const argv[] = {"doveadm", "mailbox", "create", "-u",   owner,   "--",
				    "Archive", "Drafts",  "Sent",   "Spam", "Trash", NULL};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	int status = run(owner, argv, &said, error);

	return status < 0 ? status : 0;
}

int share_prepare(const char *owner, struct error *error)
{
	bool prepared = false;
	int result = is_prepared(owner, &prepared, error);

	if (result < 0 || prepared)
		return result;
	result = make_folders(owner, error);
	for (const struct share_role *role = share_roles; result == 0 && role->name; role++) {
		_cleanup_(buffer_free) struct buffer group = BUFFER_INIT, said = BUFFER_INIT;

		buffer_addf(&group, "%s:%s", role->name, owner);
		result = ask(owner, "set", "INBOX", "group=", buffer_text(&group), "lookup", &said,
			     error);
		if (result == USAGE)
			return 0; /* no folders are shared now, and nobody would see it */
		if (result > 0)
			result = fail("INBOX", result, &said, error);
	}
	return result;
}

int share_sync(struct error *error)
{
	_cleanup_close_ int folder = open(MAIL_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || syncfs(folder) < 0)
		return error_errno(error, errno, "%s", MAIL_FOLDER);
	return 0;
}

/* ---- What is there ---- */

/* It comes from an account without privileges. */
static int parse_list(const char *said, json_t **ret, struct error *error)
{
	/* Each warning is a line that begins with doveadm's name. */
	while (*said && *said != '[') {
		const char *end = strchr(said, '\n');

		said = end ? end + 1 : "";
	}
	*ret = json_loads(said, 0, NULL);
	if (json_is_array(*ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return error_set(error, EBADMSG, "doveadm says what is no list");
}

/* What share_prepare wrote, of a role's members: they are no person. */
static bool is_of_members(struct slice id, const char *owner)
{
	struct slice role;

	return slice_skip(&id, SLICE("group=")) && slice_until(&id, SLICE(":"), &role) &&
	       slice_equal(id, slice_of(owner));
}

int share_parse(const char *said, const char *owner, const char *folder, json_t *list,
		struct error *error)
{
	_cleanup_json_ json_t *entries = NULL;
	const json_t *entry;
	size_t i;
	int result = parse_list(said, &entries, error);

	if (result < 0)
		return result;
	json_array_foreach(entries, i, entry)
	{
		struct slice id = slice_of(json_text(entry, "id"));
		const char *rights = json_text(entry, "rights");
		const struct share_role *role = share_role_of(rights);

		if (json_text(entry, "global")[0] ||
		    is_of_members(slice_of(json_text(entry, "id")), owner))
			continue;
		(void)slice_skip(&id, SLICE("user="));
		if (json_array_append_new(list,
					  json_pack("{s:s, s:s, s:s%, s:s, s:s}", "owner", owner,
						    "folder", folder, "who", id.at, id.size, "role",
						    role ? role->name : "", "rights", rights)) < 0)
			return error_set(error, ENOMEM, "out of memory");
	}
	return 0;
}

int share_read(const char *owner, const char *folder, json_t *list, struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	const char *const argv[] = {"doveadm", "-f",  "json", "acl",  "get",
				    "-u",      owner, "--",   folder, NULL};
	int status = run(owner, argv, &said, error);

	if (status != 0)
		return status < 0 ? status : fail(folder, status, &said, error);
	return share_parse(buffer_text(&said), owner, folder, list, error);
}

/* Folders of others, and public ones, stand below these. */
static bool is_own(const char *name)
{
	static const char *const others[] = {"Shared", "Public"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		size_t length = strlen(others[i]);

		if (strncmp(name, others[i], length) == 0 &&
		    (name[length] == '/' || name[length] == '\0'))
			return false;
	}
	return true;
}

static bool is_wanted(const char *name, const char *folder, bool below)
{
	size_t length = folder ? strlen(folder) : 0;

	if (!folder)
		return true;
	/* However it is written: RFC 9051 section 5.1. */
	if (strcasecmp(folder, "INBOX") == 0 && strcasecmp(name, "INBOX") == 0)
		return true;
	return strncmp(name, folder, length) == 0 &&
	       (name[length] == '\0' || (below && name[length] == '/'));
}

int share_folders(const char *owner, const char *folder, bool below, json_t **ret,
		  struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	_cleanup_json_ json_t *all = NULL, *folders = json_array();
	const char *const argv[] = {"doveadm", "-f", "json", "mailbox", "list", "-u", owner, NULL};
	const json_t *one;
	size_t i;
	int status = run(owner, argv, &said, error);

	if (status != 0)
		return status < 0 ? status : fail(owner, status, &said, error);
	status = parse_list(buffer_text(&said), &all, error);
	if (status < 0)
		return status;
	json_array_foreach(all, i, one)
	{
		const char *name = json_text(one, "mailbox");

		if (is_own(name) && is_wanted(name, folder, below))
			json_array_append_new(folders, json_string(name));
	}
	if (folder && json_array_size(folders) == 0)
		return fail(folder, NOT_FOUND, &said, error);
	*ret = TAKE_POINTER(folders);
	return 0;
}
