// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/journal.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/journal_news.h"

static bool has_account(const struct journal *journal, const char *name)
{
	for (size_t i = 0; i < journal->account_count; i++)
		if (strcmp(journal->accounts[i].name, name) == 0)
			return true;
	return false;
}

static int find_account(struct journal *journal, const char *name, struct error *error)
{
	const struct passwd *entry = getpwnam(name);

	if (!entry)
		return error_set(error, ENOENT, "there is no account %s: this is no mail server",
				 name);
	journal->accounts[journal->account_count++] = (struct line_account){name, entry->pw_uid};
	return 0;
}

/* Those under which components write. */
static int find_accounts(struct journal *journal, bool folders, struct error *error)
{
	journal->accounts = calloc(component_count * COMPONENT_LOGS, sizeof(*journal->accounts));
	if (!journal->accounts)
		return error_set(error, ENOMEM, "out of memory");
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_log *log = components[i]->logs; log->writer; log++) {
			if ((log->folders && !folders) || has_account(journal, log->account))
				continue;
			int result = find_account(journal, log->account, error);
			if (result < 0)
				return result;
		}
	return 0;
}

/* As the machine's own journal is guarded: system.journal is what root and the groups adm
 * and systemd-journal may read.  sd_journal_open shows everybody else an empty journal. */
static int check_access(struct error *error)
{
	_cleanup_free_ char *stored = NULL, *volatile_ = NULL;
	char id[SD_ID128_STRING_MAX];
	sd_id128_t machine;

	if (geteuid() == 0 || sd_id128_get_machine(&machine) < 0)
		return 0;
	sd_id128_to_string(machine, id);
	if (asprintf(&stored, "/var/log/journal/%s/system.journal", id) < 0 ||
	    asprintf(&volatile_, "/run/log/journal/%s/system.journal", id) < 0)
		return error_set(error, ENOMEM, "out of memory");
	if (access(stored, R_OK) == 0 || access(volatile_, R_OK) == 0)
		return 0;
	return error_set(error, EACCES,
			 "the mail log is for root and the groups adm and systemd-journal; use "
			 "sudo");
}

_printf_(2, 3) static int add_match(sd_journal *journal, const char *format, ...)
{
	_cleanup_free_ char *match = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&match, format, arguments);
	va_end(arguments);
	return size < 0 ? -ENOMEM : sd_journal_add_match(journal, match, (size_t)size);
}

/* A sentence of the filter: this account, and of its lines those of the identifiers that
 * components name, or all where one has services. */
static int add_account(sd_journal *journal, const struct line_account *account, bool folders)
{
	int result = add_match(journal, "_UID=%u", account->uid);
	bool all = false;

	for (size_t i = 0; i < component_count; i++)
		for (const struct component_log *log = components[i]->logs; log->writer; log++)
			all |= strcmp(log->account, account->name) == 0 &&
			       strcmp(log->identifier, LOG_SERVICES) == 0;
	for (size_t i = 0; i < component_count && !all; i++)
		for (const struct component_log *log = components[i]->logs; log->writer; log++)
			if (strcmp(log->account, account->name) == 0 && result >= 0 &&
			    (folders || !log->folders))
				result =
				    add_match(journal, "SYSLOG_IDENTIFIER=%s", log->identifier);
	return result;
}

/* Only a filter that makes reading fast; line_writer() decides. */
static int add_matches(struct journal *journal, bool folders)
{
	int result = 0;

	for (size_t i = 0; i < journal->account_count && result >= 0; i++) {
		if (i > 0)
			result = sd_journal_add_disjunction(journal->journal);
		if (result >= 0)
			result = add_account(journal->journal, &journal->accounts[i], folders);
	}
	return result;
}

int journal_open(struct journal *journal, const char *folder, bool folders, struct error *error)
{
	int result = 0;

	*journal = JOURNAL_INIT;
	if (!folder)
		result = check_access(error);
	if (result == 0)
		result = find_accounts(journal, folders, error);
	if (result < 0) {
		journal_close(journal);
		return result;
	}
	result = folder ? sd_journal_open_directory(&journal->journal, folder, 0)
			: sd_journal_open(&journal->journal, SD_JOURNAL_LOCAL_ONLY);
	if (result >= 0)
		result = sd_journal_set_data_threshold(journal->journal, LINE_LIMIT);
	if (result >= 0)
		result = add_matches(journal, folders);
	if (result < 0) {
		journal_close(journal);
		return error_errno(error, result, "the journal cannot be opened");
	}
	return 0;
}

void journal_close(struct journal *journal)
{
	if (journal->journal)
		sd_journal_close(journal->journal);
	free(journal->accounts);
	*journal = JOURNAL_INIT;
}

int journal_seek_time(struct journal *journal, uint64_t time, struct error *error)
{
	int result = time ? sd_journal_seek_realtime_usec(journal->journal, time)
			  : sd_journal_seek_head(journal->journal);

	return result < 0 ? error_errno(error, result, "the journal cannot be searched") : 0;
}

int journal_seek_cursor(struct journal *journal, const char *cursor, bool *ret_found,
			struct error *error)
{
	int result = sd_journal_seek_cursor(journal->journal, cursor);

	if (result >= 0)
		result = sd_journal_next(journal->journal);
	if (result < 0)
		return error_errno(error, result, "the journal cannot be searched");
	*ret_found = result > 0 && sd_journal_test_cursor(journal->journal, cursor) > 0;
	if (*ret_found || result == 0)
		return 0;
	/* that line is a new one: it comes again */
	result = sd_journal_previous(journal->journal);
	if (result == 0)
		result = sd_journal_seek_head(journal->journal);
	return result < 0 ? error_errno(error, result, "the journal cannot be searched") : 0;
}

static long long get_number(sd_journal *journal, const char *name)
{
	struct slice value = journal_field(journal, name);
	long long number;

	return slice_number(&value, &number) && value.size == 0 ? number : -1;
}

/* What one field gives is good until another one is asked for: MESSAGE is the last. */
static bool take_line(struct journal *journal, struct journal_line *line)
{
	const struct line_accounts accounts = {journal->accounts, journal->account_count};
	long long uid = get_number(journal->journal, "_UID");
	uint64_t time;

	if (uid < 0 || uid > UINT32_MAX ||
	    sd_journal_get_realtime_usec(journal->journal, &time) < 0)
		return false;
	slice_copy(journal_field(journal->journal, "SYSLOG_IDENTIFIER"), journal->identifier,
		   sizeof(journal->identifier));
	*line = (struct journal_line){.identifier = slice_of(journal->identifier), .time = time};
	line->writer = line_writer(&accounts, line->identifier, (uint32_t)uid);
	if (line->writer == WRITER_NONE)
		return false;
	line->pid = (pid_t)get_number(journal->journal, "_PID");
	line->text = journal_field(journal->journal, "MESSAGE");
	return true;
}

int journal_next(struct journal *journal, struct journal_line *ret_line, struct error *error)
{
	for (;;) {
		int result = sd_journal_next(journal->journal);

		if (result < 0)
			return error_errno(error, result, "the journal cannot be read");
		if (result == 0)
			return 0;
		if (take_line(journal, ret_line))
			return 1;
	}
}

int journal_cursor(struct journal *journal, char **ret_cursor, struct error *error)
{
	int result = sd_journal_get_cursor(journal->journal, ret_cursor);

	return result < 0 ? error_errno(error, result, "the journal has no place to go on from")
			  : 0;
}
