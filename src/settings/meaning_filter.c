// SPDX-License-Identifier: GPL-3.0-or-later
/* The filter's levels, the scanner's signatures, limits of sending and the lists of senders. */
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "settings/blocklist.h"
#include "settings/rule.h"

static int check_levels(struct check *check)
{
	const struct node *mail = check->meaning->mail;
	const json_t *spam = json_object_get(json_object_get(check->settings, "filter"), "spam");
	const char *tag = rule_text(spam, "tag_level"), *level = rule_text(spam, "spam_level");

	if (tag && level && strtod(tag, NULL) > strtod(level, NULL))
		diagnostics_error(
		    check->diagnostics,
		    rule_mark(node_get(node_get(mail, "filter"), "spam"), "tag_level"),
		    "tag_level %s is above spam_level %s, so spam would carry no mark; "
		    "write a lower one",
		    tag, level);
	return 0;
}

static int check_mirror(struct check *check)
{
	const json_t *signatures = json_object_get(check->settings, "signatures");
	const char *mirror = rule_text(signatures, "mirror");

	if (mirror && mirror[0] && json_is_false(json_object_get(signatures, "updates")))
		diagnostics_warning(
		    check->diagnostics,
		    rule_mark(node_get(check->meaning->mail, "signatures"), "mirror"),
		    "the mirror is not used while updates is false; leave one of them "
		    "out");
	return 0;
}

/* A domain with SPF alone would fail by our own deafness. */
static int check_dmarc(struct check *check)
{
	const json_t *filter = json_object_get(check->settings, "filter");
	const char *spf = rule_text(filter, "spf"), *dmarc = rule_text(filter, "dmarc");

	if (spf && dmarc && !strcmp(spf, "ignore") && !strcmp(dmarc, "spam"))
		diagnostics_error(check->diagnostics,
				  rule_mark(node_get(check->meaning->mail, "filter"), "spf"),
				  "without SPF mail of domains that have nothing else would fail "
				  "DMARC and be spam; write spf: mark, or dmarc: mark or ignore");
	return 0;
}

static int check_limits(struct check *check)
{
	const json_t *limits = json_object_get(check->settings, "limits");
	json_int_t hour = json_integer_value(json_object_get(limits, "user_recipients_per_hour"));
	json_int_t day = json_integer_value(json_object_get(limits, "user_recipients_per_day"));

	if (hour && day && hour > day)
		diagnostics_error(
		    check->diagnostics,
		    rule_mark(node_get(check->meaning->mail, "limits"), "user_recipients_per_hour"),
		    "user_recipients_per_hour %lld is above user_recipients_per_day "
		    "%lld; write a lower one, or a higher one for the day",
		    (long long)hour, (long long)day);
	return 0;
}

/* The mark of an item of filter.blocklists. */
static struct mark blocklist_mark(const struct check *check, size_t i)
{
	const struct node *filter = node_get(check->meaning->mail, "filter");
	const struct node *lists = node_get(filter, "blocklists");
	const struct node *item = lists && lists->kind == NODE_LIST ? lists->first : NULL;

	while (item && i-- > 0)
		item = item->next;
	return item ? item->mark : rule_mark(filter, "blocklists");
}

static bool take_blocklist(const json_t *lists, size_t i, struct blocklist *ret)
{
	const json_t *item = json_array_get(lists, i);

	return json_is_string(item) &&
	       blocklist_parse(json_string_value(item), json_string_length(item), ret, NULL) == 0;
}

/* One zone is asked by one name, and each of its answers counts once. */
static void check_blocklist_pair(struct check *check, size_t i, const struct blocklist *one,
				 const struct blocklist *other)
{
	if (strcmp(one->zone, other->zone) != 0)
		return;
	if (strcmp(one->key, other->key) != 0)
		diagnostics_error(check->diagnostics, blocklist_mark(check, i),
				  "%s stands there with another key already; write the same key "
				  "before each of its items",
				  one->zone);
	else if (strcmp(one->codes, other->codes) == 0)
		diagnostics_error(check->diagnostics, blocklist_mark(check, i),
				  "%s with these codes stands there twice; write it once",
				  one->zone);
}

static int check_blocklists(struct check *check)
{
	const json_t *filter = json_object_get(check->settings, "filter");
	const json_t *lists = json_object_get(filter, "blocklists");
	long long most = json_integer_value(json_object_get(filter, "blocklist_threshold"));
	long long sum = 0;
	struct blocklist one, other;

	for (size_t i = 0; i < json_array_size(lists); i++) {
		if (!take_blocklist(lists, i, &one))
			return 0; /* which was said */
		sum += one.weight > 0 ? one.weight : 0;
		for (size_t k = 0; k < i; k++)
			if (take_blocklist(lists, k, &other))
				check_blocklist_pair(check, i, &one, &other);
	}
	if (json_array_size(lists) && most > sum)
		diagnostics_error(
		    check->diagnostics,
		    rule_mark(node_get(check->meaning->mail, "filter"), "blocklist_threshold"),
		    "all weights of blocklists together are %lld, so nobody would "
		    "ever be refused; write %s",
		    sum, sum ? "no higher threshold" : "a list with a weight above 0");
	return 0;
}

static bool any_without_key(const json_t *lists)
{
	struct blocklist list;

	for (size_t i = 0; i < json_array_size(lists); i++)
		if (take_blocklist(lists, i, &list) && !list.key[0])
			return true;
	return false;
}

/* What lists answer to servers that ask for thousands. */
static int check_shared_resolver(struct check *check)
{
	const json_t *lists =
	    json_object_get(json_object_get(check->settings, "filter"), "blocklists");
	const json_t *resolver = json_object_get(check->settings, "resolver");

	if (any_without_key(lists) && json_array_size(json_object_get(resolver, "forward")))
		diagnostics_warning(
		    check->diagnostics,
		    rule_mark(node_get(check->meaning->mail, "resolver"), "forward"),
		    "most lists of filter.blocklists refuse a resolver that asks "
		    "for many, and are then left out; leave resolver.forward out, "
		    "or use lists that give you a key");
	return 0;
}

/* Where one person's sender stands; the mark of the user's own key where that is not known. */
static struct mark sender_mark(const struct check *check, size_t user)
{
	const struct node *users = node_get(check->meaning->mail, "users");
	const struct node *item = users && users->kind == NODE_LIST ? users->first : NULL;

	while (item && user-- > 0)
		item = item->next;
	return rule_mark(node_get(item, "filter"), "block");
}

static int check_senders(struct check *check)
{
	const json_t *user, *sender;
	size_t i, k;

	json_array_foreach(json_object_get(check->settings, "users"), i, user)
	{
		const json_t *filter = json_object_get(user, "filter");

		json_array_foreach(json_object_get(filter, "block"), k, sender)
		{
			const char *text = json_string_value(sender);

			if (text && json_has_text(json_object_get(filter, "allow"), text))
				diagnostics_error(check->diagnostics, sender_mark(check, i),
						  "%s is in allow and in block; leave one out",
						  text);
		}
	}
	return 0;
}

const struct rule meaning_filter[] = {
    {"`filter.spam.tag_level` is not above `filter.spam.spam_level`.", check_levels},
    {"`filter.spf` is not ignore while `filter.dmarc` is spam.", check_dmarc},
    {"`signatures.mirror` is not used, and a warning says so, while `signatures.updates` is false.",
     check_mirror},
    {"`limits.user_recipients_per_hour` is not above `limits.user_recipients_per_day`, unless that "
     "is 0.",
     check_limits},
    {"`filter.blocklists` has no list twice, and one key for each; its weights can come to "
     "`filter.blocklist_threshold`.",
     check_blocklists},
    {"Beside a list of `filter.blocklists` without a key, `resolver.forward` is warned of: most "
     "lists refuse resolvers that ask for many.",
     check_shared_resolver},
    {"No sender is in `users[].filter.allow` and in `users[].filter.block`.", check_senders},
    {0},
};
