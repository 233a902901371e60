// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/qemu.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/process.h"
#include "image/command.h"
#include "image/machine.h"

enum { WORD_LIMIT = 96, PORT_ABOVE = 10000, MONITOR_S = 5, HELP_S = 20, HELP_LIMIT = 1 << 20 };

#define QEMU_USER "nobody"

struct words {
	char *words[WORD_LIMIT + 1];
	size_t count;
	bool failed;
};

static void words_add(struct words *words, const char *format, ...) _printf_(2, 3);

static void words_add(struct words *words, const char *format, ...)
{
	va_list arguments;

	if (words->count == WORD_LIMIT) {
		words->failed = true;
		return;
	}
	va_start(arguments, format);
	if (vasprintf(&words->words[words->count], format, arguments) < 0)
		words->failed = true;
	else
		words->count++;
	va_end(arguments);
}

static void words_free(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->words[i]);
}

static int port_bind(unsigned port, unsigned *ret_port)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	*ret_port = ntohs(address.sin_port);
	return 0;
}

int qemu_choose_ports(struct forward *forwards, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		struct forward *forward = &forwards[i];
		unsigned wanted = forward->host, port;

		if (port_bind(wanted ? wanted : forward->guest + PORT_ABOVE, &port) == 0) {
			forward->host = port;
			continue;
		}
		if (wanted)
			return error_set(error, EADDRINUSE,
					 "port %u of this host is taken; forward another one to %u",
					 wanted, forward->guest);
		if (port_bind(0, &forward->host) < 0)
			return error_errno(error, errno, "no free port");
	}
	return 0;
}

int qemu_find_firmware(const char **ret_code, const char **ret_variables, struct error *error)
{
	static const struct {
		const char *code, *variables;
	} places[] = {{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
		      {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"}};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (file_exists(places[i].code) && file_exists(places[i].variables)) {
			*ret_code = places[i].code;
			*ret_variables = places[i].variables;
			return 0;
		}
	return error_set(error, ENOENT, "no UEFI firmware in /usr/share/OVMF; install ovmf");
}

/* Root is needed for nothing once all files are open, and what breaks out of the machine, or
 * reaches this host's loopback through QEMU's network, is then no more than any user here.
 * Newer versions of QEMU have another word for it. */
static void words_add_user(struct words *words)
{
	const struct process process = {.argv = COMMAND("qemu-system-x86_64", "-help"),
					.timeout_ms = HELP_S * 1000,
					.output_limit = HELP_LIMIT};
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer help = BUFFER_INIT;

	if (geteuid() != 0 || process_run(&process, &help, &none) != 0)
		return;
	if (strstr(buffer_text(&help), "user=username")) {
		words_add(words, "-run-with");
		words_add(words, "user=" QEMU_USER);
	} else if (strstr(buffer_text(&help), "\n-runas ")) {
		words_add(words, "-runas");
		words_add(words, QEMU_USER);
	}
}

static void words_fill(struct words *words, const struct qemu *qemu)
{
	_cleanup_(buffer_free) struct buffer network = BUFFER_INIT;
	bool kvm = machine_has_kvm();
	static const char *const fixed[] = {"-machine", "q35",	 "-smp",	"2",
					    "-display", "none",	 "-nodefaults", "-no-user-config",
					    "-serial",	"stdio", "-device",	"virtio-rng-pci"};

	words_add(words, "qemu-system-x86_64");
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		words_add(words, "%s", fixed[i]);
	words_add_user(words);
	words_add(words, "-accel");
	words_add(words, kvm ? "kvm" : "tcg,thread=multi");
	words_add(words, "-cpu");
	/* The emulation of CMPXCHG16B now and then leaves wrong flags; the kernel, which uses
	 * it in its allocator, takes them for a double fault. */
	words_add(words, kvm ? "host" : "max,cx16=off");
	words_add(words, "-m");
	words_add(words, "%u", qemu->memory_mib);
	words_add(words, "-qmp");
	words_add(words, "unix:%s,server=on,wait=off", qemu->monitor);
	if (qemu->firmware_variables) {
		words_add(words, "-drive");
		words_add(words, "if=pflash,format=raw,readonly=on,file=%s", qemu->firmware_code);
		words_add(words, "-drive");
		words_add(words, "if=pflash,format=raw,file=%s", qemu->firmware_variables);
	}
	words_add(words, "-drive");
	words_add(words, "if=none,id=disk,format=qcow2,cache=writeback,discard=unmap,file=%s",
		  qemu->disk);
	words_add(words, "-device");
	words_add(words, "virtio-blk-pci,drive=disk,bootindex=0");
	if (qemu->seed) {
		words_add(words, "-drive");
		words_add(words, "if=none,id=seed,format=raw,readonly=on,file=%s", qemu->seed);
		words_add(words, "-device");
		words_add(words, "virtio-blk-pci,drive=seed");
	}
	buffer_addf(&network, "user,id=net%s", qemu->cut_off ? ",restrict=on" : "");
	for (size_t i = 0; i < qemu->forward_count; i++)
		buffer_addf(&network, ",hostfwd=tcp:127.0.0.1:%u-:%u", qemu->forwards[i].host,
			    qemu->forwards[i].guest);
	words_add(words, "-netdev");
	words_add(words, "%s", buffer_text(&network));
	words_add(words, "-device");
	words_add(words, "virtio-net-pci,netdev=net");
}

static _Noreturn void qemu_exec(char **words, int output)
{
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0)
		execvp(words[0], words);
	fprintf(stderr, "postcask-image: cannot run %s: %s\n", words[0], strerror(errno));
	_exit(127);
}

/* Process 1 of a namespace of its own: with it the kernel ends QEMU, which loses the signal for
 * a dead parent when it becomes another user.  Without root it is an ordinary parent, and that
 * signal stays. */
static _Noreturn void qemu_keep(char **words, int output)
{
	int status;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0); /* the terminal's ^C is ours to handle */
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		qemu_exec(words, output);
	}
	close(output);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	_exit(pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int qemu_start(const struct qemu *qemu, pid_t *ret_pid, int *ret_console, struct error *error)
{
	_cleanup_(words_free) struct words words = {0};
	int ends[2];
	pid_t pid;

	words_fill(&words, qemu);
	if (words.failed)
		return error_errno(error, ENOMEM, "QEMU's command line");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(error, errno, "cannot make a pipe");
	pid = (pid_t)syscall(SYS_clone, SIGCHLD | (geteuid() == 0 ? CLONE_NEWPID : 0), NULL, NULL,
			     NULL, 0);
	if (pid == 0)
		qemu_keep(words.words, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_errno(error, errno, "cannot fork");
	}
	*ret_pid = pid;
	*ret_console = ends[0];
	return 0;
}

int qemu_power_button(const char *monitor, struct error *error)
{
	static const char *const commands[] = {"{\"execute\":\"qmp_capabilities\"}\n",
					       "{\"execute\":\"system_powerdown\"}\n"};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval deadline = {.tv_sec = MONITOR_S};
	char answer[4096];

	if (strlen(monitor) >= sizeof(address.sun_path))
		return error_errno(error, ENAMETOOLONG, "%s", monitor);
	strcpy(address.sun_path, monitor);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(error, errno, "%s", monitor);
	if (read(fd, answer, sizeof(answer)) <= 0) /* its greeting */
		return error_errno(error, EPROTO, "%s", monitor);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (write(fd, commands[i], strlen(commands[i])) < 0 ||
		    read(fd, answer, sizeof(answer)) <= 0)
			return error_errno(error, EPROTO, "%s", monitor);
	return 0;
}
