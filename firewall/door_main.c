// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-door: keeps servers of port 25 free for those who speak; see postcask-door(8). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/options.h"
#include "base/process.h"
#include "base/slice.h"
#include "firewall/door.h"

static const char usage[] = "usage: postcask-door\n"
			    "Keeps servers of port 25 free for those who speak.\n";

enum {
	CALM_MS = 2000,	  /* from one look to the next, which goes through all sockets */
	BUSY_MS = 100,	  /* while more than half of the servers are taken */
	SAID_MS = 60000,  /* between two lines of the log */
	KNOWN_MS = 60000, /* Postfix is asked again: a change may have come */
	POSTCONF_MS = 10000,
	SERVERS_MOST = 100000,
};

/* What Postfix's configuration says. */
struct known {
	size_t servers;
	uint64_t teaser_bytes;
	int64_t until; /* clock_now_ms() */
};

/* What postconf(1) prints that is no warning of its: those of parameters that stand twice come with
 * every answer. */
static struct slice answer_of(const struct buffer *output)
{
	struct slice rest = {buffer_text(output), output->size}, line, answer = {0};

	while (slice_until(&rest, SLICE("\n"), &line))
		if (!slice_starts(line, SLICE("postconf: ")))
			answer = line;
	return answer;
}

/* One line. */
static int ask(const char *const *argv, struct buffer *output, struct slice *ret,
	       struct error *error)
{
	struct process process = {.argv = argv, .timeout_ms = POSTCONF_MS};
	int status = process_run(&process, output, error);

	if (status > 0)
		return error_set(error, EIO, "%s: exit status %d", argv[0], status);
	if (status == 0)
		*ret = answer_of(output);
	return status;
}

/* Postfix expands what it sends: postconf does so with -x.  "220-", the text, and its end. */
static int learn(struct known *known, struct error *error)
{
	static const char *const teaser[] = {"postconf", "-xh", "postscreen_greet_banner", NULL};
	static const char *const servers[] = {"postconf", "-Fh", "smtpd/pass/process_limit", NULL};
	static const char *const others[] = {"postconf", "-xh", "default_process_limit", NULL};
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT, number = BUFFER_INIT;
	struct slice banner = {0}, limit = {0};
	int result = ask(teaser, &text, &banner, error);
	long long count;

	if (result == 0)
		result = ask(servers, &number, &limit, error);
	if (result == 0 && slice_equal(limit, SLICE("-"))) {
		buffer_reset(&number);
		result = ask(others, &number, &limit, error);
	}
	if (result < 0)
		return error_wrap(error, "cannot learn what Postfix does");
	if (!slice_number(&limit, &count) || count <= 0 || count > SERVERS_MOST)
		return error_set(error, EINVAL, "Postfix has no number of servers for port 25");
	known->teaser_bytes = banner.size ? strlen("220-\r\n") + banner.size : 0;
	known->servers = (size_t)count;
	known->until = clock_now_ms() + KNOWN_MS;
	return 0;
}

/* Ends those who are to be ended, and counts them. */
static int make_room(struct door *door, size_t servers, size_t *ended, struct error *error)
{
	size_t chosen = door_choose(door, servers);

	for (size_t i = 0; i < chosen; i++) {
		int result = door_end(&door->clients[i], error);

		if (result < 0 && result != -ENOENT)
			return result;
		error_clear(error);
		*ended += result == 0;
	}
	return 0;
}

/* One look.  The milliseconds until the next. */
static int look(struct door *door, struct known *known, size_t *ended, struct error *error)
{
	int result = door_read(door, error);

	if (result < 0)
		return result;
	if (door_served(door) <= known->servers / 2)
		return CALM_MS;
	if (clock_now_ms() >= known->until)
		result = learn(known, error);
	else
		result = make_room(door, known->servers, ended, error);
	door->teaser_bytes = known->teaser_bytes;
	return result < 0 ? result : BUSY_MS;
}

static void wait_ms(int milliseconds)
{
	struct timespec period = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

	nanosleep(&period, NULL);
}

int main(int argc, char **argv)
{
	_cleanup_(door_close) struct door door = {0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct known known = {0};
	int64_t said = 0;
	size_t ended = 0;
	int status = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (door_open(&door, &error) < 0 || learn(&known, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	door.teaser_bytes = known.teaser_bytes;
	for (;;) {
		int next = look(&door, &known, &ended, &error);

		if (next < 0) {
			error_print(&error);
			return EXIT_FAILURE; /* systemd begins anew */
		}
		if (ended > 0 && clock_now_ms() - said >= SAID_MS) {
			printf("port 25 was nearly full: ended %zu connections that said nothing\n",
			       ended);
			said = clock_now_ms();
			ended = 0;
		}
		wait_ms(next);
	}
}
