// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/accounts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum { FILE_LIMIT = 256 * 1024, WORDS = 6, ID_FIRST = 100, ID_LAST = 999, USERS_GROUP = 100 };

#define NO_USER ((uid_t)-1)

/* Cuts the next word off *rest: blanks separate, double quotes hold together. */
static char *word_next(char **rest)
{
	char *word = *rest + strspn(*rest, " \t\r");
	char *end;

	if (*word == '\0')
		return NULL;
	if (*word == '"') {
		end = strchr(++word, '"');
		if (!end)
			return NULL;
	} else {
		end = word + strcspn(word, " \t\r");
	}
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool name_is_valid(const char *name)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	return name[0] && !strchr("0123456789-", name[0]) && strlen(name) <= 31 &&
	       name[strspn(name, alphabet)] == '\0';
}

static bool id_parse(const char *text, unsigned first, unsigned last, unsigned *ret_id)
{
	char *end;
	unsigned long id = strtoul(text, &end, 10);

	if (end == text || *end || text[0] == '-' || id < first || id > last)
		return false;
	*ret_id = (unsigned)id;
	return true;
}

static const struct account *account_find(const struct accounts *accounts, const char *name)
{
	for (size_t i = 0; i < accounts->count; i++)
		if (strcmp(accounts->accounts[i].name, name) == 0)
			return &accounts->accounts[i];
	return NULL;
}

/* "404" or "404:65534" of a user, "405" of a group. */
static int ids_parse(const struct accounts *accounts, char *text, struct account *account,
		     struct error *error)
{
	char *colon = strchr(text, ':');
	unsigned id, group;

	if (colon)
		*colon = '\0';
	if (!id_parse(text, ID_FIRST + 1, ID_LAST, &id))
		return error_set(error, EINVAL, "'%s' is no number; write one from %d to %d", text,
				 ID_FIRST + 1, ID_LAST);
	group = id;
	if (colon && (account->uid == NO_USER || !id_parse(colon + 1, 0, 65534, &group)))
		return error_set(error, EINVAL, "'%s' is no group; write its number", colon + 1);
	for (size_t i = 0; i < accounts->count; i++)
		if (accounts->accounts[i].uid == id || accounts->accounts[i].gid == id)
			return error_set(error, EINVAL, "number %u belongs to '%s' already", id,
					 accounts->accounts[i].name);
	if (account->uid != NO_USER)
		account->uid = id;
	account->gid = group;
	return 0;
}

static char *field_copy(const char *word, const char *otherwise)
{
	return strdup(word && strcmp(word, "-") != 0 ? word : otherwise);
}

static int account_add(struct accounts *accounts, char **words, struct error *error)
{
	struct account account = {.uid = words[0][0] == 'u' ? 0 : NO_USER};
	struct account *grown;
	int result;

	if (!words[1] || !name_is_valid(words[1]))
		return error_set(error, EINVAL, "'%s' is no account name",
				 words[1] ? words[1] : "");
	if (account_find(accounts, words[1]))
		return error_set(error, EINVAL, "'%s' is declared twice; remove one", words[1]);
	if (!words[2])
		return error_set(error, EINVAL, "'%s' has no number; write one", words[1]);
	for (int i = 3; i < WORDS; i++)
		if (words[i] && strpbrk(words[i], ":\n"))
			return error_set(error, EINVAL, "'%s' contains a colon", words[i]);
	result = ids_parse(accounts, words[2], &account, error);
	if (result < 0)
		return result;
	grown = reallocarray(accounts->accounts, accounts->count + 1, sizeof(*grown));
	if (!grown)
		return error_errno(error, ENOMEM, "accounts");
	accounts->accounts = grown;
	account.name = strdup(words[1]);
	account.gecos = field_copy(words[3], "");
	account.home = field_copy(words[4], "/");
	account.shell = field_copy(words[5], "/usr/sbin/nologin");
	grown[accounts->count++] = account;
	if (!account.name || !account.gecos || !account.home || !account.shell)
		return error_errno(error, ENOMEM, "accounts");
	return 0;
}

static int membership_add(struct accounts *accounts, char **words, struct error *error)
{
	const struct account *user, *group;
	struct membership *grown;

	if (!words[1] || !words[2])
		return error_set(error, EINVAL, "write 'm USER GROUP'");
	user = account_find(accounts, words[1]);
	group = account_find(accounts, words[2]);
	if (!user || user->uid == NO_USER || !group)
		return error_set(error, EINVAL, "'%s' or '%s' is not declared above", words[1],
				 words[2]);
	grown = reallocarray(accounts->memberships, accounts->membership_count + 1, sizeof(*grown));
	if (!grown)
		return error_errno(error, ENOMEM, "accounts");
	accounts->memberships = grown;
	grown += accounts->membership_count++;
	*grown = (struct membership){strdup(words[1]), strdup(words[2])};
	return grown->user && grown->group ? 0 : error_errno(error, ENOMEM, "accounts");
}

static int row_parse(struct accounts *accounts, char *row, struct error *error)
{
	char *words[WORDS + 1] = {NULL};
	char *rest = row;

	for (int i = 0; i <= WORDS; i++)
		if (!(words[i] = word_next(&rest)))
			break;
	if (!words[0] || words[0][0] == '#')
		return 0;
	if (words[WORDS] || rest[strspn(rest, " \t\r")])
		return error_set(error, EINVAL, "too many words, or a quote that does not end");
	if (strcmp(words[0], "u") == 0 || strcmp(words[0], "g") == 0)
		return account_add(accounts, words, error);
	if (strcmp(words[0], "m") == 0)
		return membership_add(accounts, words, error);
	return error_set(error, EINVAL, "'%s' is no kind of line here; write u, g or m", words[0]);
}

int accounts_parse(const char *text, const char *file, struct accounts *accounts,
		   struct error *error)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *row;

	*accounts = (struct accounts){0};
	if (!copy)
		return error_errno(error, ENOMEM, "%s", file);
	for (int line = 1; (row = strsep(&rest, "\n")) != NULL; line++) {
		int result = row_parse(accounts, row, error);

		if (result < 0) {
			accounts_free(accounts);
			return error_wrap(error, "%s:%d", file, line);
		}
	}
	return 0;
}

int accounts_load(const char *file, struct accounts *accounts, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	int result = file_read(file, FILE_LIMIT, &text, NULL, error);

	return result < 0 ? result : accounts_parse(text, file, accounts, error);
}

static void members_render(const struct accounts *accounts, const char *group, struct buffer *out)
{
	const char *separator = "";

	for (size_t i = 0; i < accounts->membership_count; i++) {
		if (strcmp(accounts->memberships[i].group, group) != 0)
			continue;
		buffer_addf(out, "%s%s", separator, accounts->memberships[i].user);
		separator = ",";
	}
	buffer_add_char(out, '\n');
}

void accounts_render(const struct accounts *accounts, struct account_files *files)
{
	*files = (struct account_files){BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, BUFFER_INIT};
	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->accounts[i];

		if (account->uid != NO_USER) {
			buffer_addf(&files->passwd, "%s:x:%u:%u:%s:%s:%s\n", account->name,
				    account->uid, account->gid, account->gecos, account->home,
				    account->shell);
			buffer_addf(&files->shadow, "%s:!*:::::::\n", account->name);
			if (account->gid != account->uid)
				continue;
		}
		buffer_addf(&files->group, "%s:x:%u:", account->name, account->gid);
		members_render(accounts, account->name, &files->group);
		buffer_addf(&files->gshadow, "%s:!*::", account->name);
		members_render(accounts, account->name, &files->gshadow);
	}
}

/* The number in the third field of the line "NAME:...", or -1. */
static long id_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			const char *field = strchr(line + length + 1, ':');

			return field ? strtol(field + 1, NULL, 10) : -1;
		}
	}
	return -1;
}

/* No line of `text` has a number from `first` to 999 under an undeclared name. */
static int strangers_check(const struct accounts *accounts, const char *text, long first,
			   const char *file, struct error *error)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t length = strcspn(line, ":\n");
		_cleanup_free_ char *name = strndup(line, length);
		long id;

		if (!name)
			return error_errno(error, ENOMEM, "%s", file);
		id = id_of(line, name);
		if (id >= first && id <= ID_LAST && !account_find(accounts, name))
			return error_set(error, EBADMSG,
					 "a package made '%s' with number %ld in %s; declare it",
					 name, id, file);
	}
	return 0;
}

int accounts_check(const struct accounts *accounts, const char *passwd, const char *group,
		   struct error *error)
{
	int result;

	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->accounts[i];
		bool user = account->uid != NO_USER;

		if (user && id_of(passwd, account->name) != (long)account->uid)
			return error_set(error, EBADMSG, "user '%s' has number %ld, declared is %u",
					 account->name, id_of(passwd, account->name), account->uid);
		if ((!user || account->uid == account->gid) &&
		    id_of(group, account->name) != (long)account->gid)
			return error_set(error, EBADMSG,
					 "group '%s' has number %ld, declared is %u", account->name,
					 id_of(group, account->name), account->gid);
	}
	result = strangers_check(accounts, passwd, ID_FIRST, "/etc/passwd", error);
	return result < 0 ? result
			  : strangers_check(accounts, group, USERS_GROUP + 1, "/etc/group", error);
}

void account_files_free(struct account_files *files)
{
	buffer_free(&files->passwd);
	buffer_free(&files->group);
	buffer_free(&files->shadow);
	buffer_free(&files->gshadow);
}

void accounts_free(struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->count; i++) {
		free(accounts->accounts[i].name);
		free(accounts->accounts[i].gecos);
		free(accounts->accounts[i].home);
		free(accounts->accounts[i].shell);
	}
	free(accounts->accounts);
	for (size_t i = 0; i < accounts->membership_count; i++) {
		free(accounts->memberships[i].user);
		free(accounts->memberships[i].group);
	}
	free(accounts->memberships);
	*accounts = (struct accounts){0};
}
