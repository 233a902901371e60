// SPDX-License-Identifier: GPL-3.0-or-later
#include "dkim/keys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/file.h"

static const char *const states[DKIM_STATES] = {[DKIM_NEXT] = "next",
						[DKIM_CURRENT] = "current",
						[DKIM_PREVIOUS] = "previous",
						[DKIM_REVOKED] = "revoked"};
static const char *const algorithms[DKIM_ALGORITHMS] = {
    [DKIM_RSA] = "rsa", [DKIM_ED25519] = "ed25519"};

#define SELECTOR_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
#define BASE64_LETTERS	 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/="

static const char head[] =
    "# The DKIM keys of this domain: see postcask-dkim(8), which changes them.\n";

const char *dkim_state_name(enum dkim_state state)
{
	return states[state];
}

const char *dkim_algorithm_name(enum dkim_algorithm algorithm)
{
	return algorithms[algorithm];
}

static int name_find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static bool consists_of(const char *text, const char *letters)
{
	return text[0] && text[strspn(text, letters)] == '\0';
}

/* One line, which is cut up. */
static int parse_line(char *line, struct dkim_keys *keys, struct error *error)
{
	char *words[5], *rest = line, *end;
	struct dkim_key *key = NULL;
	int state, algorithm;
	int64_t since;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!(words[i] = strsep(&rest, " ")))
			return -EBADMSG;
	state = name_find(states, DKIM_STATES, words[0]);
	algorithm = name_find(algorithms, DKIM_ALGORITHMS, words[1]);
	since = strtoll(words[3], &end, 10);
	if (rest || state < 0 || algorithm < 0 || strlen(words[2]) >= DKIM_SELECTOR_SIZE ||
	    !consists_of(words[2], SELECTOR_LETTERS) || end == words[3] || *end ||
	    (strcmp(words[4], "-") != 0 && !consists_of(words[4], BASE64_LETTERS)) ||
	    (words[4][0] == '-') != (state == DKIM_REVOKED))
		return -EBADMSG;
	if (dkim_keys_add(keys, &key, error) < 0)
		return -ENOSPC;
	key->state = (enum dkim_state)state;
	key->algorithm = (enum dkim_algorithm)algorithm;
	key->since = since;
	snprintf(key->selector, sizeof(key->selector), "%s", words[2]);
	key->public = state == DKIM_REVOKED ? NULL : strdup(words[4]);
	return state == DKIM_REVOKED || key->public ? 0 : -ENOMEM;
}

int dkim_keys_parse(const char *text, struct dkim_keys *ret, struct error *error)
{
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;
	int number = 0;

	if (!copy)
		return error_set(error, ENOMEM, "out of memory");
	if (text[0] && text[strlen(text) - 1] != '\n')
		return error_set(error, EBADMSG, "the last line has no end");
	while ((line = strsep(&rest, "\n"))) {
		int result = 0;

		number++;
		if (line[0] && line[0] != '#')
			result = parse_line(line, &keys, error);
		if (result == -EBADMSG)
			return error_set(error, EBADMSG, "line %d is not that of a key", number);
		if (result < 0)
			return error_set(error, result, "line %d: %s", number, strerror(-result));
	}
	*ret = keys;
	keys.count = 0;
	return 0;
}

int dkim_keys_read(const char *folder, struct dkim_keys *ret, struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, DKIM_KEYS_FILE), *text = NULL;
	size_t size;
	int result;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	result = file_read(path, DKIM_KEYS_FILE_MAX, &text, &size, error);
	if (result == 0 && strlen(text) != size)
		return error_set(error, EBADMSG, "%s: a byte of it is zero", path);
	if (result == 0)
		result = dkim_keys_parse(text, ret, error);
	return result == -EBADMSG || result == -ENOSPC ? error_wrap(error, "%s", path) : result;
}

int dkim_keys_write(const char *folder, const struct dkim_keys *keys, struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, DKIM_KEYS_FILE);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	struct stat status;

	buffer_add_text(&text, head);
	for (size_t i = 0; i < keys->count; i++) {
		const struct dkim_key *key = &keys->list[i];

		buffer_addf(&text, "%s %s %s %" PRId64 " %s\n", states[key->state],
			    algorithms[key->algorithm], key->selector, key->since,
			    key->public ? key->public : "-");
	}
	if (!path || text.failed)
		return error_set(error, ENOMEM, "out of memory");
	if (stat(folder, &status) < 0)
		return error_errno(error, errno, "%s", folder);
	return file_replace(path, text.data, text.size, 0640, (uid_t)-1, status.st_gid, error);
}

struct dkim_key *dkim_keys_find(struct dkim_keys *keys, enum dkim_state state,
				enum dkim_algorithm algorithm)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->list[i].state == state && keys->list[i].algorithm == algorithm)
			return &keys->list[i];
	return NULL;
}

int dkim_keys_add(struct dkim_keys *keys, struct dkim_key **ret, struct error *error)
{
	if (keys->count == DKIM_KEYS_MAX)
		return error_set(error, ENOSPC, "the domain has %d keys already", DKIM_KEYS_MAX);
	*ret = &keys->list[keys->count++];
	**ret = (struct dkim_key){.public = NULL};
	return 0;
}

void dkim_keys_remove(struct dkim_keys *keys, struct dkim_key *key)
{
	size_t number = (size_t)(key - keys->list);

	free(key->public);
	memmove(key, key + 1, (keys->count - number - 1) * sizeof(*key));
	keys->count--;
}

char *dkim_key_record(const struct dkim_key *key)
{
	char *record;

	return asprintf(&record, "v=DKIM1; k=%s; p=%s", algorithms[key->algorithm],
			key->public ? key->public : "") < 0
		   ? NULL
		   : record;
}

char *dkim_key_path(const char *folder, const char *selector)
{
	char *path;

	return asprintf(&path, "%s/%s.pem", folder, selector) < 0 ? NULL : path;
}

void dkim_keys_clear(struct dkim_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		free(keys->list[i].public);
	keys->count = 0;
}
