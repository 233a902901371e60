// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/publish.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"
#include "firstboot/keys.h"
#include "firstboot/selftest.h"
#include "generation/generation.h"
#include "settings/published.h"

static int settings_publish(const struct apply_paths *paths, const json_t *settings,
			    struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, PUBLISHED_NAME);
	_cleanup_json_ json_t *published = published_settings(settings);

	return json_file_replace(path, published, JSON_INDENT(1) | JSON_FILE_NEWLINE, 0644, error);
}

/* What of the network is the machine's own affair and no setting.  IPv6 that is switched off
 * by sysctl can still be listened on; ipv6.disable=1 leaves no such sockets. */
static int addresses_save(const struct apply_paths *paths, struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, "dovecot-addresses.conf");
	static const char ipv4[] = "listen = *\n";
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alone = fd < 0 && errno == EAFNOSUPPORT;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, ipv4, alone ? strlen(ipv4) : 0, 0644, (uid_t)-1, (gid_t)-1,
			    error);
}

int publish_in_force(const struct apply_paths *paths, bool keys, struct apply_outcome *outcome,
		     struct error *error)
{
	_cleanup_json_ json_t *settings = NULL;
	struct key_run run;
	int result = generation_settings(paths->state, &settings, error);

	if (result == 0 && keys) {
		result = apply_keys_begin(paths, settings, &run, error);
		if (result == 0)
			result = apply_keys_finish(&run, outcome, error);
	}
	if (result == 0)
		result = selftest_prepare(paths->run, error);
	if (result == 0)
		result = settings_publish(paths, settings, error);
	if (result == 0)
		result = addresses_save(paths, error);
	return result;
}
