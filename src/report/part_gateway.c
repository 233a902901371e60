// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_gateway.h"

#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/utf8.h"
#include "component/components.h"
#include "state/report_state.h"

#define NOTE "degraded: gateway: "

enum { SENTENCES_MAX = 3 };

void gateway_part_add(json_t *report, const char *run)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "gateway/report.json");
	_cleanup_json_ json_t *found = NULL;
	json_t *finding;
	size_t i;

	report_forget(report, NOTE);
	json_object_del(report, "gateway");
	if (!component_is_wanted(component_find("gateway"), "") ||
	    json_file_read(path, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &found, &none) < 0)
		return;
	json_object_set(report, "gateway", found);
	json_array_foreach(json_object_get(found, "findings"), i, finding)
	{
		/* The other server's words are in it, and it goes to consoles. */
		_cleanup_free_ char *text =
		    json_is_string(finding) ? strdup(json_string_value(finding)) : NULL;

		if (!text || i >= SENTENCES_MAX)
			continue;
		ascii_make_printable(text);
		report_degrade(report, json_sprintf(NOTE "%s", text));
	}
}
