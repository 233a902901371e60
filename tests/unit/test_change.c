// SPDX-License-Identifier: GPL-3.0-or-later
/* generation/change.c, prove.c, drift.c and smtpd_wait.c: what of a generation is new, whether
 * its daemons accept it, and making them take it. */
#include "fakes.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "generation/change.h"
#include "generation/prove.h"
#include "generation/smtpd_wait.h"
#include "key/key.h"

/* A manifest of every file of every component; those that `other` says (NULL: none) differ. */
static json_t *manifest_of(const char *version, const char *other)
{
	json_t *files = json_object();

	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = components[i]->files; file->path; file++)
			json_object_set_new(
			    files, file->path,
			    json_string(other && strstr(other, file->path) ? "new" : "old"));
	return json_pack("{s:s,s:o}", "version", version, "files", files);
}

static struct change change_of(const char *other)
{
	_cleanup_json_ json_t *old = manifest_of("1", NULL), *new = manifest_of("1", other);

	return change_between(old, new);
}

static size_t changed_count(const struct change *change)
{
	size_t count = 0;

	for (size_t i = 0; i < component_count; i++)
		count += component_set_has(&change->changed, i);
	return count;
}

static void assert_units(const struct change *change, const char *expected)
{
	_cleanup_json_ json_t *units = change_units(change);
	_cleanup_free_ char *text = json_dumps(units, JSON_COMPACT);

	assert_string_equal(text, expected);
}

static void the_same_files_are_no_change(void **state _unused_)
{
	struct change change = change_of(NULL);

	assert_int_equal(changed_count(&change), 0);
	assert_units(&change, "[]");
	assert_int_equal(change_reload(&change, NULL), 0);
	change_reload_early(&change);
	assert_string_equal(fake->calls, "");
}

/* Each component of the table, by each of its files. */
static void a_file_changes_its_own_component_alone(void **state _unused_)
{
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = components[i]->files; file->path; file++) {
			struct change change = change_of(file->path);

			if (changed_count(&change) != 1 || !component_set_has(&change.changed, i))
				fail_msg("%s: %zu components", file->path, changed_count(&change));
		}
}

static void without_a_generation_before_all_is_new(void **state _unused_)
{
	_cleanup_json_ json_t *old = manifest_of("1", NULL), *new = manifest_of("2", NULL);
	_cleanup_json_ json_t *none = json_object();
	struct change first = change_between(NULL, new), image = change_between(old, new),
		      damaged = change_between(none, new);

	assert_int_equal(changed_count(&first), component_count);
	assert_int_equal(changed_count(&image), component_count);
	assert_int_equal(changed_count(&damaged), component_count);
}

static void new_keys_are_a_change_of_who_serves_them(void **state _unused_)
{
	struct change change = change_of(NULL);

	change_add_keys(&change, 0);
	assert_int_equal(changed_count(&change), 0);
	for (size_t kind = 0; kind < key_kind_count; kind++)
		change_add_keys(&change, KEY_BIT(kind));
	for (size_t i = 0; i < component_count; i++)
		assert_int_equal(component_set_has(&change.changed, i),
				 components[i]->keys[0] != NULL);
}

static void units_of_one_verb_are_told_in_one_call(void **state _unused_)
{
	struct change change = change_of("etc/postfix/main.cf etc/dovecot/dovecot.conf "
					 "etc/amavis/amavisd.conf etc/clamav/clamd.conf "
					 "etc/spamassassin/postcask.cf");
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(change_reload(&change, &error), 0);
	assert_int_equal(fake_called("systemctl "), 2);
	assert_int_equal(fake_called("systemctl reload-or-restart "), 1);
	assert_int_equal(fake_called("systemctl restart "), 1);
	assert_int_equal(fake_called("postfix.service"), 1);
	assert_int_equal(fake_called("dovecot.service"), 1);
	assert_int_equal(fake_called("clamav-daemon.service"), 1);
}

/* One that does not follow keeps no other from it, and is named. */
static void a_unit_that_stays_away_keeps_none_from_its_change(void **state _unused_)
{
	struct change change = change_of("etc/postfix/main.cf etc/amavis/amavisd.conf");
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(run_clear) struct run run = RUN_INIT;

	machine_apply_settings(&run);
	machine_system("echo stay_away >>%s/current/etc/postfix/main.cf", machine.state);
	assert_int_equal(change_reload(&change, &error), -EIO);
	assert_non_null(strstr(error_text(&error), "Job for postfix.service failed"));
	assert_string_equal(fake_unit_runs_on("amavis.service"), "generations/1");
	assert_string_equal(fake_unit_runs_on("postfix.service"), "nothing");
}

static void a_missing_systemctl_is_told(void **state _unused_)
{
	struct change change = change_of("etc/postfix/main.cf");
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	strcpy(fake->missing, "systemctl");
	assert_int_equal(change_reload(&change, &error), -ENOENT);
	assert_non_null(strstr(error_text(&error), "systemctl: cannot run"));
	change_reload_early(&change);
}

/* --- proving ---------------------------------------------------------------------------- */

/* Makes the first generation with `more`, and proves all of it. */
static int prove(const char *more, struct error *error)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_free_ char *templates = generation_templates(), *name = NULL, *folder = NULL;
	const struct generation_origin origin = {.key = "key"};
	_cleanup_json_ json_t *settings = NULL;

	machine_user_data(more);
	assert_int_equal(settings_load_machine(&machine.sources, &diagnostics, &settings), 0);
	assert_int_equal(generation_make(machine.state, settings, templates, &origin, &name, error),
			 0);
	folder = file_join(machine.state, name);
	fake_forget_calls();
	return prove_generation(folder, settings, &CHANGE_ALL, error);
}

static void every_checker_of_the_table_is_run(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(prove(WITH_EXTRA(EXTRA("spamassassin", "score A 1")), &error), 0);
	for (size_t i = 0; i < component_count; i++) {
		const char *program = components[i]->checker[0];

		if (!program)
			continue;
		program = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
		if (!strstr(fake->calls, program))
			fail_msg("%s was not run:\n%s", program, fake->calls);
	}
	assert_null(strchr(fake->calls, '@')); /* the folder stands in its place */
}

static void of_several_refusals_the_first_of_the_table_is_said(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(
	    prove(WITH_EXTRA(EXTRA("clamd", "refuse_me 1") ", " EXTRA(
		      "unbound", "refuse_me: 1") ", " EXTRA("postfix", "refuse_me = 1")),
		  &error),
	    -ENOEXEC);
	for (size_t i = 0; i < component_count; i++)
		if (strcmp(components[i]->name, "postfix") == 0 ||
		    strcmp(components[i]->name, "clamav") == 0 ||
		    strcmp(components[i]->name, "unbound") == 0) {
			assert_non_null(strstr(error_text(&error), components[i]->name));
			break;
		}
}

static void a_file_with_several_keys_blames_the_one_that_was_named(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(prove(WITH_EXTRA(EXTRA("postfix", "refuse_me = 1") ", " EXTRA(
				   "postfix_services", "2525 inet n - y - - smtpd")),
			       &error),
			 -ENOEXEC);
	assert_ptr_equal(strstr(error_text(&error), "mail.extra.postfix: "), error_text(&error));
}

/* The daemon that waits for its first configuration says what it thinks of it. */
struct waiting {
	int fd;
	const char *answer;
};

static void *waiting_run(void *context)
{
	struct waiting *waiting = context;
	int client = accept(waiting->fd, NULL, NULL);
	char question[512];

	if (client < 0 || recv(client, question, sizeof(question), 0) <= 0)
		abort();
	send(client, waiting->answer, strlen(waiting->answer), MSG_NOSIGNAL);
	close(client);
	return NULL;
}

static int prove_with(const char *answer, struct error *error)
{
	_cleanup_free_ char *folder = machine_path("run/amavis");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct waiting waiting = {.answer = answer};
	pthread_t thread;
	int result;

	assert_int_equal(file_make_folders(folder, 0755, error), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/amavis/check", machine.folder);
	unlink(address.sun_path);
	waiting.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(waiting.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(waiting.fd, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, waiting_run, &waiting), 0);
	result = prove("", error);
	pthread_join(thread, NULL);
	close(waiting.fd);
	return result;
}

static void a_daemon_that_waits_is_asked_in_place_of_its_checker(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(prove_with("ok\n", &error), 0);
	assert_int_equal(fake_called("amavisd -c"), 0);
	assert_int_equal(prove_with("line 7: no\n", &error), -ENOEXEC);
	assert_string_equal(error_text(&error), "amavis refuses it: line 7: no");
	error_clear(&error);
	assert_int_equal(prove_with("", &error), 0); /* it ended: its checker says */
	assert_int_equal(fake_called("amavisd -c"), 1);
}

/* --- drift ------------------------------------------------------------------------------ */

static void assert_drift(const char *expected)
{
	_cleanup_json_ json_t *manifest = NULL, *paths = NULL;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *name = NULL, *text = NULL;

	assert_int_equal(generation_current(machine.state, &name, &manifest, &error), 0);
	assert_int_equal(drift_find(machine.state, manifest, &paths, &error), 0);
	text = json_dumps(paths, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, expected);
}

static void a_drift_is_each_file_that_is_not_what_was_rendered(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	machine_apply_settings(&run);
	assert_drift("[]");
	machine_system("touch %s/current/etc/postfix/main.cf", machine.state);
	assert_drift("[]");
	machine_system(": >%s/current/etc/postfix/main.cf", machine.state);
	assert_drift("[\"etc/postfix/main.cf\"]");
	machine_system("rm %s/current/etc/postfix/main.cf", machine.state);
	assert_drift("[\"etc/postfix/main.cf\"]");
	machine_system("mkdir %s/current/etc/postfix/main.cf", machine.state);
	assert_drift("[\"etc/postfix/main.cf\"]");
	machine_system("echo more >%s/current/etc/postfix/more.cf", machine.state);
	assert_drift("[\"etc/postfix/main.cf\"]"); /* what was not rendered is nobody's */
}

/* --- Postfix's idle servers ------------------------------------------------------------- */

/* A child with these words, as Postfix's master starts them. */
static pid_t start(const char *name, const char *option, const char *service)
{
	char *const words[] = {(char *)name, (char *)option, (char *)service, NULL};
	int ends[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		execv("/proc/self/exe", words);
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0); /* it is another program now */
	close(ends[0]);
	return child;
}

static void stop(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void master_is(pid_t pid)
{
	_cleanup_free_ char *path = machine_path("var/spool/postfix/pid"), *text = NULL;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(file_make_folders(path, 0755, &error), 0);
	free(path);
	path = machine_path("var/spool/postfix/pid/master.pid");
	assert_true(asprintf(&text, "%16d\n", pid) > 0);
	assert_int_equal(file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, &error),
			 0);
}

static void servers_that_end_are_waited_for(void **state _unused_)
{
	pid_t idle = start("smtpd", "-n", "smtp"), inside, other;
	struct smtpd_wait wait;

	inside = start("smtpd", "-n", "127.0.0.1:10025");
	other = start("smtpd", "-x", "smtp");
	smtpd_wait_begin(&wait);
	assert_int_equal(wait.count, 0); /* Postfix does not run */
	master_is(getpid());
	smtpd_wait_begin(&wait);
	assert_int_equal(wait.count, 1);
	kill(idle, SIGKILL);
	smtpd_wait_end(&wait);
	assert_int_equal(waitpid(idle, NULL, WNOHANG), idle);
	assert_int_equal(wait.count, 0);
	stop(inside);
	stop(other);
}

static void a_server_that_is_busy_is_left_to_its_client(void **state _unused_)
{
	pid_t busy = start("smtpd", "-n", "smtp");
	struct smtpd_wait wait;

	master_is(getpid());
	fake->hurried = true;
	smtpd_wait_begin(&wait);
	assert_int_equal(wait.count, 1);
	smtpd_wait_end(&wait);
	assert_int_equal(waitpid(busy, NULL, WNOHANG), 0);
	stop(busy);
}

static void a_file_of_a_master_that_is_gone_is_nobody(void **state _unused_)
{
	struct smtpd_wait wait;
	pid_t gone = start("smtpd", "-n", "smtp");

	stop(gone);
	master_is(gone);
	smtpd_wait_begin(&wait);
	assert_int_equal(wait.count, 0);
	master_is(-1);
	smtpd_wait_begin(&wait);
	assert_int_equal(wait.count, 0);
	smtpd_wait_end(&wait);
}

int main(int argc _unused_, char **argv)
{
	const struct CMUnitTest tests[] = {
	    machine_test(the_same_files_are_no_change),
	    machine_test(a_file_changes_its_own_component_alone),
	    machine_test(without_a_generation_before_all_is_new),
	    machine_test(new_keys_are_a_change_of_who_serves_them),
	    machine_test(units_of_one_verb_are_told_in_one_call),
	    machine_test(a_unit_that_stays_away_keeps_none_from_its_change),
	    machine_test(a_missing_systemctl_is_told),
	    machine_test(every_checker_of_the_table_is_run),
	    machine_test(of_several_refusals_the_first_of_the_table_is_said),
	    machine_test(a_file_with_several_keys_blames_the_one_that_was_named),
	    machine_test(a_daemon_that_waits_is_asked_in_place_of_its_checker),
	    machine_test(a_drift_is_each_file_that_is_not_what_was_rendered),
	    machine_test(servers_that_end_are_waited_for),
	    machine_test(a_server_that_is_busy_is_left_to_its_client),
	    machine_test(a_file_of_a_master_that_is_gone_is_nobody),
	};

	if (strcmp(argv[0], "smtpd") == 0)
		for (;;)
			pause();
	return cmocka_run_group_tests_name("change", tests, fakes_begin, fakes_end);
}
