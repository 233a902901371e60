// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-recover: removes deleted mail that was kept long enough, or is too much; see
 * postcask-recover(8). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/options.h"
#include "recover/recover.h"

/* That there may be something to remove, also when the settings do not want it any more. */
#define USED "/var/lib/postcask/recover/used"

static const char usage[] = "usage: postcask-recover\n"
			    "Removes deleted mail that can be had back no longer.\n";

/* One person's; what goes wrong with it does not keep the others'. */
static int look_after(const struct recover_config *config, const char *folder, const char *login,
		      struct error *error)
{
	_cleanup_free_ char *kept = file_join(folder, RECOVER_BESIDE);

	if (!kept)
		return error_set(error, ENOMEM, "out of memory");
	if (!file_exists(kept))
		return 0;
	return config->days ? recover_forget(login, config, error) : file_remove_tree(kept, error);
}

static int look_after_domain(const struct recover_config *config, const char *domain)
{
	_cleanup_free_ char *path = file_join(RECOVER_MAIL, domain);
	DIR *folder = path ? opendir(path) : NULL;
	const struct dirent *entry;
	int status = COMMAND_GOOD;

	while (folder && (entry = readdir(folder))) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		_cleanup_(buffer_free) struct buffer login = BUFFER_INIT;
		_cleanup_free_ char *home = file_join(path, entry->d_name);

		buffer_addf(&login, "%s@%s", entry->d_name, domain);
		if (entry->d_name[0] == '.' || !home ||
		    look_after(config, home, buffer_text(&login), &error) == 0)
			continue;
		error_wrap(&error, "%s", buffer_text(&login));
		error_print(&error);
		status = COMMAND_FAILED;
	}
	if (folder)
		closedir(folder);
	return status;
}

static int look_after_all(const struct recover_config *config)
{
	DIR *folder = opendir(RECOVER_MAIL);
	const struct dirent *entry;
	int status = folder ? COMMAND_GOOD : COMMAND_FAILED;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.' &&
		    look_after_domain(config, entry->d_name) != COMMAND_GOOD)
			status = COMMAND_FAILED;
	if (folder)
		closedir(folder);
	return status;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct recover_config config;
	int status = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (recover_config_load(RECOVER_CONFIG, &config, &error) < 0 ||
	    (config.days && file_replace(USED, "", 0, 0600, (uid_t)-1, (gid_t)-1, &error) < 0)) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	status = look_after_all(&config);
	if (status == COMMAND_GOOD && !config.days && unlink(USED) < 0 && errno != ENOENT)
		status = COMMAND_FAILED;
	return status;
}
