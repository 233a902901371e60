// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/tags.h"

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
		piece = slice_trim(piece);
	} while (piece.size == 0);
	ret->value = piece;
	if (!slice_until(&ret->value, SLICE("="), &ret->name)) {
		*ret = (struct dns_tag){.name = piece, .value = {piece.at, 0}};
		return DNS_TAG_BROKEN;
	}
	ret->name = slice_trim(ret->name);
	ret->value = slice_trim(ret->value);
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
