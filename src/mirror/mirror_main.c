// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-mirror: reads the people of a directory server or a database, and gives them to
 * postcask-directory.
 * See postcask-mirror(8). */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/ask.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json_file.h"
#include "base/listen.h"
#include "base/options.h"
#include "mirror/source.h"

static const char usage[] =
    "usage: postcask-mirror [--settings FILE] [--socket SOCKET] [--once]\n"
    "Reads the people of a directory server or a database, and gives them to postcask-directory.\n"
    "  --settings FILE  where the server is, and what its tree looks like\n"
    "  --socket SOCKET  of postcask-directory\n"
    "  --once           print what would be given, and end\n";

enum {
	ASK_MS = 60 * 1000,
	ANSWER = 64 * 1024,
	WHOLE_MS = 10 * 60 * 1000, /* what has not changed is given whole all the same */
	BREATH_MS = 10 * 1000,
	AGAIN_MS = 10 * 1000, /* after a look that failed, at most */
};

/* What was given last. */
struct given {
	char digest[DIGEST_TEXT_SIZE]; /* "": nothing */
	int64_t when_ms;
};

static int give(const char *socket, json_t *question, json_t **ret_answer, struct error *error)
{
	const struct ask_params params = {
	    .path = socket,
	    .patience_ms = ASK_MS,
	    .limit = ANSWER,
	    .silent = "postcask-directory gives no answer",
	    .absent = "postcask-directory does not run",
	    .denied = "postcask-directory does not let us",
	};
	_cleanup_json_ json_t *asked = question;

	return asked ? ask_service(&params, asked, ret_answer, error)
		     : error_set(error, ENOMEM, "out of memory");
}

/* Whether it was taken as what it has already. */
static bool is_known(const char *socket, struct error *error)
{
	_cleanup_json_ json_t *answer = NULL;

	return give(socket, json_pack("{s:s, s:b}", "do", "mirror", "same", 1), &answer, error) ==
		   0 &&
	       !json_is_true(json_object_get(answer, "again"));
}

/* Most looks find what was there before: then nothing of it is kept, and little is said.
 * -EHOSTDOWN: no server has answered. */
static int mirror(struct source *source, const char *socket, struct given *given,
		  struct error *error)
{
	_cleanup_json_ json_t *picture = NULL, *answer = NULL;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	char digest[DIGEST_TEXT_SIZE];
	int result;

	if (given->digest[0] && clock_now_ms() - given->when_ms < WHOLE_MS) {
		if (source_read(source, digest, NULL, error) < 0)
			return -EHOSTDOWN;
		if (strcmp(digest, given->digest) == 0 && is_known(socket, &none))
			return 0;
	}
	given->digest[0] = '\0';
	if (source_read(source, digest, &picture, error) < 0)
		return -EHOSTDOWN;
	json_object_set_new(picture, "do", json_string("mirror"));
	result = give(socket, TAKE_POINTER(picture), &answer, error);
	malloc_trim(0); /* a picture takes many times its size */
	if (result < 0)
		return result;
	memcpy(given->digest, digest, sizeof(digest));
	given->when_ms = clock_now_ms();
	return 0;
}

/* What went wrong is said once in the log, and that a server gives no answer where `postcask
 * directory` finds it: what postcask-directory refuses it knows. */
static void say(const char *socket, const struct error *why, char **said)
{
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	const char *text = error_text(why);

	if (socket &&
	    give(socket, json_pack("{s:s, s:s+}", "do", "mirror", "fault", text, ""), &answer,
		 &none) < 0 &&
	    none.code != EINVAL)
		fprintf(stderr, "postcask-mirror: %s\n", error_text(&none));
	if (*said && strcmp(*said, text) == 0)
		return;
	fprintf(stderr, "postcask-mirror: %s\n", text);
	free(*said);
	*said = strdup(text);
}

/* Whether it is to end; SIGHUP has it look at once. */
static bool take_signal(int signals, int64_t *due_ms)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	*due_ms = clock_now_ms();
	return info.ssi_signo != SIGHUP;
}

/* The result of mirror. */
static int look(struct source *source, const char *socket, struct given *given, char **said)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	int result = mirror(source, socket, given, &why);

	if (result < 0)
		say(result == -EHOSTDOWN ? socket : NULL, &why, said);
	else
		free(TAKE_POINTER(*said));
	return result;
}

/* When to look again: at once where there was news meanwhile, but no longer than half of the time
 * is for looking. */
static int64_t next_look(struct source *source, int64_t begun_ms, int result)
{
	int64_t now_ms = clock_now_ms(), wait_ms = (int64_t)source->tree->interval_s * 1000;

	if (result < 0 && wait_ms > AGAIN_MS)
		wait_ms = AGAIN_MS;
	if (source_has_news(source) && result == 0)
		wait_ms = now_ms - begun_ms;
	return now_ms + wait_ms;
}

/* Until it is told to end. */
static int serve(struct source *source, const char *socket, int signals, struct error *error)
{
	_cleanup_free_ char *said = NULL;
	struct given given = {0};
	int64_t due_ms = clock_now_ms(), least_ms = 0;

	for (;;) {
		struct pollfd wait[] = {{signals, POLLIN, 0}, {source_fd(source), POLLIN, 0}};
		int left_ms = clock_left_ms(due_ms);

		sd_notify(0, "WATCHDOG=1");
		if (poll(wait, ARRAY_SIZE(wait), left_ms < BREATH_MS ? left_ms : BREATH_MS) < 0 &&
		    errno != EINTR)
			return error_errno(error, errno, "poll");
		if (wait[0].revents && take_signal(signals, &due_ms))
			return 0;
		if (wait[1].revents && source_has_news(source) && due_ms > least_ms)
			due_ms = least_ms;
		if (clock_now_ms() >= due_ms) {
			int64_t begun_ms = clock_now_ms();
			int result = look(source, socket, &given, &said);

			due_ms = next_look(source, begun_ms, result);
			least_ms = clock_now_ms() + (clock_now_ms() - begun_ms);
		}
	}
}

static int run_once(struct source *source, struct error *error)
{
	_cleanup_json_ json_t *picture = NULL;
	char digest[DIGEST_TEXT_SIZE];
	int result = source_read(source, digest, &picture, error);

	return result < 0 ? result : json_print(picture, JSON_INDENT(1), error);
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(tree_free) struct tree tree = {0};
	struct source source = {&tree, NULL};
	_cleanup_close_ int signals = -1;
	const char *settings = "/etc/postcask/mirror", *socket = "/run/postcask/directory/mirror";
	bool once = false;
	const struct command_option options[] = {
	    {"settings", .value = &settings}, {"socket", .value = &socket}, {"once", .on = &once}};
	int result, status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	result = tree_load(settings, &tree, &error);
	if (result == 0 && once) {
		result = run_once(&source, &error);
	} else if (result == 0) {
		result = listen_end_and(SIGHUP, &signals, &error);
		sd_notify(0, "READY=1");
		if (result == 0)
			result = serve(&source, socket, signals, &error);
	}
	source_end(&source);
	if (result < 0)
		error_print(&error);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
