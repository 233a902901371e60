// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-volumes: at every boot before the settings are applied, and whenever something is
 * mounted or unmounted below /var.  See postcask-volumes(8). */
#include <stdio.h>

#include "base/file.h"
#include "base/options.h"
#include "base/process.h"
#include "component/components.h"
#include "volume/mount_list.h"
#include "volume/volume.h"

static const char usage[] = "usage: postcask-volumes\n"
			    "Attends to the volumes that are mounted for mail, or should be.\n";

enum { ROUNDS = 5, COMMAND_MS = 30 * 1000 };

static const struct volume_paths paths = {.fstab = "/etc/fstab",
					  .mounts = "/proc/self/mounts",
					  .sealed = "/var/lib/misc/postcask-volumes",
					  .run = "/run/postcask"};

/* A mount that comes while this runs starts it no second time. */
static int attend(struct volume_change *change, struct error *error)
{
	bool again = true;
	int result = file_make_folders(paths.run, 0755, error);

	for (int round = 0; result == 0 && again && round < ROUNDS; round++) {
		_cleanup_(mount_list_free) struct mount_list before = MOUNT_LIST_INIT,
							     after = MOUNT_LIST_INIT;

		result = mount_list_read(paths.mounts, &before, error);
		if (result == 0)
			result = volumes_attend(&paths, change, error);
		if (result == 0)
			result = mount_list_read(paths.mounts, &after, error);
		again = !mount_list_equal(&before, &after);
	}
	return result;
}

/* On a running machine: what could not start without the volume starts now, what waited goes
 * on, and the self-tests say how things are.  Not when one went: that start mounts it. */
static int renew(bool came, struct error *error)
{
	static const char *const start[] = {
	    "systemctl", "--no-block", "start", COMPONENT_TARGETS, "postcask-flush.service", NULL};
	static const char *const prove[] = {"systemctl",
					    "--no-block",
					    "restart",
					    "postcask-verify.service",
					    "postcask-open.service",
					    "postcask-report.service",
					    NULL};
	struct process process = {.argv = start, .timeout_ms = COMMAND_MS};
	int result = came ? process_run(&process, NULL, error) : 0;

	process.argv = prove;
	if (result >= 0)
		result = process_run(&process, NULL, error);
	return result < 0 ? result : 0;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct volume_change change = {0};
	int result = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (result != COMMAND_GO_ON)
		return result;
	result = attend(&change, &error);
	if (result == 0 && change.any && file_exists("/run/postcask/report.json"))
		result = renew(change.came, &error);
	if (result < 0)
		error_print(&error);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
