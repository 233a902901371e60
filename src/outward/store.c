// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/database.h"

enum { BUSY_MS = 1000 };

enum { GET, PUT, ROOM, USE, STALE, TRIED, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [GET] = "SELECT id, mode, hosts, max_age, fetched FROM policy WHERE domain = ?1",
    [PUT] = "INSERT OR REPLACE INTO policy (domain, id, mode, hosts, max_age, fetched, used, tried)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    [ROOM] = "DELETE FROM policy WHERE domain IN (SELECT domain FROM policy ORDER BY used LIMIT "
	     "max(0, (SELECT count(*) FROM policy) - ?1))",
    [USE] = "UPDATE policy SET used = ?2 WHERE domain = ?1 AND used < ?2 - 86400",
    [STALE] = "SELECT domain FROM policy WHERE (fetched < ?1 OR fetched > ?4) AND (tried < ?2 OR "
	      "tried > ?4) AND used > ?3 "
	      "ORDER BY tried LIMIT 1",
    [TRIED] = "UPDATE policy SET tried = ?2 WHERE domain = ?1",
};

static const char prepare[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512;"
    "CREATE TABLE IF NOT EXISTS policy (domain TEXT PRIMARY KEY, id TEXT NOT NULL, mode INTEGER "
    "NOT NULL, hosts TEXT NOT NULL, max_age INTEGER NOT NULL, fetched INTEGER NOT NULL, used "
    "INTEGER NOT NULL, tried INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS policy_used ON policy (used);"
    "CREATE INDEX IF NOT EXISTS policy_fetched ON policy (fetched);";

struct sts_store {
	sqlite3 *database; /* NULL: nothing is kept */
	sqlite3_stmt *statements[STATEMENTS];
};

static int open_file(struct sts_store *store, const char *path)
{
	return database_open(path, BUSY_MS, prepare, texts, STATEMENTS, &store->database,
			     store->statements);
}

static void let_go(struct sts_store *store)
{
	database_close(&store->database, store->statements, STATEMENTS);
}

struct sts_store *sts_store_open(const char *path, struct error *error)
{
	struct sts_store *store = calloc(1, sizeof(*store));
	int result;

	if (!store)
		return NULL;
	result = open_file(store, path);
	/* One with another table than ours is as good as damaged. */
	if (database_is_damaged(result) || result == SQLITE_ERROR) {
		let_go(store);
		if (database_set_aside(path, error) == 0) {
			error_set(error, EBADMSG, "%s is damaged, and begun anew", path);
			result = open_file(store, path);
		}
	}
	if (result != SQLITE_OK) {
		error_set(error, EIO, "%s: %s; policies are not kept over a restart", path,
			  sqlite3_errstr(result));
		let_go(store);
	}
	return store;
}

void sts_store_close(struct sts_store **store)
{
	if (!*store)
		return;
	let_go(*store);
	free(*store);
	*store = NULL;
}

static sqlite3_stmt *begin(struct sts_store *store, int number, const char *domain)
{
	sqlite3_stmt *statement = store->statements[number];

	if (statement && domain)
		sqlite3_bind_text(statement, 1, domain, -1, SQLITE_STATIC);
	return statement;
}

static const char *column(sqlite3_stmt *statement, int number)
{
	const char *text = (const char *)sqlite3_column_text(statement, number);

	return text ? text : "";
}

static bool read_row(sqlite3_stmt *statement, struct sts_store_policy *ret)
{
	int mode = sqlite3_column_int(statement, 1);
	struct sts_store_policy policy = STORE_POLICY_INIT;

	if (mode < STS_NONE || mode > STS_ENFORCE)
		return false;
	snprintf(policy.id, sizeof(policy.id), "%s", column(statement, 0));
	policy.policy.mode = (enum sts_mode)mode;
	policy.policy.hosts = strdup(column(statement, 2));
	policy.policy.max_age = sqlite3_column_int64(statement, 3);
	policy.fetched = sqlite3_column_int64(statement, 4);
	if (!policy.policy.hosts)
		return false;
	*ret = policy;
	return true;
}

bool sts_store_get(struct sts_store *store, const char *domain, int64_t now,
		   struct sts_store_policy *ret)
{
	sqlite3_stmt *statement = begin(store, GET, domain);
	struct sts_store_policy policy = STORE_POLICY_INIT;
	bool found;

	if (!statement)
		return false;
	found = sqlite3_step(statement) == SQLITE_ROW && read_row(statement, &policy);
	database_again(statement);
	if (found && !sts_store_policy_holds(&policy, now)) {
		sts_store_policy_clear(&policy);
		found = false;
	}
	if (found)
		*ret = policy;
	return found;
}

int sts_store_put(struct sts_store *store, const char *domain,
		  const struct sts_store_policy *policy, int64_t now, struct error *error)
{
	sqlite3_stmt *statement = begin(store, PUT, domain);
	int result;

	if (!statement)
		return 0; /* it was said when it was opened */
	sqlite3_bind_text(statement, 2, policy->id, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 3, policy->policy.mode);
	sqlite3_bind_text(statement, 4, policy->policy.hosts, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 5, policy->policy.max_age);
	sqlite3_bind_int64(statement, 6, policy->fetched);
	sqlite3_bind_int64(statement, 7, now);
	sqlite3_step(statement);
	result = database_again(statement);
	statement = begin(store, ROOM, NULL);
	sqlite3_bind_int(statement, 1, STORE_POLICIES);
	sqlite3_step(statement);
	database_again(statement);
	return result == SQLITE_OK ? 0
				   : error_set(error, EIO, "the policy of %s is not kept: %s",
					       domain, sqlite3_errstr(result));
}

void sts_store_use(struct sts_store *store, const char *domain, int64_t now)
{
	sqlite3_stmt *statement = begin(store, USE, domain);

	if (!statement)
		return;
	sqlite3_bind_int64(statement, 2, now);
	sqlite3_step(statement);
	database_again(statement);
}

static void note_try(struct sts_store *store, const char *domain, int64_t now)
{
	sqlite3_stmt *statement = begin(store, TRIED, domain);

	sqlite3_bind_int64(statement, 2, now);
	sqlite3_step(statement);
	database_again(statement);
}

bool sts_store_stale(struct sts_store *store, int64_t now, char ret_domain[OUTWARD_NAME])
{
	sqlite3_stmt *statement = begin(store, STALE, NULL);
	bool found;

	if (!statement)
		return false;
	sqlite3_bind_int64(statement, 1, now - STORE_REFRESH);
	sqlite3_bind_int64(statement, 2, now - STORE_TRY_AGAIN);
	sqlite3_bind_int64(statement, 3, now - STORE_USED);
	sqlite3_bind_int64(statement, 4, now + STORE_REFRESH);
	found = sqlite3_step(statement) == SQLITE_ROW;
	if (found)
		snprintf(ret_domain, OUTWARD_NAME, "%s", column(statement, 0));
	database_again(statement);
	if (found)
		note_try(store, ret_domain, now);
	return found;
}

/* A clock that is behind ends no policy; what was fetched by one that was ahead is fetched anew. */
bool sts_store_policy_holds(const struct sts_store_policy *policy, int64_t now)
{
	return policy->policy.hosts && now - policy->fetched < policy->policy.max_age;
}

bool sts_store_policy_is_old(const struct sts_store_policy *policy, int64_t now)
{
	return now - policy->fetched > STORE_REFRESH || policy->fetched - now > STORE_REFRESH;
}

void sts_store_policy_clear(struct sts_store_policy *policy)
{
	sts_policy_clear(&policy->policy);
	*policy = STORE_POLICY_INIT;
}
