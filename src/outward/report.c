// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/report.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <zlib.h>

#include "base/crypto.h"
#include "base/json_file.h"
#include "dns/tags.h"
#include "outward/netstring.h"

enum { DAY = 24 * 60 * 60, COLUMNS = 76, LOCAL_MAX = 64, GZIP = 16 };

/* One of the plain forms: no quotes, no escapes, nothing that a header would read. */
static bool is_address(struct slice text, char ret[REPORT_ADDRESS])
{
	struct slice rest = text, local;

	if (text.size >= REPORT_ADDRESS || !slice_until(&rest, SLICE("@"), &local) ||
	    local.size == 0 || local.size > LOCAL_MAX || local.at[0] == '-')
		return false;
	for (size_t i = 0; i < local.size; i++)
		if (!isascii((unsigned char)local.at[i]) ||
		    (!isalnum((unsigned char)local.at[i]) && !strchr("._+=-", local.at[i])))
			return false;
	slice_copy(text, ret, REPORT_ADDRESS);
	return outward_is_name(strchr(ret, '@') + 1);
}

size_t report_recipients(const char *record, char ret[REPORT_RECIPIENTS][REPORT_ADDRESS])
{
	struct slice list, one;
	size_t count = 0;

	if (!dns_tag_version(record, "TLSRPTv1") || !dns_tag_find(record, "rua", &list))
		return 0;
	while (list.size > 0 && count < REPORT_RECIPIENTS) {
		if (!slice_until(&list, SLICE(","), &one)) {
			one = list;
			list.size = 0;
		}
		one = slice_trim(one);
		if (slice_skip(&one, SLICE("mailto:")) && is_address(one, ret[count]))
			count++;
	}
	return count;
}

static void format_day(int64_t seconds, char ret[32])
{
	time_t time = (time_t)seconds;
	struct tm parts;

	gmtime_r(&time, &parts);
	strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

json_t *report_json(const struct report *report)
{
	char begin[32], last[32], id[OUTWARD_NAME + 64];

	format_day(report->day * DAY, begin);
	format_day(report->day * DAY + DAY - 1, last);
	snprintf(id, sizeof(id), "%s_%s", begin, report->domain);
	return json_pack("{s:s, s:{s:s, s:s}, s:s, s:s, s:O}", "organization-name",
			 report->hostname, "date-range", "start-datetime", begin, "end-datetime",
			 last, "contact-info", report->contact, "report-id", id, "policies",
			 (json_t *)report->policies);
}

static char *compress_text(const char *text, size_t *ret_size)
{
	z_stream stream = {.next_in = (Bytef *)text, .avail_in = (uInt)strlen(text)};
	char *packed;

	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	stream.avail_out = (uInt)deflateBound(&stream, stream.avail_in);
	packed = malloc(stream.avail_out);
	stream.next_out = (Bytef *)packed;
	if (!packed || deflate(&stream, Z_FINISH) != Z_STREAM_END) {
		free(packed);
		packed = NULL;
	}
	*ret_size = stream.total_out;
	deflateEnd(&stream);
	return packed;
}

static void add_head(const struct report *report, const char *to, const char *boundary,
		     struct buffer *mail)
{
	time_t now = time(NULL);
	struct tm parts;
	char date[64];

	gmtime_r(&now, &parts);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &parts);
	buffer_addf(mail, "From: " REPORT_SENDER "@%s\nTo: %s\nDate: %s\n", report->submitter, to,
		    date);
	buffer_addf(mail, "Message-ID: <%s@%s>\n", boundary, report->submitter);
	buffer_addf(mail,
		    "Subject: Report Domain: %s Submitter: %s\n Report-ID: "
		    "<%lld.%s@%s>\n",
		    report->domain, report->submitter, (long long)report->day, report->domain,
		    report->submitter);
	buffer_addf(mail, "TLS-Report-Domain: %s\nTLS-Report-Submitter: %s\n", report->domain,
		    report->submitter);
	/* RFC 8460 §3: it arrives where TLS is what fails (RFC 8689). */
	buffer_add_text(mail, "TLS-Required: no\nAuto-Submitted: auto-generated\n");
	buffer_addf(mail,
		    "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=\"tlsrpt\";\n "
		    "boundary=\"%s\"\n\n",
		    boundary);
}

static void add_parts(const struct report *report, const char *boundary, const char *encoded,
		      struct buffer *mail)
{
	long long begin = (long long)report->day * DAY;
	size_t size = strlen(encoded);

	buffer_addf(mail,
		    "--%s\nContent-Type: text/plain; charset=us-ascii\n\nHow TLS went between %s "
		    "and the mail servers of\n%s on one day (RFC 8460).\n\n",
		    boundary, report->hostname, report->domain);
	buffer_addf(mail,
		    "--%s\nContent-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: "
		    "base64\nContent-Disposition: attachment;\n "
		    "filename=\"%s!%s!%lld!%lld.json.gz\"\n\n",
		    boundary, report->submitter, report->domain, begin, begin + DAY - 1);
	for (size_t at = 0; at < size; at += COLUMNS)
		buffer_addf(mail, "%.*s\n", COLUMNS, encoded + at);
	buffer_addf(mail, "\n--%s--\n", boundary);
}

int report_mail(const struct report *report, const char *to, struct buffer *mail,
		struct error *error)
{
	_cleanup_json_ json_t *json = report_json(report);
	_cleanup_free_ char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	_cleanup_free_ char *packed = NULL, *encoded = NULL;
	char boundary[64];
	uint64_t number;
	size_t size = 0;

	packed = text ? compress_text(text, &size) : NULL;
	encoded = packed ? crypto_base64(packed, size) : NULL;
	if (!encoded || getrandom(&number, sizeof(number), 0) != sizeof(number))
		return error_set(error, ENOMEM, "out of memory");
	snprintf(boundary, sizeof(boundary), "tlsrpt.%lld.%016llx", (long long)report->day,
		 (unsigned long long)number);
	add_head(report, to, boundary, mail);
	add_parts(report, boundary, encoded, mail);
	return mail->failed ? error_set(error, ENOMEM, "out of memory") : 0;
}
