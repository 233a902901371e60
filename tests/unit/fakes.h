// SPDX-License-Identifier: GPL-3.0-or-later
/* A machine for the transaction (firstboot/, generation/): its folders, and in place of the
 * programs that it calls others that do as they are told, in milliseconds.
 *
 * A word in a file of the generation says what its daemon thinks of it, so that what happens
 * depends on what is in force:
 *
 *	refuse_me	its checker says no
 *	hang_here	its checker does not come back
 *	crash_here	its checker is killed by a signal
 *	not_utf8	its checker says no in bytes that are no UTF-8
 *	stay_away	its unit does not take it
 *	break_it	its self-test fails
 *
 * A forked child of process_run calls execvp, and the linker takes the one that is defined
 * here for the program's own code; likewise for what the machine's accounts are, and for its
 * files outside of the folders that the transaction is given.  What the fakes have seen is in
 * memory that all processes share. */
#ifndef POSTCASK_TEST_FAKES_H
#define POSTCASK_TEST_FAKES_H

#include "cuts.h"

#include <grp.h>
#include <poll.h>
#include <sys/mman.h>
#include <time.h>

#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate.h"
#include "dkim/store.h"
#include "firstboot/apply.h"
#include "firstboot/trial.h"
#include "generation/drift.h"
#include "generation/generation.h"

#define FAKE_TEMPLATES "overlays/usr/share/postcask/templates"
#define FAKE_HASH      "$y$j9T$abcdefghijklmnopqrstu.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/"

enum { FAKE_UNITS = 32, FAKE_GIVEN = 64, FAKE_TEXT = 64 * 1024, FAKE_GROUP = 4321 };

/* What the fake programs are told, and what they have seen. */
struct fake {
	char missing[32]; /* a program that is not there */
	bool mute;	  /* the self-tests leave no report */
	bool ill;	  /* a self-test fails whatever is in force */
	bool hurried;	  /* a minute takes a tenth of a second */
	struct {
		char unit[64], generation[64];
	} took[FAKE_UNITS]; /* which generation a unit runs on */
	size_t took_count;
	struct {
		char file[128];
		uid_t user;
		gid_t group;
	} given[FAKE_GIVEN]; /* which files were given to whom */
	size_t given_count;
	atomic_size_t calls_size;
	char calls[FAKE_TEXT]; /* a line each: the program's name and its arguments */
};

struct machine {
	char folder[64];
	char state[96], run[96], keys[96], combined[96], instance[96], file[96], store[96];
	struct apply_paths boot, apply;
	struct settings_sources sources;
};

static struct fake *fake; /* shared with the children */
static struct machine machine;

static const char *cut_place(const char *path, char place[CUT_PATH])
{
	static const char *const outside[] = {"/run/amavis/", "/var/spool/postfix/"};

	for (size_t i = 0; machine.folder[0] && i < ARRAY_SIZE(outside); i++)
		if (strncmp(path, outside[i], strlen(outside[i])) == 0 &&
		    snprintf(place, CUT_PATH, "%s%s", machine.folder, path) < CUT_PATH)
			return place;
	return path;
}

/* The groups of the image, which this host has not. */
struct group *fake_getgrnam(const char *name) __asm__("getgrnam");
struct group *fake_getgrnam(const char *name _unused_)
{
	static struct group group = {.gr_gid = FAKE_GROUP};

	return &group;
}

/* Only root can give a file away; here it is noted. */
int fake_fchown(int fd, uid_t user, gid_t group) __asm__("fchown");
int fake_fchown(int fd, uid_t user, gid_t group)
{
	char link[64], path[CUT_PATH];
	ssize_t size;
	size_t i;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size < 0)
		return -1;
	path[size] = '\0';
	i = fake->given_count++ % FAKE_GIVEN;
	snprintf(fake->given[i].file, sizeof(fake->given[i].file), "%s", strrchr(path, '/') + 1);
	fake->given[i].user = user;
	fake->given[i].group = group;
	return 0;
}

/* Whose group a file, or the temporary one that became it, was given to last. */
static _unused_ gid_t fake_group_of(const char *name)
{
	gid_t group = (gid_t)-1;

	for (size_t i = 0; i < FAKE_GIVEN && i < fake->given_count; i++)
		if (strstr(fake->given[i].file, name) && fake->given[i].user == 0)
			group = fake->given[i].group;
	return group;
}

/* A clock by which a checker's deadline is soon over. */
enum { FAKE_HURRY = 600 };
int fake_clock_gettime(clockid_t id, struct timespec *time) __asm__("clock_gettime");
int fake_clock_gettime(clockid_t id, struct timespec *time)
{
	int result = (int)syscall(SYS_clock_gettime, id, time);

	if (result == 0 && id == CLOCK_BOOTTIME && fake && fake->hurried) {
		int64_t nanoseconds = (int64_t)time->tv_nsec * FAKE_HURRY;

		time->tv_sec = time->tv_sec * FAKE_HURRY + nanoseconds / 1000000000;
		time->tv_nsec = nanoseconds % 1000000000;
	}
	return result;
}

int fake_poll(struct pollfd *fds, nfds_t count, int timeout) __asm__("poll");
int fake_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (timeout > 0 && fake && fake->hurried)
		timeout = timeout / FAKE_HURRY + 1;
	return (int)syscall(SYS_poll, fds, count, timeout);
}

/* In a forked child of a program with threads: no memory is taken. */
static void fake_say(const char *format, ...) _printf_(1, 2);
static void fake_say(const char *format, ...)
{
	char text[4096];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	syscall(SYS_write, STDERR_FILENO, text, (size_t)size);
}

static bool fake_file_has(const char *path, const char *word)
{
	static char text[256 * 1024];
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (size >= 0)
		text[size] = '\0';
	if (fd >= 0)
		close(fd);
	return size >= 0 && strstr(text, word);
}

static void fake_note_call(const char *name, char *const argv[])
{
	char line[2048];
	int size = snprintf(line, sizeof(line), "%s", name);

	for (size_t i = 1; argv[i] && size < (int)sizeof(line); i++)
		size += snprintf(line + size, sizeof(line) - (size_t)size, " %s", argv[i]);
	size += snprintf(line + size, sizeof(line) - (size_t)size, "\n");
	size_t at = atomic_fetch_add(&fake->calls_size, (size_t)size);
	if (at + (size_t)size < FAKE_TEXT)
		memcpy(fake->calls + at, line, (size_t)size);
}

/* The daemons' own checkers. */
static _Noreturn void fake_checker(const char *name, char *const argv[])
{
	char file[512] = "";

	for (size_t i = 1; argv[i]; i++)
		if (strstr(argv[i], machine.state))
			snprintf(file, sizeof(file), "%s", strstr(argv[i], machine.state));
	if (strcmp(name, "check-postfix") == 0)
		strcat(file, "/etc/postfix/main.cf");
	if (strcmp(name, "check-spamassassin") == 0)
		strcat(file, "/etc/spamassassin/postcask.cf");
	if (fake_file_has(file, "hang_here"))
		pause();
	if (fake_file_has(file, "crash_here"))
		kill(getpid(), SIGKILL);
	if (fake_file_has(file, "not_utf8"))
		fake_say("fatal: \xff\xfe is no value\n");
	else if (fake_file_has(file, "refuse_me"))
		fake_say("fatal: %s: refuse_me is unknown\n", strrchr(file, '/') + 1);
	else
		_exit(0);
	_exit(1);
}

/* What the self-tests write: the mailbox and the port, and the machine itself. */
static void fake_verify(void)
{
	char path[256], text[1024];
	bool mail, box;
	int fd, size;

	snprintf(path, sizeof(path), "%s/current/etc/postfix/main.cf", machine.state);
	mail = !fake_file_has(path, "break_it");
	snprintf(path, sizeof(path), "%s/current/etc/dovecot/dovecot.conf", machine.state);
	box = !fake_file_has(path, "break_it");
	size = snprintf(text, sizeof(text),
			"{\"probes\": [{\"name\": \"smtp\", \"result\": \"%s\", \"detail\": "
			"\"220 was awaited\"}, {\"name\": \"imap\", \"result\": \"%s\", "
			"\"detail\": \"no OK\"}, {\"name\": \"disk\", \"result\": \"%s\", "
			"\"detail\": \"it is ill\"}, {\"name\": \"pop3\", \"result\": "
			"\"skipped\", \"detail\": \"off\"}]}\n",
			mail ? "passed" : "failed", box ? "passed" : "failed",
			fake->ill ? "failed" : "passed");
	snprintf(path, sizeof(path), "%s/verify/report.json", machine.run);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	syscall(SYS_write, fd, text, (size_t)size);
	close(fd);
}

static void fake_take(const char *unit)
{
	char link[128], generation[64] = "";
	size_t i;

	snprintf(link, sizeof(link), "%s/current", machine.state);
	if (readlink(link, generation, sizeof(generation) - 1) < 0)
		return;
	for (i = 0; i < fake->took_count && strcmp(fake->took[i].unit, unit) != 0; i++)
		;
	if (i == FAKE_UNITS)
		abort();
	snprintf(fake->took[i].unit, sizeof(fake->took[i].unit), "%s", unit);
	memcpy(fake->took[i].generation, generation, sizeof(generation));
	fake->took_count += i == fake->took_count;
}

/* Does a unit that is told refuse what is in force? */
static bool fake_stays_away(const char *unit)
{
	char path[256];
	bool postfix = strcmp(unit, "postfix.service") == 0;

	snprintf(path, sizeof(path), "%s/current/etc/%s", machine.state,
		 postfix ? "postfix/main.cf" : "dovecot/dovecot.conf");
	return (postfix || strcmp(unit, "dovecot.service") == 0) &&
	       fake_file_has(path, "stay_away");
}

static _Noreturn void fake_systemctl(char *const argv[])
{
	int status = 0;

	for (size_t i = 2; argv[i]; i++)
		if (strcmp(argv[i], "postcask-verify.service") == 0) {
			if (!fake->mute)
				fake_verify();
		} else if (fake_stays_away(argv[i])) {
			fake_say("Job for %s failed: \xff\n", argv[i]);
			status = 1;
		} else {
			fake_take(argv[i]);
		}
	_exit(status);
}

int fake_execvp(const char *file, char *const argv[]) __asm__("execvp");
int fake_execvp(const char *file, char *const argv[])
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;

	cut.kind = CUT_NONE; /* what is cut off is the transaction */
	fake_note_call(name, argv);
	if (strcmp(name, fake->missing) == 0) {
		errno = ENOENT;
		return -1;
	}
	if (strcmp(name, "systemctl") == 0)
		fake_systemctl(argv);
	fake_checker(name, argv);
}

static _unused_ size_t fake_called(const char *line)
{
	size_t count = 0;

	for (const char *at = fake->calls; (at = strstr(at, line)); at += strlen(line))
		count++;
	return count;
}

static _unused_ const char *fake_unit_runs_on(const char *unit)
{
	for (size_t i = 0; i < fake->took_count; i++)
		if (strcmp(fake->took[i].unit, unit) == 0)
			return fake->took[i].generation;
	return "nothing";
}

static _unused_ void fake_forget_calls(void)
{
	memset(fake->calls, 0, sizeof(fake->calls));
	atomic_store(&fake->calls_size, 0);
}

/* The user-data's `mail`, as JSON, which is also YAML: `more` are members of it, each with a
 * comma before it. */
static void machine_write(const char *path, const char *before, const char *more)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	assert_true(asprintf(&text,
			     "%s{\"fqdn\": \"mail.example.org\", \"mail\": {\"domains\": "
			     "[\"example.org\"], \"users\": [{\"address\": \"alice@example.org\", "
			     "\"password_hash\": \"" FAKE_HASH "\"}]%s}}\n",
			     before, more) > 0);
	assert_int_equal(file_replace(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, &error),
			 0);
}

/* cloud-init's data of the next boot. */
static _unused_ void machine_user_data(const char *more)
{
	machine_write(machine.combined, "", more);
}

static _unused_ void machine_instance(const char *id)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(
	    file_replace(machine.instance, id, strlen(id), 0644, (uid_t)-1, (gid_t)-1, &error), 0);
}

static _unused_ char *machine_path(const char *name)
{
	char *path = file_join(machine.folder, name);

	assert_non_null(path);
	return path;
}

/* Runs a command of the host for the test itself. */
static void machine_system(const char *format, ...) _printf_(1, 2);
static void machine_system(const char *format, ...)
{
	_cleanup_free_ char *command = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&command, format, arguments);
	va_end(arguments);
	assert_true(size > 0 && system(command) == 0);
}

static void machine_place(char *ret, size_t size, const char *name)
{
	assert_true(snprintf(ret, size, "%s/%s", machine.folder, name) < (int)size);
}

/* The machine's own keys, made once: an RSA key takes as long as all of these tests. */
static char fake_keys[64];

static void machine_folders(void)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *verify = file_join(machine.run, "verify");

	assert_int_equal(file_make_folders(machine.state, 0755, &error), 0);
	assert_int_equal(file_make_folders(machine.store, 0755, &error), 0);
	assert_int_equal(file_make_folders(verify, 0755, &error), 0);
}

/* In memory where there is such a folder: on a disk each rename is a wait. */
static bool fake_folder(char *ret, size_t size)
{
	const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(ret, size, "%s/postcask-test-XXXXXX", parent);
	return mkdtemp(ret);
}

static _unused_ int machine_make(void **state)
{
	if (!fake_folder(machine.folder, sizeof(machine.folder)))
		return -1;
	memset(fake, 0, sizeof(*fake));
	machine_place(machine.state, sizeof(machine.state), "state");
	machine_place(machine.run, sizeof(machine.run), "run");
	machine_place(machine.keys, sizeof(machine.keys), "keys");
	machine_place(machine.combined, sizeof(machine.combined), "combined.json");
	machine_place(machine.instance, sizeof(machine.instance), "instance-id");
	machine_place(machine.file, sizeof(machine.file), "given.yaml");
	machine_place(machine.store, sizeof(machine.store), "store");
	machine.boot = (struct apply_paths){.state = machine.state,
					    .run = machine.run,
					    .keys = machine.keys,
					    .name = "firstboot.json"};
	machine.apply = machine.boot;
	machine.apply.name = "apply.json";
	machine.sources = (struct settings_sources){.combined = machine.combined,
						    .user_data = "/nonexistent",
						    .instance = machine.instance};
	machine_folders();
	machine_instance("i-1\n");
	machine_user_data("");
	machine_system("cp -a %s %s", fake_keys, machine.keys);
	*state = &machine;
	return 0;
}

static _unused_ int machine_remove(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int result = file_remove_tree(machine.folder, &error);

	machine.folder[0] = '\0';
	return result;
}

#define machine_test(function)                                                                     \
	cmocka_unit_test_setup_teardown(function, machine_make, machine_remove)

/* Of the domain that all of them have. */
static _unused_ int fake_dkim_keys(void)
{
	json_t *settings = json_pack("{s:s, s:[s], s:{s:s}}", "hostname", "mail.example.org",
				     "domains", "example.org", "dkim", "selector", "pc");
	_cleanup_(dkim_store_clear) struct dkim_store store = {.count = 0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct dkim_made made;
	int result = dkim_store_from_settings(settings, fake_keys, &store, &error);

	store.group = (gid_t)-1;
	json_decref(settings);
	return result < 0 ? result : dkim_store_fill(&store, 60 * 1000, &made, &error);
}

/* For the group: what all machines share. */
static _unused_ int fakes_begin(void **state _unused_)
{
	static const char *const names[] = {"mail.example.org"};
	struct certificate_request request = {.folder = fake_keys, .names = names, .name_count = 1};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;

	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake == MAP_FAILED || !fake_folder(fake_keys, sizeof(fake_keys)) ||
	    setenv("POSTCASK_TEMPLATES", FAKE_TEMPLATES, 1) < 0)
		return -1;
	return certificate_ensure(&request, &outcome, &error) < 0 ? -1 : fake_dkim_keys();
}

static _unused_ int fakes_end(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	return file_remove_tree(fake_keys, &error);
}

/* A run of the transaction, as firstboot_main.c has them, and what it said. */
struct run {
	struct apply_outcome outcome;
	struct error error;
	int result;
	bool judged;
};

#define RUN_INIT ((struct run){.outcome = APPLY_OUTCOME_INIT})

static _unused_ void run_clear(struct run *run)
{
	apply_outcome_clear(&run->outcome);
	error_clear(&run->error);
	*run = RUN_INIT;
}

/* The part of a boot before the daemons start. */
static _unused_ void machine_apply_settings(struct run *run)
{
	run_clear(run);
	run->result =
	    apply_settings(&machine.boot, &machine.sources, NULL, &run->outcome, &run->error);
}

/* All of them run on what is in force. */
static _unused_ void machine_start_daemons(void)
{
	static const char *const units[] = {"postfix.service", "dovecot.service",
					    "amavis.service",  "clamav-daemon.service",
					    "unbound.service", "clamav-freshclam.service"};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		fake_take(units[i]);
}

static _unused_ void machine_judge(struct run *run, const struct apply_paths *paths, bool running)
{
	run_clear(run);
	run->result = trial_judge(paths, running, &run->outcome, &run->judged, &run->error);
}

/* A whole boot.  `judged` is what its judge found. */
static _unused_ void machine_boots(struct run *applied, struct run *judged)
{
	machine_apply_settings(applied);
	machine_start_daemons();
	fake_verify();
	machine_judge(judged, &machine.boot, false);
}

/* The user-data that `postcask apply` is given. */
static _unused_ void machine_gives(const char *more)
{
	machine_write(machine.file, "#cloud-config\n", more);
}

/* The first half of `postcask apply`. */
static _unused_ void machine_applies_given(struct run *run)
{
	machine_judge(run, &machine.apply, true);
	if (run->result < 0)
		return;
	run_clear(run);
	run->result = apply_settings(&machine.apply, &machine.sources, machine.file, &run->outcome,
				     &run->error);
}

static _unused_ void machine_applies(const char *more, struct run *run)
{
	machine_gives(more);
	machine_applies_given(run);
}

/* Both halves: put in force, and judged. */
static _unused_ void machine_changes(const char *more, struct run *applied, struct run *judged)
{
	machine_applies(more, applied);
	machine_judge(judged, &machine.apply, true);
}

static _unused_ const char *machine_in_force(void)
{
	static char target[64];
	_cleanup_free_ char *link = file_join(machine.state, "current");
	ssize_t size = readlink(link, target, sizeof(target) - 1);

	target[size < 0 ? 0 : size] = '\0';
	return target;
}

/* Every file of the generation in force is what was rendered, and its settings are whole. */
static _unused_ void assert_in_force_is_whole(void)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *manifest = NULL, *drift = NULL, *settings = NULL;
	_cleanup_free_ char *name = NULL, *path = machine_path("state/current/settings.json");

	assert_int_equal(json_file_read(path, SETTINGS_SIZE_LIMIT, 0, &settings, &error), 0);
	assert_int_equal(generation_current(machine.state, &name, &manifest, &error), 0);
	assert_int_equal(drift_find(machine.state, manifest, &drift, &error), 0);
	assert_int_equal(json_array_size(drift), 0);
}

static _unused_ bool machine_file_has(const char *name, const char *word)
{
	_cleanup_free_ char *path = machine_path(name);

	return fake_file_has(path, word);
}

/* Has a list of sentences this one, or one with these words? */
static _unused_ bool says(const json_t *sentences, const char *words)
{
	const json_t *sentence;
	size_t i;

	json_array_foreach(sentences, i, sentence)
	{
		if (strstr(json_string_value(sentence), words))
			return true;
	}
	return false;
}

#define EXTRA(key, line)    "\"" key "\": \"" line "\""
#define WITH_EXTRA(members) ", \"extra\": {" members "}"
#define POSTFIX_LINE(line)  WITH_EXTRA(EXTRA("postfix", line))

#endif
