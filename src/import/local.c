// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "base/clock.h"
#include "import/imap_scan.h"
#include "import/listing.h"

enum {
	ANSWER_MS = 5 * 60 * 1000, /* a disk that is slow, a folder that is locked */
	END_MS = 10 * 1000,
	LINE_LIMIT = 64 * 1024,
	CONFIG_FD = 20, /* Dovecot has use for the first ones */
};

/* ---- imap ---- */

static _Noreturn void become_imap(const struct local_owner *owner, int socket)
{
	_cleanup_free_ char *home = NULL, *user = NULL;
	char config[32];
	int journal;
	const char *const argv[] = {"/usr/lib/dovecot/imap", "-k", "-c", config, NULL};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setpgid(0, 0); /* Ctrl-C ends it by the end of its input, between two messages */
	snprintf(config, sizeof(config), "/proc/self/fd/%d", CONFIG_FD);
	/* What it says besides is the journal's; without one nobody hears of it. */
	journal = sd_journal_stream_fd("postcask-import", LOG_INFO, 0);
	if (journal < 0)
		journal = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (asprintf(&home, "HOME=%s", owner->home) < 0 ||
	    asprintf(&user, "USER=%s", owner->address) < 0 || dup2(socket, STDIN_FILENO) < 0 ||
	    dup2(socket, STDOUT_FILENO) < 0 || dup2(journal, STDERR_FILENO) < 0 ||
	    dup2(owner->config, CONFIG_FD) < 0 || fcntl(CONFIG_FD, F_SETFD, 0) < 0 ||
	    close_range(STDERR_FILENO + 1, CONFIG_FD - 1, 0) < 0 ||
	    close_range(CONFIG_FD + 1, ~0U, 0) < 0)
		_exit(126);
	char *const environment[] = {home, user, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	execve(argv[0], (char *const *)argv, environment);
	_exit(127);
}

static int start_imap(struct local *mailbox, const struct local_owner *owner, struct error *error)
{
	const struct stream_params params = {.deadline_ms = clock_now_ms() + ANSWER_MS,
					     .line_limit = LINE_LIMIT};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(error, errno, "cannot make a socket");
	mailbox->imap = fork();
	if (mailbox->imap == 0)
		become_imap(owner, ends[1]);
	close(ends[1]);
	if (mailbox->imap < 0) {
		close(ends[0]);
		return error_errno(error, errno, "cannot fork");
	}
	mailbox->session.protocol = &imap_protocol;
	if (stream_adopt(&mailbox->session.stream, ends[0], &params))
		return imap_error(&mailbox->session, error);
	return 0;
}

static int greet(struct local *mailbox, struct error *error)
{
	_cleanup_(imap_response_free) struct imap_response response = IMAP_RESPONSE_INIT;

	if (imap_read_response(&mailbox->session, &response))
		return imap_error(&mailbox->session, error);
	if (strncmp(buffer_text(&response.text), "* PREAUTH ", 10) != 0)
		return error_set(error, EPROTO, "it says %.200s", buffer_text(&response.text));
	mailbox->session.state = SESSION_AUTHENTICATED;
	return 0;
}

int local_open(struct local *mailbox, const struct local_owner *owner, struct error *error)
{
	struct listing listing = {&mailbox->folders, "LIST", error, 0};
	int result = start_imap(mailbox, owner, error);

	if (result == 0)
		result = greet(mailbox, error);
	if (result == 0) {
		imap_allow(&mailbox->session, ANSWER_MS, 0);
		if (imap_run(&mailbox->session, listing_take, &listing, "LIST \"\" \"*\""))
			result = imap_error(&mailbox->session, error);
		else
			result = listing.result;
	}
	if (result < 0)
		return error_wrap(error, "the mailbox of %s cannot be opened", owner->address);
	return 0;
}

/* The end of its input is its own. */
static void await_end(pid_t imap)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, imap, 0);
	struct pollfd end = {.fd = pidfd, .events = POLLIN};

	if (poll(&end, 1, END_MS) <= 0)
		kill(imap, SIGKILL);
	waitpid(imap, NULL, 0);
}

void local_close(struct local *mailbox)
{
	imap_allow(&mailbox->session, ANSWER_MS, 0);
	session_free(&mailbox->session);
	folders_free(&mailbox->folders);
	if (mailbox->imap > 0)
		await_end(mailbox->imap);
	mailbox->imap = 0;
}

/* ---- Folders and messages ---- */

int local_scan(struct local *mailbox, const char *folder, struct messages *ret, struct error *error)
{
	const struct folder *there = folders_find(&mailbox->folders, folder);

	if (!there || there->no_messages)
		return 0;
	mailbox->selected = true;
	return imap_scan(&mailbox->session, folder, ANSWER_MS, ret, error);
}

int local_make(struct local *mailbox, const char *folder, bool subscribe, struct error *error)
{
	_cleanup_free_ char *quoted = imap_quote(folder);
	struct session *session = &mailbox->session;
	struct folder *there = folders_find(&mailbox->folders, folder);

	if (!quoted)
		return error_set(error, EINVAL, "no way to write its name");
	imap_allow(session, ANSWER_MS, 0);
	if ((!there || there->no_messages) && imap_run(session, NULL, NULL, "CREATE %s", quoted) &&
	    !strstr(failure_text(&session->stream.failure), "[ALREADYEXISTS]"))
		return imap_error(session, error);
	if (there)
		there->no_messages = false;
	else if (folders_add(&mailbox->folders, strdup(folder), '/', USE_NONE, false, error) < 0)
		return -ENOMEM;
	imap_allow(session, ANSWER_MS, 0);
	if (subscribe && imap_run(session, NULL, NULL, "SUBSCRIBE %s", quoted))
		return imap_error(session, error);
	return 0;
}

struct comparison {
	struct slice bytes;
	bool same;
};

static int compare(void *context, struct message *message _unused_, const struct fetched *fetched)
{
	struct comparison *comparison = context;

	comparison->same = slice_equal(comparison->bytes, fetched->body);
	return 0;
}

int local_has(struct local *mailbox, const char *folder, struct message *message,
	      struct slice bytes, struct error *error)
{
	struct comparison comparison = {bytes, false};
	_cleanup_free_ char *quoted = imap_quote(folder);
	int result;

	imap_allow(&mailbox->session, ANSWER_MS, 0);
	if (!mailbox->selected && quoted &&
	    imap_run(&mailbox->session, NULL, NULL, "EXAMINE %s", quoted))
		return imap_error(&mailbox->session, error);
	mailbox->selected = true;
	result =
	    imap_fetch_some(&mailbox->session, &message, 1, ANSWER_MS, compare, &comparison, error);
	if (result == -ENOENT) /* deleted meanwhile */
		return 0;
	return result < 0 ? result : comparison.same;
}

int local_append(struct local *mailbox, const char *folder, struct slice parts, struct error *error)
{
	struct session *session = &mailbox->session;

	imap_allow(session, ANSWER_MS, 0);
	if (mailbox->selected && imap_run(session, NULL, NULL, "UNSELECT"))
		return imap_error(session, error);
	mailbox->selected = false;
	imap_allow(session, ANSWER_MS, parts.size);
	if (imap_append(session, folder, parts.at, parts.size) == FAILURE_NONE)
		return 0;
	imap_error(session, error);
	if (session->stream.failure.class != FAILURE_CONTENT)
		return -EIO;
	return strstr(failure_text(&session->stream.failure), "[OVERQUOTA]") ? -EDQUOT : -EBADMSG;
}
