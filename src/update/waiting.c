// SPDX-License-Identifier: GPL-3.0-or-later
#include "update/waiting.h"

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/process.h"
#include "update/state.h"

enum { ASK_MS = 5 * 60 * 1000, PRINTED_LIMIT = 4 << 20 };

/* Where two archives have a newer version, the security archive's counts, as it does for
 * unattended-upgrades, which sees no other. */
#define PREFERENCES "/usr/share/postcask/apt/security-first"

static bool pattern_matches(const char *pattern, const char *name)
{
	regmatch_t place;
	regex_t compiled;
	bool found;

	if (regcomp(&compiled, pattern, REG_EXTENDED) != 0)
		return false;
	found = regexec(&compiled, name, 1, &place, 0) == 0 && place.rm_so == 0;
	regfree(&compiled);
	return found;
}

static bool is_held(const char *held, const char *name)
{
	_cleanup_free_ char *copy = strdup(held);
	char *rest = copy, *pattern;
	bool found = false;

	while (!found && (pattern = strsep(&rest, "\n")))
		found = pattern[0] && pattern_matches(pattern, name);
	return found;
}

static const json_t *find_name(const json_t *packages, const char *name)
{
	const json_t *package;
	size_t i;

	json_array_foreach(packages, i, package)
	{
		if (strcmp(json_text(package, "name"), name) == 0)
			return package;
	}
	return NULL;
}

/* "Inst NAME [OLD] (NEW LABEL:RELEASE/SUITE, ... [ARCH])"; a package that is new has no OLD and
 * fixes nothing by itself.  False when the line says something else. */
static bool line_parse(char *line, const char **ret_name, const char **ret_version)
{
	char *name = line + strlen("Inst "), *old, *version, *origins;

	if (strncmp(line, "Inst ", strlen("Inst ")) != 0 || !(old = strstr(name, " [")))
		return false;
	version = strstr(old, "] (");
	origins = version ? strchr(version + strlen("] ("), ' ') : NULL;
	if (!origins || !strstr(origins, " Debian-Security:"))
		return false;
	*old = *origins = '\0';
	*ret_name = name;
	*ret_version = version + strlen("] (");
	return true;
}

json_t *waiting_parse(const char *printed, const char *held, const json_t *before, json_int_t now)
{
	_cleanup_free_ char *copy = strdup(printed);
	json_t *waiting = copy ? json_array() : NULL;
	char *rest = copy, *line;

	while (waiting && (line = strsep(&rest, "\n"))) {
		const char *name, *version;
		json_int_t since;

		if (!line_parse(line, &name, &version))
			continue;
		since = json_number(find_name(before, name), "since");
		json_array_append_new(waiting, json_pack("{s:s,s:s,s:I,s:b}", "name", name,
							 "version", version, "since",
							 since > 0 && since < now ? since : now,
							 "held", is_held(held, name)));
	}
	return waiting;
}

static int ask(const char *const *argv, struct buffer *output, struct error *error)
{
	const struct process process = {
	    .argv = argv, .timeout_ms = ASK_MS, .output_limit = PRINTED_LIMIT};
	int status = process_run(&process, output, error);

	return status > 0 ? error_set(error, EIO, "%s ended with status %d: %.300s", argv[0],
				      status, buffer_text(output))
			  : status;
}

int waiting_find(const json_t *before, json_int_t now, json_t **ret_waiting, struct error *error)
{
	static const char *const simulate[] = {
	    "apt-get",	    "--simulate", "-q", "-o", "Dir::Etc::Preferences=" PREFERENCES,
	    "dist-upgrade", NULL};
	static const char *const blacklist[] = {
	    "apt-config", "dump", "--no-empty",
	    "--format",	  "%v%n", "Unattended-Upgrade::Package-Blacklist",
	    NULL};
	_cleanup_(buffer_free) struct buffer printed = BUFFER_INIT, held = BUFFER_INIT;
	int result = ask(simulate, &printed, error);

	if (result == 0)
		result = ask(blacklist, &held, error);
	if (result < 0)
		return result;
	*ret_waiting = waiting_parse(buffer_text(&printed), buffer_text(&held), before, now);
	return *ret_waiting ? 0 : error_set(error, ENOMEM, "out of memory");
}

json_t *waiting_done(const json_t *before, const json_t *after)
{
	json_t *done = json_array();
	const json_t *package;
	size_t i;

	json_array_foreach(before, i, package)
	{
		const char *name = json_text(package, "name");

		if (!find_name(after, name))
			json_array_append_new(done, json_pack("{s:s,s:s}", "name", name, "version",
							      json_text(package, "version")));
	}
	return done;
}

bool waiting_any_free(const json_t *waiting)
{
	const json_t *package;
	size_t i;

	json_array_foreach(waiting, i, package)
	{
		if (!json_is_true(json_object_get(package, "held")))
			return true;
	}
	return false;
}
