// SPDX-License-Identifier: GPL-3.0-or-later
/* Reports of other servers: how they are read, by whom they are believed, how much of them is
 * kept, and what is said of them. */
#include "test.h"

#include "base/cleanup.h"

#include <errno.h>
#include <zlib.h>

#include "base/json_file.h"
#include "feedback/letter.h"
#include "feedback/lmtp.h"
#include "feedback/telling.h"
#include "feedback/unpack.h"

enum { NOW = 1790000000, DAY = 86400 };

#define DMARC_HEAD                                                                                 \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback><report_metadata>"                  \
	"<org_name> Far Mail </org_name><email>a@far.example</email><report_id>1.2</report_id>"    \
	"<date_range><begin>1789900000</begin><end>1789986400</end></date_range></"                \
	"report_metadata>"                                                                         \
	"<policy_published><domain>example.org</domain><p>none</p></policy_published>"
#define RECORD(address, messages, signature, sender)                                               \
	"<record><row><source_ip>" address "</source_ip><count>" messages                          \
	"</count><policy_evaluated><disposition>none</disposition><dkim>" signature                \
	"</dkim><spf>" sender "</spf></policy_evaluated></row><identifiers><header_from>"          \
	"example.org</header_from></identifiers><auth_results><dkim><domain>example.org</domain>"  \
	"<result>fail</result></dkim></auth_results></record>"
#define DMARC                                                                                      \
	DMARC_HEAD RECORD("192.0.2.1", "10", "pass", "fail")                                       \
	    RECORD("203.0.113.9", "3", "fail", "fail") "</feedback>"
#define TLS                                                                                        \
	"{\"organization-name\":\"Far\",\"date-range\":{\"start-datetime\":"                       \
	"\"2026-09-20T00:00:00Z\",\"end-datetime\":\"2026-09-20T23:59:59Z\"},\"report-id\":\"7\"," \
	"\"policies\":[{\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":\"example.org\"},"   \
	"\"summary\":{\"total-successful-session-count\":50,\"total-failure-session-count\":5},"   \
	"\"failure-details\":[{\"result-type\":\"certificate-expired\",\"failed-session-count\":"  \
	"3,"                                                                                       \
	"\"receiving-mx-hostname\":\"mail.example.org\"}]}]}"

/* ---- Reports ---- */

static void a_dmarc_report(void **state _unused_)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;

	assert_int_equal(report_read(SLICE(DMARC), &report, NULL), 0);
	assert_int_equal(report.kind, REPORT_DMARC);
	assert_string_equal(report.organisation, "Far Mail");
	assert_string_equal(report.id, "1.2");
	assert_string_equal(report.domain, "example.org");
	assert_string_equal(report.policy, "none");
	assert_int_equal(report.begin, 1789900000);
	assert_int_equal(report.count, 2);
	assert_string_equal(report.rows[0].source, "192.0.2.1");
	assert_int_equal(report.rows[0].count, 10);
	assert_true(report.rows[0].dkim);
	assert_false(report.rows[0].spf);
	assert_string_equal(report.rows[1].what, "none");
	assert_string_equal(report.rows[1].name, "example.org");
	assert_false(report.rows[1].dkim || report.rows[1].spf);
}

static void a_dmarc_report_with_a_namespace(void **state _unused_)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;
	static const char text[] =
	    "\xef\xbb\xbf<r:feedback "
	    "xmlns:r=\"urn:ietf:params:xml:ns:dmarc-2.0\"><r:report_metadata>"
	    "<r:org_name>x</r:org_name><r:report_id>1</r:report_id><r:date_range><r:begin>1</"
	    "r:begin>"
	    "<r:end>2</r:end></r:date_range></"
	    "r:report_metadata><r:policy_published><r:domain>a.example"
	    "</r:domain></r:policy_published></r:feedback>\r\n";

	assert_int_equal(report_read(SLICE(text), &report, NULL), 0);
	assert_string_equal(report.domain, "a.example");
	assert_int_equal(report.count, 0);
}

static void a_tls_report(void **state _unused_)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;

	assert_int_equal(report_read(SLICE(TLS), &report, NULL), 0);
	assert_int_equal(report.kind, REPORT_TLS);
	assert_string_equal(report.domain, "example.org");
	assert_int_equal(report.end - report.begin, DAY - 1);
	assert_int_equal(report.count, 3);
	assert_int_equal(report.rows[0].good, 50);
	assert_string_equal(report.rows[1].what, "certificate-expired");
	assert_int_equal(report.rows[1].count, 3);
	assert_string_equal(report.rows[2].what, "unspecified");
	assert_int_equal(report.rows[2].count, 2);
}

static void what_is_no_report(void **state _unused_)
{
	static const char *const texts[] = {
	    "",
	    "<feedback>",
	    "<html></html>",
	    "<feedback></feedback>",
	    "<!DOCTYPE feedback [<!ENTITY a \"b\">]>" DMARC_HEAD "</feedback>",
	    "{}",
	    "{\"policies\": []}",
	    "{\"policies\": 1}",
	    "\x1f\x8b"
	    "nonsense",
	    "PK\x03\x04nonsense",
	    "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a>",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(report_clear) struct report report = REPORT_INIT;
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		assert_int_equal(report_read(slice_of(texts[i]), &report, &error), -EBADMSG);
		assert_non_null(error.text);
	}
}

static void texts_of_strangers_are_short_and_printable(void **state _unused_)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;
	struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, "<feedback><report_metadata><org_name>\x1b[2J");
	for (size_t i = 0; i < 3000; i++)
		buffer_add_char(&text, 'a');
	buffer_add_text(&text, "</org_name></report_metadata></feedback>");
	assert_int_equal(
	    report_read_dmarc((struct slice){buffer_text(&text), text.size}, &report, NULL),
	    -EBADMSG); /* expat has no control characters */
	buffer_free(&text);
	report_clear(&report);
	buffer_add_text(&text, "<feedback><report_metadata><org_name>\xc2\x9b");
	for (size_t i = 0; i < 3000; i++)
		buffer_add_char(&text, 'a');
	buffer_add_text(&text, "</org_name></report_metadata></feedback>");
	assert_int_equal(
	    report_read_dmarc((struct slice){buffer_text(&text), text.size}, &report, NULL), 0);
	assert_true(strlen(report.organisation) < REPORT_NAME);
	assert_int_equal(report.organisation[0], '?');
	buffer_free(&text);
}

static void more_rows_than_are_kept(void **state _unused_)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;
	struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, DMARC_HEAD);
	for (size_t i = 0; i < REPORT_ROWS + 5; i++)
		buffer_add_text(&text, RECORD("192.0.2.1", "99999999999999", "pass", "pass"));
	buffer_add_text(&text, "</feedback>");
	assert_int_equal(
	    report_read_dmarc((struct slice){buffer_text(&text), text.size}, &report, NULL), 0);
	assert_int_equal(report.count, REPORT_ROWS);
	assert_int_equal(report.left_out, 5);
	assert_int_equal(report.rows[0].count, REPORT_COUNT_MAX);
	buffer_free(&text);
}

/* ---- Archives ---- */

static struct buffer compressed(const char *bytes, size_t size, int window)
{
	z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (unsigned)size};
	struct buffer packed = BUFFER_INIT;
	unsigned char chunk[4096];
	int result = Z_OK;

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
	while (result == Z_OK) {
		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		result = deflate(&stream, Z_FINISH);
		buffer_add(&packed, chunk, sizeof(chunk) - stream.avail_out);
	}
	assert_int_equal(result, Z_STREAM_END);
	deflateEnd(&stream);
	return packed;
}

static void add_number(struct buffer *buffer, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buffer_add_char(buffer, (char)(value >> 8 * i));
}

/* The local file header (APPNOTE 4.3.7) is what a stream is read by. */
static struct buffer zipped(const char *text)
{
	struct buffer deflated = compressed(text, strlen(text), -15), zip = BUFFER_INIT;

	buffer_add(&zip, "PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0", 14);
	add_number(&zip, (uint32_t)crc32(0, (const unsigned char *)text, (unsigned)strlen(text)),
		   4);
	add_number(&zip, (uint32_t)deflated.size, 4);
	add_number(&zip, (uint32_t)strlen(text), 4);
	add_number(&zip, 5, 2);
	add_number(&zip, 0, 2);
	buffer_add_text(&zip, "a.xml");
	buffer_add(&zip, deflated.data, deflated.size);
	buffer_free(&deflated);
	return zip;
}

static void archives(void **state _unused_)
{
	struct buffer packed[] = {compressed(DMARC, strlen(DMARC), 15 + 16), zipped(DMARC)};

	for (size_t i = 0; i < ARRAY_SIZE(packed); i++) {
		struct buffer text = BUFFER_INIT;
		struct slice bytes = {buffer_text(&packed[i]), packed[i].size};

		assert_int_equal(unpack(bytes, &text, NULL), 0);
		assert_string_equal(buffer_text(&text), DMARC);
		buffer_reset(&text);
		bytes.size /= 2;
		assert_int_equal(unpack(bytes, &text, NULL), -EBADMSG);
		buffer_free(&text);
		buffer_free(&packed[i]);
	}
}

static void an_archive_that_explodes(void **state _unused_)
{
	char *zeros = calloc(1, REPORT_TEXT + 1);
	struct buffer packed = compressed(zeros, REPORT_TEXT + 1, 15 + 16), text = BUFFER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(unpack((struct slice){packed.data, packed.size}, &text, &error), -EBADMSG);
	assert_string_equal(error_text(&error), "the report unpacks to too much");
	assert_true(text.size < 8 * 1024 * 1024); /* by its ratio, long before the limit */
	assert_int_equal(unpack((struct slice){zeros, REPORT_PACKED + 1}, &text, NULL), -EBADMSG);
	free(zeros);
	buffer_free(&packed);
	buffer_free(&text);
}

/* ---- Letters ---- */

#define OURS "Authentication-Results: mail.example.org (amavis); "
#define BODY                                                                                       \
	"From: a@far.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "              \
	"boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n"            \
	"Content-Type: application/xml; name=a.xml\r\n\r\n" DMARC "\r\n--b--\r\n"

static enum letter_kind kind_of(const char *text, char *ret_organisation)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	enum letter_kind kind = letter_read(slice_of(text), "mail.example.org", &report, &error);

	if (ret_organisation)
		memcpy(ret_organisation, report.organisation, REPORT_NAME);
	return kind;
}

static void who_is_believed(void **state _unused_)
{
	char who[REPORT_NAME];

	assert_int_equal(kind_of(OURS "dkim=pass (2048-bit key)\r\n\theader.d=other.example;\r\n"
				      " dmarc=pass header.from=far.example\r\n" BODY,
				 who),
			 LETTER_REPORT);
	assert_string_equal(who, "far.example");
	assert_int_equal(kind_of(OURS "dkim=pass header.d=far.example\r\n" BODY, who),
			 LETTER_REPORT);
	assert_string_equal(who, "far.example");
}

static void who_is_not_believed(void **state _unused_)
{
	static const char *const lines[] = {
	    "",
	    OURS "dmarc=fail header.from=far.example\r\n",
	    OURS "dmarc=none; dkim=fail header.d=far.example\r\n",
	    OURS "dkim=fail (dmarc=pass header.from=far.example)\r\n",
	    OURS "spf=pass smtp.mailfrom=far.example\r\n",
	    "Authentication-Results: mail.example.org.evil; dmarc=pass header.from=a.example\r\n",
	    "Authentication-Results: other.example; dmarc=pass header.from=far.example\r\n",
	    "X: Authentication-Results: mail.example.org; dmarc=pass header.from=a.example\r\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct buffer text = BUFFER_INIT;

		buffer_add_text(&text, lines[i]);
		buffer_add_text(&text, BODY);
		buffer_add_text(&text, "\r\n" OURS "dmarc=pass header.from=far.example\r\n");
		assert_int_equal(kind_of(buffer_text(&text), NULL), LETTER_UNPROVED);
		buffer_free(&text);
	}
}

static void other_letters(void **state _unused_)
{
	assert_int_equal(kind_of("", NULL), LETTER_OTHER);
	assert_int_equal(kind_of("Subject: x\r\n\r\nhello\r\n", NULL), LETTER_OTHER);
	assert_int_equal(kind_of(OURS "dmarc=pass header.from=a.example\r\nContent-Type: "
				      "application/gzip\r\n\r\nhello\r\n",
				 NULL),
			 LETTER_UNREADABLE);
}

/* ---- LMTP ---- */

struct taken {
	struct buffer text;
	unsigned count;
	bool refuse;
};

static bool take(void *context, struct slice message)
{
	struct taken *taken = context;

	taken->count++;
	buffer_add(&taken->text, message.at, message.size);
	return !taken->refuse;
}

static const char dialogue[] = "LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<x@y>\r\nrcpt to:<z@y>\r\n"
			       "DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nNOOP\r\nQUIT\r\n";

static void lmtp_in_pieces(void **state _unused_)
{
	for (size_t piece = 1; piece < sizeof(dialogue); piece += 6) {
		struct taken taken = {0};
		_cleanup_(lmtp_clear) struct lmtp lmtp;

		lmtp_begin(&lmtp, take, &taken);
		for (size_t at = 0; at < sizeof(dialogue) - 1; at += piece)
			lmtp_feed(&lmtp, dialogue + at,
				  at + piece < sizeof(dialogue) ? piece
								: sizeof(dialogue) - 1 - at);
		assert_true(lmtp.ended);
		assert_int_equal(taken.count, 1);
		assert_string_equal(buffer_text(&taken.text), "Subject: x\n\n.dot\n");
		assert_non_null(strstr(buffer_text(&lmtp.answer),
				       "354 go on\r\n250 2.0.0 read\r\n250 2.0.0 read\r\n250 2.0.0 "
				       "done\r\n221 2.0.0 done\r\n"));
		buffer_free(&taken.text);
	}
}

static void lmtp_refuses_for_a_while_alone(void **state _unused_)
{
	struct taken taken = {.refuse = true};
	_cleanup_(lmtp_clear) struct lmtp lmtp;

	lmtp_begin(&lmtp, take, &taken);
	lmtp_feed(&lmtp, dialogue, sizeof(dialogue) - 1);
	assert_non_null(strstr(buffer_text(&lmtp.answer), "451 4.3.0 cannot be kept now\r\n451"));
	buffer_free(&taken.text);
}

static void lmtp_out_of_order(void **state _unused_)
{
	static const char early[] = "DATA\nMAIL FROM:<>\nRCPT TO:<a>\nHELP\n";
	struct taken taken = {0};
	_cleanup_(lmtp_clear) struct lmtp lmtp;
	char *line = calloc(1, 3 * LMTP_LINE);

	lmtp_begin(&lmtp, take, &taken);
	lmtp_feed(&lmtp, early, sizeof(early) - 1);
	memset(line, 'a', 3 * LMTP_LINE - 1);
	line[3 * LMTP_LINE - 2] = '\n';
	buffer_reset(&lmtp.answer);
	lmtp_feed(&lmtp, line, 3 * LMTP_LINE - 1);
	assert_string_equal(buffer_text(&lmtp.answer), "500 5.5.2 too long\r\n");
	assert_int_equal(taken.count, 0);
	free(line);
}

static void lmtp_passes_over_what_is_too_much(void **state _unused_)
{
	struct taken taken = {0};
	_cleanup_(lmtp_clear) struct lmtp lmtp;
	char line[1024];

	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	lmtp_begin(&lmtp, take, &taken);
	lmtp_feed(&lmtp, dialogue, (size_t)(strstr(dialogue, "Subject") - dialogue));
	for (size_t i = 0; i < LMTP_MESSAGE / sizeof(line) + 100; i++)
		lmtp_feed(&lmtp, line, sizeof(line));
	lmtp_feed(&lmtp, ".\r\n", 3);
	assert_int_equal(taken.count, 1);
	assert_true(taken.text.size <= LMTP_MESSAGE);
	assert_non_null(strstr(buffer_text(&lmtp.answer), "250 2.0.0 read"));
	buffer_free(&taken.text);
}

/* ---- What is kept ---- */

static struct report sample(const char *id)
{
	struct report report = REPORT_INIT;

	assert_int_equal(report_read(SLICE(DMARC), &report, NULL), 0);
	slice_copy(slice_of(id), report.id, sizeof(report.id));
	return report;
}

static enum kept_taken put(struct kept *kept, const char *id, int64_t now)
{
	_cleanup_(report_clear) struct report report = sample(id);
	enum kept_taken taken = KEPT_NEW;

	assert_int_equal(kept_add(kept, &report, now, &taken, NULL), 0);
	return taken;
}

static bool is_192(void *context _unused_, const char *address)
{
	return strcmp(address, "192.0.2.1") == 0;
}

static json_t *told(struct kept *kept, int days)
{
	json_t *json = telling_json(kept, days, 1789986400 + DAY, NULL, is_192, NULL, NULL);

	assert_non_null(json);
	return json;
}

static void a_report_counts_once(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "reports.sqlite");
	_cleanup_(kept_close) struct kept kept = KEPT_INIT;
	_cleanup_json_ json_t *json = NULL;
	json_t *domain;

	assert_int_equal(kept_open(&kept, path, NULL), 0);
	assert_int_equal(put(&kept, "1", NOW), KEPT_NEW);
	assert_int_equal(put(&kept, "1", NOW), KEPT_KNOWN);
	kept_close(&kept);
	assert_int_equal(kept_open(&kept, path, NULL), 0);
	json = told(&kept, 14);
	assert_int_equal(json_array_size(json_object_get(json, "domains")), 1);
	domain = json_array_get(json_object_get(json, "domains"), 0);
	assert_int_equal(json_number(domain, "messages"), 13);
	assert_int_equal(json_number(domain, "proved"), 10);
	domain = json_array_get(json_object_get(domain, "unproved"), 0);
	assert_string_equal(json_text(domain, "source"), "203.0.113.9");
	assert_true(json_is_false(json_object_get(domain, "ours")));
}

static void reports_of_a_day_are_bounded(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "reports.sqlite");
	_cleanup_(kept_close) struct kept kept = KEPT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	char id[32];

	assert_int_equal(kept_open(&kept, path, &error), 0);
	assert_int_equal(sqlite3_exec(kept.database, "PRAGMA synchronous=OFF", NULL, NULL, NULL),
			 0);
	for (int i = 0; i < KEPT_OF_ONE; i++) {
		snprintf(id, sizeof(id), "%d", i);
		assert_int_equal(put(&kept, id, NOW), KEPT_NEW);
	}
	assert_int_equal(put(&kept, "more", NOW), KEPT_TOO_MANY);
	assert_int_equal(put(&kept, "more", NOW + DAY + 1), KEPT_NEW);
}

static void old_reports_go(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "reports.sqlite");
	_cleanup_(kept_close) struct kept kept = KEPT_INIT;
	_cleanup_json_ json_t *rows = NULL;

	assert_int_equal(kept_open(&kept, path, NULL), 0);
	put(&kept, "1", NOW);
	put(&kept, "2", NOW + (int64_t)(KEPT_DAYS + 1) * DAY);
	put(&kept, "3", NOW + (int64_t)(KEPT_DAYS + 1) * DAY);
	rows = kept_select(&kept,
			   "SELECT count(*) AS reports, (SELECT count(*) FROM line) AS lines "
			   "FROM report",
			   0, 0, NULL);
	assert_int_equal(json_number(json_array_get(rows, 0), "reports"), 1);
	assert_int_equal(json_number(json_array_get(rows, 0), "lines"), 2);
}

static void a_damaged_store_is_set_aside(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "reports.sqlite");
	_cleanup_free_ char *aside = file_join(*state, "reports.sqlite.damaged");
	_cleanup_(kept_close) struct kept kept = KEPT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	char bytes[8192];

	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(file_replace(path, bytes, sizeof(bytes), 0600, -1, -1, NULL), 0);
	assert_int_equal(kept_open(&kept, path, &error), 0);
	assert_non_null(strstr(error_text(&error), "was damaged"));
	assert_true(file_exists(aside));
	assert_int_equal(put(&kept, "1", NOW), KEPT_NEW);
}

static void what_is_said(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "reports.sqlite");
	_cleanup_(kept_close) struct kept kept = KEPT_INIT;
	_cleanup_(report_clear) struct report tls = REPORT_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *json = NULL, *empty = NULL;
	enum kept_taken taken;

	assert_int_equal(kept_open(&kept, path, NULL), 0);
	empty = told(&kept, 14);
	telling_text(empty, &text);
	assert_string_equal(buffer_text(&text), "No reports came in 14 days.\n");
	buffer_reset(&text);
	put(&kept, "1", NOW);
	assert_int_equal(report_read(SLICE(TLS), &tls, NULL), 0);
	tls.end = NOW;
	assert_int_equal(kept_add(&kept, &tls, NOW, &taken, NULL), 0);
	assert_int_equal(kept_count(&kept, "they could not be read", NOW, NULL), 0);
	json = told(&kept, 14);
	telling_text(json, &text);
	assert_string_equal(
	    buffer_text(&text),
	    "example.org, in 14 days, as Far Mail, Far saw it\n"
	    "  13 messages were from it, and 10 of them were proved to be\n"
	    "         3 from 203.0.113.9: not this machine: somebody who pretends to be you, a "
	    "forwarder, or a server of yours that SPF and DKIM do not know\n"
	    "    in 14 days nothing that this machine sent failed: its DMARC record may say "
	    "p=quarantine now\n"
	    "  55 sessions brought mail to it, and TLS failed in 5\n"
	    "         3 certificate-expired at mail.example.org: a certificate had ended: "
	    "`postcask "
	    "cert` shows how long ours is good\n"
	    "         2 unspecified: it is no failure that RFC 8460 knows\n"
	    "1 more could not be counted: they could not be read\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_dmarc_report),
	    cmocka_unit_test(a_dmarc_report_with_a_namespace),
	    cmocka_unit_test(a_tls_report),
	    cmocka_unit_test(what_is_no_report),
	    cmocka_unit_test(texts_of_strangers_are_short_and_printable),
	    cmocka_unit_test(more_rows_than_are_kept),
	    cmocka_unit_test(archives),
	    cmocka_unit_test(an_archive_that_explodes),
	    cmocka_unit_test(who_is_believed),
	    cmocka_unit_test(who_is_not_believed),
	    cmocka_unit_test(other_letters),
	    cmocka_unit_test(lmtp_in_pieces),
	    cmocka_unit_test(lmtp_refuses_for_a_while_alone),
	    cmocka_unit_test(lmtp_out_of_order),
	    cmocka_unit_test(lmtp_passes_over_what_is_too_much),
	    folder_test(a_report_counts_once),
	    folder_test(reports_of_a_day_are_bounded),
	    folder_test(old_reports_go),
	    folder_test(a_damaged_store_is_set_aside),
	    folder_test(what_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
