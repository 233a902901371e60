// SPDX-License-Identifier: GPL-3.0-or-later
/* An issuer of tokens (authentication.oauth). */
#include <string.h>

#include "settings/rule.h"

/* What stands in a token to the letter, in a line of its own and, of clients, in a path. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+:/=-"

static const struct node *oauth_node(const struct check *check)
{
	return node_get(node_get(check->meaning->mail, "authentication"), "oauth");
}

static bool is_written(const struct check *check, const char *key)
{
	const json_t *authentication = json_object_get(check->settings, "authentication");
	const char *text = rule_text(json_object_get(authentication, "oauth"), key);

	return text && text[0];
}

static int check_whole(struct check *check)
{
	const struct node *oauth = oauth_node(check);

	if (oauth && !is_written(check, "issuer"))
		diagnostics_error(check->diagnostics, oauth->mark,
				  "authentication.oauth without authentication.oauth.issuer; write "
				  "the `iss` of its tokens");
	else if (oauth && !is_written(check, "audience"))
		diagnostics_error(check->diagnostics, oauth->mark,
				  "authentication.oauth without authentication.oauth.audience; "
				  "tokens for other services would let in here, so write the `aud` "
				  "of those for this one");
	return 0;
}

static void check_https(struct check *check, const char *key)
{
	const struct node *node = node_get(oauth_node(check), key);

	if (node && node->kind == NODE_TEXT && strncmp(node->text, "https:", 6) != 0)
		diagnostics_error(check->diagnostics, node->mark,
				  "the issuer is asked by https alone; write https:// and, for one "
				  "of your own, its certificate as authentication.oauth.ca");
}

static int check_urls(struct check *check)
{
	check_https(check, "issuer");
	check_https(check, "keys_url");
	if (is_written(check, "keys") && is_written(check, "keys_url"))
		diagnostics_error(check->diagnostics, rule_mark(oauth_node(check), "keys"),
				  "authentication.oauth.keys beside authentication.oauth.keys_url; "
				  "leave one of them out: keys that are given are not asked for");
	return 0;
}

static void check_word(struct check *check, const struct node *node)
{
	if (node && node->kind == NODE_TEXT &&
	    (node->text[strspn(node->text, PLAIN)] != '\0' || node->text[0] == '.'))
		diagnostics_error(check->diagnostics, node->mark,
				  "only letters, digits and ._@+:/=- may stand here, and no dot at "
				  "the front; write it as it stands in the tokens");
}

static int check_words(struct check *check)
{
	static const char *const keys[] = {"issuer", "audience", "scope", "keys_url"};
	const struct node *oauth = oauth_node(check), *clients = node_get(oauth, "clients");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		check_word(check, node_get(oauth, keys[i]));
	if (clients && clients->kind == NODE_LIST)
		for (const struct node *client = clients->first; client; client = client->next)
			check_word(check, client);
	return 0;
}

const struct rule meaning_oauth[] = {
    {"`authentication.oauth` has an `authentication.oauth.issuer` and an "
     "`authentication.oauth.audience`.",
     check_whole},
    {"`authentication.oauth.issuer` and `authentication.oauth.keys_url` are https, and "
     "`authentication.oauth.keys` is not beside the latter.",
     check_urls},
    {"`authentication.oauth.audience`, `authentication.oauth.clients` and "
     "`authentication.oauth.scope` have no blank, quote, comma or backslash, and no dot at the "
     "front.",
     check_words},
    {0},
};
