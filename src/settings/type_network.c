#include "settings/type_network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "settings/encoding.h"
#include "settings/types.h"

#define DOMAIN_TEXT_LIMIT   1024 /* bytes before any conversion */
#define DOMAIN_SIZE_LIMIT   253	 /* RFC 1035 section 2.3.4, without the root */
#define HOSTNAME_SIZE_LIMIT 64	 /* the kernel's, and that of a certificate's common name */
#define LOCAL_SIZE_LIMIT    64	 /* RFC 5321 section 4.5.3.1.1 */
#define URL_SIZE_LIMIT	    2048

/* "VALUE sentence". */
static int refuse(struct error *error, const char *text, size_t size, const char *sentence)
{
	_cleanup_free_ char *quoted = encoding_quote(text, size);

	return error_set(error, -EINVAL, "%s %s", quoted ? quoted : "the value", sentence);
}

static bool is_ip(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* A character that nobody sees, at home or in a message. */
static int refuse_control(const char *text, size_t size, struct error *error)
{
	uint32_t character;

	if (!encoding_find_control(text, size, false, &character))
		return 0;
	return error_set(
	    error, -EINVAL,
	    "the value contains the character U+%04X, which is not printable; write it "
	    "without",
	    character);
}

/* What else it may be that somebody wrote where a domain belongs. */
static int refuse_lookalike(const char *text, size_t size, struct error *error)
{
	if (!size)
		return error_set(error, -EINVAL, "an empty name; write one such as example.org");
	if (size > DOMAIN_TEXT_LIMIT)
		return refuse(error, text, size, "is too long; write at most 253 characters");
	if (refuse_control(text, size, error) < 0)
		return -EINVAL;
	if (strchr(text, '@'))
		return refuse(error, text, size,
			      "is a mail address; write only what follows the @");
	if (strchr(text, '/'))
		return refuse(error, text, size, "is a URL or a path; write only the name");
	if (strchr(text, ' '))
		return refuse(error, text, size, "contains a blank; write one name an item");
	if (strchr(text, '*'))
		return refuse(error, text, size, "is a pattern; write each name out");
	if (text[size - 1] == '.')
		return refuse(error, text, size, "ends in a dot; write it without");
	if (is_ip(text) || text[0] == '[')
		return refuse(error, text, size, "is an IP address; write a name");
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
			return refuse(error, text, size,
				      "has two dots in a row or begins with one; "
				      "write one dot between parts");
		if (length > 63)
			return refuse(error, text, size,
				      "has a part of more than 63 characters; write a shorter one");
		if (label[0] == '-' || label[length - 1] == '-')
			return refuse(error, text, size,
				      "has a part that begins or ends with a hyphen; write it "
				      "without");
		for (size_t i = 0; i < length; i++)
			if (!islower((unsigned char)label[i]) &&
			    !isdigit((unsigned char)label[i]) && label[i] != '-')
				return refuse(
				    error, text, size,
				    "is no domain name; write letters, digits and hyphens "
				    "with dots between");
		if (!label[length])
			break;
	}
	if (labels < 2)
		return refuse(error, text, size,
			      "has no dot; write the full name, such as example.org");
	if (strspn(label, "0123456789") == length)
		return refuse(error, text, size,
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

int type_check_domain(const char *text, size_t size, char **ret_value, struct error *error)
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
		return refuse(error, text, size,
			      "is longer than 253 characters; write a shorter name");
	if (strstr(name, "xn--") && !alabels_are_true(name))
		return refuse(error, text, size,
			      "has an xn-- part that stands for no name; write the name in its own "
			      "letters");
	if (has_suffix(name, ".invalid") || has_suffix(name, ".localhost"))
		return refuse(error, text, size,
			      "is reserved and can receive no mail; write a name of your own");
	*ret_value = TAKE_POINTER(name);
	return 0;
}

int type_domain(const struct setting *setting _unused_, const char *text, size_t size,
		char **ret_value, struct error *error)
{
	return type_check_domain(text, size, ret_value, error);
}

int type_hostname(const struct setting *setting _unused_, const char *text, size_t size,
		  char **ret_value, struct error *error)
{
	_cleanup_free_ char *name = NULL;
	int r = type_check_domain(text, size, &name, error);

	if (r < 0)
		return r;
	if (strlen(name) > HOSTNAME_SIZE_LIMIT)
		return refuse(error, text, size,
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
	if (refuse_control(text, size, error) < 0)
		return -EINVAL;
	if (strchr(text, '<') || strchr(text, '>'))
		return refuse(error, text, size, "has angle brackets; write only the address");
	if (strchr(text, ',') || strchr(text, ' ') || strchr(text, ';'))
		return refuse(error, text, size,
			      "is not one address; write each as an item of a list");
	if (!at)
		return refuse(error, text, size,
			      "has no @; write the whole address, such as alice@example.org");
	if (strchr(at + 1, '@'))
		return refuse(error, text, size, "has two @; write one");
	if (at == text)
		return refuse(error, text, size,
			      "has nothing before the @ (a catch-all address is not available in "
			      "this version); write each address");
	if (at - text > LOCAL_SIZE_LIMIT)
		return refuse(error, text, size,
			      "has more than 64 characters before the @; write a shorter one");
	*ret_local = (size_t)(at - text);
	return type_check_domain(at + 1, size - *ret_local - 1, ret_domain, error);
}

/* The part before the @: `special` are the characters beside letters and digits. */
static int check_local(const char *text, size_t local, size_t size, const char *special,
		       struct error *error)
{
	for (size_t i = 0; i < local; i++) {
		if (isalnum((unsigned char)text[i]) && !(text[i] & 0x80))
			continue;
		if (strchr(special, text[i]))
			continue;
		if (text[i] == '/' || text[i] == '\\')
			return refuse(error, text, size,
				      "is a path, not an address; write letters and digits");
		if (text[i] == '+')
			return refuse(
			    error, text, size,
			    "has a +, which separates a user from a label of his own; write "
			    "the address without it, and mail to both reaches it");
		if (text[i] & 0x80)
			return refuse(
			    error, text, size,
			    "has letters outside ASCII before the @, which this version does "
			    "not carry; write an ASCII address");
		return error_set(
		    error, -EINVAL,
		    "the character %c has no place before the @; write letters, digits "
		    "and %s",
		    text[i], special);
	}
	if (text[0] == '.' || text[local - 1] == '.' || memmem(text, local, "..", 2))
		return refuse(error, text, size,
			      "has a dot at an end or two in a row before the @; write single dots "
			      "inside");
	if (text[0] == '-')
		return refuse(error, text, size,
			      "begins with a hyphen; write another first character");
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
	r = check_local(text, local, size, "._-", error);
	if (r < 0)
		return r;
	r = join_address(text, local, domain, ret_value, error);
	for (size_t i = 0; r == 0 && i < local; i++)
		(*ret_value)[i] = (char)tolower((unsigned char)(*ret_value)[i]);
	return r;
}

int type_check_address(const char *text, size_t size, char **ret_value, struct error *error)
{
	_cleanup_free_ char *domain = NULL;
	size_t local;
	int r = split_address(text, size, &local, &domain, error);

	if (r < 0)
		return r;
	/* Not all of RFC 5321's atext: `|`, `/`, `!`, `%`, `*`, `$`, `#` and the
	 * braces have meanings of their own in mail software. */
	r = check_local(text, local, size, "._-+='&~", error);
	return r < 0 ? r : join_address(text, local, domain, ret_value, error);
}

int type_address(const struct setting *setting _unused_, const char *text, size_t size,
		 char **ret_value, struct error *error)
{
	return type_check_address(text, size, ret_value, error);
}

/* An address that a packet can be sent to. */
static bool is_unicast(int family, const unsigned char *bytes)
{
	static const unsigned char nothing[16];

	if (family == AF_INET)
		return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
	if (!memcmp(bytes, nothing, 15) && bytes[15] <= 1)
		return false; /* :: and ::1 */
	return bytes[0] != 0xff;
}

int type_ip(const struct setting *setting _unused_, const char *text, size_t size, char **ret_value,
	    struct error *error)
{
	unsigned char bytes[16];
	char stored[INET6_ADDRSTRLEN];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (size > INET6_ADDRSTRLEN || inet_pton(family, text, bytes) != 1)
		return refuse(error, text, size,
			      "is no IP address; write one such as 192.0.2.53 or 2001:db8::53");
	if (!is_unicast(family, bytes))
		return refuse(error, text, size,
			      "is this machine itself or no single machine; write the address of "
			      "another one");
	inet_ntop(family, bytes, stored, sizeof(stored));
	*ret_value = strdup(stored);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static int refuse_host_bits(const char *text, size_t size, int family, unsigned char *bytes,
			    unsigned prefix, struct error *error)
{
	_cleanup_free_ char *quoted = encoding_quote(text, size);
	char network[INET6_ADDRSTRLEN];

	for (unsigned i = prefix; i < (family == AF_INET ? 32 : 128); i++)
		bytes[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	inet_ntop(family, bytes, network, sizeof(network));
	return error_set(error, -EINVAL, "%s is an address inside a network; write %s/%u",
			 quoted ? quoted : "the value", network, prefix);
}

int type_network(const struct setting *setting _unused_, const char *text, size_t size,
		 char **ret_value, struct error *error)
{
	unsigned char bytes[16];
	char address[INET6_ADDRSTRLEN], *end;
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : size;
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	unsigned bits = family == AF_INET ? 32 : 128;
	unsigned long prefix = bits;

	if (length >= sizeof(address))
		return refuse(error, text, size, "is no network; write one such as 192.0.2.0/24");
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(family, address, bytes) != 1)
		return refuse(error, text, size, "is no network; write one such as 192.0.2.0/24");
	if (slash) {
		prefix = strtoul(slash + 1, &end, 10);
		if (!isdigit((unsigned char)slash[1]) || *end || prefix > bits)
			return refuse(error, text, size,
				      "has no prefix length after the /; write one such as /24");
	}
	for (unsigned i = (unsigned)prefix; i < bits; i++)
		if (bytes[i / 8] & 0x80 >> i % 8)
			return refuse_host_bits(text, size, family, bytes, (unsigned)prefix, error);
	inet_ntop(family, bytes, address, sizeof(address));
	if (asprintf(ret_value, "%s/%lu", address, prefix) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	return 0;
}

int type_host(const struct setting *setting, const char *text, size_t size, char **ret_value,
	      struct error *error)
{
	if (is_ip(text))
		return type_ip(setting, text, size, ret_value, error);
	return type_check_domain(text, size, ret_value, error);
}

/* HOST or HOST:PORT or [IPv6]:PORT of a URL. */
static int check_authority(const char *text, size_t size, const char *start, size_t length,
			   struct error *error)
{
	_cleanup_free_ char *host = strndup(start, length), *stored = NULL;
	char *port, *end, *name = host;

	if (!host)
		return error_set(error, -ENOMEM, "out of memory");
	if (host[0] == '[') {
		name = host + 1;
		end = strchr(name, ']');
		if (!end || (end[1] && end[1] != ':'))
			return refuse(error, text, size,
				      "has a bracket without its pair; write [IPv6]");
		*end = '\0';
		port = end[1] ? end + 2 : NULL;
		if (!strchr(name, ':'))
			return refuse(error, text, size,
				      "has no IPv6 address in brackets; write one");
	} else {
		port = strchr(host, ':');
		if (port)
			*port++ = '\0';
	}
	if (port &&
	    (!isdigit((unsigned char)*port) || strlen(port) > 5 ||
	     strspn(port, "0123456789") != strlen(port) || atoi(port) < 1 || atoi(port) > 65535))
		return refuse(error, text, size, "has no port after the colon; write 1 to 65535");
	return type_host(NULL, name, strlen(name), &stored, error);
}

int type_url(const struct setting *setting _unused_, const char *text, size_t size,
	     char **ret_value, struct error *error)
{
	static const char accepted[] = "-._~:/?[]@!$&()*+,;=%";
	const char *rest = !strncmp(text, "https://", 8)  ? text + 8
			   : !strncmp(text, "http://", 7) ? text + 7
							  : NULL;
	size_t length;
	int r;

	if (!rest)
		return refuse(error, text, size,
			      "is no web address; write http://... or https://...");
	if (size > URL_SIZE_LIMIT)
		return refuse(error, text, size, "is too long; write at most 2048 characters");
	for (const char *c = text; *c; c++)
		if ((*c & 0x80) || (!isalnum((unsigned char)*c) && !strchr(accepted, *c)))
			return refuse(error, text, size,
				      "has a character that a web address cannot have; write it as "
				      "%XX");
	for (const char *c = strchr(text, '%'); c; c = strchr(c + 1, '%'))
		if (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2]))
			return refuse(error, text, size, "has a % without two digits; write %25");
	length = strcspn(rest, "/?");
	if (memchr(rest, '@', length))
		return refuse(error, text, size,
			      "has a user or password before the host; write it without");
	r = check_authority(text, size, rest, length, error);
	if (r < 0)
		return r;
	*ret_value = strdup(text);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}
