#include "image/run.h"

#include <errno.h>
#include <getopt.h>
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
#include "image/command.h"
#include "image/console.h"
#include "image/qemu.h"
#include "image/seed.h"

enum { EXIT_DEGRADED = 2, EXIT_USAGE = 2, FORWARD_LIMIT = 32, CREATE_S = 60, POWER_OFF_S = 60 };

/* What a mail server answers on, and ssh. */
static const struct {
	unsigned port;
	const char *says;
} services[] = {{22, "ssh"},
		{25, "smtp, from other mail servers"},
		{465, "submissions: send mail, TLS"},
		{587, "submission: send mail, STARTTLS"},
		{143, "imap, STARTTLS"},
		{993, "imaps: read mail, TLS"},
		{110, "pop3, STARTTLS"},
		{995, "pop3s, TLS"},
		{4190, "managesieve: filters, STARTTLS"}};

struct run {
	const char *image, *user_data, *meta_data, *network_config, *disk, *size, *monitor;
	bool uefi, cut_off, once, no_seed;
	unsigned memory_mib, timeout_s;
	struct forward forwards[FORWARD_LIMIT];
	size_t forward_count;
	/* while it runs */
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
	_cleanup_free_ char *image = realpath(run->image, NULL);
	const char *suffix = strrchr(run->image, '.');
	int result;

	if (file_exists(disk))
		return 0;
	if (!image)
		return error_errno(error, errno, "%s: build it first: postcask-image build",
				   run->image);
	result = command_output(CREATE_S,
				COMMAND("qemu-img", "create", "-q", "-f", "qcow2", "-F",
					suffix && strcmp(suffix, ".raw") == 0 ? "raw" : "qcow2",
					"-b", image, disk, run->size),
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
	const struct seed seed = {.user_data = run->user_data,
				  .meta_data = run->meta_data,
				  .network_config = run->network_config};
	struct qemu qemu = {.disk = run->disk ? run->disk : overlay,
			    .seed = run->no_seed ? NULL : seed_path,
			    .monitor = run->monitor ? run->monitor : monitor,
			    .memory_mib = run->memory_mib,
			    .cut_off = run->cut_off,
			    .forwards = run->forwards,
			    .forward_count = run->forward_count};
	const char *initial = NULL;
	int result = disk_make(run, qemu.disk, error);

	if (result == 0 && !run->no_seed)
		result = seed_write(&seed, seed_path, error);
	if (result == 0 && run->uefi)
		result = qemu_find_firmware(&qemu.firmware_code, &initial, error);
	if (result == 0 && run->uefi)
		result = firmware_copy(initial, variables, error);
	if (result == 0 && run->uefi)
		qemu.firmware_variables = variables;
	if (result == 0)
		result = qemu_choose_ports(run->forwards, run->forward_count, error);
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
	const char *slash = strrchr(run->image, '/');

	snprintf(path, size, "%.*sca.pem", slash ? (int)(slash + 1 - run->image) : 0, run->image);
	return file_replace(path, console->certificate.data, console->certificate.size, 0644, -1,
			    -1, NULL);
}

static void connection_explain(const struct run *run, const struct console *console)
{
	char path[PATH_MAX];

	printf("\nConnect to 127.0.0.1:\n");
	for (size_t i = 0; i < run->forward_count; i++) {
		const char *says = "";

		for (size_t s = 0; s < ARRAY_SIZE(services); s++)
			if (services[s].port == run->forwards[i].guest)
				says = services[s].says;
		printf("  port %5u -> %-5u %s\n", run->forwards[i].host, run->forwards[i].guest,
		       says);
	}
	if (!run->no_seed)
		printf("User and password: see %s\n", run->user_data);
	if (console->certificate.size && certificate_save(run, console, path, sizeof(path)) == 0)
		printf("Certificate authority: %s\n", path);
	if (!run->once)
		printf("Press Ctrl-C to stop the machine%s.\n",
		       run->disk ? "" : " and forget what it wrote");
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

	if (!run->disk)
		return;
	printf("\nShutting the machine down; Ctrl-C again cuts its power.\n");
	fflush(stdout);
	if (qemu_power_button(run->monitor ? run->monitor : monitor, &error) < 0)
		error_print(&error);
	while (event_wait(run, console, deadline) == 0)
		continue;
}

static int state_to_exit(enum console_state state)
{
	return state == CONSOLE_READY	   ? EXIT_SUCCESS
	       : state == CONSOLE_DEGRADED ? EXIT_DEGRADED
					   : EXIT_FAILURE;
}

/* Follows the console until the report, then stays with the machine. */
static int machine_follow(struct run *run, struct error *error)
{
	_cleanup_(console_free) struct console console = {.show = line_show, .context = run};
	int64_t deadline = clock_now_ms() + (int64_t)run->timeout_s * 1000;
	int result = 0;

	while (result == 0 && console.state == CONSOLE_WAITING)
		result = event_wait(run, &console, deadline);
	if (result == -ETIME)
		return error_set(error, ETIME, "the machine did not report within %u s",
				 run->timeout_s);
	if (console.state != CONSOLE_WAITING) {
		connection_explain(run, &console);
		if (run->once) {
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

static const char usage[] =
    "usage: postcask-image run [OPTION...]\n"
    "\n"
    "  --image=FILE           build/postcask.qcow2 (or a .raw)\n"
    "  --user-data=FILE       image/example-user-data.yaml\n"
    "  --no-user-data         boot without a seed disk\n"
    "  --meta-data=FILE       instead of one made from the user-data\n"
    "  --network-config=FILE  netplan's format; without it: DHCP\n"
    "  --uefi                 by UEFI; otherwise by BIOS\n"
    "  --disk=FILE            keep what the machine writes (made when missing)\n"
    "  --size=SIZE            of the disk: 8G\n"
    "  --memory=MIB           2048\n"
    "  --forward=HOST:GUEST   a port of 127.0.0.1; without it: all mail ports and ssh\n"
    "  --cut-off              the machine reaches nothing but who connects to it\n"
    "  --timeout=SECONDS      for the report to appear: 600\n"
    "  --monitor=SOCKET       where QEMU listens for QMP\n"
    "  --once                 stop after the report: 0 ready, 2 degraded, 1 failed\n";

enum {
	IMAGE,
	USER_DATA,
	NO_USER_DATA,
	META_DATA,
	NETWORK_CONFIG,
	UEFI,
	BIOS,
	DISK,
	SIZE,
	MEMORY,
	FORWARD,
	CUT_OFF,
	TIMEOUT,
	MONITOR,
	ONCE,
	HELP,
};

static const struct option long_options[] = {
    {"image", required_argument, NULL, IMAGE},
    {"user-data", required_argument, NULL, USER_DATA},
    {"no-user-data", no_argument, NULL, NO_USER_DATA},
    {"meta-data", required_argument, NULL, META_DATA},
    {"network-config", required_argument, NULL, NETWORK_CONFIG},
    {"uefi", no_argument, NULL, UEFI},
    {"bios", no_argument, NULL, BIOS},
    {"disk", required_argument, NULL, DISK},
    {"size", required_argument, NULL, SIZE},
    {"memory", required_argument, NULL, MEMORY},
    {"forward", required_argument, NULL, FORWARD},
    {"cut-off", no_argument, NULL, CUT_OFF},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"monitor", required_argument, NULL, MONITOR},
    {"once", no_argument, NULL, ONCE},
    {"help", no_argument, NULL, HELP},
    {0},
};

static int number_take(const char *text, unsigned first, unsigned last, unsigned *ret,
		       struct error *error)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value < first || value > last)
		return error_set(error, EINVAL, "'%s': write a number from %u to %u", text, first,
				 last);
	*ret = (unsigned)value;
	return 0;
}

static int forward_take(struct run *run, const char *text, struct error *error)
{
	struct forward forward;
	char end;

	if (run->forward_count == FORWARD_LIMIT ||
	    sscanf(text, "%u:%u%c", &forward.host, &forward.guest, &end) != 2 ||
	    forward.host > 65535 || forward.guest > 65535 || forward.guest == 0)
		return error_set(error, EINVAL, "--forward=%s: write HOST-PORT:GUEST-PORT", text);
	run->forwards[run->forward_count++] = forward;
	return 0;
}

static int option_take(struct run *run, int option, const char *text, struct error *error)
{
	const struct {
		int option;
		const char **text;
		bool *flag;
	} rows[] = {{IMAGE, &run->image, NULL},
		    {USER_DATA, &run->user_data, NULL},
		    {META_DATA, &run->meta_data, NULL},
		    {NETWORK_CONFIG, &run->network_config, NULL},
		    {DISK, &run->disk, NULL},
		    {SIZE, &run->size, NULL},
		    {MONITOR, &run->monitor, NULL},
		    {NO_USER_DATA, NULL, &run->no_seed},
		    {UEFI, NULL, &run->uefi},
		    {CUT_OFF, NULL, &run->cut_off},
		    {ONCE, NULL, &run->once}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].option != option)
			continue;
		if (rows[i].text)
			*rows[i].text = text;
		else
			*rows[i].flag = true;
		return 0;
	}
	if (option == BIOS)
		run->uefi = false;
	else if (option == MEMORY)
		return number_take(text, 512, 1 << 20, &run->memory_mib, error);
	else if (option == TIMEOUT)
		return number_take(text, 1, 86400, &run->timeout_s, error);
	else if (option == FORWARD)
		return forward_take(run, text, error);
	else
		return error_set(error, EINVAL, "see postcask-image run --help");
	return 0;
}

int run_main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(run_free) struct run run = {.image = "build/postcask.qcow2",
					      .user_data = "image/example-user-data.yaml",
					      .size = "8G",
					      .memory_mib = 2048,
					      .timeout_s = 600,
					      .console_fd = -1,
					      .signals = -1};
	int option, result = 0;

	while (result == 0 && (option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		if (option == HELP) {
			printf("%s", usage);
			return EXIT_SUCCESS;
		}
		result = option_take(&run, option, optarg, &error);
	}
	if (result == 0 && optind < argc)
		result = error_set(&error, EINVAL, "'%s' is no option; see --help", argv[optind]);
	if (result < 0) {
		error_print(&error);
		return EXIT_USAGE;
	}
	for (size_t i = 0; run.forward_count == 0 && i < ARRAY_SIZE(services); i++)
		run.forwards[i].guest = services[i].port;
	if (run.forward_count == 0)
		run.forward_count = ARRAY_SIZE(services);
	result = run_machine(&run, &error);
	if (result < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return result;
}
