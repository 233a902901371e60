// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/issuer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/file.h"
#include "tokens/jwks.h"

#define ALL_THE_WORLDS "/etc/ssl/certs/ca-certificates.crt"
#define WELL_KNOWN     "/.well-known/openid-configuration"

enum { SETTINGS_SIZE = 64 * 1024 };

void issuer_free(struct issuer *issuer)
{
	free(issuer->text);
	free(issuer->authorities);
	free(issuer->given);
	*issuer = (struct issuer){0};
}

char *issuer_configuration_url(const char *url)
{
	_cleanup_(buffer_free) struct buffer path = BUFFER_INIT;
	size_t size = strlen(url);

	/* Some issuers have a slash at their end; it is not doubled. */
	if (size > 0 && url[size - 1] == '/')
		size--;
	buffer_add(&path, url, size);
	buffer_add_text(&path, WELL_KNOWN);
	return buffer_take(&path);
}

static int take_line(char *line, struct issuer *ret, struct error *error)
{
	const struct {
		const char *key, **into;
	} texts[] = {{"issuer", &ret->url},
		     {"keys", &ret->keys},
		     {"audience", &ret->audience},
		     {"scope", &ret->scope},
		     {"claim", &ret->claim}};
	char *value = line;
	const char *key = strsep(&value, " ");

	if (!value || !value[0])
		return error_set(error, EINVAL, "%s has no value", key);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(key, texts[i].key) == 0) {
			*texts[i].into = value;
			return 0;
		}
	if (strcmp(key, "unverified") == 0)
		ret->unverified = strcmp(value, "yes") == 0;
	else if (strcmp(key, "client") == 0 && ret->client_count < ISSUER_CLIENTS)
		ret->clients[ret->client_count++] = value;
	else
		return error_set(error, EINVAL, "%s is no key of it, or there are too many", key);
	return 0;
}

/* Empty as if it were not there. */
static int read_beside(const char *path, const char *suffix, size_t limit, char **ret,
		       size_t *ret_size, struct error *error)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int result;

	buffer_addf(&name, "%s%s", path, suffix);
	result = file_read(buffer_text(&name), limit, &text, &size, error);
	if (result == -ENOENT || (result == 0 && size == 0)) {
		error_clear(error);
		return 0;
	}
	if (result < 0)
		return result;
	*ret = TAKE_POINTER(text);
	*ret_size = size;
	return 0;
}

static int find_authorities(const char *path, struct issuer *ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	struct stat state;

	buffer_addf(&name, "%s.ca", path);
	if (stat(buffer_text(&name), &state) < 0 || state.st_size == 0) {
		buffer_reset(&name);
		buffer_add_text(&name, ALL_THE_WORLDS);
	}
	ret->authorities = buffer_take(&name);
	return ret->authorities ? 0 : error_set(error, ENOMEM, "out of memory");
}

int issuer_load(const char *path, struct issuer *ret, struct error *error)
{
	char *rest, *line;
	int result;

	*ret = (struct issuer){0};
	result = file_read(path, SETTINGS_SIZE, &ret->text, NULL, error);
	if (result < 0)
		return result;
	rest = ret->text;
	while (result == 0 && (line = strsep(&rest, "\n")))
		if (line[0] && line[0] != '#')
			result = take_line(line, ret, error);
	if (result == 0 && (!ret->url || !ret->audience || !ret->claim))
		result = error_set(error, EINVAL, "issuer, audience and claim must stand there");
	if (result == 0)
		result =
		    read_beside(path, ".keys", JWKS_SIZE, &ret->given, &ret->given_size, error);
	if (result == 0)
		result = find_authorities(path, ret, error);
	return result < 0 ? error_wrap(error, "%s", path) : 0;
}
