// SPDX-License-Identifier: GPL-3.0-or-later
/* The filter's levels, the scanner's signatures, and limits of sending. */
#include <stdlib.h>
#include <string.h>

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

const struct rule meaning_filter[] = {
    {"`filter.spam.tag_level` is not above `filter.spam.spam_level`.", check_levels},
    {"`filter.spf` is not ignore while `filter.dmarc` is spam.", check_dmarc},
    {"`signatures.mirror` is not used, and a warning says so, while `signatures.updates` is false.",
     check_mirror},
    {"`limits.user_recipients_per_hour` is not above `limits.user_recipients_per_day`, unless that "
     "is 0.",
     check_limits},
    {0},
};
