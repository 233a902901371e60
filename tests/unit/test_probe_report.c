// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_file.h"
#include "probe/settings.h"
#include "probe/signatures.h"
#include "report/console.h"
#include "report/merge.h"
#include "report/report_text.h"
#include "state/report_state.h"

static json_t *parse(const char *text)
{
	json_t *value = text ? json_loads(text, 0, NULL) : NULL;

	if (text)
		assert_non_null(value);
	return value;
}

static const char verified[] =
    "{\"version\":\"0.1.0\",\"hostname\":\"h\",\"state\":\"ready\",\"seconds\":1.5,\"passed\":2,"
    "\"failed\":0,\"probes\":[],\"open\":[\"smtp\"],\"facts\":{},\"notes\":[]}";

/* Merges and expects this state and, in the notes, these words. */
static void expect_merge(const char *verify, const char *firstboot, const char *firewall,
			 enum report_state wanted, const char *words)
{
	json_t *parts[] = {parse(verify), parse(firstboot), parse(firewall),
			   parse("{\"hostname\":\"mail.example.org\",\"first_address\":\"a@b\"}")};
	json_t *report = report_merge(parts[0], parts[1], parts[2], parts[3]);
	_cleanup_free_ char *notes = json_dumps(json_object_get(report, "notes"), 0);

	assert_int_equal(report_state_of(report), wanted);
	assert_non_null(strstr(notes, words));
	assert_true(json_is_array(json_object_get(report, "probes")));
	assert_true(json_number_value(json_object_get(report, "seconds")) > 0);
	assert_string_equal(json_string_value(json_object_get(report, "hostname")),
			    "mail.example.org");
	json_decref(report);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		json_decref(parts[i]);
}

static void merges_the_parts(void **state _unused_)
{
	static const char applied[] = "{\"state\":\"applied\",\"errors\":[],\"generation\":1}";
	static const char kept[] = "{\"state\":\"refused\",\"errors\":[\"x\"],\"generation\":3}";
	static const char none[] = "{\"state\":\"refused\",\"errors\":[\"x\"],\"generation\":0}";
	static const char open[] =
	    "{\"state\":\"open\",\"open\":[{\"name\":\"smtp\",\"port\":25}]}";
	static const char closed[] = "{\"state\":\"closed\",\"open\":[]}";

	expect_merge(verified, applied, open, REPORT_READY, "[]");
	expect_merge(verified, kept, open, REPORT_DEGRADED, "the ones before are in force");
	expect_merge(verified, none, closed, REPORT_FAILED, "no settings in force");
	expect_merge(NULL, none, closed, REPORT_FAILED, "[\"failed: there are no settings");
	expect_merge(NULL, applied, closed, REPORT_FAILED, "self-tests have no result");
	expect_merge(NULL, NULL, NULL, REPORT_FAILED, "firstboot left no result");
	expect_merge("{\"state\":\"strange\"}", applied, closed, REPORT_FAILED, "[]");
}

static void judges_what_the_firewall_did(void **state _unused_)
{
	static const char applied[] = "{\"state\":\"applied\",\"errors\":[],\"generation\":1}";
	static const char proved[] = "{\"state\":\"ready\",\"open\":[\"smtp\",\"imap\",\"imaps\"]}";
	static const struct {
		const char *firewall;
		enum report_state wanted;
		const char *words;
	} cases[] = {
	    {"{\"state\":\"open\",\"open\":[{\"name\":\"smtp\"},{\"name\":\"imap\"},"
	     "{\"name\":\"imaps\"}]}",
	     REPORT_READY, "[]"},
	    {NULL, REPORT_FAILED, "firewall left no result"},
	    {"{\"state\":\"closed\",\"open\":[]}", REPORT_FAILED, "keeps the ports closed"},
	    {"{\"state\":\"open\",\"open\":[{\"name\":\"imap\"},{\"name\":\"imaps\"}]}",
	     REPORT_FAILED, "keeps the ports closed"},
	    {"{\"state\":\"open\",\"open\":[{\"name\":\"smtp\"},{\"name\":\"imaps\"}]}",
	     REPORT_DEGRADED, "keeps a port closed that was proved"},
	    {"{\"state\":\"open\",\"open\":[{\"name\":\"smtp\"},{\"name\":\"imap\"},"
	     "{\"name\":\"imaps\"},{\"name\":\"pop3\"}]}",
	     REPORT_FAILED, "open that was not proved"},
	    {"{\"state\":\"sealed\",\"open\":[]}", REPORT_FAILED, "sealed the machine"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_merge(proved, applied, cases[i].firewall, cases[i].wanted, cases[i].words);
	expect_merge(NULL, applied, "{\"state\":\"open\",\"open\":[{\"name\":\"smtp\"}]}",
		     REPORT_FAILED, "open that was not proved");
}

/* The probes' account must not be able to draw on the console. */
static void what_the_probes_wrote_is_made_printable(void **state _unused_)
{
	static const char evil[] = "{\"state\":\"ready\",\"notes\":[\"a\\u001b[2J\\nPOSTCASK\"],"
				   "\"open\":[5,null],\"probes\":{\"name\":3},\"facts\":[]}";
	json_t *verify = parse(evil), *firewall = parse("{\"open\":5}");
	json_t *report = report_merge(verify, NULL, firewall, NULL);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	report_text_probes(report, &text);
	report_text_summary(report, &text);
	report_text_hints(report, &text);
	assert_non_null(strstr(buffer_text(&text), "a?[2J?POSTCASK\n"));
	assert_null(strchr(buffer_text(&text), 27));
	json_decref(report);
	json_decref(firewall);
	json_decref(verify);
}

static void the_line_is_what_others_rely_on(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT, empty = BUFFER_INIT;
	json_t *report = parse(verified), *nothing = json_object();

	report_text_line(report, &text);
	assert_string_equal(buffer_text(&text),
			    "POSTCASK state=ready seconds=1.5 passed=2 failed=0 version=0.1.0\n");
	report_text_line(nothing, &empty);
	assert_string_equal(buffer_text(&empty),
			    "POSTCASK state=failed seconds=0.0 passed=0 failed=0 version=\n");
	json_decref(report);
	json_decref(nothing);
}

static void the_summary_shows_ports_and_notes(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	json_t *report =
	    parse("{\"probes\":[{\"name\":\"a\",\"port\":\"smtp\",\"result\":\"passed\"},"
		  "{\"name\":\"b\",\"port\":\"imap\",\"result\":\"failed\",\"class\":\"timeout\"},"
		  "{\"name\":\"c\",\"port\":\"imap\",\"result\":\"passed\"},"
		  "{\"name\":\"d\",\"port\":\"pop3\",\"result\":\"skipped\"}],"
		  "\"open\":[\"smtp\"],\"notes\":[\"degraded: x\", 5],\"facts\":null}");

	report_text_summary(report, &text);
	assert_string_equal(buffer_text(&text), "smtp            25  open    1 of 1 probes passed\n"
						"imap           143  closed  1 of 2 probes passed\n"
						"degraded: x\n");
	json_decref(report);
}

static void write_file(const char *folder, const char *name, const char *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(folder, name);

	assert_int_equal(file_replace(path, text, strlen(text), 0644, -1, -1, &error), 0);
}

static void a_stuck_console_holds_up_nobody(void **state)
{
	_cleanup_free_ char *list = file_join(*state, "active");
	_cleanup_free_ char *stuck = file_join(*state, "ttyS1");
	_cleanup_free_ char *good = file_join(*state, "ttyS0");
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *written = NULL;
	size_t size = 1024 * 1024;
	char *text = malloc(size);
	int64_t started = clock_now_ms();
	int reader;

	memset(text, 'x', size);
	assert_int_equal(mkfifo(stuck, 0600), 0);
	reader = open(stuck, O_RDONLY | O_NONBLOCK);
	write_file(*state, "ttyS0", "");
	write_file(*state, "active", "ttyS1 ../etc/passwd tty7 ttyS0\n");
	assert_int_equal(console_write_all(list, *state, text, size, 200), 1);
	assert_in_range(clock_now_ms() - started, 150, 2000);
	assert_int_equal(file_read(good, 2 * size, &written, &size, &error), 0);
	assert_int_equal(size, 1024 * 1024);
	close(reader);
	free(text);
}

static void falls_back_to_the_system_console(void **state)
{
	_cleanup_free_ char *list = file_join(*state, "active");
	_cleanup_free_ char *console = file_join(*state, "console");
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *written = NULL;

	write_file(*state, "console", "before\n");
	assert_int_equal(console_write_all(list, *state, "text\n", 5, 200), 1); /* no list */
	write_file(*state, "active", "tty0\n");
	assert_int_equal(console_write_all(list, *state, "more\n", 5, 200), 1);
	assert_int_equal(file_read(console, 1000, &written, NULL, &error), 0);
	assert_string_equal(written, "before\ntext\nmore\n");
}

#define HEADER(seconds)                                                                            \
	"ClamAV-VDB:16 Sep 2021 08-32 -0400:62:6647427:90:md5:signature:builder:" seconds

static void reads_signature_headers(void **state _unused_)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
	    {HEADER("1631795562   "), 1631795562},
	    {HEADER("1631795562"), 1631795562},
	    {HEADER(""), 0},
	    {HEADER("x"), 0},
	    {"ClamAV-VDB:16 Sep", 0},
	    {"ClamAV-VDB:", 0},
	    {"ClamAV", 0},
	    {"", 0},
	    {"EICAR:0:*:58354f", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(signatures_parse_header(cases[i].text, strlen(cases[i].text)),
				 cases[i].seconds);
}

static void tells_official_signatures_from_own(void **state)
{
	struct signatures signatures;

	signatures_read(*state, &signatures);
	assert_false(signatures.any);
	write_file(*state, "postcask.ndb", "Test:0:*:00");
	signatures_read(*state, &signatures);
	assert_true(signatures.any && !signatures.official);
	assert_in_range(time(NULL) - signatures.made, 0, 100);
	write_file(*state, "daily.cld", HEADER("1700000000"));
	signatures_read(*state, &signatures);
	assert_false(signatures.official);
	write_file(*state, "main.cvd", HEADER("1600000000"));
	write_file(*state, "daily.old", HEADER("1"));
	signatures_read(*state, &signatures);
	assert_true(signatures.official);
	assert_int_equal(signatures.made, 1700000000);
	signatures_read("/nonexistent", &signatures);
	assert_false(signatures.any);
}

static int load_settings(const char *folder, const char *text, struct probe_settings *settings,
			 struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, "settings.json");

	write_file(folder, "settings.json", text);
	probe_settings_init(settings);
	return probe_settings_load(settings, path, error);
}

static void loads_what_firstboot_wrote(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *secret = file_join(*state, "secret");
	struct probe_settings settings;

	assert_int_equal(
	    load_settings(*state,
			  "{\"hostname\":\"mail.example.org\",\"domains\":[\"a.org\"],"
			  "\"services\":{\"smtp\":true,\"imap\":false},\"version\":\"1\","
			  "\"tls\":{\"certificate\":\"\"},\"first_address\":null}",
			  &settings, &error),
	    0);
	assert_string_equal(settings.hostname, "mail.example.org");
	assert_string_equal(published_text(settings.published, "domains[]"), "a.org");
	assert_null(published_text(settings.published, "tls.certificate"));
	assert_true(settings.enabled[PORT_SMTP]);
	assert_false(settings.enabled[PORT_IMAP] || settings.enabled[PORT_POP3]);
	assert_int_equal(settings.number[PORT_SMTP], 25);
	write_file(*state, "secret", "pass word\n");
	assert_int_equal(probe_settings_load_password(&settings, secret, &error), 0);
	assert_string_equal(settings.password, "pass word");
	probe_settings_free(&settings);
	assert_int_equal(load_settings(*state, "{\"services\":{}}", &settings, &error), -EINVAL);
	probe_settings_free(&settings);
	assert_int_equal(load_settings(*state, "{", &settings, &error), -EBADMSG);
	write_file(*state, "secret", "\n");
	assert_int_equal(probe_settings_load_password(&settings, secret, &error), -EINVAL);
	probe_settings_free(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(merges_the_parts),
	    cmocka_unit_test(judges_what_the_firewall_did),
	    cmocka_unit_test(what_the_probes_wrote_is_made_printable),
	    cmocka_unit_test(the_line_is_what_others_rely_on),
	    cmocka_unit_test(the_summary_shows_ports_and_notes),
	    folder_test(a_stuck_console_holds_up_nobody),
	    folder_test(falls_back_to_the_system_console),
	    cmocka_unit_test(reads_signature_headers),
	    folder_test(tells_official_signatures_from_own),
	    folder_test(loads_what_firstboot_wrote),
	};

	return cmocka_run_group_tests_name("probe reports", tests, NULL, NULL);
}
