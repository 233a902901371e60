// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/run.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/options.h"
#include "image/command.h"
#include "image/console.h"
#include "image/qemu.h"
#include "image/run_options.h"
#include "image/seed.h"

enum { CREATE_S = 60, POWER_OFF_S = 60 };

struct run {
	struct run_options options;
	char *folder; /* temporary: overlay, seed, firmware, monitor socket */
	int64_t started_ms;
	pid_t pid;
	int console_fd, signals;
};

static void run_free(struct run *run)
{
	if (run->pid > 0) {
		kill(run->pid, SIGKILL);
		waitpid(run->pid, NULL, 0);
	}
	cleanup_close(&run->console_fd);
	cleanup_close(&run->signals);
	if (run->folder && file_remove_tree(run->folder, NULL) < 0)
		fprintf(stderr, "postcask-image: cannot remove %s\n", run->folder);
	free(run->folder);
}

/* A disk over the image: the image itself is never written to. */
static int disk_make(const struct run *run, const char *disk, struct error *error)
{
	_cleanup_(buffer_free) struct buffer printed = BUFFER_INIT;
	_cleanup_free_ char *image = realpath(run->options.image, NULL);
	const char *suffix = strrchr(run->options.image, '.');
	int result;

	if (file_exists(disk))
		return 0;
	if (!image)
		return error_errno(error, errno, "%s: build it first: postcask-image build",
				   run->options.image);
	result = command_output(CREATE_S,
				COMMAND("qemu-img", "create", "-q", "-f", "qcow2", "-F",
					suffix && strcmp(suffix, ".raw") == 0 ? "raw" : "qcow2",
					"-b", image, disk, run->options.size),
				&printed, error);
	return result < 0 ? error_wrap(error, "%s", buffer_text(&printed)) : 0;
}

static int firmware_copy(const char *from, const char *to, struct error *error)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int result = file_read(from, 16 << 20, &bytes, &size, error);

	return result < 0 ? result : file_replace(to, bytes, size, 0600, -1, -1, error);
}

static int machine_start(struct run *run, struct error *error)
{
	_cleanup_free_ char *overlay = file_join(run->folder, "disk.qcow2");
	_cleanup_free_ char *seed_path = file_join(run->folder, "seed.iso");
	_cleanup_free_ char *variables = file_join(run->folder, "variables.fd");
	_cleanup_free_ char *monitor = file_join(run->folder, "monitor");
	const struct seed seed = {.user_data = run->options.user_data,
				  .meta_data = run->options.meta_data,
				  .network_config = run->options.network_config};
	struct qemu qemu = {.disk = run->options.disk ? run->options.disk : overlay,
			    .seed = run->options.no_seed ? NULL : seed_path,
			    .monitor = run->options.monitor ? run->options.monitor : monitor,
			    .memory_mib = run->options.memory_mib,
			    .cut_off = run->options.cut_off,
			    .forwards = run->options.forwards,
			    .forward_count = run->options.forward_count};
	const char *initial = NULL;
	int result = disk_make(run, qemu.disk, error);

	if (result == 0 && !run->options.no_seed)
		result = seed_write(&seed, seed_path, error);
	if (result == 0 && run->options.uefi)
		result = qemu_find_firmware(&qemu.firmware_code, &initial, error);
	if (result == 0 && run->options.uefi)
		result = firmware_copy(initial, variables, error);
	if (result == 0 && run->options.uefi)
		qemu.firmware_variables = variables;
	if (result == 0)
		result =
		    qemu_choose_ports(run->options.forwards, run->options.forward_count, error);
	return result < 0 ? result : qemu_start(&qemu, &run->pid, &run->console_fd, error);
}

static void line_show(void *context, const char *line)
{
	const struct run *run = context;

	printf("%6.1f  %s\n", (double)(clock_now_ms() - run->started_ms) / 1000, line);
	fflush(stdout);
}

/* The machine's certificate authority, beside the image. */
static int certificate_save(const struct run *run, const struct console *console, char *path,
			    size_t size)
{
	const char *slash = strrchr(run->options.image, '/');

	snprintf(path, size, "%.*sca.pem", slash ? (int)(slash + 1 - run->options.image) : 0,
		 run->options.image);
	return file_replace(path, console->certificate.data, console->certificate.size, 0644, -1,
			    -1, NULL);
}

static void connection_explain(const struct run *run, const struct console *console)
{
	char path[PATH_MAX];

	printf("\nConnect to 127.0.0.1:\n");
	for (size_t i = 0; i < run->options.forward_count; i++) {
		const struct forward *forward = &run->options.forwards[i];

		printf("  port %5u -> %-5u %s\n", forward->host, forward->guest,
		       service_explain(forward->guest));
	}
	if (!run->options.no_seed)
		printf("User and password: see %s\n", run->options.user_data);
	if (console->certificate.size && certificate_save(run, console, path, sizeof(path)) == 0)
		printf("Certificate authority: %s\n", path);
	if (!run->options.once)
		printf("Press Ctrl-C to stop the machine%s.\n",
		       run->options.disk ? "" : " and forget what it wrote");
	fflush(stdout);
}

/* Waits for the console, a signal, the machine's end or the deadline (0: none).
 * 0: the console said something; -ESHUTDOWN: QEMU ended; -EINTR; -ETIME. */
static int event_wait(struct run *run, struct console *console, int64_t deadline_ms)
{
	struct pollfd events[] = {{.fd = run->signals, .events = POLLIN},
				  {.fd = run->console_fd, .events = POLLIN}};
	char bytes[4096];
	ssize_t got;

	int ready = poll(events, 2, deadline_ms ? clock_left_ms(deadline_ms) : -1);
	if (ready == 0)
		return -ETIME;
	if (events[0].revents) {
		struct signalfd_siginfo signal;

		return read(run->signals, &signal, sizeof(signal)) < 0 ? -errno : -EINTR;
	}
	if (!events[1].revents)
		return 0;
	got = read(run->console_fd, bytes, sizeof(bytes));
	if (got <= 0)
		return -ESHUTDOWN;
	console_feed(console, bytes, (size_t)got);
	return 0;
}

/* A kept disk deserves an orderly end; a second signal is the power cut. */
static void machine_stop(struct run *run, struct console *console)
{
	_cleanup_free_ char *monitor = file_join(run->folder, "monitor");
	int64_t deadline = clock_now_ms() + POWER_OFF_S * 1000;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (!run->options.disk)
		return;
	printf("\nShutting the machine down; Ctrl-C again cuts its power.\n");
	fflush(stdout);
	if (qemu_power_button(run->options.monitor ? run->options.monitor : monitor, &error) < 0)
		error_print(&error);
	while (event_wait(run, console, deadline) == 0)
		continue;
}

static int state_to_exit(enum console_state state)
{
	return state == CONSOLE_READY	   ? EXIT_SUCCESS
	       : state == CONSOLE_DEGRADED ? COMMAND_DEGRADED
					   : EXIT_FAILURE;
}

/* Follows the console until the report, then stays with the machine. */
static int machine_follow(struct run *run, struct error *error)
{
	_cleanup_(console_free) struct console console = {.show = line_show, .context = run};
	int64_t deadline = clock_now_ms() + (int64_t)run->options.timeout_s * 1000;
	int result = 0;

	while (result == 0 && console.state == CONSOLE_WAITING)
		result = event_wait(run, &console, deadline);
	if (result == -ETIME)
		return error_set(error, ETIME, "the machine did not report within %u s",
				 run->options.timeout_s);
	if (console.state != CONSOLE_WAITING) {
		connection_explain(run, &console);
		if (run->options.once) {
			machine_stop(run, &console);
			return state_to_exit(console.state);
		}
	}
	while (result == 0)
		result = event_wait(run, &console, 0);
	if (result == -ESHUTDOWN)
		return error_set(error, ESHUTDOWN, "the machine has ended");
	machine_stop(run, &console);
	return console.state == CONSOLE_WAITING ? EXIT_FAILURE : state_to_exit(console.state);
}

static int run_machine(struct run *run, struct error *error)
{
	char template[] = "/tmp/postcask-run.XXXXXX";
	sigset_t watched;
	int result;

	if (!mkdtemp(template) || !(run->folder = strdup(template)))
		return error_errno(error, errno, "%s", template);
	sigemptyset(&watched);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGHUP);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	run->signals = signalfd(-1, &watched, SFD_CLOEXEC);
	if (run->signals < 0)
		return error_errno(error, errno, "cannot watch signals");
	run->started_ms = clock_now_ms();
	result = machine_start(run, error);
	return result < 0 ? result : machine_follow(run, error);
}

int run_main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(run_free) struct run run = {.console_fd = -1, .signals = -1};
	int result = run_options_read(argc, argv, &run.options);

	if (result != COMMAND_GO_ON)
		return result;
	result = run_machine(&run, &error);
	if (result < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return result;
}
