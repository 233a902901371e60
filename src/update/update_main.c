// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-update: the daily job that has Debian's security fixes installed and proves what it
 * changed.  See postcask-update(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/file.h"
#include "base/options.h"
#include "update/job.h"

enum { LOCK_MS = 4 * 60 * 60 * 1000 };

#define LOCK_FILE "/run/postcask/update.lock"

static const char usage[] =
    "usage: postcask-update [--resume | --reboot]\n"
    "Installs Debian's security fixes, and has the self-tests prove the machine.\n"
    "  --resume    only finish an installation that was cut off\n"
    "  --reboot    restart the machine if it waits for that\n";

/* Nobody is there to answer: files that were changed here stay as they are, whether dpkg or
 * ucf(1) asks. */
static void ask_nobody(void)
{
	setenv("DEBIAN_FRONTEND", "noninteractive", 1);
	setenv("UCF_FORCE_CONFFOLD", "1", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

int main(int argc, char **argv)
{
	bool resume = false, reboot = false;
	const struct command_option options[] = {{"resume", .on = &resume},
						 {"reboot", .on = &reboot}};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_close_ int lock = -1;
	struct update_config config;
	int result, status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (resume && reboot)
		return command_usage(usage);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	ask_nobody();
	result = update_config_load(UPDATE_CONFIG, &config, &error);
	if (result == 0)
		result = file_make_folders(UPDATE_FOLDER, 0755, &error);
	if (result == 0)
		result = file_lock(LOCK_FILE, LOCK_MS, &lock, &error);
	if (result == 0)
		result = resume	  ? update_resume(&config, &error)
			 : reboot ? update_reboot(&config, &error)
				  : update_job(&config, &error);
	if (result < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
