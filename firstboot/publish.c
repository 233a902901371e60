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

/* What the unprivileged probes may know of the settings: no secret is in it. */
static int probe_settings_save(const struct apply_paths *paths, const json_t *settings,
			       struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, "verify-settings.json");
	const json_t *user = json_array_get(json_object_get(settings, "users"), 0);
	json_t *address = json_object_get(user, "address");
	_cleanup_json_ json_t *value = json_pack(
	    "{s:O,s:O,s:O,s:O,s:s,s:O,s:O}", "hostname", json_object_get(settings, "hostname"),
	    "domains", json_object_get(settings, "domains"), "services",
	    json_object_get(settings, "services"), "limits", json_object_get(settings, "limits"),
	    "version", POSTCASK_VERSION, "first_address", address ? address : json_null(),
	    "certificate", json_object_get(json_object_get(settings, "tls"), "certificate"));

	return json_file_replace(path, value, JSON_SORT_KEYS | JSON_INDENT(1), 0644, error);
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
		result = probe_settings_save(paths, settings, error);
	if (result == 0)
		result = addresses_save(paths, error);
	return result;
}
