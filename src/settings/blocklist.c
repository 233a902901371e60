// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/blocklist.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "settings/type_name.h"

/* What lists answer who document nothing else, without 127.0.0.1, which many a catch-all has, and
 * without 127.0.0.255, which is a refusal. */
#define CODES_DEFAULT "127.0.0.[2..254]"

#define WRITE_LIST "write one such as zen.example.net=127.0.0.[2..11]*3"

enum {
	LABEL_LIMIT = 63,
	KEY_LENGTH = 20, /* a label of letters and digits that is longer is hardly a name */
};

/* ---- Codes ---- */

static bool take_octet(struct slice *text, unsigned *ret_octet)
{
	long long number;

	if (text->size == 0 || !isdigit((unsigned char)text->at[0]) ||
	    !slice_number(text, &number) || number > 255)
		return false;
	*ret_octet = (unsigned)number;
	return true;
}

static bool take_range(struct slice *text, uint64_t octet[4])
{
	unsigned first, last;

	if (!take_octet(text, &first))
		return false;
	last = first;
	if (slice_skip(text, SLICE("..")) && !take_octet(text, &last))
		return false;
	for (unsigned value = first; value <= last; value++)
		octet[value / 64] |= UINT64_C(1) << value % 64;
	return first <= last;
}

static bool take_octets(struct slice *text, uint64_t octet[4])
{
	if (!slice_skip(text, SLICE("[")))
		return text->size && text->at[0] != '[' && take_range(text, octet);
	do {
		if (!take_range(text, octet))
			return false;
	} while (slice_skip(text, SLICE(";")));
	return slice_skip(text, SLICE("]"));
}

int blocklist_codes_parse(const char *text, struct blocklist_codes *ret)
{
	struct slice left = slice_of(text);
	struct blocklist_codes codes = {0};

	for (size_t i = 0; i < 4; i++)
		if ((i > 0 && !slice_skip(&left, SLICE("."))) ||
		    !take_octets(&left, codes.octets[i]))
			return -EINVAL;
	if (left.size)
		return -EINVAL;
	*ret = codes;
	return 0;
}

bool blocklist_codes_have(const struct blocklist_codes *codes, const uint8_t address[4])
{
	for (size_t i = 0; i < 4; i++)
		if (!(codes->octets[i][address[i] / 64] & UINT64_C(1) << address[i] % 64))
			return false;
	return true;
}

bool blocklist_refuses(const uint8_t address[4])
{
	static const uint8_t dnswl[4] = {127, 0, 0, 255};

	return (address[0] == 127 && address[1] == 255 && address[2] == 255) ||
	       memcmp(address, dnswl, 4) == 0;
}

/* Whether all of them are in 127.0.0.0/8 and none says something else than "listed". */
static bool are_listings(const struct blocklist_codes *codes)
{
	uint8_t address[4] = {127, 255, 255, 0};

	for (unsigned first = 0; first < 256; first++)
		if (first != 127 && codes->octets[0][first / 64] & UINT64_C(1) << first % 64)
			return false;
	for (unsigned last = 0; last < 256; last++) {
		address[3] = (uint8_t)last;
		if (blocklist_codes_have(codes, address))
			return false;
	}
	return !blocklist_codes_have(codes, (const uint8_t[4]){127, 0, 0, 255}) &&
	       !blocklist_codes_have(codes, (const uint8_t[4]){127, 0, 0, 1});
}

static int check_codes(struct slice text, struct blocklist *list, struct error *error)
{
	struct blocklist_codes codes;

	if (text.size > BLOCKLIST_CODES)
		return error_set(error, EINVAL, "the codes are too long; " WRITE_LIST);
	slice_copy(text, list->codes, sizeof(list->codes));
	if (strlen(list->codes) != text.size || blocklist_codes_parse(list->codes, &codes) < 0)
		return error_set(error, EINVAL,
				 "the codes after = are none; write four numbers from 0 to 255, "
				 "such as 127.0.0.2, or sets of them, as in 127.0.[2..11;20].1");
	if (!are_listings(&codes))
		return error_set(error, EINVAL,
				 "the codes must be in 127.0.0.0/8, without 127.0.0.1, 127.0.0.255 "
				 "and 127.255.255.0/24, by which lists say other things than that "
				 "somebody is listed; " WRITE_LIST);
	return 0;
}

/* ---- Names ---- */

static int check_key(struct slice text, struct blocklist *list, struct error *error)
{
	size_t label = 0;
	bool good = text.size > 0 && text.size <= BLOCKLIST_NAME;

	for (size_t i = 0; good && i < text.size; i++) {
		unsigned char c = (unsigned char)text.at[i];

		good = c < 0x80 && (isalnum(c) || c == '-' || c == '_' || (c == '.' && label > 0));
		label = c == '.' ? 0 : label + 1;
		good = good && label <= LABEL_LIMIT;
	}
	if (!good || label == 0)
		return error_set(error, EINVAL,
				 "the key before @ is none; write it as the list gave it, in "
				 "letters, digits and hyphens, as in KEY@zen.dq.example.net");
	slice_copy(text, list->key, sizeof(list->key));
	for (char *c = list->key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

/* Of letters and digits, both, and long: nobody names a zone so. */
static bool looks_like_key(const char *zone)
{
	size_t length = strcspn(zone, ".");

	return length >= KEY_LENGTH && strcspn(zone, "0123456789") < length &&
	       strspn(zone, "abcdefghijklmnopqrstuvwxyz0123456789") == length;
}

static int check_zone(struct slice text, struct blocklist *list, struct error *error)
{
	_cleanup_free_ char *given = strndup(text.at, text.size), *zone = NULL;

	if (!given)
		return error_set(error, ENOMEM, "out of memory");
	/* Its own sentence has the name in it. */
	if (type_domain(NULL, given, strlen(given), &zone, NULL) < 0)
		return error_set(error, EINVAL, "the list has no domain name; " WRITE_LIST);
	if (strlen(zone) + strlen(list->key) + 1 > BLOCKLIST_NAME)
		return error_set(error, EINVAL,
				 "the list's name is too long to be asked for an address; write "
				 "one of at most %d characters, its key among them",
				 BLOCKLIST_NAME - 1);
	if (looks_like_key(zone))
		return error_set(error, EINVAL,
				 "the list's name begins with what looks like a key, which would "
				 "be shown; write KEY@ and the rest of the name");
	slice_copy(slice_of(zone), list->zone, sizeof(list->zone));
	return 0;
}

static int check_weight(struct slice text, struct blocklist *list, struct error *error)
{
	bool negative = slice_skip(&text, SLICE("-"));
	long long number = 0;

	if (text.size == 0 || !slice_number(&text, &number) || text.size || number < 1 ||
	    number > BLOCKLIST_WEIGHT)
		return error_set(error, EINVAL,
				 "the weight after * is out of bounds; write a whole number from 1 "
				 "to %d, or from -%d to -1 for a list of who is welcome",
				 BLOCKLIST_WEIGHT, BLOCKLIST_WEIGHT);
	list->weight = negative ? (int)-number : (int)number;
	return 0;
}

int blocklist_parse(const char *text, size_t size, struct blocklist *ret, struct error *error)
{
	struct slice left = {text, size}, key, zone, codes;
	struct blocklist list = {.weight = 1};
	bool has_codes;
	int result = 0;

	if (size > BLOCKLIST_TEXT || memchr(text, '\0', size))
		return error_set(error, EINVAL, "the list has no domain name; " WRITE_LIST);
	if (slice_until(&left, SLICE("@"), &key))
		result = check_key(key, &list, error);
	if (result == 0 && slice_until(&left, SLICE("*"), &codes)) {
		result = check_weight(left, &list, error);
		left = codes;
	}
	has_codes = slice_until(&left, SLICE("="), &zone);
	if (result == 0)
		result = check_zone(has_codes ? zone : left, &list, error);
	if (result == 0 && !has_codes && list.weight < 0)
		return error_set(error, EINVAL,
				 "of a list of who is welcome nobody can guess the codes; write "
				 "them, as in list.example.net=127.0.[2..20].[1..3]*-2");
	if (result == 0)
		result = check_codes(has_codes ? left : SLICE(CODES_DEFAULT), &list, error);
	if (result == 0)
		*ret = list;
	return result;
}

char *blocklist_text(const struct blocklist *list)
{
	char *text;

	return asprintf(&text, "%s%s%s=%s*%d", list->key, list->key[0] ? "@" : "", list->zone,
			list->codes, list->weight) < 0
		   ? NULL
		   : text;
}
