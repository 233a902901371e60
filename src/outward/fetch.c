// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "outward/sts.h"

enum { OUTPUT_MAX = STS_BODY_MAX + 1024, PIECE = 16 * 1024 };

/* How the program's answer begins (fetch_main.c). */
#define GOOD "policy\n"
#define BAD  "none\n"

void fetches_init(struct fetches *fetches, const char *program, const char *authorities)
{
	*fetches = (struct fetches){.program = program, .authorities = authorities};
	for (size_t i = 0; i < FETCHES; i++)
		fetches->rows[i].fd = -1;
}

static void let_go(struct fetches *fetches, struct fetch *fetch)
{
	close(fetch->fd);
	buffer_free(&fetch->output);
	*fetch = (struct fetch){.fd = -1};
	fetches->running--;
}

void fetches_close(struct fetches *fetches)
{
	for (size_t i = 0; i < FETCHES; i++)
		if (fetches->rows[i].fd >= 0)
			let_go(fetches, &fetches->rows[i]);
}

/* Its signals are the default again: ours are blocked, for signalfd(2). */
static int spawn(const char *const *argv, int output)
{
	static char *const environment[] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t child;
	int result;

	sigemptyset(&none);
	sigfillset(&all);
	if (posix_spawn_file_actions_init(&files) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	result = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (result == 0)
		result = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	if (result == 0)
		result = posix_spawn(&child, argv[0], &files, &attributes, (char *const *)argv,
				     environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -result;
}

int fetch_start(struct fetches *fetches, const char *domain, int64_t now_ms, fetch_done *done,
		void *context)
{
	const char *const argv[] = {
	    fetches->program, "--authorities", fetches->authorities, "--", domain, NULL};
	struct fetch *fetch = NULL;
	int ends[2], result;

	for (size_t i = 0; !fetch && i < FETCHES; i++)
		if (fetches->rows[i].fd < 0)
			fetch = &fetches->rows[i];
	if (!fetch)
		return -EAGAIN;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	result = spawn(argv, ends[1]);
	close(ends[1]);
	if (result < 0) {
		close(ends[0]);
		return result;
	}
	*fetch = (struct fetch){
	    .fd = ends[0], .done = done, .context = context, .end_ms = now_ms + FETCH_END_MS};
	fetches->running++;
	return 0;
}

void fetches_polled(const struct fetches *fetches, struct pollfd *polled)
{
	for (size_t i = 0; i < FETCHES; i++)
		polled[i] = (struct pollfd){fetches->rows[i].fd, POLLIN, 0};
}

static void settle(struct fetches *fetches, struct fetch *fetch, const char *why)
{
	struct slice text = {fetch->output.data ? fetch->output.data : "", fetch->output.size};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	fetch_done *done = fetch->done;
	void *context = fetch->context;
	struct buffer output = fetch->output; /* it is read by `done` */

	fetch->output = BUFFER_INIT;
	let_go(fetches, fetch);
	if (!why && slice_skip(&text, SLICE(GOOD))) {
		done(context, text, NULL);
	} else {
		if (!why && slice_skip(&text, SLICE(BAD)))
			slice_add(&said, slice_trim(text), 300);
		else
			buffer_add_text(&said, why ? why : "it ended without an answer");
		done(context, (struct slice){"", 0}, buffer_text(&said));
	}
	buffer_free(&output);
}

/* Until its end, for a policy is whole only then. */
static void read_more(struct fetches *fetches, struct fetch *fetch)
{
	char piece[PIECE];
	ssize_t size = read(fetch->fd, piece, sizeof(piece));

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size > 0)
		buffer_add(&fetch->output, piece, (size_t)size);
	if (size > 0 && fetch->output.size <= OUTPUT_MAX && !fetch->output.failed)
		return;
	settle(fetches, fetch, size == 0 ? NULL : "it is of more than 64 KiB");
}

void fetches_work(struct fetches *fetches, const struct pollfd *polled, int64_t now_ms)
{
	for (size_t i = 0; i < FETCHES; i++) {
		struct fetch *fetch = &fetches->rows[i];

		/* One that was begun since has another number, or no news. */
		if (fetch->fd >= 0 && fetch->fd == polled[i].fd && polled[i].revents)
			read_more(fetches, fetch);
		if (fetch->fd >= 0 && now_ms >= fetch->end_ms)
			settle(fetches, fetch, "it did not end in time");
	}
}

int64_t fetches_due(const struct fetches *fetches)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < FETCHES; i++)
		if (fetches->rows[i].fd >= 0 && fetches->rows[i].end_ms < due_ms)
			due_ms = fetches->rows[i].end_ms;
	return due_ms;
}
