// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/type_name.h"

#include <ctype.h>
#include <errno.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "settings/encoding.h"
#include "settings/type_ip.h"
#include "settings/type_refuse.h"

#define DOMAIN_TEXT_LIMIT   1024 /* bytes before any conversion */
#define DOMAIN_SIZE_LIMIT   253	 /* RFC 1035 section 2.3.4, without the root */
#define HOSTNAME_SIZE_LIMIT 64	 /* the kernel's, and that of a certificate's common name */
#define LOCAL_SIZE_LIMIT    64	 /* RFC 5321 section 4.5.3.1.1 */

/* What else it may be that somebody wrote where a domain belongs. */
static int refuse_lookalike(const char *text, size_t size, struct error *error)
{
	if (!size)
		return error_set(error, -EINVAL, "an empty name; write one such as example.org");
	if (size > DOMAIN_TEXT_LIMIT)
		return type_refuse(error, text, size, "is too long; write at most 253 characters");
	if (type_refuse_control(text, size, error) < 0)
		return -EINVAL;
	if (strchr(text, '@'))
		return type_refuse(error, text, size,
				   "is a mail address; write only what follows the @");
	if (strchr(text, '/'))
		return type_refuse(error, text, size, "is a URL or a path; write only the name");
	if (strchr(text, ' '))
		return type_refuse(error, text, size, "contains a blank; write one name an item");
	if (strchr(text, '*'))
		return type_refuse(error, text, size, "is a pattern; write each name out");
	if (text[size - 1] == '.')
		return type_refuse(error, text, size, "ends in a dot; write it without");
	if (type_is_ip(text) || text[0] == '[')
		return type_refuse(error, text, size, "is an IP address; write a name");
	return 0;
}

static int check_labels(const char *name, const char *text, size_t size, struct error *error)
{
	const char *label = name;
	size_t labels = 0, length;

	for (;; label += length + 1) {
		length = strcspn(label, ".");
		labels++;
		if (!length)
			return type_refuse(error, text, size,
					   "has two dots in a row or begins with one; "
					   "write one dot between parts");
		if (length > 63)
			return type_refuse(
			    error, text, size,
			    "has a part of more than 63 characters; write a shorter one");
		if (label[0] == '-' || label[length - 1] == '-')
			return type_refuse(error, text, size,
					   "has a part that begins or ends with a hyphen; write it "
					   "without");
		for (size_t i = 0; i < length; i++)
			if (!islower((unsigned char)label[i]) &&
			    !isdigit((unsigned char)label[i]) && label[i] != '-')
				return type_refuse(
				    error, text, size,
				    "is no domain name; write letters, digits and hyphens "
				    "with dots between");
		if (!label[length])
			break;
	}
	if (labels < 2)
		return type_refuse(error, text, size,
				   "has no dot; write the full name, such as example.org");
	if (strspn(label, "0123456789") == length)
		return type_refuse(error, text, size,
				   "ends in a number like an IP address; write a name");
	return 0;
}

/* Whether every A-label stands for a proper U-label and is written as that one
 * would be (RFC 5891 section 5.4). */
static bool alabels_are_true(const char *name)
{
	char *unicode = NULL, *again = NULL;
	bool is_true =
	    idn2_to_unicode_8z8z(name, &unicode, 0) == IDN2_OK &&
	    idn2_to_ascii_8z(unicode, &again, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK &&
	    !strcmp(name, again);

	idn2_free(unicode);
	idn2_free(again);
	return is_true;
}

/* Lower-case A-labels of the name. */
static int domain_to_ascii(const char *text, size_t size, char **ret_name, struct error *error)
{
	char *ascii = NULL;
	int r;

	*ret_name = NULL;
	for (size_t i = 0; i < size; i++) {
		if (!(text[i] & 0x80))
			continue;
		r = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		if (r != IDN2_OK) {
			_cleanup_free_ char *quoted = encoding_quote(text, size);

			return error_set(error, -EINVAL,
					 "%s is no internationalized domain name (%s); write it as "
					 "the registry shows it",
					 quoted ? quoted : "the value", idn2_strerror(r));
		}
		*ret_name = strdup(ascii);
		idn2_free(ascii);
		return *ret_name ? 0 : error_set(error, -ENOMEM, "out of memory");
	}
	*ret_name = strndup(text, size);
	if (!*ret_name)
		return error_set(error, -ENOMEM, "out of memory");
	for (char *c = *ret_name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && !strcmp(name + length - end, suffix);
}

int type_domain(const struct setting *setting _unused_, const char *text, size_t size,
		char **ret_value, struct error *error)
{
	_cleanup_free_ char *name = NULL;
	int r = refuse_lookalike(text, size, error);

	if (r < 0)
		return r;
	r = domain_to_ascii(text, size, &name, error);
	if (r < 0)
		return r;
	r = check_labels(name, text, size, error);
	if (r < 0)
		return r;
	if (strlen(name) > DOMAIN_SIZE_LIMIT)
		return type_refuse(error, text, size,
				   "is longer than 253 characters; write a shorter name");
	if (strstr(name, "xn--") && !alabels_are_true(name))
		return type_refuse(
		    error, text, size,
		    "has an xn-- part that stands for no name; write the name in its own "
		    "letters");
	if (has_suffix(name, ".invalid") || has_suffix(name, ".localhost"))
		return type_refuse(error, text, size,
				   "is reserved and can receive no mail; write a name of your own");
	*ret_value = TAKE_POINTER(name);
	return 0;
}

int type_hostname(const struct setting *setting _unused_, const char *text, size_t size,
		  char **ret_value, struct error *error)
{
	_cleanup_free_ char *name = NULL;
	int r = type_domain(NULL, text, size, &name, error);

	if (r < 0)
		return r;
	if (strlen(name) > HOSTNAME_SIZE_LIMIT)
		return type_refuse(
		    error, text, size,
		    "is longer than a host's name can be; write at most 64 characters");
	*ret_value = TAKE_POINTER(name);
	return 0;
}

/* Splits LOCAL@DOMAIN; the domain is checked and stored in *ret_domain. */
static int split_address(const char *text, size_t size, size_t *ret_local, char **ret_domain,
			 struct error *error)
{
	const char *at = strchr(text, '@');

	if (!size)
		return error_set(error, -EINVAL,
				 "an empty address; write one such as alice@example.org");
	if (type_refuse_control(text, size, error) < 0)
		return -EINVAL;
	if (strchr(text, '<') || strchr(text, '>'))
		return type_refuse(error, text, size, "has angle brackets; write only the address");
	if (strchr(text, ',') || strchr(text, ' ') || strchr(text, ';'))
		return type_refuse(error, text, size,
				   "is not one address; write each as an item of a list");
	if (!at)
		return type_refuse(error, text, size,
				   "has no @; write the whole address, such as alice@example.org");
	if (strchr(at + 1, '@'))
		return type_refuse(error, text, size, "has two @; write one");
	if (at == text)
		return type_refuse(
		    error, text, size,
		    "has nothing before the @ (a catch-all address is not available in "
		    "this version); write each address");
	if (at - text > LOCAL_SIZE_LIMIT)
		return type_refuse(error, text, size,
				   "has more than 64 characters before the @; write a shorter one");
	*ret_local = (size_t)(at - text);
	return type_domain(NULL, at + 1, size - *ret_local - 1, ret_domain, error);
}

/* Not all of RFC 5321's atext: `|`, `/`, `!`, `%`, `*`, `$`, `#`, `?`, `^`, the backquote
 * and the braces have meanings of their own in mail software. */
#define LOCAL_SPECIAL "._-+='&~"

/* The part before the @. */
static int check_local(const char *text, size_t local, size_t size, struct error *error)
{
	for (size_t i = 0; i < local; i++) {
		if (isalnum((unsigned char)text[i]) && !(text[i] & 0x80))
			continue;
		if (strchr(LOCAL_SPECIAL, text[i]))
			continue;
		if (text[i] == '/' || text[i] == '\\')
			return type_refuse(error, text, size,
					   "is a path, not an address; write letters and digits");
		if (text[i] & 0x80)
			return type_refuse(
			    error, text, size,
			    "has letters outside ASCII before the @, which this version does "
			    "not carry; write an ASCII address");
		return error_set(
		    error, -EINVAL,
		    "the character %c has no place before the @; write letters, digits "
		    "and " LOCAL_SPECIAL,
		    text[i]);
	}
	if (text[0] == '.' || text[local - 1] == '.' || memmem(text, local, "..", 2))
		return type_refuse(
		    error, text, size,
		    "has a dot at an end or two in a row before the @; write single dots "
		    "inside");
	if (text[0] == '-')
		return type_refuse(error, text, size,
				   "begins with a hyphen; write another first character");
	return 0;
}

/* What only an address of our own must be.  Postfix splits no label off a name that begins
 * with +, and Dovecot ends; dovecot.conf translates three apostrophes. */
static int check_own(const char *text, size_t local, size_t size, struct error *error)
{
	size_t apostrophes = 0;

	if (text[0] == '+' || text[local - 1] == '+')
		return type_refuse(
		    error, text, size,
		    "has a + at an end of the name; write it inside, or leave it out");
	for (size_t i = 0; i < local; i++)
		apostrophes += text[i] == '\'';
	if (apostrophes > 3)
		return type_refuse(error, text, size,
				   "has more than three apostrophes; write fewer");
	return 0;
}

static int join_address(const char *local, size_t size, const char *domain, char **ret_value,
			struct error *error)
{
	if (asprintf(ret_value, "%.*s@%s", (int)size, local, domain) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	return 0;
}

int type_mailbox(const struct setting *setting _unused_, const char *text, size_t size,
		 char **ret_value, struct error *error)
{
	_cleanup_free_ char *domain = NULL;
	size_t local;
	int r = split_address(text, size, &local, &domain, error);

	if (r < 0)
		return r;
	r = check_local(text, local, size, error);
	if (r == 0)
		r = check_own(text, local, size, error);
	if (r < 0)
		return r;
	r = join_address(text, local, domain, ret_value, error);
	for (size_t i = 0; r == 0 && i < local; i++)
		(*ret_value)[i] = (char)tolower((unsigned char)(*ret_value)[i]);
	return r;
}

int type_address(const struct setting *setting _unused_, const char *text, size_t size,
		 char **ret_value, struct error *error)
{
	_cleanup_free_ char *domain = NULL;
	size_t local;
	int r = split_address(text, size, &local, &domain, error);

	if (r < 0)
		return r;
	r = check_local(text, local, size, error);
	return r < 0 ? r : join_address(text, local, domain, ret_value, error);
}

int type_writers(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error)
{
	static const char *const words[] = {"anyone", "domain", "members"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (size != strlen(words[i]) || memcmp(words[i], text, size) != 0)
			continue;
		*ret_value = strdup(words[i]);
		return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
	}
	return type_addresses(setting, text, size, ret_value, error);
}

/* In lower case, as who compares them has both sides. */
int type_addresses(const struct setting *setting, const char *text, size_t size, char **ret_value,
		   struct error *error)
{
	const char *at = memchr(text, '@', size);
	_cleanup_free_ char *domain = NULL;
	int r;

	if (at && at != text)
		return type_mailbox(setting, text, size, ret_value, error);
	r = at ? type_domain(setting, text + 1, size - 1, &domain, error)
	       : type_domain(setting, text, size, &domain, error);
	return r < 0 ? r : join_address("", 0, domain, ret_value, error);
}

int type_senders(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error)
{
	size_t skip = size && text[0] == '@';
	_cleanup_free_ char *domain = NULL;
	int r;

	if (skip == size || text[skip] != '.')
		return type_addresses(setting, text, size, ret_value, error);
	r = type_domain(setting, text + skip + 1, size - skip - 1, &domain, error);
	if (r < 0)
		return r;
	if (asprintf(ret_value, "@.%s", domain) < 0) {
		*ret_value = NULL;
		return error_set(error, -ENOMEM, "out of memory");
	}
	return 0;
}
