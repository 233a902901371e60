// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-update: the daily job that has Debian's security fixes installed and proves what it
 * changed.  See postcask-update(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "update/job.h"

enum { EXIT_USAGE = 64, LOCK_MS = 4 * 60 * 60 * 1000 };

#define LOCK_FILE "/run/postcask/update.lock"

static int usage(void)
{
	fputs("usage: postcask-update [--resume | --reboot]\n"
	      "Installs Debian's security fixes, and has the self-tests prove the machine.\n"
	      "  --resume   only finish an installation that was cut off\n"
	      "  --reboot   restart the machine if it waits for that\n",
	      stderr);
	return EXIT_USAGE;
}

/* Nobody is there to answer: files that were changed here stay as they are, whether dpkg or
 * ucf(1) asks. */
static void ask_nobody(void)
{
	setenv("DEBIAN_FRONTEND", "noninteractive", 1);
	setenv("UCF_FORCE_CONFFOLD", "1", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

int main(int argc, char *argv[])
{
	int (*work)(const struct update_config *, struct error *) = update_job;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_close_ int lock = -1;
	struct update_config config;
	int result;

	if (argc == 2 && strcmp(argv[1], "--resume") == 0)
		work = update_resume;
	else if (argc == 2 && strcmp(argv[1], "--reboot") == 0)
		work = update_reboot;
	else if (argc != 1)
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	ask_nobody();
	result = update_config_load(UPDATE_CONFIG, &config, &error);
	if (result == 0)
		result = file_make_folders(UPDATE_FOLDER, 0755, &error);
	if (result == 0)
		result = file_lock(LOCK_FILE, LOCK_MS, &lock, &error);
	if (result == 0)
		result = work(&config, &error);
	if (result < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
