// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask-feedback reads: a connection of LMTP, and the messages and reports that it
 * brings.  The first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "feedback/letter.h"
#include "feedback/lmtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		abort();
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

static void check(const struct report *report)
{
	check_text(report->organisation, sizeof(report->organisation));
	check_text(report->id, sizeof(report->id));
	check_text(report->domain, sizeof(report->domain));
	check_text(report->policy, sizeof(report->policy));
	if (report->count > REPORT_ROWS)
		abort();
	for (size_t i = 0; i < report->count; i++) {
		const struct report_row *row = &report->rows[i];

		check_text(row->source, sizeof(row->source));
		check_text(row->what, sizeof(row->what));
		check_text(row->name, sizeof(row->name));
		if (row->count < 0 || row->count > REPORT_COUNT_MAX || row->good < 0)
			abort();
	}
}

static void read_letter(struct slice message)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (letter_read(message, "mail.example.org", &report, &error) == LETTER_REPORT)
		check(&report);
}

static void read_report(struct slice part)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (report_read(part, &report, &error) == 0)
		check(&report);
	else if (!error.text)
		abort();
}

static bool take(void *context, struct slice message)
{
	(void)context;
	read_letter(message);
	return message.size % 2;
}

static void talk(const char *bytes, size_t size)
{
	_cleanup_(lmtp_clear) struct lmtp lmtp;

	lmtp_begin(&lmtp, take, NULL);
	lmtp_feed(&lmtp, bytes, size / 2);
	lmtp_feed(&lmtp, bytes + size / 2, size - size / 2);
	if (lmtp.message.size > LMTP_MESSAGE || lmtp.line.size > LMTP_MESSAGE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = {(const char *)data + 1, size ? size - 1 : 0};

	if (size == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		talk(rest.at, rest.size);
		break;
	case 1:
		read_letter(rest);
		break;
	default:
		read_report(rest);
		break;
	}
	return 0;
}
