// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/settings.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "component/inner.h"

enum {
	SETTINGS_LIMIT = 1024 * 1024,
	PASSWORD_LIMIT = 1024,
};

void probe_settings_init(struct probe_settings *settings)
{
	*settings = (struct probe_settings){
	    .host = "127.0.0.1",
	    .ca_file = "/var/lib/postcask/keys/ca.pem",
	    .amavis_folder = "/run/amavis",
	    .quarantine = "/var/lib/postcask/quarantine/selftest",
	    .signatures = "/var/lib/clamav",
	    .resolver = "127.0.0.1",
	    .resolver_port = INNER_DNS,
	    .amavis_incoming = INNER_INCOMING,
	    .amavis_submitted = INNER_SUBMITTED,
	};
	for (enum port port = 0; port < PORTS; port++)
		settings->number[port] = port_table[port].number;
}

static int copy_string(const json_t *root, const char *key, char **ret_text, struct error *error)
{
	const char *text = json_text(root, key);

	free(*ret_text);
	*ret_text = NULL;
	if (!text[0])
		return 0;
	*ret_text = strdup(text);
	return *ret_text ? 0 : error_set(error, ENOMEM, "out of memory");
}

static int take(struct probe_settings *settings, const json_t *root, struct error *error)
{
	const json_t *services = json_object_get(root, "services");
	const json_t *domains = json_object_get(root, "domains");
	const char *domain = json_string_value(json_array_get(domains, 0));
	int result = copy_string(root, "version", &settings->version, error);

	if (result == 0)
		result = copy_string(root, "hostname", &settings->hostname, error);
	if (result == 0)
		result = copy_string(root, "certificate", &settings->chain, error);
	if (result < 0)
		return result;
	if (!settings->hostname || !json_is_object(services))
		return error_set(error, EINVAL, "\"hostname\" and \"services\" must be given");
	if (domain && !(settings->domain = strdup(domain)))
		return error_set(error, ENOMEM, "out of memory");
	for (enum port port = 0; port < PORTS; port++)
		settings->enabled[port] =
		    json_is_true(json_object_get(services, port_table[port].name));
	settings->smtp_auth = json_is_true(json_object_get(services, "smtp_auth"));
	return 0;
}

int probe_settings_load(struct probe_settings *settings, const char *path, struct error *error)
{
	_cleanup_json_ json_t *root = NULL;
	int result = json_file_read(path, SETTINGS_LIMIT, 0, &root, error);

	if (result < 0)
		return result;
	result = take(settings, root, error);
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
	free(settings->version);
	free(settings->hostname);
	free(settings->domain);
	free(settings->chain);
	if (settings->password)
		explicit_bzero(settings->password, strlen(settings->password));
	free(settings->password);
	*settings = (struct probe_settings){0};
}
