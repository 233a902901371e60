// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/types.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "settings/encoding.h"
#include "settings/type_blocklist.h"
#include "settings/type_folder.h"
#include "settings/type_ip.h"
#include "settings/type_language.h"
#include "settings/type_name.h"
#include "settings/type_network.h"
#include "settings/type_refuse.h"
#include "settings/type_secret.h"

static int store_text(const char *text, size_t size, char **ret_value, struct error *error)
{
	*ret_value = strndup(text, size);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static int type_text(const struct setting *setting, const char *text, size_t size, char **ret_value,
		     struct error *error)
{
	size_t length = encoding_length(text, size);
	uint32_t character;

	if (encoding_find_control(text, size, false, &character))
		return error_set(error, -EINVAL,
				 "the value contains the character U+%04X, which is not printable; "
				 "write one line of "
				 "printable text",
				 character);
	if (length < (size_t)setting->minimum || length > (size_t)setting->maximum)
		return error_set(error, -EINVAL, "%zu characters; write %lld to %lld", length,
				 (long long)setting->minimum, (long long)setting->maximum);
	return store_text(text, size, ret_value, error);
}

static int type_lines(const struct setting *setting, const char *text, size_t size,
		      char **ret_value, struct error *error)
{
	uint32_t character;

	if (encoding_find_control(text, size, true, &character))
		return error_set(error, -EINVAL,
				 "the value contains the character U+%04X, which is not printable; "
				 "write printable "
				 "text in lines",
				 character);
	if (size > (size_t)setting->maximum)
		return error_set(error, -EINVAL, "%zu bytes; write at most %lld", size,
				 (long long)setting->maximum);
	if (text[0] == ' ' || text[0] == '\t')
		return error_set(
		    error, -EINVAL,
		    "the first line begins with a blank, which would continue the line "
		    "before it; begin it at the margin of the block");
	return store_text(text, size, ret_value, error);
}

/* Shared by names and file extensions: lower case, a set of characters. */
static int check_word(const char *text, size_t size, size_t limit, const char *special,
		      const char *advice, char **ret_value, struct error *error)
{
	_cleanup_free_ char *quoted = encoding_quote(text, size);
	int r;

	for (size_t i = 0; i < size; i++)
		if ((text[i] & 0x80) ||
		    (!isalnum((unsigned char)text[i]) && !strchr(special, text[i])))
			return error_set(error, -EINVAL, "%s has a character of no place there; %s",
					 quoted ? quoted : "the value", advice);
	if (!size || size > limit || !isalnum((unsigned char)text[0]))
		return error_set(error, -EINVAL, "%s is empty, too long or begins oddly; %s",
				 quoted ? quoted : "the value", advice);
	r = store_text(text, size, ret_value, error);
	for (char *c = r == 0 ? *ret_value : ""; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return r;
}

static int type_name(const struct setting *setting, const char *text, size_t size, char **ret_value,
		     struct error *error)
{
	return check_word(text, size, (size_t)setting->maximum, "-_",
			  "write letters, digits, - and _, a letter or digit first", ret_value,
			  error);
}

static int type_time(const struct setting *setting _unused_, const char *text, size_t size,
		     char **ret_value, struct error *error)
{
	bool valid = size == strlen("HH:MM") && text[2] == ':';

	for (size_t i = 0; valid && i < size; i++)
		valid = i == 2 || isdigit((unsigned char)text[i]);
	if (!valid || strncmp(text, "23", 2) > 0 || text[3] > '5')
		return type_refuse(
		    error, text, size,
		    "is no time of day; write one such as \"03:30\", in quotes, from "
		    "00:00 to 23:59");
	return store_text(text, size, ret_value, error);
}

static int type_extension(const struct setting *setting _unused_, const char *text, size_t size,
			  char **ret_value, struct error *error)
{
	return check_word(text, size, 20, "-_",
			  "write the ending of the file name without its dot, such as exe",
			  ret_value, error);
}

static int type_path(const struct setting *setting _unused_, const char *text, size_t size,
		     char **ret_value, struct error *error)
{
	_cleanup_free_ char *quoted = encoding_quote(text, size);
	uint32_t character;

	if (text[0] != '/' || size > 1024 || encoding_find_control(text, size, false, &character) ||
	    strstr(text, "/../") || (size >= 3 && !strcmp(text + size - 3, "/..")))
		return error_set(
		    error, -EINVAL,
		    "%s is no absolute path; write one that begins with / and has no ..",
		    quoted ? quoted : "the value");
	return store_text(text, size, ret_value, error);
}

static int type_decimal(const struct setting *setting, const char *text, size_t size,
			char **ret_value, struct error *error)
{
	_cleanup_free_ char *quoted = encoding_quote(text, size);
	const char *digits = text + (text[0] == '-'), *end;
	size_t whole = strspn(digits, "0123456789"), part = 0;
	char *stored;
	double value;

	end = digits + whole;
	if (*end == '.') {
		part = strspn(end + 1, "0123456789");
		end += 1 + part;
		if (!part)
			whole = 0; /* "6." */
	}
	if (*end || !whole || whole > 6 || part > 3 || (digits[0] == '0' && whole > 1))
		return error_set(error, -EINVAL,
				 "%s is no decimal number; write one such as 6.31 (at most three "
				 "decimals)",
				 quoted ? quoted : "the value");
	value = strtod(text, NULL);
	if (value < (double)setting->minimum || value > (double)setting->maximum)
		return error_set(error, -EINVAL, "%s is out of bounds; write %lld to %lld", text,
				 (long long)setting->minimum, (long long)setting->maximum);
	stored = value == 0 ? strdup("0") : strndup(text, size);
	if (!stored)
		return error_set(error, -ENOMEM, "out of memory");
	if (strchr(stored, '.')) { /* 6.30 and 6.3 are one value */
		char *last = stored + strlen(stored) - 1;

		while (*last == '0')
			*last-- = '\0';
		if (*last == '.')
			*last = '\0';
	}
	*ret_value = stored;
	return 0;
}

static int type_choice(const struct setting *setting, const char *text, size_t size,
		       char **ret_value, struct error *error)
{
	_cleanup_free_ char *quoted = encoding_quote(text, size);
	struct buffer words = BUFFER_INIT;
	size_t position = 0, length;
	const char *word;
	bool later;
	int r;

	while (setting_next_choice(setting, &position, &word, &length, &later)) {
		if (length == size && !memcmp(word, text, size)) {
			buffer_free(&words);
			if (!later)
				return store_text(text, size, ret_value, error);
			return error_set(error, -EINVAL,
					 "%s is not available in this version; leave %s out", text,
					 setting_name(setting));
		}
		if (!later)
			buffer_addf(&words, "%s%.*s", words.size ? ", " : "", (int)length, word);
	}
	r = error_set(
	    error, -EINVAL, "%s is none of its values; write %s%s", quoted ? quoted : "the value",
	    strchr(words.data ? words.data : "", ',') ? "one of " : "", buffer_text(&words));
	buffer_free(&words);
	return r;
}

const struct type *type_of(enum setting_type type)
{
	static const struct type types[TYPE_COUNT] = {
	    [TYPE_GROUP] = {"mapping", "a mapping", NULL, NULL, "Keys of its own."},
	    [TYPE_RECORDS] = {"list of mappings", "a list", NULL, NULL,
			      "A list, each item a mapping with the keys below."},
	    [TYPE_BOOLEAN] = {"true or false", "true or false", NULL, NULL,
			      "Without quotes; yes and on mean true, no and off mean false."},
	    [TYPE_INTEGER] = {"number", "a number", NULL, NULL,
			      "A whole number in decimal digits, without quotes."},
	    [TYPE_DECIMAL] = {"decimal number", "a decimal number", type_decimal, NULL,
			      "A number with at most three decimals, without quotes."},
	    [TYPE_CHOICE] = {"word", "a word", type_choice, NULL, "One of a few words."},
	    [TYPE_TEXT] = {"text", "text", type_text, NULL, "One line of printable characters."},
	    [TYPE_LINES] = {"lines", "lines of text", type_lines, NULL,
			    "Lines of printable characters, written as a block (|); the first one "
			    "begins without a blank."},
	    [TYPE_NAME] = {"name", "a name", type_name, "^[A-Za-z0-9][A-Za-z0-9_-]*$",
			   "Letters, digits, hyphens and underscores."},
	    [TYPE_TIME] = {"time of day", "a time of day", type_time,
			   "^([01][0-9]|2[0-3]):[0-5][0-9]$",
			   "HH:MM in quotes, in the time zone of the machine."},
	    [TYPE_FILE_EXTENSION] = {"file extension", "a file extension", type_extension,
				     "^[A-Za-z0-9][A-Za-z0-9_-]*$",
				     "The ending of a file name without its dot."},
	    [TYPE_DOMAIN] = {"domain name", "a domain name", type_domain,
			     "^[^\\s@/*]+\\.[^\\s@/*]+[^.]$",
			     "A domain name with at least one dot. Letters outside ASCII are "
			     "stored as an A-label (IDNA 2008), case does not matter."},
	    [TYPE_HOSTNAME] = {"host name", "a host name", type_hostname,
			       "^[^\\s@/*]+\\.[^\\s@/*]+[^.]$",
			       "A full host name of at most 64 characters, otherwise as a "
			       "domain name."},
	    [TYPE_MAILBOX] = {"address of this server", "an address of this server", type_mailbox,
			      "^[A-Za-z0-9_='&~][A-Za-z0-9._+='&~-]*@[^\\s@]+$",
			      "LOCAL@DOMAIN; LOCAL consists of letters, digits and ._-+='&~, and "
			      "its case does not matter."},
	    [TYPE_ADDRESS] = {"mail address", "a mail address", type_address,
			      "^[A-Za-z0-9_+='&~][A-Za-z0-9._+='&~-]*@[^\\s@]+$",
			      "LOCAL@DOMAIN, on this server or elsewhere."},
	    [TYPE_ADDRESSES] = {"address or domain", "a mail address or a domain", type_addresses,
				"^[^\\s/*]+\\.[^\\s@/*]+$",
				"LOCAL@DOMAIN for one address, DOMAIN or \"@DOMAIN\" for all of a "
				"domain."},
	    [TYPE_PASSWORD_HASH] = {"password hash", "a password hash", type_check_password_hash,
				    "^\\$(6|y|2b|2y|argon2id)\\$.+$",
				    "A hash in crypt(5) form, of an accepted kind."},
	    [TYPE_CERTIFICATE] = {"PEM certificate", "a PEM certificate", type_check_certificate,
				  NULL, "Certificates in PEM, written as a block (|)."},
	    [TYPE_PRIVATE_KEY] = {"PEM private key", "a PEM private key", type_check_private_key,
				  NULL, "A private key in PEM, written as a block (|)."},
	    [TYPE_IP] = {"IP address", "an IP address", type_ip, "^[0-9A-Fa-f.:]+$",
			 "An IPv4 or IPv6 address of another machine."},
	    [TYPE_NETWORK] = {"network", "a network", type_network, "^[0-9A-Fa-f.:]+(/[0-9]+)?$",
			      "An IPv4 or IPv6 network as ADDRESS/PREFIX."},
	    [TYPE_HOST] = {"host", "a host", type_host, "^[^\\s@/]+$",
			   "A host name or an IP address."},
	    [TYPE_URL] = {"URL", "a URL", type_url, "^https?://[^\\s@]+$",
			  "An http:// or https:// URL without user and password."},
	    [TYPE_PATH] = {"path", "a path", type_path, "^/", "An absolute path."},
	    [TYPE_BLOCKLIST] = {"DNS list", "a DNS list", type_blocklist, NULL,
				"[KEY@]ZONE[=CODES][*WEIGHT]: the list's domain; the answers that "
				"count, four numbers or sets of numbers such as "
				"127.0.0.[2..11;20]; and what they weigh, -100 to 100."},
	    [TYPE_FOLDER] = {"folder name", "the name of a folder", type_folder,
			     "^[^\\s/*%]([^/*%]*[^\\s/*%])?$",
			     "A name of at most 60 bytes: letters of any script, digits, and "
			     "blanks and -_.,+&'()@ within."},
	    [TYPE_SENDERS] = {"sender, or senders of a domain", "a mail address or a domain",
			      type_senders, "^[^\\s/*]+\\.[^\\s@/*]+$",
			      "LOCAL@DOMAIN for one address, DOMAIN or \"@DOMAIN\" for all of a "
			      "domain, \"@.DOMAIN\" for those of the domains below it too."},
	    [TYPE_READERS] = {"address, domain or everyone", "an address, a domain or everyone",
			      type_readers, "^([^\\s/*]+\\.[^\\s@/*]+|everyone)$",
			      "LOCAL@DOMAIN for one user, DOMAIN or \"@DOMAIN\" for all of a "
			      "domain, or the word everyone."},
	    [TYPE_WRITERS] = {"address, domain or word",
			      "an address, a domain, anyone, domain or members", type_writers,
			      "^([^\\s/*]+\\.[^\\s@/*]+|anyone|domain|members)$",
			      "LOCAL@DOMAIN for one, DOMAIN or \"@DOMAIN\" for all of a domain, or "
			      "one of the words anyone, domain and members."},
	    [TYPE_LANGUAGE] =
		{"language", "a language", type_language, "^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$",
		 "The tag of a language (BCP 47), such as de, en-GB or zh-Hant; \"\" is "
		 "not known."},
	};

	return &types[type];
}

const char *type_password_prefix(const char *hash)
{
	return !strncmp(hash, "$argon2id$", 10) ? "{ARGON2ID}" : "{CRYPT}";
}
