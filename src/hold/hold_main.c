// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-hold: sees to the queue of logins that are held, and tells people.  See
 * postcask-hold(8). */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/options.h"
#include "hold/hold.h"

enum {
	LOCK_MS = 60 * 1000,
	AGAIN_MS = 2000,	  /* between looks, while a message is at the filter */
	WORK_MS = 10 * 60 * 1000, /* a filter that takes longer is followed no more */
};

static const char usage[] = "usage: postcask-hold\n"
			    "Puts the queue of logins that are held on hold, and tells people.\n";

/* Whoever has connected has nothing to say.  Started by hand there is no socket: -1. */
static void take_calls(int listener)
{
	struct pollfd call = {.fd = listener, .events = POLLIN};

	while (poll(&call, 1, 0) > 0) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return;
		close(fd);
	}
}

/* The lock is given back between the looks, for `postcask user release`. */
static int look(struct hold_work *work, bool *ret_again, struct error *error)
{
	_cleanup_close_ int lock = -1;
	int result = file_lock(KEEP_LOCK, LOCK_MS, &lock, error);

	return result == 0 ? hold_work(work, ret_again, error) : result;
}

static int serve(int listener, struct error *error)
{
	_cleanup_(hold_work_free) struct hold_work work = HOLD_WORK_INIT;
	struct pollfd call = {.fd = listener, .events = POLLIN};
	int64_t deadline = clock_now_ms() + WORK_MS;
	bool again;
	int result;

	do {
		take_calls(listener);
		result = look(&work, &again, error);
		if (result < 0)
			return result;
		if (poll(&call, 1, again ? AGAIN_MS : 0) > 0)
			again = true;
	} while (again && clock_left_ms(deadline) > 0);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (serve(sd_listen_fds(0) > 0 ? SD_LISTEN_FDS_START : -1, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
