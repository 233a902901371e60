// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-gateway: looks every few minutes at the server behind this one (role gateway).  As an
 * account that owns nothing but its result; with --tell, as root, has the machine's report written
 * anew when that says something else now.  See postcask-gateway(8). */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/json_file.h"
#include "base/options.h"
#include "component/inner.h"
#include "probe/behind.h"
#include "settings/published.h"
#include "state/report_news.h"

#define RUN_FOLDER    "/run/postcask/"
#define SETTINGS_FILE RUN_FOLDER PUBLISHED_NAME
#define RESULT_FILE   RUN_FOLDER "gateway/report.json"

enum { LOOK_MS = 40 * 1000 }; /* less than the unit's own limit */

static const char usage[] =
    "usage: postcask-gateway [--tell]\n"
    "Looks at the server behind this one, and writes what it finds for the machine's report.\n"
    "  --tell  only: have the machine's report written anew if it says something else\n";

static int look(struct error *error)
{
	const struct behind_look how = {.resolver = "127.0.0.1",
					.resolver_port = INNER_DNS,
					.ca_file = "/etc/ssl/certs/ca-certificates.crt",
					.timeout_ms = LOOK_MS};
	_cleanup_json_ json_t *published = NULL, *result = NULL;
	int code = json_file_read(SETTINGS_FILE, JSON_FILE_LIMIT, 0, &published, error);

	if (code == 0)
		code = behind_look_at(published, &how, &result, error);
	if (code < 0)
		return code;
	if (json_object_set_new(result, "time", json_integer((json_int_t)time(NULL))) < 0)
		return error_set(error, ENOMEM, "out of memory");
	return json_file_replace(RESULT_FILE, result, JSON_FILE_REPORT, 0644, error);
}

/* How a server does not answer is no news. */
static bool is_news(const json_t *report, const json_t *found)
{
	const json_t *reported = json_object_get(report, "gateway");

	return !json_equal(json_object_get(reported, "answers"),
			   json_object_get(found, "answers")) ||
	       json_array_size(json_object_get(reported, "findings")) !=
		   json_array_size(json_object_get(found, "findings"));
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	bool only_tell = false;
	const struct command_option options[] = {{"tell", .on = &only_tell}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	signal(SIGPIPE, SIG_IGN); /* see net/stream.h */
	if ((only_tell ? report_news(RESULT_FILE, is_news, &error) : look(&error)) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	return COMMAND_GOOD;
}
