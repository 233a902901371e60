// SPDX-License-Identifier: GPL-3.0-or-later
#include "search/trouble.h"

#include <ctype.h>

/* Xapian's names of what does not pass. */
static const char *const damaged[] = {
    "; DatabaseCorruptError:", ": DatabaseCorruptError:", "; DatabaseOpeningError:",
    ": DatabaseOpeningError:", "; DatabaseVersionError:", ": DatabaseVersionError:"};

/* The processes that open indexes; their lines begin with their name and the user. */
static const struct slice processes[] = {SLICE("imap("), SLICE("indexer-worker("), SLICE("lmtp("),
					 SLICE("doveadm(")};

static bool takes_process(struct slice *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(processes); i++)
		if (slice_skip(line, processes[i]))
			return true;
	return false;
}

bool trouble_is_user(struct slice user)
{
	size_t ats = 0;

	if (user.size == 0 || user.size >= TROUBLE_USER || !isalnum((unsigned char)user.at[0]))
		return false;
	for (size_t i = 0; i < user.size; i++) {
		if (!isalnum((unsigned char)user.at[i]) && !strchr(".@_+='&~-", user.at[i]))
			return false;
		ats += user.at[i] == '@';
	}
	return ats == 1 && user.at[user.size - 1] != '@';
}

static bool is_damage(struct slice text)
{
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++)
		if (memmem(text.at, text.size, damaged[i], strlen(damaged[i])))
			return true;
	return false;
}

/* imap(USER)<PID><SESSION>: Error: fts-flatcurve: fts-flatcurve(FOLDER): WHAT; REASON: ...
 * Before the error stands nothing that a stranger has written. */
bool trouble_read(struct slice line, char user[TROUBLE_USER])
{
	struct slice name, session;

	if (!takes_process(&line) || !slice_until(&line, SLICE(")<"), &name) ||
	    !trouble_is_user(name) || !slice_until(&line, SLICE(": "), &session) ||
	    !slice_skip(&line, SLICE("Error: fts-flatcurve")) || !is_damage(line))
		return false;
	slice_copy(name, user, TROUBLE_USER);
	return true;
}

static size_t oldest(const struct troubles *troubles)
{
	size_t found = 0;

	for (size_t i = 1; i < troubles->count; i++)
		if (troubles->users[i].when < troubles->users[found].when)
			found = i;
	return found;
}

bool trouble_due(struct troubles *troubles, const char *user, int64_t now_ms)
{
	size_t at = 0;

	while (at < troubles->count && strcmp(troubles->users[at].user, user) != 0)
		at++;
	if (at < troubles->count && now_ms - troubles->users[at].when < TROUBLE_AGAIN_MS)
		return false;
	if (at == troubles->count && troubles->count == TROUBLE_USERS)
		at = oldest(troubles);
	else if (at == troubles->count)
		troubles->count++;
	slice_copy(slice_of(user), troubles->users[at].user, TROUBLE_USER);
	troubles->users[at].when = now_ms;
	return true;
}
