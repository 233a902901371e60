// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_tls.h"

#include "base/file.h"
#include "base/json_file.h"

enum { STATE_LIMIT = 4096 };

void tls_summary_add(json_t *report, const char *run)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "tls/state.json");
	_cleanup_json_ json_t *found = NULL;

	/* Nobody was asked about yet, or it is not wanted: that it does not run, others say. */
	if (json_file_read(path, STATE_LIMIT, JSON_FILE_FOREIGN, &found, &none) == 0)
		json_object_set(report, "outward", found);
}

void tls_summary_text(const json_t *report, struct buffer *text)
{
	const json_t *found = json_object_get(report, "outward");
	long long domains = json_number(found, "domains");

	if (domains <= 0)
		return;
	buffer_addf(text,
		    "outgoing TLS: of %lld %s that mail went to, %lld proved by DANE, %lld by "
		    "MTA-STS\n",
		    domains, domains == 1 ? "domain" : "domains", json_number(found, "dane"),
		    json_number(found, "sts"));
}
