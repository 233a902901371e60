// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "settings/checker.h"
#include "settings/encoding.h"
#include "settings/meaning.h"
#include "settings/settings.h"
#include "settings/table.h"
#include "settings/yaml_reader.h"

/* What of a cloud-config concerns the settings; merge_how and merge_type change
 * how cloud-init merges several. */
static const char *const wanted_keys[] = {"mail",      "fqdn",	     "hostname",
					  "merge_how", "merge_type", NULL};

void load_free(struct load *load)
{
	user_data_free(&load->user_data);
	node_tree_free(&load->tree);
	load->root = NULL;
}

/* Later members replace earlier ones whole: cloud-init's default merger between
 * parts is dict(replace)+list()+str() (handlers/cloud_config.py). */
static void merge_root(struct node *root, const struct node *part)
{
	struct node *member = part->first;

	while (member) {
		struct node *next = member->next, **link = &root->first;

		if (member->kind == NODE_BROKEN) { /* no concern of the settings, or refused */
			member = next;
			continue;
		}

		while (*link && strcmp((*link)->key->text, member->key->text) != 0)
			link = &(*link)->next;
		if (*link) {
			member->next = (*link)->next;
			if (root->last == *link)
				root->last = member;
			*link = member;
		} else {
			member->next = NULL;
			node_append(root, member);
		}
		member = next;
	}
}

static void load_part(struct load *load, const struct user_data_part *part,
		      struct diagnostics *diagnostics)
{
	struct yaml_input input = {.file = part->name,
				   .first_line = part->first_line,
				   .text = part->text,
				   .size = part->size,
				   .wanted = wanted_keys};
	struct node *root;
	bool is_empty;

	if (!encoding_check_text(part->name, part->first_line, part->text, part->size, diagnostics))
		return;
	root = yaml_read(&input, &load->tree, diagnostics, &is_empty);
	if (!root)
		return;
	if (root->kind != NODE_MAPPING) {
		if (root->kind != NODE_BROKEN)
			diagnostics_error(diagnostics, root->mark,
					  "a cloud-config must be a mapping, this is %s; write "
					  "`mail:` and its keys",
					  node_kind_name(root));
		return;
	}
	if (load->user_data.parts > 1 &&
	    (node_get(root, "merge_how") || node_get(root, "merge_type"))) {
		load->user_data.unjudged = true;
		load->user_data.unjudged_at = root->mark;
		load->user_data.unjudged_why = "a part with merge_how";
	}
	if (load->root)
		merge_root(load->root, root);
	else
		load->root = root;
}

int load_user_data(const char *file_name, const char *text, size_t size,
		   struct diagnostics *diagnostics, struct load *load)
{
	int r;

	*load = (struct load){0};
	r = user_data_split(file_name, text, size, diagnostics, &load->user_data);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (const struct user_data_part *part = load->user_data.first; part; part = part->next)
		load_part(load, part, diagnostics);
	return diagnostics->failed ? -ENOMEM : 0;
}

/* A top-level key that is nearly `mail`. */
static const struct node *find_misspelt_mail(const struct node *root)
{
	for (const struct node *member = root ? root->first : NULL; member; member = member->next)
		if (table_distance(member->key->text, "mail", 1) <= 1)
			return member->key;
	return NULL;
}

static int refuse_without_mail(const struct node *root, const char *file_name,
			       struct diagnostics *diagnostics)
{
	const struct node *misspelt = find_misspelt_mail(root);
	_cleanup_free_ char *quoted =
	    misspelt ? encoding_quote(misspelt->text, misspelt->size) : NULL;
	bool only = !diagnostics->errors;

	if (misspelt)
		diagnostics_error(diagnostics, misspelt->mark,
				  "%s is not the key of the settings; write \"mail\"",
				  quoted ? quoted : "this key");
	else if (only) /* else it may stand where the text could not be read */
		diagnostics_error(diagnostics, (struct mark){.file = file_name},
				  "there are no settings in it; write a `mail:` mapping as in "
				  "postcask-settings(5)");
	return only && !misspelt ? -ENOENT : -EINVAL;
}

int load_check(const struct node *root, const char *file_name, struct diagnostics *diagnostics,
	       json_t **ret_settings)
{
	struct meaning meaning = {.cloud_config = root, .diagnostics = diagnostics};

	meaning.mail = node_get(root, "mail");
	if (!meaning.mail)
		return refuse_without_mail(root, file_name, diagnostics);
	meaning.settings = checker_check(meaning.mail, diagnostics);
	if (meaning.settings && meaning_check(&meaning) < 0)
		diagnostics->failed = true;
	if (!meaning.settings || diagnostics->errors || diagnostics->failed) {
		json_decref(meaning.settings);
		return diagnostics->failed ? -ENOMEM : -EINVAL;
	}
	*ret_settings = meaning.settings;
	return 0;
}

int load_file(const char *path, struct diagnostics *diagnostics, char **ret_text, size_t *ret_size)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int r = file_read(path, SETTINGS_SIZE_LIMIT, ret_text, ret_size, &error);

	if (r == 0)
		return 0;
	if (r == -EFBIG)
		diagnostics_error(diagnostics, (struct mark){.file = path},
				  "more than %u MiB; write at most that",
				  SETTINGS_SIZE_LIMIT >> 20);
	else
		diagnostics_error(diagnostics, (struct mark){.file = path},
				  "cannot be read (%s); name a file that can", strerror(-r));
	return -EIO;
}
