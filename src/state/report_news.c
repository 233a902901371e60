// SPDX-License-Identifier: GPL-3.0-or-later
#include "state/report_news.h"

#include <errno.h>

#include "base/json_file.h"
#include "base/process.h"

#define REPORT_FILE "/run/postcask/report.json"

enum { TELL_MS = 60 * 1000 };

int report_news(const char *found_file, bool (*is_news)(const json_t *report, const json_t *found),
		struct error *error)
{
	static const char *const command[] = {"/usr/bin/systemctl", "--no-block", "restart",
					      "postcask-report.service", NULL};
	_cleanup_json_ json_t *report = NULL, *found = NULL;
	struct process process = {.argv = command, .timeout_ms = TELL_MS};
	int code = json_file_read(REPORT_FILE, JSON_FILE_LIMIT, 0, &report, error);

	if (code == -ENOENT)
		return 0;
	if (code == 0)
		code =
		    json_file_read(found_file, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &found, error);
	if (code < 0 || !is_news(report, found))
		return code;
	code = process_run(&process, NULL, error);
	return code > 0 ? error_set(error, EIO, "systemctl ends with %d", code) : code;
}
