// SPDX-License-Identifier: GPL-3.0-or-later
/* The machine's journal, in memory: sd-journal(3) as far as ledger/journal.c reads with it,
 * the accounts whose lines it looks for, and the clock by which it is read.  The linker takes
 * these for the libraries' own. */
#ifndef POSTCASK_TEST_FAKE_JOURNAL_H
#define POSTCASK_TEST_FAKE_JOURNAL_H

#include "test.h"

#include <errno.h>
#include <pwd.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

enum { FAKE_POSTFIX = 421, FAKE_AMAVIS = 425, FAKE_ENTRIES = 8192, FAKE_MATCHES = 32 };

struct fake_entry {
	unsigned number;     /* its cursor */
	char fields[4][512]; /* "NAME=value"; empty: there is none */
	uint64_t time;
};

static struct {
	struct fake_entry entries[FAKE_ENTRIES];
	size_t count;
	unsigned numbers; /* given out */
	bool failing;	  /* it cannot be read */
	bool no_accounts; /* this is no mail server */
	uid_t user;	  /* who asks */
	fsblkcnt_t free_blocks;
	uint64_t time; /* now, microseconds since 1970 */
} fake_journal;

/* Where a reader is: on an entry, or before the one that is next. */
struct sd_journal {
	long at;
	bool before;
	char matches[FAKE_MATCHES][64]; /* empty: "or" */
	size_t match_count;
};

static void fake_journal_reset(void)
{
	memset(&fake_journal, 0, sizeof(fake_journal));
	fake_journal.free_blocks = 1000 * 1000;
	fake_journal.time = UINT64_C(1795515240) * 1000000;
}

static _unused_ void fake_pass_time(unsigned seconds)
{
	fake_journal.time += seconds * UINT64_C(1000000);
}

static _unused_ void fake_log(unsigned user, const char *identifier, const char *text)
{
	struct fake_entry *entry = &fake_journal.entries[fake_journal.count++];

	assert_true(fake_journal.count < FAKE_ENTRIES);
	*entry = (struct fake_entry){.number = ++fake_journal.numbers, .time = fake_journal.time};
	snprintf(entry->fields[0], sizeof(entry->fields[0]), "_UID=%u", user);
	snprintf(entry->fields[1], sizeof(entry->fields[1]), "SYSLOG_IDENTIFIER=%s", identifier);
	snprintf(entry->fields[2], sizeof(entry->fields[2]), "MESSAGE=%s", text);
	snprintf(entry->fields[3], sizeof(entry->fields[3]), "_PID=%u", 99);
}

/* journald forgets the oldest. */
static _unused_ void fake_vacuum(size_t count)
{
	assert_true(count <= fake_journal.count);
	fake_journal.count -= count;
	memmove(fake_journal.entries, fake_journal.entries + count,
		fake_journal.count * sizeof(fake_journal.entries[0]));
}

/* Matches of one field are alternatives, those of several must all be there, and a
 * disjunction begins anew (sd_journal_add_match(3)). */
static bool fake_term_fits(const struct sd_journal *journal, const struct fake_entry *entry,
			   size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		size_t name = strcspn(journal->matches[i], "=") + 1;
		bool found = false;

		for (size_t k = from; k < to && !found; k++)
			for (size_t f = 0; f < 4 && !found; f++)
				found =
				    strncmp(journal->matches[k], journal->matches[i], name) == 0 &&
				    strcmp(journal->matches[k], entry->fields[f]) == 0;
		if (!found)
			return false;
	}
	return to > from;
}

static bool fake_fits(const struct sd_journal *journal, const struct fake_entry *entry)
{
	size_t from = 0;

	for (size_t i = 0; i <= journal->match_count; i++)
		if (i == journal->match_count || !journal->matches[i][0]) {
			if (fake_term_fits(journal, entry, from, i))
				return true;
			from = i + 1;
		}
	return journal->match_count == 0;
}

int sd_journal_open(sd_journal **ret, int flags _unused_)
{
	*ret = calloc(1, sizeof(struct sd_journal));
	return *ret ? 0 : -ENOMEM;
}

int sd_journal_open_directory(sd_journal **ret, const char *path, int flags)
{
	return access(path, R_OK) < 0 ? -errno : sd_journal_open(ret, flags);
}

void sd_journal_close(sd_journal *journal)
{
	free(journal);
}

int sd_journal_set_data_threshold(sd_journal *journal _unused_, size_t size _unused_)
{
	return 0;
}

int sd_journal_add_match(sd_journal *journal, const void *data, size_t size)
{
	assert_true(journal->match_count < FAKE_MATCHES && size < 64);
	memcpy(journal->matches[journal->match_count], data, size);
	journal->matches[journal->match_count++][size] = '\0';
	return 0;
}

int sd_journal_add_disjunction(sd_journal *journal)
{
	assert_true(journal->match_count < FAKE_MATCHES);
	journal->matches[journal->match_count++][0] = '\0';
	return 0;
}

static int fake_seek(sd_journal *journal, long at)
{
	journal->at = at;
	journal->before = true;
	return 0;
}

int sd_journal_seek_head(sd_journal *journal)
{
	return fake_seek(journal, 0);
}

int sd_journal_seek_realtime_usec(sd_journal *journal, uint64_t time)
{
	long at = 0;

	while (at < (long)fake_journal.count && fake_journal.entries[at].time < time)
		at++;
	return fake_seek(journal, at);
}

int sd_journal_seek_cursor(sd_journal *journal, const char *cursor)
{
	unsigned number;
	long at = 0;

	if (sscanf(cursor, "s=fake;i=%u", &number) != 1)
		return -EINVAL;
	while (at < (long)fake_journal.count && fake_journal.entries[at].number < number)
		at++;
	return fake_seek(journal, at);
}

int sd_journal_next(sd_journal *journal)
{
	long at = journal->before ? journal->at : journal->at + 1;

	if (fake_journal.failing)
		return -EIO;
	while (at < (long)fake_journal.count && !fake_fits(journal, &fake_journal.entries[at]))
		at++;
	if (at >= (long)fake_journal.count)
		return 0;
	journal->at = at;
	journal->before = false;
	return 1;
}

int sd_journal_previous(sd_journal *journal)
{
	long at = journal->at - 1;

	while (at >= 0 && !fake_fits(journal, &fake_journal.entries[at]))
		at--;
	if (at < 0)
		return 0;
	journal->at = at;
	journal->before = false;
	return 1;
}

static struct fake_entry *fake_entry(sd_journal *journal)
{
	return journal->before || journal->at >= (long)fake_journal.count
		   ? NULL
		   : &fake_journal.entries[journal->at];
}

int sd_journal_get_cursor(sd_journal *journal, char **ret)
{
	const struct fake_entry *entry = fake_entry(journal);

	if (!entry)
		return -EADDRNOTAVAIL;
	return asprintf(ret, "s=fake;i=%u", entry->number) < 0 ? -ENOMEM : 0;
}

int sd_journal_test_cursor(sd_journal *journal, const char *cursor)
{
	const struct fake_entry *entry = fake_entry(journal);
	unsigned number;

	return entry && sscanf(cursor, "s=fake;i=%u", &number) == 1 && entry->number == number;
}

int sd_journal_get_data(sd_journal *journal, const char *name, const void **ret, size_t *ret_size)
{
	struct fake_entry *entry = fake_entry(journal);
	size_t size = strlen(name);

	for (size_t i = 0; entry && i < 4; i++)
		if (strncmp(entry->fields[i], name, size) == 0 && entry->fields[i][size] == '=') {
			*ret = entry->fields[i];
			*ret_size = strlen(entry->fields[i]);
			return 0;
		}
	return -ENOENT;
}

int sd_journal_get_realtime_usec(sd_journal *journal, uint64_t *ret)
{
	const struct fake_entry *entry = fake_entry(journal);

	if (!entry)
		return -EADDRNOTAVAIL;
	*ret = entry->time;
	return 0;
}

/* The accounts of the image, which this host has not. */
struct passwd *fake_getpwnam(const char *name) __asm__("getpwnam");
struct passwd *fake_getpwnam(const char *name)
{
	static struct passwd account;

	account.pw_uid = strcmp(name, "postfix") == 0  ? FAKE_POSTFIX
			 : strcmp(name, "amavis") == 0 ? FAKE_AMAVIS
						       : 0;
	return fake_journal.no_accounts ? NULL : &account;
}

uid_t fake_geteuid(void) __asm__("geteuid");
uid_t fake_geteuid(void)
{
	return fake_journal.user;
}

int fake_statvfs(const char *path, struct statvfs *ret) __asm__("statvfs");
int fake_statvfs(const char *path _unused_, struct statvfs *ret)
{
	*ret = (struct statvfs){.f_bavail = fake_journal.free_blocks};
	return 0;
}

int fake_clock_gettime(clockid_t id, struct timespec *ret) __asm__("clock_gettime");
int fake_clock_gettime(clockid_t id, struct timespec *ret)
{
	if (id != CLOCK_REALTIME && id != CLOCK_BOOTTIME)
		return (int)syscall(SYS_clock_gettime, id, ret);
	ret->tv_sec = (time_t)(fake_journal.time / 1000000);
	ret->tv_nsec = (long)(fake_journal.time % 1000000) * 1000;
	return 0;
}

#endif
