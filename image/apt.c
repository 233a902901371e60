// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/apt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "image/apt_configuration.h"
#include "image/command.h"
#include "image/digest.h"

enum { LISTS_MAX_AGE_S = 12 * 3600, RESOLVE_S = 120, FETCH_S = 1800 };

/* The lists are of this --mirror and younger than half a day. */
static bool lists_are_fresh(const struct build *build, const char *stamp)
{
	_cleanup_free_ char *mirror = NULL;
	struct stat status;

	if (build->refresh || stat(stamp, &status) < 0 ||
	    time(NULL) - status.st_mtime > LISTS_MAX_AGE_S)
		return false;
	return file_read(stamp, 4096, &mirror, NULL, NULL) == 0 &&
	       strcmp(mirror, build->mirror ? build->mirror : "") == 0;
}

int apt_update(const struct build *build, int log, struct error *error)
{
	_cleanup_free_ char *configuration = build_cache_path(build, "apt/apt.conf");
	_cleanup_free_ char *sources = build_cache_path(build, "apt/sources.list");
	_cleanup_free_ char *stamp = build_cache_path(build, "apt/updated");
	const char *mirror = build->mirror ? build->mirror : "";
	int result;

	if (!configuration || !sources || !stamp)
		return error_errno(error, ENOMEM, "apt");
	if (lists_are_fresh(build, stamp))
		return 0;
	result = apt_configuration_write(build, error);
	if (result < 0)
		return result;
	result = command_run(
	    log, FETCH_S,
	    COMMAND("apt-get", "-c", configuration, "-q", "-y", "--error-on=any", "update"), error);
	if (result < 0)
		return error_wrap(error,
				  "cannot fetch Debian's package lists: is the network up, "
				  "and does the mirror in %s have %s?",
				  sources, BUILD_SUITE);
	return file_replace(stamp, mirror, strlen(mirror), 0644, -1, -1, error);
}

/* "'URI' FILE SIZE SHA256:HEX" as apt prints it -> "URI FILE SIZE HEX". */
static int uri_line_add(char *line, struct buffer *lines, struct error *error)
{
	char *uri = line, *file, *size, *hash;

	if (*uri++ != '\'')
		return 0; /* a warning */
	file = strchr(uri, '\'');
	size = file ? strchr(file + 2, ' ') : NULL;
	hash = size ? strstr(size, " SHA256:") : NULL;
	if (!hash || strlen(hash + 8) != 64)
		return error_set(error, EBADMSG, "apt-get printed '%s' without a SHA-256", line);
	*file = *size = *hash = '\0';
	buffer_addf(lines, "%s %s %s %s\n", uri, file + 2, size + 1, hash + 8);
	return 0;
}

static int line_compare(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int uri_lines_sort(char *printed, char **ret_lines, struct error *error)
{
	_cleanup_(buffer_free) struct buffer lines = BUFFER_INIT;
	_cleanup_free_ char **rows = NULL;
	size_t count = 0;
	char *row;

	for (char *at = printed; at && *at; at++)
		count += *at == '\n';
	rows = calloc(count + 1, sizeof(*rows));
	if (!rows)
		return error_errno(error, ENOMEM, "apt");
	count = 0;
	while ((row = strsep(&printed, "\n")) != NULL)
		if (*row)
			rows[count++] = row;
	qsort(rows, count, sizeof(*rows), line_compare);
	for (size_t i = 0; i < count; i++) {
		int result = uri_line_add(rows[i], &lines, error);
		if (result < 0)
			return result;
	}
	if (lines.size == 0)
		return error_set(error, EBADMSG, "apt-get named no package");
	*ret_lines = buffer_take(&lines);
	return *ret_lines ? 0 : error_errno(error, ENOMEM, "apt");
}

int apt_resolve(const struct build *build, const struct package_list *packages, bool depends,
		bool essential, char **ret_lines, struct error *error)
{
	_cleanup_free_ char *configuration = build_cache_path(build, "apt/apt.conf");
	_cleanup_free_ const char **argv = calloc(packages->count + 16, sizeof(*argv));
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	size_t count = 0;
	int result;

	if (!argv || !configuration)
		return error_errno(error, ENOMEM, "apt");
	argv[count++] = "apt-get";
	argv[count++] = "-c";
	argv[count++] = configuration;
	argv[count++] = "-qq";
	argv[count++] = "--print-uris";
	argv[count++] = depends ? "install" : "download";
	if (essential) {
		argv[count++] = "?essential";
		argv[count++] = "apt";
	}
	for (size_t i = 0; i < packages->count; i++)
		argv[count++] = packages->names[i];
	result = command_output(RESOLVE_S, argv, &output, error);
	if (result < 0)
		return error_wrap(error, "the packages cannot be installed together: %.2000s",
				  buffer_text(&output));
	return uri_lines_sort(output.data, ret_lines, error);
}

char *apt_line_file(const char **lines)
{
	const char *file = strchr(*lines, ' ');
	const char *end;

	if (!file)
		return NULL;
	file++;
	end = strchr(*lines, '\n');
	*lines = end ? end + 1 : *lines + strlen(*lines);
	return strndup(file, strcspn(file, " "));
}

/* A file that is here already counts when it is what the list says, byte by byte: apt hashes
 * nothing again that it finds in its archive folder. */
static bool is_at_hand(const char *target, const char *size, const char *hash)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	char hex[DIGEST_HEX_SIZE];
	struct stat status;

	if (stat(target, &status) < 0)
		return false;
	if (status.st_size == strtoll(size, NULL, 10) && digest_file(target, hex, &none) == 0 &&
	    strcmp(hex, hash) == 0)
		return true;
	unlink(target);
	return false;
}

/* apt-helper takes "URI TARGET HASH" for each file, and fetches side by side. */
int apt_download(const struct build *build, const char *lines, int log, struct error *error)
{
	_cleanup_free_ char *configuration = build_cache_path(build, "apt/apt.conf");
	_cleanup_free_ char *copy = strdup(lines), *list = NULL;
	_cleanup_(buffer_free) struct buffer input = BUFFER_INIT;
	char *rest = copy, *row;
	size_t missing = 0;
	int result;

	if (!configuration || !copy)
		return error_errno(error, ENOMEM, "apt");
	while ((row = strsep(&rest, "\n")) != NULL) {
		char *uri = strsep(&row, " "), *file = strsep(&row, " ");
		char *size = strsep(&row, " ");
		_cleanup_free_ char *target = NULL;

		if (!row)
			continue;
		if (asprintf(&target, "%s/debs/%s", build->cache, file) < 0)
			return error_errno(error, ENOMEM, "apt");
		if (is_at_hand(target, size, row))
			continue;
		buffer_addf(&input, "%s%c%s%cSHA256:%s%c", uri, 0, target, 0, row, 0);
		missing++;
	}
	if (missing == 0)
		return 0;
	list = build_cache_path(build, "scratch/download");
	result = file_replace(list, input.data, input.size, 0600, -1, -1, error);
	if (result == 0)
		result = command_run(log, FETCH_S,
				     COMMAND("xargs", "-a", list, "-0", "-x", "-s", "1000000",
					     "/usr/lib/apt/apt-helper", "-c", configuration, "-q",
					     "download-file"),
				     error);
	return result < 0 ? error_wrap(error, "cannot fetch %zu packages", missing) : 0;
}

/* "name_1%3a2.0-1_all.deb" -> "name=1:2.0-1". */
static char *file_to_version(const char *file)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const char *version = strchr(file, '_');
	const char *end = strrchr(file, '_');

	if (!version || version == end)
		return NULL;
	buffer_add(&text, file, (size_t)(version - file));
	buffer_add_char(&text, '=');
	for (const char *at = version + 1; at < end; at++) {
		if (strncasecmp(at, "%3a", 3) == 0) {
			buffer_add_char(&text, ':');
			at += 2;
		} else {
			buffer_add_char(&text, *at);
		}
	}
	return buffer_take(&text);
}

/* The stanzas with "Filename: pool/..." changed to the file's name here. */
static int stanzas_localize(const char *stanzas, char **ret_index, struct error *error)
{
	static const char field[] = "Filename: ";
	_cleanup_(buffer_free) struct buffer index = BUFFER_INIT;
	const char *line = stanzas;

	while (*line) {
		size_t length = strcspn(line, "\n");
		const char *from = line;
		bool warning = strncmp(line, "W: ", 3) == 0 || strncmp(line, "N: ", 3) == 0;

		if (strncmp(line, field, strlen(field)) == 0) {
			buffer_add_text(&index, "Filename: ./");
			for (const char *at = line; at < line + length; at++)
				from = *at == '/' ? at + 1 : from;
		}
		if (!warning) {
			buffer_add(&index, from, (size_t)(line + length - from));
			buffer_add_char(&index, '\n');
		}
		line += length + (line[length] == '\n');
	}
	*ret_index = buffer_take(&index);
	return *ret_index ? 0 : error_errno(error, ENOMEM, "apt");
}

int apt_index(const struct build *build, const char *lines, char **ret_index, struct error *error)
{
	_cleanup_free_ char *configuration = build_cache_path(build, "apt/apt.conf");
	_cleanup_(buffer_free) struct buffer names = BUFFER_INIT, output = BUFFER_INIT;
	struct process process = {.argv = COMMAND("xargs", "-0", "-x", "-s", "1000000", "apt-cache",
						  "-c", configuration, "show"),
				  .timeout_ms = RESOLVE_S * 1000,
				  .output_limit = 16 << 20};
	char *file;
	int status;

	while ((file = apt_line_file(&lines)) != NULL) {
		_cleanup_free_ char *version = file_to_version(file);

		free(file);
		buffer_add_text(&names, version ? version : "");
		buffer_add_char(&names, '\0');
	}
	process.input = names.data;
	process.input_size = names.size;
	status = process_run(&process, &output, error);
	if (status != 0)
		return status < 0 ? status
				  : error_set(error, EIO, "apt-cache show ended with %d", status);
	return stanzas_localize(buffer_text(&output), ret_index, error);
}
