// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "guard/ban_table.h"
#include "guard/state.h"

static int64_t now_seconds(void)
{
	return (int64_t)time(NULL);
}

/* ---- The kernel ---- */

static size_t count_bans(const struct guard *guard, int64_t now)
{
	size_t count = 0;

	for (const struct judged *one = guard->judge.oldest; one; one = one->younger)
		count += judged_is_banned(one, now);
	return count;
}

/* All of them anew; who is never to be banned by now is forgiven. */
static int make_table(struct guard *guard, struct error *error)
{
	int64_t now = now_seconds();
	struct ban *bans;
	size_t count = 0;
	int result = never_look(&guard->never, error);

	if (result < 0)
		return result;
	bans = calloc(count_bans(guard, now) + 1, sizeof(*bans));
	if (!bans)
		return error_set(error, ENOMEM, "out of memory");
	for (struct judged *one = guard->judge.oldest; one; one = one->younger) {
		if (!judged_is_banned(one, now))
			continue;
		if (never_reason(&guard->never, &one->network))
			judge_forgive(&guard->judge, &one->network, now);
		else
			bans[count++] = (struct ban){one->network, one->until - now};
	}
	result = ban_table_make(bans, count, error);
	free(bans);
	return result;
}

static void tell_broken(struct guard *guard, struct error *error)
{
	if (!guard->broken) {
		error_wrap(error, "nobody can be kept away");
		error_print(error);
	}
	guard->broken = true;
	guard->judge.changed = true; /* the report says so */
	guard->retry_ms = clock_now_ms() + GUARD_RETRY_MS;
}

/* Somebody may have taken the table away (nft flush ruleset): then all of it is made again. */
static int put_ban(struct guard *guard, const struct judged *judged, struct error *error)
{
	const struct ban ban = {judged->network, judged->until - now_seconds()};
	int result = ban_table_add(&ban, error);

	if (result < 0) {
		error_clear(error);
		result = make_table(guard, error);
	}
	if (result < 0)
		tell_broken(guard, error);
	else
		guard->broken = false;
	return result;
}

static void try_again(struct guard *guard)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (make_table(guard, &error) < 0) {
		tell_broken(guard, &error);
		return;
	}
	guard->broken = false;
	guard->judge.changed = true;
	fprintf(stderr, "postcask: who is banned is kept away again\n");
}

/* ---- Judging ---- */

static void say_ban(const struct judged *judged)
{
	char address[NETWORK_TEXT];

	network_print(&judged->network, address);
	fprintf(stderr, "postcask: %s is banned for %lld s: %s\n", address,
		(long long)(judged->until - judged->since), judged->reason);
}

void guard_fail(struct guard *guard, const struct network *network, const struct judge_try *try)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct judged *judged;
	char reason[JUDGE_REASON];

	if (network_is_loopback(network)) /* the self-test's */
		return;
	judged = judge_fail(&guard->judge, network, try, now_seconds());
	if (!judged)
		return;
	if (never_look(&guard->never, &error) < 0) {
		error_print(&error); /* who it is, is not known: nobody is banned */
		return;
	}
	if (never_reason(&guard->never, network))
		return;
	snprintf(reason, sizeof(reason), "%u tries, the last: %.128s",
		 judge_limit(&guard->judge, judged, now_seconds()), judged->reason);
	judged = judge_ban(&guard->judge, network, reason, 0, now_seconds());
	if (judged && put_ban(guard, judged, &error) == 0)
		say_ban(judged);
}

void guard_succeed(struct guard *guard, const struct network *network)
{
	if (!network_is_loopback(network)) /* the self-test's */
		judge_succeed(&guard->judge, network, now_seconds());
}

void guard_use(struct guard *guard, const struct use *use)
{
	uses_add(&guard->uses, use, now_seconds());
}

int guard_ban(struct guard *guard, const struct network *network, const char *reason,
	      int64_t seconds, struct error *error)
{
	char address[NETWORK_TEXT];
	struct judged *judged;
	const char *never;

	if (never_look(&guard->never, error) < 0)
		return error->code;
	never = never_reason(&guard->never, network);
	network_print(network, address);
	if (never)
		return error_set(error, EPERM, "%s is never banned: %s", address, never);
	judged = judge_ban(&guard->judge, network, reason, seconds, now_seconds());
	if (!judged)
		return error_set(error, ENOMEM, "out of memory");
	if (put_ban(guard, judged, error) < 0)
		return error->code;
	say_ban(judged);
	return 0;
}

int guard_forgive(struct guard *guard, const struct network *network, bool *ret_was,
		  struct error *error)
{
	int result;

	*ret_was = judge_forgive(&guard->judge, network, now_seconds());
	if (!*ret_was)
		return 0;
	result = ban_table_remove(network, error);
	return result < 0 ? error_wrap(error, "it is still kept away") : 0;
}

/* ---- The files ---- */

static int write_report(const struct guard *guard, struct error *error)
{
	_cleanup_json_ json_t *report =
	    json_pack("{s:I, s:b}", "bans", (json_int_t)guard->reported, "broken", guard->broken);

	return json_file_replace(guard->report, report, JSON_FILE_REPORT, 0644, error);
}

static void write_files(const struct guard *guard)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (state_write(&guard->judge, guard->state, now_seconds(), &error) < 0 ||
	    write_report(guard, &error) < 0)
		error_print(&error);
}

/* A child does it, so that nobody waits for the disk; one after the other. */
static void write_beside(struct guard *guard)
{
	guard->judge.changed = false;
	guard->reported = count_bans(guard, now_seconds());
	guard->write_ms = clock_now_ms() + GUARD_WRITE_MS;
	guard->writer = fork();
	if (guard->writer == 0) {
		write_files(guard);
		_exit(0);
	}
	if (guard->writer < 0) {
		guard->writer = 0;
		guard->judge.changed = true;
	}
}

static void take_writer(struct guard *guard, int options)
{
	int status;

	if (guard->writer > 0 && waitpid(guard->writer, &status, options) != 0)
		guard->writer = 0;
}

/* ---- Begin, work, end ---- */

int guard_begin(struct guard *guard, struct error *error)
{
	int result = state_read(&guard->judge, guard->state, now_seconds(), error);

	if (result < 0) { /* a damaged disk costs what was known, and nothing else */
		error_print(error);
		error_clear(error);
	}
	result = make_table(guard, error);
	if (result < 0)
		return error_wrap(error, "nobody can be kept away");
	guard->reported = count_bans(guard, now_seconds());
	return write_report(guard, error);
}

static int64_t work_for_bans(struct guard *guard)
{
	int64_t now_ms = clock_now_ms();

	if (guard->broken && now_ms >= guard->retry_ms)
		try_again(guard);
	if (guard->reported > 0 && now_ms >= guard->count_ms) {
		guard->judge.changed |= count_bans(guard, now_seconds()) != guard->reported;
		guard->count_ms = now_ms + GUARD_COUNT_MS;
	}
	take_writer(guard, WNOHANG);
	if (guard->judge.changed && guard->writer == 0 && now_ms >= guard->write_ms)
		write_beside(guard);
	if (guard->writer > 0 || guard->judge.changed)
		return now_ms + GUARD_WRITE_MS;
	if (guard->broken)
		return guard->retry_ms;
	return guard->reported > 0 ? guard->count_ms : INT64_MAX;
}

int64_t guard_work(struct guard *guard)
{
	int64_t uses_ms = uses_work(&guard->uses, guard->uses_file, now_seconds());
	int64_t bans_ms = work_for_bans(guard);

	return uses_ms < bans_ms ? uses_ms : bans_ms;
}

void guard_end(struct guard *guard, bool unwanted)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	take_writer(guard, 0);
	guard->reported = unwanted ? 0 : count_bans(guard, now_seconds());
	write_files(guard);
	if (unwanted && ban_table_drop(&error) < 0)
		error_print(&error);
	uses_clear(&guard->uses);
	judge_clear(&guard->judge);
	never_clear(&guard->never);
}
