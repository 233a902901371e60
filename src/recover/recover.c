// SPDX-License-Identifier: GPL-3.0-or-later
#include "recover/recover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "base/slice.h"

#define BOX	 ".recover/mail"
#define NO_QUOTA "quota_enforce=no"

enum {
	CONFIG_LIMIT = 4096,
	ASK_MS = 10 * 60 * 1000,
	LIST_LIMIT = 64 * 1024 * 1024, /* of a quarter of a million messages */
	TEXT = 200,		       /* of a header line */
};

/* ---- Settings ---- */

int recover_config_load(const char *path, struct recover_config *ret, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	struct recover_config config = {0};
	struct slice rest, line;
	size_t size;
	long long number;
	int result = file_read(path, CONFIG_LIMIT, &text, &size, error);

	if (result < 0)
		return result;
	rest = (struct slice){text, size};
	while (slice_until(&rest, SLICE("\n"), &line)) {
		if (slice_skip(&line, SLICE("days ")) && slice_number(&line, &number))
			config.days = (unsigned)number;
		else if (slice_skip(&line, SLICE("mib ")) && slice_number(&line, &number))
			config.bytes = (uint64_t)number * 1024 * 1024;
	}
	*ret = config;
	return 0;
}

/* ---- doveadm ---- */

static int become_vmail(void *context _unused_)
{
	return process_become_owner(RECOVER_MAIL, NULL);
}

static int ask(const char *login, const char *const *argv, struct buffer *said, struct error *error)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	struct process process = {.argv = argv,
				  .directory = "/",
				  .timeout_ms = ASK_MS,
				  .output_limit = LIST_LIMIT,
				  .prepare = become_vmail};
	int status;

	/* The home is then the one of Dovecot's settings. */
	buffer_addf(&name, "USER=%s", login);
	process.environment = (const char *const[]){buffer_text(&name), "PATH=/usr/bin:/bin", NULL};
	status = process_run(&process, said, error);
	if (status <= 0)
		return status;
	return error_set(error, EIO, "doveadm %s: %.300s", argv[1], buffer_text(said));
}

/* ---- The list ---- */

static json_t *take_one(const json_t *one)
{
	const char *uid = json_text(one, "uid"), *size = json_text(one, "size.physical");
	const char *saved = json_text(one, "date.saved.unixtime");

	if (!uid[0] || !size[0] || !saved[0])
		return NULL;
	return json_pack("{s:I, s:I, s:I, s:s, s:s}", "uid", (json_int_t)atoll(uid), "deleted",
			 (json_int_t)atoll(saved), "size", (json_int_t)atoll(size), "from",
			 json_text(one, "hdr.from"), "subject", json_text(one, "hdr.subject"));
}

int recover_read(const char *said, size_t size, json_t **ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer clean = BUFFER_INIT;
	_cleanup_json_ json_t *read = NULL, *list = json_array();
	struct slice rest = {said, size}, text = rest, line;
	const json_t *one;
	size_t i;

	/* One line, after what doveadm may have had to say beside it. */
	while (slice_until(&rest, SLICE("\n"), &line))
		if (slice_starts(line, SLICE("[")))
			text = line;
	if (slice_starts(rest, SLICE("[")))
		text = rest;
	/* Header lines are strangers', and in any encoding. */
	slice_add(&clean, text, text.size);
	read = json_loadb(buffer_text(&clean), clean.size, 0, NULL);
	if (!json_is_array(read))
		return error_set(error, EBADMSG, "doveadm gave a list that is none: %.100s",
				 buffer_text(&clean));
	json_array_foreach(read, i, one)
	{
		if (json_array_append_new(list, take_one(one)) < 0)
			return error_set(error, EBADMSG,
					 "doveadm gave a list that lacks something");
	}
	*ret = json_incref(list);
	return 0;
}

int recover_list(const char *login, long long since, json_t **ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT, time = BUFFER_INIT;
	const char *argv[] = {"doveadm",
			      "-f",
			      "json",
			      "fetch",
			      "--no-userdb-lookup",
			      "uid date.saved.unixtime "
			      "size.physical hdr.from "
			      "hdr.subject",
			      "mailbox",
			      BOX,
			      "savedsince",
			      NULL,
			      NULL};
	int result;

	buffer_addf(&time, "%lld", since);
	argv[9] = buffer_text(&time);
	result = ask(login, argv, &said, error);
	return result < 0 ? result : recover_read(buffer_text(&said), said.size, ret, error);
}

/* ---- Back ---- */

int recover_back(const char *login, long long since, struct error *error)
{
	_cleanup_(buffer_free) struct buffer time = BUFFER_INIT, made = BUFFER_INIT,
					     said = BUFFER_INIT;
	/* In the format that the person's mailbox has, which the table of users says.  That may
	 * refuse for want of room, and an administrator asked for it. */
	const char *const make[] = {"doveadm", "mailbox", "create",	"-u",
				    login,     "-s",	  RECOVER_INTO, NULL};
	const char *argv[] = {"doveadm",    "-o",      NO_QUOTA, "move",       "-u", login,
			      RECOVER_INTO, "mailbox", BOX,	 "savedsince", NULL, NULL};

	buffer_addf(&time, "%lld", since);
	argv[10] = buffer_text(&time);
	/* That it is there already is no error; if it cannot be made, the next one says so. */
	if (ask(login, make, &made, NULL) < 0)
		buffer_reset(&made);
	return ask(login, argv, &said, error);
}

/* ---- Forget ---- */

static int remove_some(const char *login, const char *which, long long number, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT, said = BUFFER_INIT;
	const char *argv[] = {"doveadm", "expunge", "--no-userdb-lookup", "mailbox", BOX, which,
			      NULL,	 NULL};

	buffer_addf(&text, strcmp(which, "uid") == 0 ? "1:%lld" : "%lldd", number);
	argv[6] = buffer_text(&text);
	return ask(login, argv, &said, error);
}

long long recover_too_much(const json_t *list, uint64_t bytes)
{
	uint64_t sum = 0;

	/* UIDs are given in the order in which things were deleted: the newest are kept. */
	for (size_t i = json_array_size(list); i > 0; i--) {
		const json_t *one = json_array_get(list, i - 1);

		sum += (uint64_t)json_number(one, "size");
		if (sum > bytes)
			return json_number(one, "uid");
	}
	return 0;
}

int recover_forget(const char *login, const struct recover_config *config, struct error *error)
{
	_cleanup_json_ json_t *list = NULL;
	long long up_to;
	int result = remove_some(login, "savedbefore", config->days, error);

	if (result == 0)
		result = recover_list(login, 0, &list, error);
	if (result < 0)
		return result;
	up_to = recover_too_much(list, config->bytes);
	return up_to ? remove_some(login, "uid", up_to, error) : 0;
}
