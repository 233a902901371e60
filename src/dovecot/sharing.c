// SPDX-License-Identifier: GPL-3.0-or-later
/* A plugin of all of Dovecot's processes that open mailboxes: what is put into a folder of somebody
 * else is measured by the quota of its owner.
 *
 * Dovecot (2.4.1) adds it up for the owner, but takes the limit from the settings of whoever opened
 * the folder (quota_transaction_set_limits), for it asks nobody what the owner's is: somebody
 * without a limit could fill everybody's mailbox.  So the table of users is asked once for each
 * owner in a session, and his limits count in his folders.  While it does not answer Dovecot's
 * own way is left: nothing is refused for that.
 *
 * And where a message is moved from one owner's folders to another's who is out of quota, Dovecot
 * takes what leaves the one for room with the other, or ends on an assertion
 * (quota_root_is_visible): what leaves is not counted there.
 *
 * And who is a member of a shared mailbox has the rights of his role in all of its folders.  The
 * table of users says so, with a group ROLE:ADDRESS for each, and dovecot.conf has the rights of
 * the groups member:ROLE; here a member is in the one of his role, as far as that mailbox goes.
 * (Names of groups in dovecot.conf have no variables.)  Whether a folder can be made at the top of
 * a mailbox Dovecot asks of a file for which a Maildir has no place, so of none: in a shared
 * mailbox its INBOX stands for it.
 *
 * And a namespace has one format of mailboxes, where each owner has one of his own: two filters of
 * variables give his, of the table of users.  When it does not answer his folders cannot be opened;
 * to open them in another format would be to show an empty mailbox, and lose what is put there. */
#include <config.h>
#include <lib.h>

#include <acl-api-private.h>
#include <acl-plugin.h>
#include <auth-master.h>
#include <mail-namespace.h>
#include <mail-storage-hooks.h>
#include <mail-storage-private.h>
#include <mail-storage-service.h>
#include <mail-user.h>
#include <module-context.h>
#include <module-dir.h>
#include <quota-private.h>
#include <settings.h>
#include <str.h>
#include <var-expand-private.h>

/* ---- Quota ---- */

/* What the table of users may say of an owner, and 0 for no limit otherwise. */
static const char *const limits[] = {"quota_storage_size", "quota_message_count"};

/* Of an owner: the reader's settings with the owner's limits; NULL when they are not known. */
struct owner {
	union mail_user_module_context module_ctx;
	struct settings_instance *settings;
};

static MODULE_CONTEXT_DEFINE_INIT(owner_module, &mail_user_module_register);

const char *sharing_plugin_version = DOVECOT_ABI_VERSION;
const char *sharing_plugin_dependencies[] = {"quota", "acl", NULL};
void sharing_plugin_init(struct module *module);
void sharing_plugin_deinit(void);

static void owner_deinit(struct mail_user *user)
{
	struct owner *owner = MODULE_CONTEXT_REQUIRE(user, owner_module);

	if (owner->settings)
		settings_instance_free(&owner->settings);
	owner->module_ctx.super.deinit(user);
}

/* The value of "NAME=VALUE" among the fields. */
static const char *value_of(const char *const *fields, const char *name)
{
	const char *value;

	for (; *fields; fields++)
		if (str_begins(*fields, name, &value) && *value == '=')
			return value + 1;
	return "0";
}

static struct settings_instance *settings_of(const struct mail_user *user,
					     const struct mail_user *reader)
{
	const struct auth_user_info info = {.protocol = reader->protocol};
	const char *name, *const *fields;
	struct settings_instance *settings = NULL;
	pool_t pool;

	if (!mail_user_auth_master_conn || !reader->service_user)
		return NULL;
	pool = pool_alloconly_create("sharing: owner", 2048);
	if (auth_master_user_lookup(mail_user_auth_master_conn, user->username, &info, pool, &name,
				    &fields) > 0) {
		settings = settings_instance_dup(
		    mail_storage_service_user_get_settings_instance(reader->service_user));
		for (unsigned int i = 0; i < N_ELEMENTS(limits); i++)
			settings_override(settings, limits[i], value_of(fields, limits[i]),
					  SETTINGS_OVERRIDE_TYPE_CODE);
	}
	pool_unref(&pool);
	return settings;
}

/* Dovecot's own, of every owner the same. */
static typeof(((struct quota *)NULL)->test_alloc) test_alloc;

static enum quota_alloc_result test_alloc_of_one(struct quota_transaction_context *ctx, uoff_t size,
						 struct mailbox *expunged_box, uoff_t expunged_size,
						 const struct quota_overrun **overruns_r,
						 const char **error_r)
{
	if (expunged_box &&
	    mailbox_get_namespace(expunged_box)->owner != mailbox_get_namespace(ctx->box)->owner) {
		expunged_box = NULL;
		expunged_size = 0;
	}
	return test_alloc(ctx, size, expunged_box, expunged_size, overruns_r, error_r);
}

/* Made at the first folder of his that is looked at. */
static struct owner *owner_of(struct mail_user *user, const struct mail_user *reader)
{
	struct owner *owner = MODULE_CONTEXT(user, owner_module);
	struct quota *quota;

	if (owner)
		return owner;
	owner = p_new(user->pool, struct owner, 1);
	owner->module_ctx.super = user->v;
	user->v.deinit = owner_deinit;
	MODULE_CONTEXT_SET(user, owner_module, owner);
	owner->settings = settings_of(user, reader);
	quota = quota_get_mail_user_quota(user);
	if (quota && quota->test_alloc != test_alloc_of_one) {
		test_alloc = quota->test_alloc;
		quota->test_alloc = test_alloc_of_one;
	}
	return owner;
}

static void mailbox_allocated(struct mailbox *box)
{
	const struct mail_namespace *ns = mailbox_get_namespace(box);
	const struct owner *owner;

	if (ns->type != MAIL_NAMESPACE_TYPE_SHARED || !ns->owner || ns->owner == ns->user)
		return;
	owner = owner_of(ns->owner, ns->user);
	if (owner->settings)
		event_set_ptr(box->event, SETTINGS_EVENT_INSTANCE, owner->settings);
}

/* ---- Members of shared mailboxes ---- */

/* The role among somebody's groups, ROLE:OWNER; NULL: he is no member. */
static const char *role_in(const ARRAY_TYPE(const_string) * groups, const char *owner)
{
	const char *group, *colon;

	if (!array_is_created(groups))
		return NULL;
	array_foreach_elem(groups, group)
	{
		colon = strchr(group, ':');
		if (colon && strcmp(colon + 1, owner) == 0)
			return t_strdup_until(group, colon);
	}
	return NULL;
}

/* After Dovecot's acl has made what asks for rights, and before it is asked anything.  The rights
 * of his domain do not count here: they are for public folders. */
static void list_created(struct mailbox_list *list)
{
	const struct mail_namespace *ns = list->ns;
	struct acl_backend *backend;
	struct acl_settings *settings;
	const char *role, *group;

	if (ns->type != MAIL_NAMESPACE_TYPE_SHARED || !ns->owner || !ACL_LIST_CONTEXT(list))
		return;
	backend = acl_mailbox_list_get_backend(list);
	role = role_in(&backend->set->acl_groups, ns->owner->username);
	if (!role)
		return;
	settings = p_memdup(ns->user->pool, backend->set, sizeof(*settings));
	group = p_strconcat(ns->user->pool, "member:", role, NULL);
	p_array_init(&settings->acl_groups, ns->user->pool, 1);
	array_push_back(&settings->acl_groups, &group);
	settings->acl_defaults_from_inbox = TRUE;
	backend->set = settings;
}

/* ---- How an owner's mail is kept ---- */

/* "maildir" also of who is nobody here, and of the reader, who asks for it before there is an
 * owner. -1 when nobody can tell. */
static int format_of(const char *owner, const struct event *event, pool_t pool,
		     const char **format_r)
{
	const struct auth_user_info info = {.protocol = "shared"};
	const char *reader = event_find_field_recursive_str(event, "user");
	const char *name, *const *fields;
	int result;

	*format_r = "maildir";
	if (reader && strcmp(owner, reader) == 0)
		return 0;
	if (!mail_user_auth_master_conn)
		return -1;
	result =
	    auth_master_user_lookup(mail_user_auth_master_conn, owner, &info, pool, &name, &fields);
	if (result > 0 && strcmp(value_of(fields, "mail_driver"), "mdbox") == 0)
		*format_r = "mdbox";
	return result < 0 ? -1 : 0;
}

static int give(struct var_expand_state *state, bool folder, const char **error_r)
{
	pool_t pool;
	const char *format;
	int result;

	ERROR_IF_NO_TRANSFER_TO("look for");
	pool = pool_alloconly_create("sharing: format", 1024);
	result = format_of(str_c(state->transfer), state->params->event, pool, &format);
	pool_unref(&pool);
	if (result < 0) {
		*error_r = "the table of users does not say how the owner's mail is kept";
		return -1;
	}
	if (folder && strcmp(format, "maildir") == 0)
		format = "Maildir";
	var_expand_state_set_transfer(state, format);
	return 0;
}

static int give_driver(const struct var_expand_statement *stmt, struct var_expand_state *state,
		       const char **error_r)
{
	ERROR_IF_ANY_PARAMETERS;
	return give(state, false, error_r);
}

static int give_folder(const struct var_expand_statement *stmt, struct var_expand_state *state,
		       const char **error_r)
{
	ERROR_IF_ANY_PARAMETERS;
	return give(state, true, error_r);
}

static struct mail_storage_hooks hooks = {.mailbox_allocated = mailbox_allocated,
					  .mailbox_list_created = list_created};

void sharing_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &hooks);
	var_expand_register_filter("mailbox_driver", give_driver);
	var_expand_register_filter("mailbox_folder", give_folder);
}

void sharing_plugin_deinit(void)
{
	mail_storage_hooks_remove(&hooks);
	var_expand_unregister_filter("mailbox_driver");
	var_expand_unregister_filter("mailbox_folder");
}
