// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/config.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"

enum { SIZE_LIMIT = 64 << 10 };

static bool take_days(struct quarantine_config *config, const char *value)
{
	char *end;
	unsigned long days = strtoul(value, &end, 10);

	config->retention_days = (unsigned)days;
	return end != value && !*end && days <= 36500;
}

static bool take_notify(struct quarantine_told *told, const char *value)
{
	bool both = strcmp(value, "both") == 0;

	told->postmaster = both || strcmp(value, "postmaster") == 0;
	told->recipients = both || strcmp(value, "recipient") == 0;
	return told->postmaster || told->recipients || strcmp(value, "nobody") == 0;
}

static bool take_digest(struct quarantine_config *config, const char *value)
{
	if (strcmp(value, "weekly") == 0)
		config->digest = DIGEST_WEEKLY;
	else if (strcmp(value, "daily") == 0)
		config->digest = DIGEST_DAILY;
	else
		config->digest = DIGEST_NEVER;
	return config->digest != DIGEST_NEVER || strcmp(value, "never") == 0;
}

static bool take_text(char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	return *text && **text;
}

static bool take(struct quarantine_config *config, const char *key, const char *value)
{
	if (strcmp(key, "retention_days") == 0)
		return take_days(config, value);
	if (strcmp(key, "notify_viruses") == 0)
		return take_notify(&config->viruses, value);
	if (strcmp(key, "notify_rest") == 0)
		return take_notify(&config->rest, value);
	if (strcmp(key, "digest") == 0)
		return take_digest(config, value);
	if (strcmp(key, "receiver") == 0)
		return take_text(&config->receiver, value);
	if (strcmp(key, "postmaster") == 0)
		return take_text(&config->postmaster, value);
	return strcmp(key, "hostname") == 0 && take_text(&config->hostname, value);
}

int quarantine_config_load(const char *path, struct quarantine_config *config, struct error *error)
{
	_cleanup_(quarantine_config_free) struct quarantine_config read = QUARANTINE_CONFIG_INIT;
	_cleanup_free_ char *text = NULL;
	int result = file_read(path, SIZE_LIMIT, &text, NULL, error);
	char *rest = text, *line;
	unsigned number = 0;

	while (result == 0 && (line = strsep(&rest, "\n"))) {
		char *value = line, *key = strsep(&value, "\t");

		number++;
		if (line[0] && line[0] != '#' && !(value && take(&read, key, value)))
			result = error_set(error, EINVAL, "%s:%u: not understood", path, number);
	}
	if (result == 0 && !(read.receiver && read.postmaster && read.hostname))
		result = error_set(error, EINVAL, "%s: a line is missing", path);
	if (result < 0)
		return result;
	*config = read;
	read = QUARANTINE_CONFIG_INIT;
	return 0;
}

struct quarantine_told quarantine_told(const struct quarantine_config *config)
{
	const struct quarantine_told *viruses = &config->viruses, *rest = &config->rest;

	return (struct quarantine_told){viruses->postmaster || rest->postmaster,
					viruses->recipients || rest->recipients};
}

void quarantine_config_free(struct quarantine_config *config)
{
	free(config->receiver);
	free(config->postmaster);
	free(config->hostname);
	*config = QUARANTINE_CONFIG_INIT;
}
