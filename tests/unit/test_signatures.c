// SPDX-License-Identifier: GPL-3.0-or-later
/* When clamd is told to load, and that nobody's signatures are forgotten. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "signatures/load.h"

enum { LONG_MS = 20000, SHORT_MS = 50, COMMANDS = 32 };

/* What clamd 1.4 says to STATS. */
#define STATS(queue, tasks)                                                                        \
	"POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live 2  idle 0 max 2 idle-timeout 0\n"         \
	"QUEUE: " queue " items\n" tasks "\nMEMSTATS: heap 4.2M\nEND\n"
#define OWN  "\tSTATS 0.000044 \n"
#define SCAN "\tCONTSCAN 0.3 /var/lib/amavis/tmp/STATS \n"

/* A clamd that answers each connection's one command, and notes it. */
struct daemon {
	char folder[32], path[64], databases[64], commands[COMMANDS];
	const char *stats, *reload;
	int busy; /* how often a scan runs when it is asked */
	int fd;
	size_t count;
	pthread_t thread;
};

static const char *answer_to(struct daemon *daemon, const char *command)
{
	switch (command[1]) {
	case 'S':
		return daemon->busy-- > 0 ? STATS("0", SCAN OWN) : daemon->stats;
	case 'R':
		return daemon->reload;
	default:
		return "PONG\n";
	}
}

static void *serve(void *context)
{
	struct daemon *daemon = context;

	for (int client; (client = accept(daemon->fd, NULL, NULL)) >= 0; close(client)) {
		char command[16] = "";
		const char *answer;

		if (read(client, command, sizeof(command) - 1) <= 0)
			continue;
		if (daemon->count < COMMANDS - 1)
			daemon->commands[daemon->count++] = command[1];
		answer = answer_to(daemon, command);
		assert_true(write(client, answer, strlen(answer)) > 0);
	}
	return NULL;
}

static struct signatures_load start(struct daemon *daemon)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(daemon->folder, "/tmp/signatures.XXXXXX");
	assert_non_null(mkdtemp(daemon->folder));
	snprintf(daemon->path, sizeof(daemon->path), "%s/socket", daemon->folder);
	strcpy(address.sun_path, daemon->path);
	daemon->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(daemon->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(daemon->fd, 8), 0);
	snprintf(daemon->databases, sizeof(daemon->databases), "%s/databases", daemon->folder);
	assert_int_equal(mkdir(daemon->databases, 0755), 0);
	assert_int_equal(pthread_create(&daemon->thread, NULL, serve, daemon), 0);
	return (struct signatures_load){.socket = daemon->path,
					.databases = daemon->databases,
					.folder = daemon->folder,
					.idle_ms = LONG_MS,
					.load_ms = LONG_MS};
}

static void end(struct daemon *daemon)
{
	shutdown(daemon->fd, SHUT_RDWR);
	pthread_join(daemon->thread, NULL);
	close(daemon->fd);
	assert_int_equal(file_remove_tree(daemon->folder, NULL), 0);
}

static struct signatures_note note_of(const struct daemon *daemon)
{
	_cleanup_free_ char *path = file_join(daemon->folder, "last");
	_cleanup_free_ char *text = NULL;
	unsigned long long print;
	struct signatures_note note;
	long long began, ended;

	assert_int_equal(file_read(path, 100, &text, NULL, NULL), 0);
	assert_int_equal(sscanf(text, "%lld %lld %llx\n", &began, &ended, &print), 3);
	note = (struct signatures_note){began, ended, print};
	assert_true(note.began_ms > 0 && note.began_ms <= note.ended_ms);
	assert_true(note.ended_ms <= clock_now_ms());
	return note;
}

static void a_scan_and_one_that_waits_are_seen(void **state _unused_)
{
	assert_false(signatures_stats_busy(STATS("0", OWN)));
	assert_false(signatures_stats_busy(STATS("0", "\tIDLE 12.5 \n" OWN)));
	assert_false(signatures_stats_busy(""));
	assert_true(signatures_stats_busy(STATS("0", SCAN OWN)));
	assert_true(signatures_stats_busy(STATS("0", OWN SCAN)));
	assert_true(signatures_stats_busy(STATS("0", "\tN/A 0.0 \n" OWN)));
	assert_true(signatures_stats_busy(STATS("2", OWN)));
	assert_true(signatures_stats_busy(STATS("12", "")));
}

static void it_waits_for_the_end_of_a_scan(void **state _unused_)
{
	struct daemon daemon = {.busy = 3, .stats = STATS("0", OWN), .reload = "RELOADING\n"};
	struct signatures_load load = start(&daemon);
	enum signatures_result result = SIGNATURES_UNCHANGED;

	assert_int_equal(signatures_load(&load, &result, NULL), 0);
	assert_int_equal(result, SIGNATURES_LOADED);
	note_of(&daemon);
	end(&daemon);
	assert_string_equal(daemon.commands, "SSSSRP");
}

static void scans_without_an_end_do_not_hold_it_for_ever(void **state _unused_)
{
	struct daemon daemon = {.stats = STATS("0", SCAN), .reload = "RELOADING\n"};
	struct signatures_load load = start(&daemon);
	enum signatures_result result;

	load.idle_ms = SHORT_MS;
	assert_int_equal(signatures_load(&load, &result, NULL), 0);
	end(&daemon);
	assert_string_equal(daemon.commands, "SRP");
}

static void another_answer_is_an_error(void **state _unused_)
{
	struct daemon daemon = {.stats = STATS("0", OWN), .reload = "UNKNOWN COMMAND\n"};
	struct signatures_load load = start(&daemon);
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	enum signatures_result result;

	assert_int_equal(signatures_load(&load, &result, &error), -EPROTO);
	assert_non_null(strstr(error_text(&error), "UNKNOWN COMMAND"));
	end(&daemon);
	assert_string_equal(daemon.commands, "SR");
}

static void nobody_there_is_an_error(void **state _unused_)
{
	struct daemon daemon = {.stats = STATS("0", OWN)};
	struct signatures_load load = start(&daemon);
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	enum signatures_result result;

	load.socket = "/nowhere/socket";
	assert_int_equal(signatures_load(&load, &result, &error), -ENOENT);
	end(&daemon);
}

enum { FAILED = SIGNATURES_UNCHANGED + 1 };

static pid_t ask(const struct signatures_load *load, int lock)
{
	pid_t pid = fork();
	enum signatures_result result;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	close(lock); /* a child's holds it too */
	_exit(signatures_load(load, &result, NULL) < 0 ? FAILED : (int)result);
}

/* One that began before they asked is not theirs; of those who wait for it one loads. */
static void all_who_wait_need_one_load(void **state _unused_)
{
	struct daemon daemon = {.stats = STATS("0", OWN), .reload = "RELOADING\n"};
	struct signatures_load load = start(&daemon);
	_cleanup_free_ char *path = file_join(daemon.folder, "lock");
	size_t count[FAILED + 1] = {0};
	int lock = -1, status;
	pid_t asking[4];

	assert_int_equal(file_lock(path, 0, &lock, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(asking); i++)
		asking[i] = ask(&load, lock);
	usleep(4 * SHORT_MS * 1000); /* who has not asked by then loads too, which is right */
	close(lock);
	for (size_t i = 0; i < ARRAY_SIZE(asking); i++) {
		assert_int_equal(waitpid(asking[i], &status, 0), asking[i]);
		assert_true(WIFEXITED(status));
		count[WEXITSTATUS(status)]++;
	}
	end(&daemon);
	assert_int_equal(count[FAILED], 0);
	assert_true(count[SIGNATURES_LOADED] >= 1);
	assert_int_equal(count[SIGNATURES_LOADED] + count[SIGNATURES_BY_ANOTHER],
			 ARRAY_SIZE(asking));
	assert_int_equal(daemon.count, 3 * count[SIGNATURES_LOADED]);
}

static void as_long_as_a_load_took_none_follows(void **state _unused_)
{
	const struct signatures_note last = {.began_ms = 1000, .ended_ms = 21000};
	const struct signatures_note none = {0};

	assert_int_equal(signatures_rest_ms(&last, 21000), 20000);
	assert_int_equal(signatures_rest_ms(&last, 40000), 1000);
	assert_int_equal(signatures_rest_ms(&last, 41000), 0);
	assert_int_equal(signatures_rest_ms(&last, 90000), 0);
	assert_int_equal(signatures_rest_ms(&none, 90000), 0);
	/* of another boot, or not written by us */
	assert_int_equal(signatures_rest_ms(&last, 20000), 0);
	assert_int_equal(signatures_rest_ms(&(struct signatures_note){5000, 1000, 0}, 6000), 0);
}

static void put(const struct daemon *daemon, const char *name, const char *text)
{
	_cleanup_free_ char *path = file_join(daemon->databases, name);

	assert_int_equal(file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, NULL),
			 0);
}

static enum signatures_result load_if_changed(struct signatures_load load)
{
	enum signatures_result result;

	load.if_changed = true;
	assert_int_equal(signatures_load(&load, &result, NULL), 0);
	return result;
}

static void what_lies_there_unchanged_is_not_loaded_again(void **state _unused_)
{
	struct daemon daemon = {.stats = STATS("0", OWN), .reload = "RELOADING\n"};
	struct signatures_load load = start(&daemon);
	enum signatures_result result;

	put(&daemon, "daily.cld", "as it is");
	assert_int_equal(signatures_start(&load, NULL), 0);
	assert_int_equal(note_of(&daemon).print, signatures_print(daemon.databases));
	assert_int_equal(load_if_changed(load), SIGNATURES_UNCHANGED);
	put(&daemon, "freshclam.dat", "it has looked");
	assert_int_equal(load_if_changed(load), SIGNATURES_UNCHANGED);
	put(&daemon, "daily.cld", "as it is");
	assert_int_equal(load_if_changed(load), SIGNATURES_LOADED);
	put(&daemon, "own.ndb", "another");
	assert_int_equal(load_if_changed(load), SIGNATURES_LOADED);
	assert_int_equal(load_if_changed(load), SIGNATURES_UNCHANGED);
	assert_int_equal(signatures_load(&load, &result, NULL), 0); /* asked for */
	assert_int_equal(result, SIGNATURES_LOADED);
	end(&daemon);
	assert_string_equal(daemon.commands, "SRPSRPSRP");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_scan_and_one_that_waits_are_seen),
	    cmocka_unit_test(it_waits_for_the_end_of_a_scan),
	    cmocka_unit_test(scans_without_an_end_do_not_hold_it_for_ever),
	    cmocka_unit_test(another_answer_is_an_error),
	    cmocka_unit_test(nobody_there_is_an_error),
	    cmocka_unit_test(all_who_wait_need_one_load),
	    cmocka_unit_test(what_lies_there_unchanged_is_not_loaded_again),
	    cmocka_unit_test(as_long_as_a_load_took_none_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
