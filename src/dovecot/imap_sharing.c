// SPDX-License-Identifier: GPL-3.0-or-later
/* A plugin of Dovecot's imap process beside its own acl and imap_acl: what they leave open.
 *
 * Dovecot (2.4.1) asks for the right to read when a folder is selected, and never again: whoever
 * has it open goes on reading it for as long as the session lasts.  Here the right is asked for
 * before each command, and who has lost it is sent away.
 *
 * SETACL takes any text for a person's name.  It stands in the map of who shares with whom, where
 * a / ends a name, and so one could put entries there that all others' sessions stumble over.
 * Here it must be the address of one person, in any case of letters; the owner's own rights are
 * not changed, for one who manages a folder could otherwise shut its owner out; and a folder is
 * shared with so many and no more.
 *
 * Of which shared mailboxes somebody is a member his groups say, as the table of users had them at
 * the login (sharing.c).  It is asked again, and whose groups are others by now is sent away.
 *
 * And whoever has looked at a folder of somebody else cannot be sent away by `doveadm kick`: the
 * process takes itself for the owner's since (mail_storage_service_next sets its current user).
 * After each command it is said again whose it is. */
#include <config.h>
#include <imap-common.h>

#include <acl-api.h>
#include <acl-plugin.h>
#include <auth-master.h>
#include <imap-client.h>
#include <imap-commands.h>
#include <ioloop.h>
#include <mail-namespace.h>
#include <mail-storage-private.h>
#include <mail-user.h>
#include <master-service.h>
#include <module-dir.h>

enum { SHARED_WITH_MAX = 100, ADDRESS_MAX = 320, ASKED_AGAIN = 10 /* seconds */ };

/* What an address of one of our people consists of, in the one form that a login has. */
#define ADDRESS_BYTES "abcdefghijklmnopqrstuvwxyz0123456789._-+='&~"

static command_func_t *setacl;
static enum command_flags setacl_flags;

const char *imap_sharing_plugin_version = DOVECOT_ABI_VERSION;
const char *imap_sharing_plugin_dependencies[] = {"imap_acl", NULL};
const char imap_sharing_plugin_binary_dependency[] = "imap";
void imap_sharing_plugin_init(struct module *module);
void imap_sharing_plugin_deinit(void);

/* ---- Who has lost the right to read ---- */

static bool may_not_read(struct mailbox *box)
{
	return box && mailbox_get_namespace(box)->type != MAIL_NAMESPACE_TYPE_PRIVATE &&
	       ACL_CONTEXT(box) && acl_mailbox_right_lookup(box, ACL_STORAGE_RIGHT_READ) == 0;
}

/* ---- Groups ---- */

/* NULL: he is in none. */
static const char *groups_of(const char *const *fields)
{
	const char *value;

	for (; fields && *fields; fields++)
		if (str_begins(*fields, "acl_groups=", &value))
			return value;
	return NULL;
}

/* What the table of users says now; the login's own while it does not answer. */
static bool has_other_groups(const struct mail_user *user, const char *groups)
{
	const struct auth_user_info info = {.protocol = user->protocol};
	const char *name, *const *fields, *now;
	bool other = false;
	pool_t pool;

	if (!mail_user_auth_master_conn)
		return false;
	pool = pool_alloconly_create("sharing: groups", 2048);
	if (auth_master_user_lookup(mail_user_auth_master_conn, user->username, &info, pool, &name,
				    &fields) > 0) {
		now = groups_of(fields);
		other = !now || strcmp(now, groups) != 0;
	}
	pool_unref(&pool);
	return other;
}

/* Only of members: a domain has no colon. */
static bool is_changed(const struct mail_user *user)
{
	static time_t asked;
	const char *groups = groups_of(user->userdb_fields);

	if (!groups || !strchr(groups, ':') || asked + ASKED_AGAIN > ioloop_time)
		return false;
	asked = ioloop_time;
	return has_other_groups(user, groups);
}

static void before_command(struct client_command_context *cmd)
{
	if (is_changed(cmd->client->user))
		client_disconnect_with_error(cmd->client, "What you share has changed");
	else if (may_not_read(cmd->client->mailbox))
		client_disconnect_with_error(cmd->client, "This folder is not shared any more");
}

static void after_command(struct client_command_context *cmd)
{
	if (master_service_get_client_limit(master_service) == 1)
		master_service_set_current_user(master_service, cmd->client->user->username);
}

/* ---- SETACL ---- */

static bool is_address(const char *text)
{
	size_t local = strspn(text, ADDRESS_BYTES), domain;

	if (local == 0 || text[local] != '@')
		return false;
	domain = strspn(text + local + 1, ADDRESS_BYTES);
	return domain > 0 && text[local + 1 + domain] == '\0' && local + 1 + domain <= ADDRESS_MAX;
}

/* The owner of what lies in a namespace; NULL of public folders. */
static const char *owner_of(const struct mail_namespace *ns, const struct client *client)
{
	if (ns->type == MAIL_NAMESPACE_TYPE_PRIVATE)
		return client->user->username;
	return ns->owner ? ns->owner->username : NULL;
}

/* Whether as many others share the folder as may.  One that is not there has none. */
static bool is_full(const struct mail_namespace *ns, const char *name, const char *person)
{
	struct mailbox *box =
	    mailbox_alloc(ns->list, name, MAILBOX_FLAG_READONLY | MAILBOX_FLAG_IGNORE_ACLS);
	unsigned int others = 0;

	if (ACL_CONTEXT(box)) {
		struct acl_object_list_iter *iter =
		    acl_object_list_init(acl_mailbox_get_aclobj(box));
		struct acl_rights rights;

		while (acl_object_list_next(iter, &rights))
			others +=
			    rights.id_type == ACL_ID_USER && strcmp(rights.identifier, person) != 0;
		(void)acl_object_list_deinit(&iter);
	}
	mailbox_free(&box);
	return others >= SHARED_WITH_MAX;
}

/* The sentence for the client, or NULL. */
static const char *refuse(struct client *client, struct mail_namespace *ns, const char *name,
			  const char *person)
{
	const char *owner = owner_of(ns, client);

	if (*person == '-')
		person++;
	if (!is_address(person))
		return "NO [CANNOT] Folders are shared with people, each by the whole address";
	if (owner && strcmp(owner, person) == 0)
		return "NO [CANNOT] Whose folder it is has all rights";
	if (is_full(ns, name, person))
		return "NO [LIMIT] The folder is shared with as many people as it can be";
	return NULL;
}

/* Dovecot's own reads the arguments again: the parser gives the same ones, the address now in the
 * form in which people are known. */
static bool sharing_setacl(struct client_command_context *cmd)
{
	const char *args = cmd->args, *human_args = cmd->human_args;
	const char *name, *person, *rights, *refused;
	struct mail_namespace *ns;

	if (!client_read_string_args(cmd, 3, &name, &person, &rights))
		return FALSE;
	str_lcase((char *)person);
	ns = client_find_namespace(cmd, &name);
	if (!ns)
		return TRUE;
	refused = refuse(cmd->client, ns, name, person);
	if (refused) {
		client_send_tagline(cmd, refused);
		return TRUE;
	}
	cmd->args = args;
	cmd->human_args = human_args;
	return setacl(cmd);
}

void imap_sharing_plugin_init(struct module *module)
{
	const struct command *own = command_find("SETACL");

	(void)module;
	setacl = own->func;
	setacl_flags = own->flags;
	command_unregister("SETACL");
	command_register("SETACL", sharing_setacl, setacl_flags);
	command_hook_register(before_command, after_command);
}

void imap_sharing_plugin_deinit(void)
{
	command_hook_unregister(before_command, after_command);
	command_unregister("SETACL");
	command_register("SETACL", setacl, setacl_flags);
}
