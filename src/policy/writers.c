// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/writers.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/database.h"
#include "base/slice.h"

enum { WAIT_MS = 100, NAMES = 16 /* labels of a sender that are taken off */ };

/* Of a recipient (?1, ?2: left and right of the @) and somebody (?3, ?4): is he one of its writers?
 * As in overlays/usr/share/postcask/postfix a label is nobody's own, and what has a + of its own is
 * in postfix_plus. */
static const char question[] =
    "WITH RECURSIVE asked (local, domain) AS (SELECT ?1, coalesce("
    "  (SELECT alias_of FROM postfix_domain WHERE name = ?2), ?2)),"
    " owner (address, domain) AS (SELECT coalesce((SELECT address FROM postfix_plus"
    "  WHERE postfix_plus.domain = asked.domain AND (postfix_plus.local = asked.local"
    "   OR substr(asked.local, 1, length(postfix_plus.local) + 1) = postfix_plus.local || '+')"
    "  ORDER BY length(postfix_plus.local) DESC LIMIT 1),"
    "  CASE WHEN instr(asked.local, '+') > 1"
    "   THEN substr(asked.local, 1, instr(asked.local, '+') - 1) ELSE asked.local END"
    "  || '@' || asked.domain), asked.domain FROM asked),"
    " who (address, domain) AS (SELECT ?3 || '@' || domain, domain FROM (SELECT coalesce("
    "  (SELECT alias_of FROM postfix_domain WHERE name = ?4), ?4) AS domain)),"
    " way (address) AS (SELECT address FROM owner"
    "  UNION SELECT next FROM way JOIN postfix_alias ON postfix_alias.address = way.address)"
    " SELECT 1 FROM policy_writer JOIN owner ON owner.address = policy_writer.address, who"
    " WHERE writer = who.address OR writer = '@' || who.domain"
    "  OR writer = 'domain' AND who.domain = owner.domain"
    "  OR writer = 'members' AND EXISTS (SELECT 1 FROM way WHERE way.address = who.address)"
    " LIMIT 1";

static const char *const texts[] = {question};

void writers_init(struct writers *writers, const char *path)
{
	*writers = (struct writers){.path = path};
}

void writers_close(struct writers *writers)
{
	sqlite3_finalize(writers->statement);
	sqlite3_close(writers->database);
	writers_init(writers, writers->path);
}

static int failed(struct writers *writers, struct error *error)
{
	int result =
	    error_set(error, EIO, "%s: %s", writers->path,
		      writers->database ? sqlite3_errmsg(writers->database) : "cannot be opened");

	writers_close(writers);
	return result;
}

/* A damaged file is replaced by another (postcask-directory(8)). */
static int open_file(struct writers *writers, struct error *error)
{
	struct stat there;

	if (stat(writers->path, &there) < 0)
		return error_errno(error, errno, "%s", writers->path);
	if (writers->database && writers->device == there.st_dev && writers->number == there.st_ino)
		return 0;
	writers_close(writers);
	if (sqlite3_open_v2(writers->path, &writers->database, SQLITE_OPEN_READONLY, NULL) !=
		SQLITE_OK ||
	    sqlite3_busy_timeout(writers->database, WAIT_MS) != SQLITE_OK ||
	    sqlite3_prepare_v3(writers->database, texts[0], -1, SQLITE_PREPARE_PERSISTENT,
			       &writers->statement, NULL) != SQLITE_OK)
		return failed(writers, error);
	writers->device = there.st_dev;
	writers->number = there.st_ino;
	return 0;
}

static void bind_text(struct writers *writers, int number, struct slice text)
{
	sqlite3_bind_text(writers->statement, number, text.at, (int)text.size, SQLITE_STATIC);
}

/* Left and right of the last @. */
static bool split(const char *address, struct slice *ret_local, struct slice *ret_domain)
{
	const char *at = strrchr(address, '@');

	if (!at || at == address)
		return false;
	*ret_local = (struct slice){address, (size_t)(at - address)};
	*ret_domain = slice_of(at + 1);
	return true;
}

/* 1: he may. */
static int ask(struct writers *writers, const char *recipient, struct slice local,
	       struct slice domain, struct error *error)
{
	struct slice to, at;
	int result;

	if (!split(recipient, &to, &at))
		return 0;
	bind_text(writers, 1, to);
	bind_text(writers, 2, at);
	bind_text(writers, 3, local);
	bind_text(writers, 4, domain);
	result = sqlite3_step(writers->statement);
	database_again(writers->statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return failed(writers, error);
	return result == SQLITE_ROW;
}

/* As he is, and without labels: who may send as alice@ may send as alice+label@. */
static int ask_names(struct writers *writers, const char *recipient, const char *who,
		     struct error *error)
{
	struct slice local, domain;
	int result;

	if (!split(who, &local, &domain))
		return 0;
	result = ask(writers, recipient, local, domain, error);
	for (size_t i = 0; result == 0 && i < NAMES; i++) {
		do
			local.size -= local.size > 0;
		while (local.size > 0 && local.at[local.size] != '+');
		if (local.size == 0)
			break;
		result = ask(writers, recipient, local, domain, error);
	}
	return result;
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

enum writers_look writers_judge(struct writers *writers, const struct postfix_request *request,
				bool believed, struct error *error)
{
	struct postfix_request asked = *request;
	int result;

	if (!request->sender[0])
		return WRITERS_MAY;
	if (!request->login[0] && !believed)
		return WRITERS_MAY_NOT;
	lower(asked.recipient);
	lower(asked.sender);
	lower(asked.login);
	result = open_file(writers, error);
	if (result == 0)
		result = ask_names(writers, asked.recipient, asked.login, error);
	if (result == 0)
		result = ask_names(writers, asked.recipient, asked.sender, error);
	return result < 0 ? WRITERS_NOT_KNOWN : result > 0 ? WRITERS_MAY : WRITERS_MAY_NOT;
}
