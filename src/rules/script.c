// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/script.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/process.h"

static bool is_part(const char *text, size_t size)
{
	return size > 0 && size < 240 && text[0] != '.' && !memchr(text, '/', size);
}

char *script_name(const char *address)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	const char *at = strrchr(address, '@');

	if (!at || !is_part(address, (size_t)(at - address)) || !is_part(at + 1, strlen(at + 1)))
		return NULL;
	buffer_addf(&name, "%s/%.*s.sieve", at + 1, (int)(at - address), address);
	return buffer_take(&name);
}

bool script_is(const struct rules *rules, const char *name, const char *text)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(rules->folder, name), *there = NULL;
	size_t size = 0;

	return path && file_read(path, SCRIPT_LIMIT, &there, &size, &none) == 0 &&
	       size == strlen(text) && memcmp(there, text, size) == 0;
}

/* What it says of the place has the name under which it was proved: that is nobody's business. */
static int refuse(const struct buffer *said, const char *proved, struct error *error)
{
	_cleanup_free_ char *text = strdup(buffer_text(said));
	char *line = text, *name;

	if (!text)
		return error_set(error, ENOMEM, "out of memory");
	line[strcspn(line, "\n")] = '\0';
	name = strstr(line, proved);
	if (name)
		memmove(name, name + strlen(proved), strlen(name + strlen(proved)) + 1);
	return error_set(error, EBADMSG, "%.*s", RULES_WHY, line);
}

/* What it compiles to is thrown away: Dovecot keeps a binary of its own. */
static int prove(const struct rules *rules, const char *script, const char *proved,
		 struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT, binary = BUFFER_INIT;
	const char *argv[] = {"sievec", "-c", rules->sieve, script, NULL, NULL};
	const struct process process = {.argv = argv, .timeout_ms = RULES_PROVE_MS};
	int status;

	buffer_addf(&binary, "%s.svbin", script);
	argv[4] = buffer_text(&binary);
	if (binary.failed)
		return error_set(error, ENOMEM, "out of memory");
	status = process_run(&process, &said, error);
	unlink(argv[4]);
	if (status == -ETIME || status == -EINTR) {
		error_clear(error);
		return error_set(error, EBADMSG, "it takes too long to read");
	}
	return status > 0 ? refuse(&said, proved, error) : status;
}

static int put(const char *script, const char *path, const char *domain, struct error *error)
{
	if (rename(script, path) < 0)
		return error_errno(error, errno, "%s", path);
	return file_sync_folder(domain, error);
}

int script_put(const struct rules *rules, const char *name, const char *text, struct error *error)
{
	_cleanup_free_ char *path = file_join(rules->folder, name);
	_cleanup_free_ char *domain = path ? path_folder(path) : NULL;
	_cleanup_free_ char *script = domain ? file_join(domain, ".new") : NULL;
	int result;

	if (!script)
		return error_set(error, ENOMEM, "out of memory");
	if (mkdir(domain, 0750) < 0 && errno != EEXIST)
		return error_errno(error, errno, "%s", domain);
	result = file_replace(script, text, strlen(text), 0640, (uid_t)-1, (gid_t)-1, error);
	if (result == 0)
		result = prove(rules, script, ".new", error);
	if (result == 0)
		result = put(script, path, domain, error);
	if (result < 0)
		unlink(script);
	return result;
}
