// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>

#include "feedback/report.h"
#include "feedback/unpack.h"

/* Whom it concerns, and when, are what it is kept by. */
static int check(const struct report *report, struct error *error)
{
	if (!report->domain[0] || !report->organisation[0] || !report->id[0])
		return error_set(error, EBADMSG,
				 "the report does not say of which domain it is, by whom, or "
				 "its id");
	if (report->begin <= 0 || report->end < report->begin)
		return error_set(error, EBADMSG, "the report does not say of which time it is");
	return 0;
}

int report_read(struct slice part, struct report *ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	struct slice unpacked;
	int code = unpack(part, &text, error);

	if (code < 0)
		return code;
	unpacked = report_trim((struct slice){buffer_text(&text), text.size});
	if (slice_skip(&unpacked, SLICE("\xef\xbb\xbf"))) /* a byte order mark */
		unpacked = report_trim(unpacked);
	if (slice_starts(unpacked, SLICE("{")))
		code = report_read_tls(unpacked, ret, error);
	else
		code = report_read_dmarc(unpacked, ret, error);
	return code < 0 ? code : check(ret, error);
}
