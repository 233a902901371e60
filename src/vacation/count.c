// SPDX-License-Identifier: GPL-3.0-or-later
#include "vacation/count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"

enum {
	DAY = 24 * 60 * 60,
	LOCK_MS = 3000, /* sieve_execute_exec_timeout is 5 seconds */
	STATE_LIMIT = 64 + COUNT_PER_DAY * (COUNT_HASH + 1),
};

/* ---- The state: "DAY\n", and a line for each sender ---- */

bool count_step(struct slice state, long long day, struct slice hash, struct buffer *next,
		bool *ret_known)
{
	struct slice rest = state, line;
	long long then = 0;
	int count = 0;

	*ret_known = false;
	buffer_addf(next, "%lld\n", day);
	if (!slice_number(&rest, &then) || !slice_skip(&rest, SLICE("\n")) || then != day)
		rest.size = 0;
	while (slice_until(&rest, SLICE("\n"), &line)) {
		if (line.size != COUNT_HASH)
			continue;
		*ret_known = *ret_known || slice_equal(line, hash);
		buffer_add(next, line.at, line.size);
		buffer_add_char(next, '\n');
		count++;
	}
	if (*ret_known)
		return true;
	if (count >= COUNT_PER_DAY)
		return false;
	buffer_add(next, hash.at, hash.size);
	buffer_add_char(next, '\n');
	return true;
}

static int hash_of(const char *sender, char hash[DIGEST_TEXT_SIZE], struct error *error)
{
	EVP_MD_CTX *digest = digest_begin();

	if (!digest)
		return error_set(error, ENOMEM, "out of memory");
	for (const char *c = sender; *c; c++) {
		char small = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;

		digest_add(digest, &small, 1);
	}
	digest_finish(digest, hash);
	hash[COUNT_HASH] = '\0';
	return 0;
}

/* Without a slash or a dot at the begin, and short enough: a login as Dovecot has it. */
static bool is_login(const char *user)
{
	return user[0] && user[0] != '.' && !strchr(user, '/') && strchr(user, '@') &&
	       strlen(user) < 250;
}

int count_answer(const char *folder, const char *user, const char *sender, time_t now,
		 bool *ret_allowed, struct error *error)
{
	_cleanup_(buffer_free) struct buffer next = BUFFER_INIT;
	_cleanup_free_ char *path = file_join(folder, user),
			    *lock_path = file_join(folder, ".lock");
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int lock = -1;
	char hash[DIGEST_TEXT_SIZE];
	size_t size = 0;
	bool known;
	int result = hash_of(sender, hash, error);

	if (!path || !lock_path)
		return error_set(error, ENOMEM, "out of memory");
	if (!is_login(user))
		return error_set(error, EINVAL, "this is no login");
	if (result == 0)
		result = file_make_folders(folder, 0700, error);
	if (result == 0)
		result = file_lock(lock_path, LOCK_MS, &lock, error);
	if (result < 0)
		return result;
	if (file_read(path, STATE_LIMIT, &text, &size, NULL) < 0)
		size = 0;
	*ret_allowed = count_step((struct slice){text, size}, (long long)(now / DAY),
				  slice_of(hash), &next, &known);
	if (!*ret_allowed || known)
		return 0;
	return file_replace(path, next.data, next.size, 0600, (uid_t)-1, (gid_t)-1, error);
}

/* ---- Whose sender it is ---- */

bool count_is_own(struct slice domains, const char *sender)
{
	const char *at = strrchr(sender, '@');
	struct slice line;

	while (at && slice_until(&domains, SLICE("\n"), &line))
		if (line.size > 0 && line.at[0] != '#' && slice_equal_case(line, slice_of(at + 1)))
			return true;
	return false;
}
