// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-watch: ends the parts of the mail path that hang, so that systemd or Dovecot
 * starts them again.  See postcask-watch(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/options.h"
#include "base/process.h"
#include "component/components.h"
#include "watch/parts.h"
#include "watch/program.h"
#include "watch/watch.h"

static const char usage[] = "usage: postcask-watch\n"
			    "Ends the parts of the mail path that hang.\n";

enum { SYSTEMCTL_MS = 30 * 1000 };

static const char cgroups[] = "/sys/fs/cgroup/system.slice";

static struct watched *parts;
static size_t part_count;

static void run(const char *const *argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct process process = {.argv = argv, .timeout_ms = SYSTEMCTL_MS};
	int status = process_run(&process, NULL, &error);

	if (status < 0)
		error_print(&error);
	else if (status > 0)
		fprintf(stderr, "postcask-watch: %s %s: exit status %d\n", argv[0], argv[1],
			status);
}

/* SIGKILL, because what hangs may not take another one. */
static void end_part(const struct watched *part)
{
	uint64_t used_us;

	printf("%s%s%s hangs: it does not answer, and does nothing\n", part->unit,
	       part->program ? ", " : "", part->program ? part->program : "");
	if (!part->program)
		run((const char *[]){"systemctl", "kill", "--kill-whom=all", "--signal=KILL",
				     part->unit, NULL});
	else if (program_signal(cgroups, part->unit, part->program, SIGKILL, &used_us) == 0)
		fprintf(stderr, "postcask-watch: no %s to end\n", part->program);
}

static enum watch_result look(const struct watched *part)
{
	if (!part->program)
		return watch_ask(part);
	return watch_connected("/proc/net/unix", part->address) ? WATCH_NO_ANSWER : WATCH_ANSWERED;
}

/* True when a question has taken its time for nothing. */
static bool watch_part(struct watched *part)
{
	enum watch_result result = look(part);
	uint64_t used_us = 0;

	if (!watch_processor_time(cgroups, part, &used_us))
		result = WATCH_ABSENT;
	else if (result == WATCH_NO_ANSWER && unit_waits_for_disk(cgroups, part->unit))
		result = WATCH_WAITS_FOR_DISK;
	if (watch_count(part, result, used_us))
		end_part(part);
	return part->silent > 0 && !part->program;
}

static bool watch_all(void)
{
	bool silent = false;

	for (size_t i = 0; i < part_count; i++)
		silent |= watch_part(&parts[i]);
	return silent;
}

static bool has_wall_clock(const struct component *component)
{
	return component->wall_clock;
}

/* Has those that count in times of the wall clock begin anew. */
static void reload_clocked(void)
{
	_cleanup_free_ const char **argv = component_command("reload", has_wall_clock);

	if (argv)
		run(argv);
}

/* After a step back Dovecot starts no process for three minutes, and Postfix's queue manager,
 * which counts in times of the wall clock, looks at no waiting message before the clock is
 * where it was.  Both begin anew at a reload; once they have, at the next call, every message
 * is tried whatever its time says. */
static void watch_clock(void)
{
	static struct watch_clock clock;
	static bool again;
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	if (watch_clock_set_back(&clock, (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000,
				 clock_now_ms())) {
		puts("the clock was set back: Dovecot and Postfix begin anew");
		reload_clocked();
		again = true;
	} else if (again) {
		run((const char *[]){"systemctl", "start", "postcask-flush.service", NULL});
		again = false;
	}
}

int main(int argc, char **argv)
{
	struct timespec period = {.tv_sec = WATCH_PERIOD_MS / 1000};
	int status = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	parts = parts_list(&part_count);
	if (!parts) {
		fputs("postcask-watch: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		watch_clock();
		if (!watch_all()) /* else again at once: it took its time to be silent */
			nanosleep(&period, NULL);
	}
}
