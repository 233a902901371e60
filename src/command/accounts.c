// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/accounts.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "base/process.h"
#include "command/ask_secret.h"
#include "command/csv.h"
#include "directory/directory.h"

enum {
	TABLE_LIMIT = 64 * 1024 * 1024,
	PASSWORD_LEAST = 8,
	PASSWORD_MOST = 512,
	KICK_MS = 20 * 1000,
};

const char *accounts_who(void)
{
	const char *user = getenv("SUDO_USER");

	return user && user[0] ? user : "root";
}

int accounts_fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

int accounts_fail_import(const struct error *error)
{
	fputs("postcask: nothing was imported\n", stderr);
	return accounts_fail(error);
}

const char *accounts_origin(const json_t *found)
{
	const char *origin = json_text(found, "origin");

	return strcmp(origin, "settings") == 0	   ? ", of the settings"
	       : strcmp(origin, "ldap") == 0	   ? ", of the directory"
	       : strcmp(origin, "postgresql") == 0 ? ", of the database"
						   : "";
}

int accounts_ask(json_t *question, json_t **ret_answer, struct error *error)
{
	_cleanup_json_ json_t *asked = question;

	if (!asked)
		return error_set(error, EINVAL, "names and addresses are UTF-8");
	return directory_ask(asked, ret_answer, error);
}

int accounts_quota(const char *text, long long *ret_mib, struct error *error)
{
	static const struct {
		const char *name;
		long long mib;
	} units[] = {{"m", 1},	    {"mb", 1},	    {"mib", 1},	     {"g", 1024},     {"gb", 1024},
		     {"gib", 1024}, {"t", 1048576}, {"tb", 1048576}, {"tib", 1048576}};
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (text[0] == '0' && !text[1]) {
		*ret_mib = 0;
		return 0;
	}
	if (*end == ' ' && end[1])
		end++;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcasecmp(end, units[i].name) != 0 || errno || text[0] < '1' || text[0] > '9')
			continue;
		if (number > ACCOUNTS_QUOTA / units[i].mib)
			return error_set(error, ERANGE,
					 "a quota of %s is too large; %d TB is the most", text,
					 ACCOUNTS_QUOTA / 1048576);
		*ret_mib = number * units[i].mib;
		return 0;
	}
	return error_set(
	    error, EINVAL,
	    "\"%.40s\" is no quota; write a number and its unit, such as 500MB or 10GB, "
	    "or 0 for no limit",
	    text);
}

int accounts_values(json_t *question, const char *name, const char *quota,
		    const char *messages_text, struct error *error)
{
	long long mib = 0;
	int result = quota ? accounts_quota(quota, &mib, error) : 0;
	char *end = NULL;
	long long messages = messages_text ? strtoll(messages_text, &end, 10) : 0;

	if (result == 0 && messages_text && (*end || end == messages_text || messages < 0))
		result =
		    error_set(error, EINVAL,
			      "\"%.40s\" is no number of messages; write one, or 0 for no limit",
			      messages_text);
	if (result < 0)
		return result;
	if (name && json_object_set_new(question, "name", json_string(name)) < 0)
		return error_set(error, EINVAL, "a name is UTF-8");
	if (quota)
		json_object_set_new(question, "quota_mib", json_integer(mib));
	if (messages_text)
		json_object_set_new(question, "quota_messages", json_integer(messages));
	return 0;
}

/* Whoever may not be in is not in any more; nobody in is no error of Dovecot's. */
void accounts_kick(const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *const argv[] = {"doveadm", "kick", "--", address, NULL};
	const struct process process = {.argv = argv, .timeout_ms = KICK_MS};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	if (process_run(&process, &said, &error) < 0)
		error_print(&error);
}

static void print_quota(const json_t *user)
{
	long long mib = json_number(user, "quota_mib"),
		  messages = json_number(user, "quota_messages");

	if (mib > 0 && mib % 1024 == 0)
		printf(", %lld GB", mib / 1024);
	else if (mib > 0)
		printf(", %lld MB", mib);
	if (messages > 0)
		printf(", %lld messages", messages);
}

void accounts_print(const json_t *user)
{
	printf("%s%s%s", json_text(user, "address"), json_text(user, "name")[0] ? "  " : "",
	       json_text(user, "name"));
	print_quota(user);
	if (strcmp(json_text(user, "format"), "mdbox") == 0)
		printf(", kept as mdbox");
	printf("%s%s\n", accounts_origin(user),
	       json_is_true(json_object_get(user, "enabled")) ? "" : ", may not log in");
}

/* ---- Passwords ---- */

static int hash_password(const char *password, char **ret_hash, struct error *error)
{
	char bytes[32], setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *hash = NULL;

	if (data && getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
	    crypt_gensalt_rn("$y$", 0, bytes, sizeof(bytes), setting, sizeof(setting)))
		hash = crypt_rn(password, setting, data, sizeof(*data));
	*ret_hash = hash ? strdup(hash) : NULL;
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return *ret_hash ? 0 : error_errno(error, errno, "cannot hash the password");
}

static int check_password(const char *password, struct error *error)
{
	size_t size = strlen(password);

	if (size < PASSWORD_LEAST || size > PASSWORD_MOST)
		return error_set(error, EINVAL, "a password has %d to %d bytes", PASSWORD_LEAST,
				 PASSWORD_MOST);
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)password[i] < ' ')
			return error_set(error, EINVAL, "a password has no control characters");
	return 0;
}

static void wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

int accounts_password(const char *address, bool hashed, char **ret_hash, struct error *error)
{
	_cleanup_(buffer_free) struct buffer prompt = BUFFER_INIT;
	char *first = NULL, *again = NULL;
	int result;

	if (hashed)
		return ask_secret("Hash: ", ret_hash, error);
	buffer_addf(&prompt, "New password of %s: ", address);
	result = ask_secret(buffer_text(&prompt), &first, error);
	if (result == 0)
		result = check_password(first, error);
	if (result == 0 && isatty(STDIN_FILENO)) {
		result = ask_secret("Once more: ", &again, error);
		if (result == 0 && strcmp(first, again) != 0)
			result = error_set(error, EINVAL,
					   "the two were not the same; nothing was changed");
	}
	if (result == 0)
		result = hash_password(first, ret_hash, error);
	wipe(first);
	wipe(again);
	return result;
}

int accounts_nobodys_hash(char **ret_hash, struct error *error)
{
	unsigned char bytes[32];
	char password[2 * sizeof(bytes) + 1];
	int result;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_errno(error, errno, "cannot make a password");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(password + 2 * i, 3, "%02x", bytes[i]);
	result = hash_password(password, ret_hash, error);
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(password, sizeof(password));
	return result;
}

/* ---- Tables ---- */

static int read_input(struct buffer *text, struct error *error)
{
	char bytes[65536];
	ssize_t size;

	while ((size = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0 && text->size < TABLE_LIMIT)
		buffer_add(text, bytes, (size_t)size);
	if (size < 0)
		return error_errno(error, errno, "cannot read standard input");
	return text->failed || size > 0 ? error_set(error, E2BIG, "standard input is too large")
					: 0;
}

int accounts_table(const char *path, const char *const *columns, json_t **ret_rows,
		   struct error *error)
{
	_cleanup_(buffer_wipe) struct buffer input = BUFFER_INIT;
	_cleanup_free_ char *text = NULL;
	bool standard = strcmp(path, "-") == 0;
	size_t size = 0;
	int result = standard ? read_input(&input, error)
			      : file_read(path, TABLE_LIMIT, &text, &size, error);

	if (result < 0)
		return result;
	buffer_add_char(&input, '\0');
	if (input.failed)
		return error_set(error, ENOMEM, "out of memory");
	return csv_read(standard ? "standard input" : path, text ? text : input.data, columns,
			ret_rows, error);
}
