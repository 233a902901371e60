// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_gateway.h"

#include <string.h>

#include "base/json_file.h"
#include "base/utf8.h"
#include "component/components.h"
#include "report/part.h"
#include "state/report_state.h"

#define NOTE "degraded: gateway: "

enum { SENTENCES_MAX = 3 };

void gateway_part_add(json_t *report, const char *run)
{
	const json_t *found = part_take(report, run, "gateway", JSON_FILE_LIMIT, NOTE);
	json_t *finding;
	size_t i;

	if (!component_is_wanted(component_find("gateway"), "")) {
		json_object_del(report, "gateway");
		return;
	}
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
