// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/rules.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json_file.h"
#include "rules/script.h"

enum { BUSY_MS = 5000 };

/* What is being done. */
struct following {
	const struct rules *rules;
	json_t *wanted;	 /* names of files that are to be there -> true */
	json_t *before;	 /* what was refused, by address: borrowed texts */
	json_t *refused; /* the list that is made */
};

/* ---- What was refused ---- */

static json_t *refused_before(const char *path)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *list = NULL;
	json_t *by_address = json_object(), *one;
	size_t i;

	if (json_file_read(path, JSON_FILE_LIMIT, JSON_FILE_LIST, &list, &none) < 0)
		return by_address;
	json_array_foreach(list, i, one)
	    json_object_set(by_address, json_text(one, "address"), one);
	return by_address;
}

static void digest_of(const char *text, char ret[DIGEST_TEXT_SIZE])
{
	EVP_MD_CTX *digest = digest_begin();

	digest_add(digest, text, strlen(text));
	digest_finish(digest, ret);
}

static void add_refused(struct following *following, const char *address, const char *digest,
			const char *why)
{
	if (json_array_size(following->refused) < RULES_SHOWN)
		json_array_append_new(following->refused,
				      json_pack("{s:s, s:s, s:s+}", "address", address, "digest",
						digest, "why", why, ""));
}

/* ---- One ---- */

static int follow_one(struct following *following, const char *address, const char *text,
		      struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *name = script_name(address);
	const json_t *before = json_object_get(following->before, address);
	char digest[DIGEST_TEXT_SIZE];
	int result;

	digest_of(text, digest);
	if (!name) {
		add_refused(following, address, digest,
			    "the address has no place in a file system");
		return 0;
	}
	json_object_set_new(following->wanted, name, json_true());
	if (script_is(following->rules, name, text))
		return 0;
	if (before && strcmp(json_text(before, "digest"), digest) == 0) {
		add_refused(following, address, digest, json_text(before, "why"));
		return 0;
	}
	result = script_put(following->rules, name, text, &why);
	if (result == -EBADMSG)
		add_refused(following, address, digest, error_text(&why));
	else if (result < 0)
		return error_set(error, -result, "%s: %s", address, error_text(&why));
	return 0;
}

static int failed(const struct following *following, sqlite3 *database, struct error *error)
{
	return error_set(error, EIO, "%s: %s", following->rules->accounts,
			 database ? sqlite3_errmsg(database) : "cannot be opened");
}

/* Whose there are.  Their texts are asked for one by one: nobody's look at the file is to last for
 * as long as sievec needs. */
static int list_owners(const struct following *following, sqlite3 *database, json_t *owners,
		       struct error *error)
{
	sqlite3_stmt *rows = NULL;
	int code =
	    sqlite3_prepare_v2(database, "SELECT address FROM delivery_rule", -1, &rows, NULL);

	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(rows);
		if (code == SQLITE_ROW)
			json_array_append_new(
			    owners, json_string((const char *)sqlite3_column_text(rows, 0)));
	}
	sqlite3_finalize(rows);
	return code == SQLITE_DONE ? 0 : failed(following, database, error);
}

/* *ret stays NULL where he has none any more. */
static int find_text(const struct following *following, sqlite3 *database, const char *owner,
		     char **ret, struct error *error)
{
	sqlite3_stmt *row = NULL;
	int code = sqlite3_prepare_v2(
	    database, "SELECT script FROM delivery_rule WHERE address = ?", -1, &row, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_bind_text(row, 1, owner, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(row);
	if (code == SQLITE_ROW)
		*ret = strdup((const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return failed(following, database, error);
	return code == SQLITE_DONE || *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}

static int follow_all(struct following *following, sqlite3 *database, struct error *error)
{
	_cleanup_json_ json_t *owners = json_array();
	const json_t *owner;
	size_t i;
	int result = list_owners(following, database, owners, error);

	json_array_foreach(owners, i, owner)
	{
		_cleanup_free_ char *text = NULL;

		if (result == 0)
			result =
			    find_text(following, database, json_string_value(owner), &text, error);
		if (result == 0 && text)
			result = follow_one(following, json_string_value(owner), text, error);
	}
	return result;
}

/* ---- What is no longer there ---- */

static int sweep_domain(const struct following *following, const char *domain, struct error *error)
{
	_cleanup_free_ char *path = file_join(following->rules->folder, domain);
	DIR *folder = path ? opendir(path) : NULL;
	const struct dirent *entry;
	int result = 0;

	while (folder && result == 0 && (entry = readdir(folder))) {
		_cleanup_free_ char *name = file_join(domain, entry->d_name);
		_cleanup_free_ char *there = file_join(path, entry->d_name);

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!name || !there)
			result = error_set(error, ENOMEM, "out of memory");
		else if (!json_object_get(following->wanted, name) && unlink(there) < 0)
			result = error_errno(error, errno, "%s", there);
	}
	if (folder)
		closedir(folder);
	if (path && rmdir(path) < 0 && errno != ENOTEMPTY && errno != EEXIST && result == 0)
		result = error_errno(error, errno, "%s", path);
	return result;
}

static int sweep(const struct following *following, struct error *error)
{
	DIR *folder = opendir(following->rules->folder);
	const struct dirent *entry;
	int result = 0;

	if (!folder)
		return error_errno(error, errno, "%s", following->rules->folder);
	while (result == 0 && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			result = sweep_domain(following, entry->d_name, error);
	closedir(folder);
	return result;
}

/* ---- All ---- */

int rules_follow(const struct rules *rules, struct error *error)
{
	_cleanup_json_ json_t *wanted = json_object(), *refused = json_array();
	_cleanup_json_ json_t *before = refused_before(rules->refused);
	struct following following = {rules, wanted, before, refused};
	sqlite3 *database = NULL;
	int result = 0;

	if (sqlite3_open_v2(rules->accounts, &database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(database, BUSY_MS) != SQLITE_OK)
		result = failed(&following, database, error);
	if (result == 0 && (!wanted || !refused || !before))
		result = error_set(error, ENOMEM, "out of memory");
	if (result == 0)
		result = follow_all(&following, database, error);
	sqlite3_close(database);
	if (result == 0)
		result = sweep(&following, error);
	if (result == 0)
		result = json_file_replace(rules->refused, refused, JSON_FILE_REPORT, 0640, error);
	return result;
}
