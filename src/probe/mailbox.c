// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/mailbox.h"

#include <string.h>

#include "base/clock.h"
#include "net/imap.h"
#include "probe/maildir.h"

void mailbox_init(struct mailbox *mailbox, const struct session_params *params, const char *user,
		  const char *password)
{
	*mailbox = (struct mailbox){
	    .params = *params,
	    .user = user,
	    .password = password,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .session = SESSION_INIT,
	};
}

static enum failure_class ensure_open(struct mailbox *mailbox)
{
	enum failure_class failure;

	if (mailbox->open)
		return FAILURE_NONE;
	session_free(&mailbox->session);
	mailbox->selected = NULL;
	failure = session_open(&mailbox->session, &mailbox->params);
	if (!failure)
		failure = session_authenticate(&mailbox->session, MECHANISM_LOGIN, mailbox->user,
					       mailbox->password);
	mailbox->open = !failure;
	return failure;
}

static enum failure_class ensure_selected(struct mailbox *mailbox, const char *folder)
{
	enum failure_class failure = ensure_open(mailbox);

	if (failure || (mailbox->selected && strcmp(mailbox->selected, folder) == 0))
		return failure;
	mailbox->selected = NULL; /* a failed SELECT leaves none selected, RFC 3501 §6.3.1 */
	failure = imap_select(&mailbox->session, folder);
	if (!failure)
		mailbox->selected = folder;
	return failure;
}

/* Gives the failure to the caller; the session goes on only after an answer. */
static enum failure_class finish(struct mailbox *mailbox, enum failure_class class,
				 struct failure *failure)
{
	if (class) {
		failure_move(failure, &mailbox->session.stream.failure);
		failure_wrap(failure, "%s", mailbox->params.implicit_tls ? "imaps" : "imap");
	}
	if (class && class != FAILURE_CONTENT)
		mailbox->open = false;
	pthread_mutex_unlock(&mailbox->lock);
	return class;
}

static enum failure_class await_once(struct mailbox *mailbox, const char *folder,
				     const char *message_id, int64_t until_ms, bool *ret_found)
{
	for (;;) {
		enum failure_class failure = ensure_selected(mailbox, folder);
		unsigned uid = 0;
		bool news = false;

		if (!failure)
			failure = imap_search(&mailbox->session, message_id, &uid, &news);
		if (failure)
			return failure;
		*ret_found = uid != 0;
		if (uid || clock_left_ms(until_ms) == 0)
			return FAILURE_NONE;
		if (news)
			continue;
		failure = imap_idle(&mailbox->session, until_ms);
		if (failure)
			return failure;
	}
}

/* Is it worth asking once more, in a new session?  Dovecot mends an index that a power cut
 * left damaged when a session next asks for the folder, but the session that met the damage
 * is refused it to its end. */
static bool begin_anew(struct mailbox *mailbox, enum failure_class failure)
{
	if (failure != FAILURE_RESOURCE)
		return false;
	mailbox->open = false;
	return true;
}

static enum failure_class await(struct mailbox *mailbox, const char *folder, const char *message_id,
				int64_t until_ms, bool *ret_found)
{
	enum failure_class failure = await_once(mailbox, folder, message_id, until_ms, ret_found);

	return begin_anew(mailbox, failure)
		   ? await_once(mailbox, folder, message_id, until_ms, ret_found)
		   : failure;
}

static bool is_spam(const char *folder)
{
	return strcmp(folder, MAILBOX_SPAM) == 0;
}

static enum failure_class await_locked(struct mailbox *mailbox, const char *folder,
				       const char *message_id, int64_t until_ms, bool *ret_found,
				       struct failure *failure)
{
	enum failure_class class;

	if (mailbox->maildir)
		return maildir_await(mailbox->maildir, is_spam(folder), message_id, until_ms, NULL,
				     ret_found, failure);
	pthread_mutex_lock(&mailbox->lock);
	class = await(mailbox, folder, message_id, until_ms, ret_found);
	return finish(mailbox, class, failure);
}

enum failure_class mailbox_await(struct mailbox *mailbox, const char *folder,
				 const char *message_id, int64_t until_ms, struct failure *failure)
{
	enum failure_class class;
	bool found = false;

	class = await_locked(mailbox, folder, message_id, until_ms, &found, failure);
	if (!class && !found)
		class = failure_set(failure, FAILURE_TIMEOUT,
				    "the message did not arrive in %s before the deadline", folder);
	return class;
}

enum failure_class mailbox_has(struct mailbox *mailbox, const char *folder, const char *message_id,
			       bool *ret_has, struct failure *failure)
{
	return await_locked(mailbox, folder, message_id, 0, ret_has, failure);
}

static enum failure_class fetch_file(const struct mailbox *mailbox, const char *folder,
				     const char *message_id, struct buffer *message,
				     struct failure *failure)
{
	bool found = false;
	enum failure_class class = maildir_await(mailbox->maildir, is_spam(folder), message_id, 0,
						 message, &found, failure);

	return class || found
		   ? class
		   : failure_set(failure, FAILURE_CONTENT, "the message is not in %s", folder);
}

enum failure_class mailbox_fetch(struct mailbox *mailbox, const char *folder,
				 const char *message_id, struct buffer *message,
				 struct failure *failure)
{
	enum failure_class class;
	unsigned uid = 0;

	if (mailbox->maildir)
		return fetch_file(mailbox, folder, message_id, message, failure);
	pthread_mutex_lock(&mailbox->lock);
	class = ensure_selected(mailbox, folder);
	if (!class)
		class = imap_search(&mailbox->session, message_id, &uid, NULL);
	if (!class && uid == 0)
		class = failure_set(&mailbox->session.stream.failure, FAILURE_CONTENT,
				    "the message is not in %s", folder);
	if (!class)
		class = imap_fetch(&mailbox->session, uid, message);
	return finish(mailbox, class, failure);
}

static enum failure_class clean_once(struct mailbox *mailbox, const char *folder)
{
	enum failure_class failure = ensure_selected(mailbox, folder);

	return failure ? failure : imap_expunge_all(&mailbox->session);
}

enum failure_class mailbox_clean(struct mailbox *mailbox, const char *folder,
				 struct failure *failure)
{
	enum failure_class class;

	if (mailbox->maildir)
		return maildir_clean(mailbox->maildir, failure);
	pthread_mutex_lock(&mailbox->lock);
	class = clean_once(mailbox, folder);
	if (begin_anew(mailbox, class))
		class = clean_once(mailbox, folder);
	return finish(mailbox, class, failure);
}

void mailbox_free(struct mailbox *mailbox)
{
	session_free(&mailbox->session);
	pthread_mutex_destroy(&mailbox->lock);
}
