// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_file.h"
#include "base/listen.h"
#include "directory/directory.h"

enum {
	WAITING = 64,
	TALK_MS = 5000,		  /* for one who asks; only root does */
	GONE_MS = 60 * 60 * 1000, /* between two looks for those who are gone */
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

static void talk(struct directory *directory, int listener)
{
	const struct timeval patience = {.tv_sec = TALK_MS / 1000};
	_cleanup_close_ int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	_cleanup_(buffer_free) struct buffer question = BUFFER_INIT;
	_cleanup_free_ char *answer = NULL;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    !read_question(fd, &question))
		return;
	answer = directory_answer(directory, (struct slice){buffer_text(&question), question.size});
	if (answer)
		write_answer(fd, answer);
}

/* ---- The loop ---- */

static void look_for_gone(struct directory *directory)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *people = NULL;

	if (directory_people(directory->people, &people, &error) < 0 ||
	    secrets_forget_gone(&directory->secrets, people, (int64_t)time(NULL), &error) < 0 ||
	    directory_publish_main_off(directory, &error) < 0 ||
	    directory_publish_apps(directory, &error) < 0)
		error_print(&error);
}

static int serve(struct directory *directory, int signals, int listener, struct error *error)
{
	int64_t look_ms = clock_now_ms();

	for (;;) {
		struct pollfd polled[] = {{signals, POLLIN, 0}, {listener, POLLIN, 0}};

		sd_notify(0, "WATCHDOG=1");
		if (poll(polled, ARRAY_SIZE(polled), BREATH_MS) < 0 && errno != EINTR)
			return error_errno(error, errno, "poll");
		if (polled[0].revents)
			return 0;
		if (polled[1].revents)
			talk(directory, listener);
		if (clock_now_ms() < look_ms)
			continue;
		look_for_gone(directory);
		look_ms = clock_now_ms() + GONE_MS;
	}
}

int directory_serve(struct directory *directory, const char *socket, struct error *error)
{
	_cleanup_close_ int signals = -1, listener = -1;
	int result = listen_end(&signals, error);

	if (result == 0)
		result = listen_at(socket, 0600, WAITING, &listener, error);
	if (result < 0)
		return result;
	sd_notify(0, "READY=1");
	return serve(directory, signals, listener, error);
}
