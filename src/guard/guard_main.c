// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-guard: keeps away who guesses passwords.  See postcask-guard(8). */
#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/options.h"
#include "component/inner.h"
#include "guard/control.h"
#include "guard/service.h"

enum { SETTINGS_LIMIT = 64 * 1024, AFTER_LEAST = 3, AFTER_MOST = 1000 };

static const char usage[] =
    "usage: postcask-guard [--settings FILE] [--state FILE] [--report FILE]\n"
    "                      [--uses FILE] [--control SOCKET] [--journal FOLDER]\n"
    "                      [--never NETWORK]\n"
    "Keeps away who guesses passwords.\n"
    "  --settings FILE    when to ban, and who is never banned\n"
    "  --state FILE       what lasts over a boot\n"
    "  --report FILE      how many are banned\n"
    "  --uses FILE        when app passwords were used\n"
    "  --control SOCKET   where postcask ban asks\n"
    "  --journal FOLDER   instead of the machine's journal\n"
    "  --never NETWORK    is never banned, whatever the settings say\n";

struct guard_settings {
	unsigned after;
	struct never never;
};

static int take_never(void *into, const char *text, struct error *error)
{
	struct guard_settings *settings = into;

	return never_add(&settings->never, text, error);
}

/* A line is a word and its value; # begins a comment. */
static int take_setting(struct guard_settings *settings, struct slice line, struct error *error)
{
	char text[NETWORK_TEXT];
	long long number;

	line = slice_trim(line);
	if (line.size == 0 || *line.at == '#')
		return 0;
	if (slice_skip(&line, SLICE("after "))) {
		if (!slice_number(&line, &number) || line.size > 0 || number < AFTER_LEAST ||
		    number > AFTER_MOST)
			return error_set(error, EINVAL, "after is no number from %d to %d",
					 AFTER_LEAST, AFTER_MOST);
		settings->after = (unsigned)number;
		return 0;
	}
	if (slice_skip(&line, SLICE("never "))) {
		slice_copy(line, text, sizeof(text));
		return never_add(&settings->never, text, error);
	}
	return error_set(error, EINVAL, "a line is neither after nor never");
}

static int read_settings(struct guard_settings *settings, const char *path, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	struct slice rest, line;
	size_t size;
	int result = file_read(path, SETTINGS_LIMIT, &text, &size, error);

	rest = (struct slice){text, result == 0 ? size : 0};
	while (result == 0 && slice_until(&rest, SLICE("\n"), &line))
		result = take_setting(settings, line, error);
	return result < 0 ? error_wrap(error, "%s", path) : 0;
}

static int run(const struct guard_settings *settings, struct guard *guard,
	       const struct service_paths *paths, struct error *error)
{
	int result = judge_init(&guard->judge, settings->after, error);

	guard->never = settings->never;
	if (result == 0)
		result = guard_begin(guard, error);
	if (result == 0)
		return guard_serve(guard, paths, error);
	judge_clear(&guard->judge);
	never_clear(&guard->never);
	return result;
}

int main(int argc, char **argv)
{
	static struct guard_settings settings = {.after = JUDGE_AFTER};
	static struct guard guard = {.state = "/var/lib/postcask/guard/state",
				     .report = "/run/postcask/guard/report.json",
				     .uses_file = "/run/postcask/guard/uses.json"};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *file = "/etc/postcask/guard.conf";
	struct service_paths paths = {
	    .control = CONTROL_SOCKET, .wanted = "/etc/postcask/wanted/guard", .port = INNER_GUARD};
	const struct command_option options[] = {
	    {"settings", .value = &file},
	    {"state", .value = &guard.state},
	    {"report", .value = &guard.report},
	    {"control", .value = &paths.control},
	    {"uses", .value = &guard.uses_file},
	    {"journal", .value = &paths.journal},
	    {"never", .take = take_never, .into = &settings},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (read_settings(&settings, file, &error) < 0 ||
	    run(&settings, &guard, &paths, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
