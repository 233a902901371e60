// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/tags.h"

static struct slice trim(struct slice text)
{
	while (text.size > 0 && (*text.at == ' ' || *text.at == '\t')) {
		text.at++;
		text.size--;
	}
	while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
		text.size--;
	return text;
}

enum dns_tag_kind dns_tag_next(struct slice *list, struct dns_tag *ret)
{
	struct slice piece;

	do {
		if (list->size == 0)
			return DNS_TAG_END;
		if (!slice_until(list, SLICE(";"), &piece)) {
			piece = *list;
			list->at += list->size;
			list->size = 0;
		}
		piece = trim(piece);
	} while (piece.size == 0);
	ret->value = piece;
	if (!slice_until(&ret->value, SLICE("="), &ret->name)) {
		*ret = (struct dns_tag){.name = piece, .value = {piece.at, 0}};
		return DNS_TAG_BROKEN;
	}
	ret->name = trim(ret->name);
	ret->value = trim(ret->value);
	return ret->name.size > 0 ? DNS_TAG_GOOD : DNS_TAG_BROKEN;
}

bool dns_tag_find(const char *record, const char *name, struct slice *ret_value)
{
	struct slice list = slice_of(record);
	enum dns_tag_kind kind;
	struct dns_tag tag;

	while ((kind = dns_tag_next(&list, &tag)) != DNS_TAG_END)
		if (kind == DNS_TAG_GOOD && slice_equal_case(tag.name, slice_of(name))) {
			*ret_value = tag.value;
			return true;
		}
	return false;
}

bool dns_tag_version(const char *record, const char *version)
{
	struct slice list = slice_of(record);
	struct dns_tag tag;

	return dns_tag_next(&list, &tag) == DNS_TAG_GOOD && slice_equal(tag.name, SLICE("v")) &&
	       slice_equal(tag.value, slice_of(version));
}
