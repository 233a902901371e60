// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_file.h"
#include "base/listen.h"
#include "directory/app_uses.h"
#include "directory/directory.h"
#include "directory/mirror.h"

enum {
	WAITING = 64,
	LARGE = 1024 * 1024,
	TALK_MS = 5000,		  /* for one who asks; only root does */
	GONE_MS = 60 * 60 * 1000, /* between two looks for those who are gone */
	COPY_MS = 20 * 1000,	  /* from a change to its copy */
	BREATH_MS = 10 * 1000,	  /* between two signs of life */
};

/* ---- One who asks ---- */

static bool read_question(int fd, struct buffer *question)
{
	int64_t deadline_ms = clock_now_ms() + TALK_MS;

	for (;;) {
		struct pollfd wait = {fd, POLLIN, 0};
		char bytes[4096];
		ssize_t size;

		if (poll(&wait, 1, clock_left_ms(deadline_ms)) <= 0)
			return false;
		size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (size <= 0)
			return false;
		buffer_add(question, bytes, (size_t)size);
		if (question->failed || question->size > DIRECTORY_QUESTION)
			return false;
		if (memchr(bytes, '\n', (size_t)size))
			return true;
	}
}

static void write_answer(int fd, const char *answer)
{
	size_t left = strlen(answer);

	while (left > 0) {
		ssize_t size = send(fd, answer, left, MSG_NOSIGNAL);

		if (size <= 0)
			return; /* SO_SNDTIMEO, or it has gone */
		answer += size;
		left -= (size_t)size;
	}
}

/* Who listens where, and what can be asked there. */
struct door {
	int listener;
	char *(*answer)(struct directory *directory, struct slice question);
};

static void talk(struct directory *directory, const struct door *door)
{
	const struct timeval patience = {.tv_sec = TALK_MS / 1000};
	_cleanup_close_ int fd = accept4(door->listener, NULL, NULL, SOCK_CLOEXEC);
	_cleanup_(buffer_free) struct buffer question = BUFFER_INIT;
	_cleanup_free_ char *answer = NULL;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    !read_question(fd, &question))
		return;
	answer = door->answer(directory, (struct slice){buffer_text(&question), question.size});
	if (answer)
		write_answer(fd, answer);
	if (question.size > LARGE || (answer && strlen(answer) > LARGE))
		malloc_trim(0); /* a table of people took many times its size */
}

/* ---- The loop ---- */

static void say(int result, struct error *error)
{
	if (result < 0)
		error_print(error);
	error_clear(error);
}

static void look_for_gone(struct directory *directory)
{
	struct error error = ERROR_INIT;
	int result = secrets_forget_gone(&directory->secrets, &directory->accounts,
					 (int64_t)time(NULL), &error);

	say(result == 0 ? directory_publish(directory, &error) : result, &error);
}

static void make_copies(struct directory *directory)
{
	struct error error = ERROR_INIT;

	say(cabinet_copy(&directory->accounts.cabinet, &error), &error);
	say(cabinet_copy(&directory->secrets.cabinet, &error), &error);
}

/* systemctl reload waits until it is done. */
static void reload(struct directory *directory)
{
	struct error error = ERROR_INIT;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	say(directory_take_settings(directory, &error), &error);
	sd_notify(0, "READY=1");
}

/* Whether it is to end. */
static bool take_signal(struct directory *directory, int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP)
		return true;
	reload(directory);
	return false;
}

static void look_at_mirror(struct directory *directory)
{
	struct error error = ERROR_INIT;

	say(mirror_look(directory, (int64_t)time(NULL), &error), &error);
}

static void look_at_uses(struct directory *directory)
{
	struct error error = ERROR_INIT;

	say(app_uses_look(directory, (int64_t)time(NULL), &error), &error);
}

static int serve(struct directory *directory, int signals, const struct door doors[2],
		 struct error *error)
{
	int64_t gone_ms = clock_now_ms(), copy_ms = gone_ms + COPY_MS;

	for (;;) {
		struct pollfd polled[] = {{signals, POLLIN, 0},
					  {doors[0].listener, POLLIN, 0},
					  {doors[1].listener, POLLIN, 0}};

		sd_notify(0, "WATCHDOG=1");
		if (poll(polled, ARRAY_SIZE(polled), BREATH_MS) < 0 && errno != EINTR)
			return error_errno(error, errno, "poll");
		if (polled[0].revents && take_signal(directory, signals))
			return 0;
		for (size_t i = 0; i < 2; i++)
			if (polled[i + 1].revents)
				talk(directory, &doors[i]);
		look_at_mirror(directory);
		look_at_uses(directory);
		if (clock_now_ms() >= copy_ms) {
			make_copies(directory);
			copy_ms = clock_now_ms() + COPY_MS;
		}
		if (clock_now_ms() >= gone_ms) {
			look_for_gone(directory);
			gone_ms = clock_now_ms() + GONE_MS;
		}
	}
}

/* postcask-mirror's own; where there is no such account nobody but root asks. */
static int listen_mirror(const char *socket, int *ret_fd, struct error *error)
{
	const struct group *group = getgrnam("postcask-mirror");
	int result = listen_at(socket, group ? 0660 : 0600, WAITING, ret_fd, error);

	if (result == 0 && group && chown(socket, (uid_t)-1, group->gr_gid) < 0)
		return error_errno(error, errno, "cannot give %s to its group", socket);
	return result;
}

int directory_serve(struct directory *directory, const char *socket, const char *mirror,
		    struct error *error)
{
	_cleanup_close_ int signals = -1, listener = -1, mirrors = -1;
	int result = listen_end_and(SIGHUP, &signals, error);

	if (result == 0)
		result = listen_at(socket, 0600, WAITING, &listener, error);
	if (result == 0)
		result = listen_mirror(mirror, &mirrors, error);
	if (result < 0)
		return result;
	sd_notify(0, "READY=1");
	return serve(
	    directory, signals,
	    (struct door[]){{listener, directory_answer}, {mirrors, directory_answer_mirror}},
	    error);
}
