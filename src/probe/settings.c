// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "component/inner.h"
#include "probe/maildir.h"

enum { PASSWORD_LIMIT = 1024 };

void probe_settings_init(struct probe_settings *settings)
{
	*settings = (struct probe_settings){
	    .host = "127.0.0.1",
	    .ca_file = "/var/lib/postcask/keys/ca.pem",
	    .chain_file = "/var/lib/postcask/keys/chain.pem",
	    .amavis_folder = "/run/amavis",
	    .quarantine = "/var/lib/postcask/quarantine/selftest",
	    .maildir = MAILDIR_FOLDER,
	    .signatures = "/var/lib/clamav",
	    .policy = "/run/postcask/policy/filter",
	    .dkim = "/var/lib/postcask/keys/dkim/public.json",
	    .resolver = "127.0.0.1",
	    .resolver_port = INNER_DNS,
	    .amavis_incoming = INNER_INCOMING,
	    .amavis_submitted = INNER_SUBMITTED,
	};
	for (enum port port = 0; port < PORTS; port++)
		settings->number[port] = port_table[port].number;
}

static int take(struct probe_settings *settings, struct error *error)
{
	settings->hostname = published_text(settings->published, "hostname");
	if (!settings->hostname || !json_is_object(published_get(settings->published, "services")))
		return error_set(error, EINVAL, "\"hostname\" and \"services\" must be given");
	for (enum port port = 0; port < PORTS; port++) {
		char path[64];

		snprintf(path, sizeof(path), "services.%s", port_table[port].name);
		settings->enabled[port] = published_true(settings->published, path);
	}
	return 0;
}

int probe_settings_load(struct probe_settings *settings, const char *path, struct error *error)
{
	int result = json_file_read(path, JSON_FILE_LIMIT, 0, &settings->published, error);

	if (result < 0)
		return result;
	result = take(settings, error);
	return result < 0 ? error_wrap(error, "%s", path) : 0;
}

int probe_settings_load_password(struct probe_settings *settings, const char *path,
				 struct error *error)
{
	size_t size;
	int result = file_read(path, PASSWORD_LIMIT, &settings->password, &size, error);

	if (result < 0)
		return result;
	settings->password[strcspn(settings->password, "\r\n")] = '\0';
	if (!settings->password[0])
		return error_set(error, EINVAL, "%s: no password in it", path);
	return 0;
}

void probe_settings_free(struct probe_settings *settings)
{
	json_decref(settings->published);
	if (settings->password)
		explicit_bzero(settings->password, strlen(settings->password));
	free(settings->password);
	*settings = (struct probe_settings){0};
}
