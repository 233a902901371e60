// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/parts.h"

#include <time.h>

#include "certificate/certificate.h"
#include "policy/limit_hold.h"
#include "quarantine/quarantine.h"
#include "report/part_certificate.h"
#include "report/part_directory.h"
#include "report/part_dns.h"
#include "report/part_gateway.h"
#include "report/part_guard.h"
#include "report/part_hold.h"
#include "report/part_lists.h"
#include "report/part_mail.h"
#include "report/part_policy.h"
#include "report/part_quarantine.h"
#include "report/part_search.h"
#include "report/part_tls.h"
#include "report/part_tokens.h"
#include "update/summary.h"

void report_parts_add(json_t *report, const char *run, bool expected)
{
	report_mail_add(report, run, expected);
	quarantine_summary_add(report, QUARANTINE_STATE_FOLDER);
	update_summary_add(report, &update_machine, (json_int_t)time(NULL));
	dns_summary_add(report, run);
	report_policy_add(report, run);
	tls_summary_add(report, run);
	guard_summary_add(report, run);
	lists_part_add(report, run);
	gateway_part_add(report, run);
	directory_part_add(report, run);
	tokens_part_add(report, run);
	search_part_add(report, run);
	certificate_part_add(report, CERTIFICATE_FOLDER);
	hold_part_add(report, LIMIT_HOLD_FILE);
}

void report_parts_text(const json_t *report, struct buffer *text)
{
	report_mail_text(report, text);
	quarantine_summary_text(report, text);
	update_summary_text(report, text);
	dns_summary_text(report, text);
	report_policy_text(report, text);
	tls_summary_text(report, text);
	guard_summary_text(report, text);
	lists_part_text(report, text);
	directory_part_text(report, text);
	tokens_part_text(report, text);
}
