/* postcask-firstboot: applies the settings to this machine, at every boot, before
 * any mail daemon starts.
 *
 * Exit status 0: a generation is in force and the daemons may start; it is the
 * settings' own, or, when those were refused, the one that worked before (the
 * report says which).  1: there is none; mail stays closed. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "firstboot/apply.h"
#include "firstboot/generation.h"

static const struct apply_paths machine_paths = {.state = "/var/lib/postcask",
						 .run = "/run/postcask",
						 .keys = "/var/lib/postcask/keys"};

/* Two runs at once wait for each other.  The lock goes with the process. */
static int lock_take(const char *run, struct error *error)
{
	_cleanup_free_ char *path = file_join(run, "apply.lock");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return error_errno(error, errno, "%s: cannot open", path);
	if (flock(fd, LOCK_EX) < 0) /* the unit's own deadline bounds it */
		return error_errno(error, errno, "%s: cannot lock", path);
	return 0;
}

/* Is there a generation that the daemons can run on? */
static bool machine_has_generation(struct apply_outcome *outcome)
{
	struct error none = ERROR_INIT;
	json_t *manifest = NULL;
	bool found = outcome->generation != NULL ||
		     generation_current(machine_paths.state, &outcome->generation, &manifest,
					&none) == 0;

	json_decref(manifest);
	error_clear(&none);
	return found;
}

static void outcome_print(const struct apply_outcome *outcome, const struct error *error)
{
	const struct apply_times *times = &outcome->times;

	diagnostics_print(&outcome->diagnostics, stderr);
	if (error->code)
		error_print(error);
	printf("settings %s, %s, load %lld ms, render %lld ms, prove %lld ms, keys %lld ms, "
	       "commit %lld ms\n",
	       apply_result_name(outcome->result),
	       outcome->generation ? outcome->generation : "no generation", (long long)times->load,
	       (long long)times->render, (long long)times->prove, (long long)times->keys,
	       (long long)times->commit);
}

int main(int argc, char **argv)
{
	_cleanup_(apply_outcome_clear) struct apply_outcome outcome = APPLY_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT, late = ERROR_INIT;
	int result;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("postcask-firstboot " POSTCASK_VERSION);
		return 0;
	}
	if (argc > 1) {
		bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;

		fputs("usage: postcask-firstboot [--version]\n", asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	umask(022);
	result = file_make_folders(machine_paths.run, 0755, &error);
	if (result == 0)
		result = lock_take(machine_paths.run, &error);
	if (result == 0)
		result = apply_settings(&machine_paths, NULL, &outcome, &error);
	else
		outcome.result = APPLY_FAILED;
	bool usable = machine_has_generation(&outcome);
	outcome_print(&outcome, &error);
	if (apply_outcome_save(&machine_paths, &outcome, &error, &late) < 0)
		error_print(&late);
	return result == 0 || usable ? 0 : 1;
}
