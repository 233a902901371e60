/* postcask-watch: ends the parts of the mail path that hang, so that systemd starts
 * them again.  See postcask-watch(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/process.h"
#include "watch/watch.h"

enum {
	EXIT_USAGE = 64,
	SYSTEMCTL_MS = 30 * 1000,
};

static const char cgroups[] = "/sys/fs/cgroup/system.slice";

static struct watched parts[] = {
    /* who is needed stands before who needs it */
    {.unit = "clamav-daemon.service",
     .address = "/run/clamav/clamd.ctl",
     .question = "nPING\n",
     .answer = "PONG",
     /* Before it loads new signatures it waits for its clients, CommandReadTimeout at
      * most. */
     .patience = 7},
    {.unit = "amavis.service",
     .address = "127.0.0.1",
     .port = 10024,
     .answer = "220 ",
     .needs = &parts[0]},
    {.unit = "unbound.service", .address = "127.0.0.1", .port = 53, .question = "localhost"},
    {.unit = "dovecot.service", .address = "/var/spool/postfix/private/auth", .answer = "VERSION"},
};

/* SIGKILL, because what hangs may not take another one. */
static void end_unit(const char *unit)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *argv[] = {"systemctl", "kill", "--kill-whom=all", "--signal=KILL", unit, NULL};
	struct process process = {.argv = argv, .timeout_ms = SYSTEMCTL_MS};
	int status = process_run(&process, NULL, &error);

	printf("%s hangs: it does not answer, and does nothing\n", unit);
	if (status < 0)
		error_print(&error);
	else if (status > 0)
		fprintf(stderr, "postcask-watch: systemctl kill %s: exit status %d\n", unit,
			status);
}

/* True when it owes an answer. */
static bool watch_part(struct watched *part)
{
	enum watch_result result = watch_ask(part);
	uint64_t used_us = 0;

	if (!watch_processor_time(cgroups, part->unit, &used_us))
		result = WATCH_ABSENT;
	if (watch_count(part, result, used_us))
		end_unit(part->unit);
	return part->silent > 0;
}

static bool watch_all(void)
{
	bool silent = false;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		silent |= watch_part(&parts[i]);
	return silent;
}

int main(int argc, char *argv[] _unused_)
{
	struct timespec period = {.tv_sec = WATCH_PERIOD_MS / 1000};

	if (argc > 1) {
		fputs("usage: postcask-watch\n"
		      "Ends the parts of the mail path that hang; takes no words.\n",
		      stderr);
		return EXIT_USAGE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		if (!watch_all()) /* else again at once: it took its time to be silent */
			nanosleep(&period, NULL);
	}
}
