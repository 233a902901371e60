// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "probe/probe_access.h"
#include "probe/run_report.h"
#include "probe_server.h"
#include "report/report_text.h"
#include "state/report_state.h"

/* What the probes of these tests did, in order. */
static struct {
	pthread_mutex_t lock;
	char order[256];
	int running, most_running;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void remember(const struct probe *probe, const char *half)
{
	size_t used;

	pthread_mutex_lock(&seen.lock);
	used = strlen(seen.order);
	snprintf(seen.order + used, sizeof(seen.order) - used, "%s%s ", probe->name, half);
	pthread_mutex_unlock(&seen.lock);
}

static enum failure_class pass(struct probe_run *run _unused_, const struct probe *probe,
			       struct probe_result *result)
{
	remember(probe, "");
	/* An attempt that was meant to fail leaves no trace. */
	failure_set(&result->failure, FAILURE_AUTHENTICATION, "refused");
	return FAILURE_NONE;
}

static enum failure_class pass_second(struct probe_run *run _unused_, const struct probe *probe,
				      struct probe_result *result _unused_)
{
	remember(probe, "2");
	return FAILURE_NONE;
}

static enum failure_class fail_probe(struct probe_run *run _unused_, const struct probe *probe,
				     struct probe_result *result)
{
	remember(probe, "");
	return failure_set(&result->failure, FAILURE_CONTENT, "not as it was sent");
}

static enum failure_class wait_for_others(struct probe_run *run _unused_,
					  const struct probe *probe _unused_,
					  struct probe_result *result _unused_)
{
	pthread_mutex_lock(&seen.lock);
	if (++seen.running > seen.most_running)
		seen.most_running = seen.running;
	pthread_mutex_unlock(&seen.lock);
	usleep(100 * 1000);
	pthread_mutex_lock(&seen.lock);
	seen.running--;
	pthread_mutex_unlock(&seen.lock);
	return FAILURE_NONE;
}

static void prepare(struct probe_settings *settings)
{
	seen.order[0] = '\0';
	probe_settings_init(settings);
	settings->published =
	    json_pack("{s:s, s:[s], s:{s:s}}", "hostname", "mail.example.org", "domains",
		      "example.org", "tls", "certificate", "none"); /* no TLS in these tests */
	settings->hostname = published_text(settings->published, "hostname");
	settings->quarantine = "/nonexistent";
	settings->signatures = "/nonexistent";
	settings->enabled[PORT_SMTP] = settings->enabled[PORT_IMAPS] = true;
}

static void run_table(struct probe_run *run, const struct probe *table, size_t count,
		      const char *only, const struct probe_settings *settings)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(probe_run_init(run, table, count, only, settings, 5000, &error), 0);
	assert_int_equal(probe_run_all(run, &error), 0);
}

static const struct probe_result *result_of(const struct probe_run *run, const char *name)
{
	for (size_t i = 0; i < run->count; i++)
		if (strcmp(run->results[i].probe->name, name) == 0)
			return &run->results[i];
	fail_msg("no result of %s", name);
	return NULL;
}

static void seconds_follow_firsts_and_last_is_last(void **state _unused_)
{
	static const struct probe table[] = {
	    {.name = "a", .port = PORT_NONE, .first = pass, .second = pass_second},
	    {.name = "b", .port = PORT_NONE, .second = pass_second, .after = "a"},
	    {.name = "c", .port = PORT_NONE, .second = pass_second, .after = "b"},
	    {.name = "z", .port = PORT_NONE, .second = pass_second, .last = true},
	};
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run;

	prepare(&settings);
	run_table(&run, table, ARRAY_SIZE(table), NULL, &settings);
	assert_string_equal(seen.order, "a a2 b2 c2 z2 ");
	assert_int_equal(result_of(&run, "a")->outcome, PROBE_PASSED);
	assert_int_equal(result_of(&run, "a")->failure.class, FAILURE_NONE);
	assert_string_equal(failure_text(&result_of(&run, "a")->failure), "");
}

static void what_needs_a_failed_probe_is_skipped(void **state _unused_)
{
	static const struct probe table[] = {
	    {.name = "a", .port = PORT_SMTP, .first = fail_probe, .second = pass_second},
	    {.name = "b", .port = PORT_IMAPS, .second = pass_second, .after = "a"},
	    {.name = "c", .port = PORT_IMAPS, .first = pass},
	    {.name = "d", .port = PORT_POP3, .first = pass},
	    {.name = "e", .port = PORT_POP3, .second = pass_second, .after = "a"},
	};
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run;

	prepare(&settings);
	run_table(&run, table, ARRAY_SIZE(table), NULL, &settings);
	assert_null(strstr(seen.order, "2"));
	assert_int_equal(result_of(&run, "a")->outcome, PROBE_FAILED);
	assert_int_equal(result_of(&run, "b")->outcome, PROBE_SKIPPED);
	assert_string_equal(result_of(&run, "b")->detail, "needs what did not pass: a");
	assert_int_equal(result_of(&run, "d")->outcome, PROBE_SKIPPED);
	assert_string_equal(result_of(&run, "d")->detail, "not enabled in the settings");
	assert_string_equal(result_of(&run, "e")->detail, "not enabled in the settings");
	assert_false(probe_port_proved(&run, PORT_SMTP));
	assert_true(probe_port_proved(&run, PORT_IMAPS));
	assert_false(probe_port_proved(&run, PORT_POP3)); /* nothing was proved */
}

static void independent_probes_run_at_the_same_time(void **state _unused_)
{
	static const struct probe table[] = {
	    {.name = "a", .port = PORT_NONE, .first = wait_for_others},
	    {.name = "b", .port = PORT_NONE, .first = wait_for_others},
	    {.name = "c", .port = PORT_NONE, .first = wait_for_others},
	    {.name = "d", .port = PORT_NONE, .first = wait_for_others},
	};
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run;

	prepare(&settings);
	run_table(&run, table, ARRAY_SIZE(table), NULL, &settings);
	assert_int_equal(seen.most_running, 4);
	assert_in_range(result_of(&run, "d")->milliseconds, 90, 3000);
}

static void only_takes_what_it_needs_along(void **state _unused_)
{
	static const struct probe table[] = {
	    {.name = "a", .port = PORT_NONE, .first = pass},
	    {.name = "b", .port = PORT_NONE, .second = pass_second, .after = "a"},
	    {.name = "c", .port = PORT_NONE, .first = pass},
	};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run, none;

	prepare(&settings);
	run_table(&run, table, ARRAY_SIZE(table), "b", &settings);
	assert_string_equal(seen.order, "a b2 ");
	assert_int_equal(run.count, 2);
	assert_int_equal(
	    probe_run_init(&none, table, ARRAY_SIZE(table), "x", &settings, 1000, &error), -EINVAL);
}

/* The state of a report when the probe of each port ends so, with signatures in `folder`. */
static void expect_state(const char *folder, probe_function *smtp, probe_function *imaps,
			 const char *state, const char *open)
{
	const struct probe table[] = {
	    {.name = "in", .component = "postfix", .port = PORT_SMTP, .first = smtp},
	    {.name = "read", .component = "dovecot", .port = PORT_IMAPS, .first = imaps},
	    {.name = "read more", .component = "dovecot", .port = PORT_IMAP, .first = pass},
	    {.name = "read less", .component = "dovecot", .port = PORT_POP3, .first = fail_probe},
	};
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run;
	_cleanup_free_ char *dump = NULL;
	json_t *report;

	prepare(&settings);
	settings.signatures = folder;
	settings.enabled[PORT_IMAP] = imaps == pass;
	run_table(&run, table, ARRAY_SIZE(table), NULL, &settings);
	report = report_make(&run, false);
	assert_non_null(report);
	assert_string_equal(report_state_name(report_state_of(report)), state);
	dump = json_dumps(json_object_get(report, "open"), JSON_COMPACT);
	assert_string_equal(dump, open);
	json_decref(report);
}

static void the_state_says_whether_mail_flows(void **state)
{
	static const char all[] = "[\"smtp\",\"imap\",\"imaps\"]";
	_cleanup_free_ char *path = file_join(*state, "postcask.ndb");
	time_t before = time(NULL) - 2 * 86400;
	struct timespec old[2] = {{.tv_sec = before}, {.tv_sec = before}};

	expect_state(*state, pass, pass, "degraded", all); /* no signatures at all */
	assert_int_equal(file_replace(path, "Own:0:*:00\n", 11, 0644, -1, -1, NULL), 0);
	expect_state(*state, pass, pass, "ready", all);
	expect_state(*state, fail_probe, pass, "failed", "[\"imap\",\"imaps\"]");
	expect_state(*state, pass, fail_probe, "failed", "[\"smtp\"]");
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	expect_state(*state, pass, pass, "degraded", all); /* the official ones do not come */
}

static enum failure_class ask_mail_deadline(struct probe_run *run,
					    const struct probe *probe _unused_,
					    struct probe_result *result)
{
	result->milliseconds = probe_mail_deadline(run) - clock_now_ms();
	return FAILURE_NONE;
}

static void nobody_waits_for_mail_without_the_filter(void **state _unused_)
{
	static const struct probe down[] = {
	    {.name = "filter", .port = PORT_NONE, .first = fail_probe, .carries_mail = true},
	    {.name = "mail", .port = PORT_NONE, .second = ask_mail_deadline, .last = true},
	};
	static const struct probe up[] = {
	    {.name = "filter", .port = PORT_NONE, .first = pass, .carries_mail = true},
	    {.name = "mail", .port = PORT_NONE, .second = ask_mail_deadline, .last = true},
	};
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run first, second;

	prepare(&settings);
	run_table(&first, down, ARRAY_SIZE(down), NULL, &settings);
	assert_in_range(result_of(&first, "mail")->milliseconds, 2000, 3100);
	run_table(&second, up, ARRAY_SIZE(up), NULL, &settings);
	assert_in_range(result_of(&second, "mail")->milliseconds, 3500, 4600);
}

static atomic_bool answers;

/* Long enough for another worker to take what is ready. */
static enum failure_class load_the_filter(struct probe_run *run _unused_,
					  const struct probe *probe _unused_,
					  struct probe_result *result _unused_)
{
	const struct timespec while_others_work = {.tv_nsec = 200 * 1000 * 1000};

	nanosleep(&while_others_work, NULL);
	answers = true;
	return FAILURE_NONE;
}

static enum failure_class fail_before_it_answers(struct probe_run *run _unused_,
						 const struct probe *probe _unused_,
						 struct probe_result *result _unused_)
{
	return answers ? FAILURE_NONE : FAILURE_TIMEOUT;
}

/* A filter that loads for a minute takes nothing of the time that mail has. */
static void mail_is_not_late_before_the_filter_answers(void **state _unused_)
{
	static const struct probe table[] = {
	    {.name = "mail", .port = PORT_NONE, .first = pass, .second = fail_before_it_answers},
	    {.name = "filter", .port = PORT_NONE, .first = load_the_filter, .carries_mail = true},
	};
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run;

	answers = false;
	prepare(&settings);
	run_table(&run, table, ARRAY_SIZE(table), NULL, &settings);
	assert_int_equal(result_of(&run, "mail")->outcome, PROBE_PASSED);
}

#define TROUBLE READ_LINE, SAY("454 4.7.0 Connection lost to authentication server\r\n")

static enum probe_outcome guess(const struct step *steps, struct probe_settings *settings)
{
	static const struct probe table[] = {
	    {.name = "clear", .port = PORT_SMTP, .first = probe_access_clear},
	};
	struct probe_run run;
	struct server server;
	enum probe_outcome outcome;

	server_start(&server, steps, NULL);
	settings->host = "127.0.0.1";
	settings->number[PORT_SMTP] = server.port;
	run_table(&run, table, ARRAY_SIZE(table), NULL, settings);
	outcome = run.results[0].outcome;
	probe_run_free(&run);
	server_finish(&server);
	return outcome;
}

/* A busy machine closes no port because Dovecot took longer once than Postfix waits for it. */
static void a_temporary_answer_to_a_guess_is_asked_again(void **state _unused_)
{
	static const struct step once[] = {
	    SAY("220 a\r\n"), READ_LINE, SAY("250-a\r\n250 STARTTLS\r\n"),
	    TROUBLE,	      READ_LINE, SAY("530 5.7.0 TLS first\r\n"),
	    SILENCE,	      END};
	static const struct step twice[] = {
	    SAY("220 a\r\n"), READ_LINE, SAY("250-a\r\n250 STARTTLS\r\n"), TROUBLE, TROUBLE,
	    SILENCE,	      END};
	_cleanup_(probe_settings_free) struct probe_settings settings;

	prepare(&settings);
	settings.password = strdup("secret");
	assert_int_equal(guess(once, &settings), PROBE_PASSED);
	assert_int_equal(guess(twice, &settings), PROBE_FAILED);
}

static void one_port_of_a_direction_is_enough(void **state _unused_)
{
	static const struct probe table[] = {
	    {.name = "in", .component = "postfix", .port = PORT_SMTP, .first = pass},
	    {.name = "imap", .component = "dovecot", .port = PORT_IMAP, .first = pass},
	    {.name = "imaps", .component = "dovecot", .port = PORT_IMAPS, .first = fail_probe},
	};
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	json_t *report;

	prepare(&settings);
	settings.enabled[PORT_IMAP] = true;
	run_table(&run, table, ARRAY_SIZE(table), NULL, &settings);
	report = report_make(&run, false);
	assert_int_equal(report_state_of(report), REPORT_DEGRADED);
	assert_int_equal(report_exit_status(report), 2);
	report_text_failures(report, 1, &text);
	assert_non_null(strstr(buffer_text(&text), "imaps"));
	assert_non_null(strstr(buffer_text(&text), "content: not as it was sent"));
	assert_null(strstr(buffer_text(&text), "postfix"));
	json_decref(report);
	report = report_make(&run, true); /* of some probes only: nothing is open */
	assert_int_equal(json_array_size(json_object_get(report, "open")), 0);
	json_decref(report);
}

static void nothing_wanted_is_not_ready(void **state _unused_)
{
	static const struct probe table[] = {
	    {.name = "clock", .component = "x", .port = PORT_NONE, .first = pass}};
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run;
	json_t *report;

	prepare(&settings);
	settings.enabled[PORT_SMTP] = settings.enabled[PORT_IMAPS] = false;
	run_table(&run, table, ARRAY_SIZE(table), NULL, &settings);
	report = report_make(&run, false);
	assert_int_equal(report_state_of(report), REPORT_FAILED);
	json_decref(report);
	/* But with the role send-only, where nobody has a login. */
	json_object_set_new(settings.published, "here", json_pack("{s:b}", "filter", 0));
	report = report_make(&run, false);
	assert_int_equal(report_state_of(report), REPORT_READY);
	json_decref(report);
}

/* The table that is shipped keeps the runner's rules. */
static void the_table_is_sound(void **state _unused_)
{
	bool has_port[PORTS] = {0};

	for (size_t i = 0; i < probe_table_size; i++) {
		const struct probe *probe = &probe_table[i];
		bool found = !probe->after;

		assert_true(probe->first || probe->second);
		assert_true(strlen(probe->component) > 0);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(probe->name, probe_table[j].name);
			found = found || strcmp(probe->after, probe_table[j].name) == 0;
		}
		assert_true(found); /* and so there is no circle */
		if (probe->port < PORTS)
			has_port[probe->port] = true;
	}
	for (enum port port = 0; port < PORTS; port++)
		assert_true(has_port[port]);
}

/* Nothing listens anywhere: every probe says so, none hangs, none passes but the
 * clock's, and no port opens. */
static void a_dead_machine_proves_nothing(void **state _unused_)
{
	_cleanup_(probe_settings_free) struct probe_settings settings;
	_cleanup_(probe_run_free) struct probe_run run;
	int64_t started = clock_now_ms();

	prepare(&settings);
	settings.password = strdup("secret");
	for (enum port port = 0; port < PORTS; port++) {
		settings.enabled[port] = true;
		settings.number[port] = 1;
	}
	settings.resolver_port = settings.amavis_incoming = settings.amavis_submitted = 1;
	run_table(&run, probe_table, probe_table_size, NULL, &settings);
	assert_in_range(clock_now_ms() - started, 0, 5000);
	for (size_t i = 0; i < run.count; i++) {
		const struct probe_result *result = &run.results[i];

		if (strcmp(result->probe->name, "clock") == 0)
			continue;
		assert_true(result->outcome == PROBE_FAILED || result->outcome == PROBE_SKIPPED);
	}
	for (enum port port = 0; port < PORTS; port++)
		assert_false(probe_port_proved(&run, port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seconds_follow_firsts_and_last_is_last),
	    cmocka_unit_test(what_needs_a_failed_probe_is_skipped),
	    cmocka_unit_test(independent_probes_run_at_the_same_time),
	    cmocka_unit_test(only_takes_what_it_needs_along),
	    folder_test(the_state_says_whether_mail_flows),
	    cmocka_unit_test(nobody_waits_for_mail_without_the_filter),
	    cmocka_unit_test(mail_is_not_late_before_the_filter_answers),
	    cmocka_unit_test(a_temporary_answer_to_a_guess_is_asked_again),
	    cmocka_unit_test(one_port_of_a_direction_is_enough),
	    cmocka_unit_test(nothing_wanted_is_not_ready),
	    cmocka_unit_test(the_table_is_sound),
	    cmocka_unit_test(a_dead_machine_proves_nothing),
	};

	return cmocka_run_group_tests_name("probe runs", tests, NULL, NULL);
}
