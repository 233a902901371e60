// SPDX-License-Identifier: GPL-3.0-or-later
/* A plugin of Dovecot's imap process: a session that goes to sleep in IDLE hears of what came
 * in the last moment before.
 *
 * With imap_hibernate_timeout an idle session is handed to the process imap-hibernate, which
 * wakes it when inotify reports a change of the mailbox.  Its watches are new ones (Dovecot
 * 2.4.1, mailbox_watch_extract_notify_fd): a change that the imap process had been told of,
 * but waited half a second to look at, or had not been told of yet, is forgotten, and the
 * session hears of that message only with the next.  So once the new watches are there, a
 * mailbox that changed after its session last looked is touched, and the session wakes.
 *
 * A session that was awake for imap_hibernate_timeout has seen what is older than that; what
 * is younger has perhaps been missed, and what a sync finds now certainly has.  The touch itself is
 * always older by the time that the woken session goes to sleep again: it does not go round in
 * circles. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <config.h>
#include <imap-common.h>

#include <imap-client.h>
#include <imap-settings.h>
#include <mail-storage-private.h>
#include <mail-user.h>
#include <module-context.h>
#include <module-dir.h>

/* Less than the timeout by this much, so that a coarse clock cannot make the touch young. */
enum { CLOCK_MARGIN_MS = 500 };

/* Names that begin with a dot are no messages of a Maildir. */
#define TOUCHED "new/.postcask-recheck"
#define LOG	"dovecot.index.log"

static MODULE_CONTEXT_DEFINE_INIT(recheck_module, &imap_module_register);
static struct module *recheck;
static imap_client_created_func_t *next_created;

const char *imap_recheck_plugin_version = DOVECOT_ABI_VERSION;
const char imap_recheck_plugin_binary_dependency[] = "imap";
void imap_recheck_plugin_init(struct module *module);
void imap_recheck_plugin_deinit(void);

static bool changed_within(int mailbox, const char *folder, long milliseconds)
{
	struct stat status;
	struct timespec now;

	if (fstatat(mailbox, folder, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    clock_gettime(CLOCK_REALTIME, &now) < 0)
		return false;
	long long age = (long long)(now.tv_sec - status.st_mtim.tv_sec) * 1000 +
			(now.tv_nsec - status.st_mtim.tv_nsec) / 1000000;

	return age < milliseconds && age > -milliseconds;
}

static void recheck_mailbox(const char *path, long milliseconds, bool news)
{
	int mailbox = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (mailbox < 0)
		return; /* removed meanwhile: what watched it was told */
	if (news || changed_within(mailbox, "new", milliseconds) ||
	    changed_within(mailbox, "cur", milliseconds)) {
		int touched =
		    openat(mailbox, TOUCHED, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (touched >= 0)
			close(touched);
		unlinkat(mailbox, TOUCHED, 0);
	}
	close(mailbox);
}

/* What is watched of a mailbox that is no Maildir is the log of its index, in which each change is
 * written.  Its first byte is the version of the format, and writing it again changes nothing. */
static void recheck_log(const char *index, long milliseconds, bool news)
{
	int folder = open(index, O_RDONLY | O_DIRECTORY | O_CLOEXEC), log = -1;
	char version;

	if (folder >= 0 && (news || changed_within(folder, LOG, milliseconds)))
		log = openat(folder, LOG, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (log >= 0) {
		if (pread(log, &version, 1, 0) == 1)
			(void)!pwrite(log, &version, 1, 0);
		close(log);
	}
	if (folder >= 0)
		close(folder);
}

/* Whether there is something that the client was not told of. */
static bool mailbox_has_news(struct mailbox *box)
{
	enum mailbox_status_items items = STATUS_MESSAGES | STATUS_UIDNEXT | STATUS_HIGHESTMODSEQ;
	struct mailbox_status told, now;

	mailbox_get_open_status(box, items, &told);
	if (mailbox_sync(box, 0) < 0)
		return false;
	mailbox_get_open_status(box, items, &now);
	return told.messages != now.messages || told.uidnext != now.uidnext ||
	       told.highest_modseq != now.highest_modseq;
}

static void recheck_destroy(struct client *client, const char *reason)
{
	union imap_module_context *context = MODULE_CONTEXT_REQUIRE(client, recheck_module);
	struct mailbox *box = client->mailbox;
	long awake_ms = (long)client->set->imap_hibernate_timeout * 1000 - CLOCK_MARGIN_MS;
	const char *path;

	if (client->hibernated && box && strcmp(box->storage->name, "maildir") != 0) {
		if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_INDEX, &path) > 0)
			recheck_log(path, awake_ms, mailbox_has_news(box));
	} else if (client->hibernated && box &&
		   mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_MAILBOX, &path) > 0)
		recheck_mailbox(path, awake_ms, mailbox_has_news(box));
	context->super.destroy(client, reason);
}

static void recheck_created(struct client **client)
{
	if (mail_user_is_plugin_loaded((*client)->user, recheck)) {
		union imap_module_context *context =
		    p_new((*client)->pool, union imap_module_context, 1);

		context->super = (*client)->v;
		(*client)->v.destroy = recheck_destroy;
		MODULE_CONTEXT_SET_SELF(*client, recheck_module, context);
	}
	if (next_created)
		next_created(client);
}

void imap_recheck_plugin_init(struct module *module)
{
	recheck = module;
	next_created = imap_client_created_hook_set(recheck_created);
}

void imap_recheck_plugin_deinit(void)
{
	imap_client_created_hook_set(next_created);
}
