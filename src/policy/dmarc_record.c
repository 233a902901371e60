// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/dmarc_record.h"

#include <string.h>

#include "base/cleanup.h"
#include "dns/tags.h"

static const char *const policy_names[] = {"none", "quarantine", "reject"};

const char *dmarc_policy_name(enum dmarc_policy policy)
{
	return policy_names[policy];
}

/* The version is the first thing, not behind a blank. */
static bool take_version(struct slice *list)
{
	struct dns_tag tag;

	return list->size > 0 && !strchr(" \t;", list->at[0]) &&
	       dns_tag_next(list, &tag) == DNS_TAG_GOOD && slice_equal_case(tag.name, SLICE("v")) &&
	       slice_equal(tag.value, SLICE("DMARC1"));
}

struct policy_tag {
	bool there, right;
	enum dmarc_policy policy;
};

static void take_policy(struct slice value, struct policy_tag *tag)
{
	if (tag->there)
		return;
	tag->there = true;
	for (size_t i = 0; i < ARRAY_SIZE(policy_names); i++)
		if (slice_equal_case(value, slice_of(policy_names[i])))
			*tag = (struct policy_tag){true, true, (enum dmarc_policy)i};
}

/* Is one of the addresses for reports a URI: a scheme, and something behind it? */
static bool has_uri(struct slice list)
{
	while (list.size) {
		struct slice uri, scheme;

		if (!slice_until(&list, SLICE(","), &uri)) {
			uri = list;
			list = (struct slice){0};
		}
		uri = slice_trim(uri);
		if (memchr(uri.at, ' ', uri.size) || !slice_until(&uri, SLICE(":"), &scheme) ||
		    !uri.size || !scheme.size)
			continue;
		if (strspn(scheme.at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789+-.") >= scheme.size)
			return true;
	}
	return false;
}

/* Of tags with one letter as their value.  '\0' as long as none was there, and for what is no
 * value of it. */
struct letter_tag {
	const char *name, *letters;
	bool there;
	char letter;
};

static void take_letter(struct slice name, struct slice value, struct letter_tag *tags,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!slice_equal_case(name, slice_of(tags[i].name)) || tags[i].there)
			continue;
		tags[i].there = true;
		for (const char *letter = tags[i].letters; *letter; letter++)
			if (slice_equal_case(value, (struct slice){letter, 1}))
				tags[i].letter = *letter;
	}
}

bool dmarc_record_parse(struct slice list, struct dmarc_record *ret)
{
	enum { PSD, TESTING, ADKIM, ASPF, LETTERS };
	struct letter_tag letters[LETTERS] = {[PSD] = {"psd", "uyn", false, 0},
					      [TESTING] = {"t", "yn", false, 0},
					      [ADKIM] = {"adkim", "rs", false, 0},
					      [ASPF] = {"aspf", "rs", false, 0}};
	struct policy_tag p = {0}, sp = {0}, np = {0};
	bool told = false, told_there = false, wrong;
	enum dns_tag_kind kind;
	struct dns_tag tag;

	if (!take_version(&list))
		return false;
	while ((kind = dns_tag_next(&list, &tag)) != DNS_TAG_END) {
		struct slice name = tag.name, value = tag.value;

		if (kind == DNS_TAG_BROKEN)
			continue;
		if (slice_equal_case(name, SLICE("p")))
			take_policy(value, &p);
		else if (slice_equal_case(name, SLICE("sp")))
			take_policy(value, &sp);
		else if (slice_equal_case(name, SLICE("np")))
			take_policy(value, &np);
		else if (slice_equal_case(name, SLICE("rua")) && !told_there)
			told_there = true, told = has_uri(value);
		else
			take_letter(name, value, letters, LETTERS);
	}
	/* §4.10.1: then all of it is p=none, if anybody wants to be told, or it is nothing. */
	wrong = (p.there && !p.right) || (sp.there && !sp.right) || (np.there && !np.right);
	*ret = (struct dmarc_record){
	    .domain = p.policy,
	    .suffix = letters[PSD].letter == 'y'   ? DMARC_SUFFIX_YES
		      : letters[PSD].letter == 'n' ? DMARC_SUFFIX_NO
						   : DMARC_SUFFIX_UNSAID,
	    .testing = letters[TESTING].letter == 'y',
	    .strict_dkim = letters[ADKIM].letter == 's',
	    .strict_spf = letters[ASPF].letter == 's',
	    .ignored = wrong && !told,
	};
	if (wrong)
		ret->domain = sp.policy = np.policy = DMARC_NONE;
	ret->subdomains = sp.there ? sp.policy : ret->domain;
	ret->missing = np.there ? np.policy : ret->subdomains;
	return true;
}
