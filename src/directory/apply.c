// SPDX-License-Identifier: GPL-3.0-or-later
/* What the settings say of accounts (etc/postcask/accounts), made so in both files: all of it or
 * nothing.  A line is a word and what it says:
 *
 *	format mdbox			that the mail of new people has
 *	domain example.org
 *	host mail.example.org		has aliases alone
 *	other example.net example.org	the first is another name of the second
 *	catch_all example.org alice@example.org
 *	letters BÜCHER.EXAMPLE xn--bcher-kva.example
 *	user alice@example.org
 *	hash {CRYPT}$y$...		of the user above, like these
 *	quota_mib 2048
 *	quota_messages 100000
 *	name Alice Example
 *	forward alice@example.net
 *	forward_keep no			does a copy stay? yes without this line
 *	language de
 *	mark 4.5
 *	hold 15
 *	spam off
 *	banned on
 *	allow @partner.example		each sender on a line of its own
 *	block @.shop.example
 *	alias info@example.org
 *	to alice@example.org
 *	who members			who alone may write to it: also domain, an address, @domain
 *	mirror ldap			whose people are mirrored here
 *	shared info@example.org		with quotas and a name like a user, and its members:
 *	member alice@example.org edit role	who, in which role, and how he may send as it
 *	login bob@example.org		who may also send as these, or on behalf of them
 *	as info@example.org
 *	for boss@example.org
 *
 * It was checked when it was written; what is no such line is refused whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json_file.h"
#include "directory/apply_private.h"
#include "directory/both.h"
#include "directory/mirror.h"

enum { SETTINGS_LIMIT = 128 * 1024 * 1024 };

#define DIGEST_KEY "settings"

static int change(struct directory *directory, char *text, const char *digest, struct error *error)
{
	struct reading reading = {.directory = directory, .change = {"settings", time(NULL)}};
	struct accounts *accounts = &directory->accounts;
	int result = accounts_begin_settings(accounts, error);

	if (result == 0)
		result = secrets_forget_letters(&directory->secrets, error);
	if (result == 0)
		result = apply_lines(&reading, text, error);
	if (result == 0)
		result = mirror_switch(directory, reading.mirrored ? reading.mirrored : "",
				       reading.change.now, error);
	if (result == 0)
		result = accounts_end_settings(accounts, reading.change.now, error);
	if (result == 0)
		result = accounts_remember(accounts, DIGEST_KEY, digest, error);
	return result < 0 ? result
			  : secrets_note(&directory->secrets, &reading.change, "settings", "",
					 "applied", error);
}

static void digest_of(const char *text, size_t size, char digest[DIGEST_TEXT_SIZE])
{
	EVP_MD_CTX *context = digest_begin();

	digest[0] = '\0';
	if (!context)
		return;
	digest_add(context, text, size);
	digest_finish(context, digest);
}

static int apply(struct directory *directory, struct error *error)
{
	_cleanup_free_ char *text = NULL, *before = NULL;
	char digest[DIGEST_TEXT_SIZE];
	bool whole = directory->accounts.cabinet.state == CABINET_WHOLE &&
		     directory->secrets.cabinet.state == CABINET_WHOLE;
	size_t size;
	int result = file_read(directory->settings, SETTINGS_LIMIT, &text, &size, error);

	if (result == 0)
		result = accounts_recall(&directory->accounts, DIGEST_KEY, &before, error);
	if (result < 0)
		return result;
	digest_of(text, size, digest);
	if (!whole || !digest[0] || strcmp(before, digest) != 0) {
		result = both_begin(directory, error);
		if (result == 0)
			result = both_end(directory, change(directory, text, digest, error), error);
	}
	return result < 0
		   ? result
		   : secrets_forget_strangers(&directory->secrets, &directory->accounts, error);
}

int directory_take_settings(struct directory *directory, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	int result = mirror_load(directory, &why);

	if (result == 0)
		result = apply(directory, &why);
	if (result == 0)
		result = mirror_load(directory, &why);
	free(TAKE_POINTER(directory->fault));
	if (result < 0) {
		error_print(&why);
		directory->fault = strdup(error_text(&why));
	}
	return directory_publish(directory, error);
}

int directory_take_doubles(struct directory *directory, struct error *error)
{
	_cleanup_json_ json_t *doubles = json_array();
	struct cabinet *cabinet = &directory->accounts.cabinet;
	int result = accounts_list_doubles(&directory->accounts, doubles, error);

	if (result < 0 || json_array_size(doubles) == 0)
		return result;
	result = cabinet_begin(cabinet, error);
	if (result == 0)
		result = cabinet_end(
		    cabinet, accounts_remember(&directory->accounts, DIGEST_KEY, "", error), error);
	return result < 0 ? result : directory_take_settings(directory, error);
}
